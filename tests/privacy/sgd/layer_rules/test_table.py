"""Rules of one's own."""

import doctest
import warnings

import keras
import pytest
import tensorflow as tf
from keras import layers
from privacy.sgd.oracles import check, fast, images, of_layer

from tfrwc.privacy import make_private
from tfrwc.privacy.sgd import layer_rules


class Scale(keras.Layer):
    """Multiplies each channel by a weight of its own, and adds another."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=input_shape[-1:], name="factor")
        self.offset = self.add_weight(shape=input_shape[-1:], name="offset")

    def call(self, inputs):
        return inputs * self.factor + self.offset


class Twice(Scale):
    def call(self, inputs):
        return 2 * super().call(inputs)


def scale(call):
    outputs = call.watch(call.outputs())

    def gradients(source_gradients):
        [g] = source_gradients
        return [
            layer_rules.PerExample(variable, tf.reduce_sum(call.positions(rows), 1))
            for variable, rows in (
                (call.layer.factor, g * call.inputs),
                (call.layer.offset, g),
            )
        ]

    return layer_rules.Tap(outputs, [outputs], gradients)


def wrong(call):
    tap = scale(call)
    return tap._replace(
        gradients=lambda g: [
            layer_rules.PerExample(part.variable, 2 * part.values)
            for part in tap.gradients(g)
        ]
    )


def of_no_norm(call):
    """Right gradients, that say that they are smaller than they are."""
    tap = scale(call)

    def smaller(part):
        return layer_rules.Ghost(
            part.variable,
            lambda: 0.25 * part.square_norms(),
            part.weighted_sum,
            lambda: part.values,
            part.only,
        )

    return tap._replace(gradients=lambda g: list(map(smaller, tap.gradients(g))))


@pytest.fixture
def registered():
    """Register rules that are gone after the test."""
    classes = []

    def register(layer_class, rule):
        layer_rules.register(layer_class)(rule)
        classes.append(layer_class)

    yield register
    for layer_class in classes:
        layer_rules.unregister(layer_class)


def test_the_example_of_the_documentation():
    failures, examples = doctest.testmod(layer_rules)
    assert examples > 10
    assert failures == 0


def test_a_rule_of_ones_own_takes_the_place_of_the_slow_way(registered):
    registered(Scale, scale)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        check(of_layer(Scale(), (5, 3)), images(5, 3))
        check(of_layer(Scale(), (3,)), images(3))


@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_a_subclass_has_no_rule(registered):
    registered(Scale, scale)
    model = of_layer(Twice(), (5, 3))
    with pytest.warns(RuntimeWarning, match="Twice.* has no rule"):
        fast(model, images(5, 3), 1.0)


@pytest.mark.parametrize(
    ("rule", "match"),
    [(wrong, "the rule that was registered"), (of_no_norm, "Mend square_norms")],
)
def test_a_wrong_rule_is_found_out_before_the_first_step(rule, match, registered):
    registered(Scale, rule)
    model = keras.Sequential([layers.Input((3,)), Scale(), layers.Dense(1)])
    private = make_private(model, noise_multiplier=1.0, batch_size=5, train_size=5)
    private.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(ValueError, match=match):
        private.fit(images(3), images(1), verbose=0)
    assert private.steps == 0
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


def test_look_ups_are_made_once(registered):
    looked_up = []

    def counted(call):
        looked_up.append(call.layer)
        return scale(call)

    registered(Scale, counted)
    model = keras.Sequential([layers.Input((3,)), Scale(), layers.Dense(1)])
    private = make_private(model, noise_multiplier=1.0, batch_size=1, train_size=5)
    private.compile("sgd", "mse", run_eagerly=True)
    private.train_on_batch(images(3)[:1], images(1)[:1])
    calls = len(looked_up)  # the rehearsal, and a step
    layer_rules.unregister(Scale)
    private.train_on_batch(images(3)[:1], images(1)[:1])
    assert len(looked_up) == calls + 1
    layer_rules.register(Scale)(counted)


def test_mistakes_of_registration_are_named(registered):
    with pytest.raises(
        TypeError, match=r"subclasses of keras.Layer. Received: 'Scale'"
    ):
        layer_rules.register("Scale")
    with pytest.raises(ValueError, match=r"There is no rule .* Scale.*Dense"):
        layer_rules.unregister(Scale)
    registered(Scale, scale)
    layer_rules.register(Scale)(scale)  # the same once more
    with pytest.raises(ValueError, match=r"Scale has a rule .*unregister\(Scale\)"):
        layer_rules.register(Scale)(wrong)
