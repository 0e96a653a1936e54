"""What training on units of several examples refuses, and says."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from privacy.sgd.patients import (
    IDS,
    SWAPPED,
    UNITS,
    X,
    Y,
    private,
)

from tfrwc.privacy import membership_inference, poisson_batches
from tfrwc.privacy.attack.membership.limits import limits_of
from tfrwc.privacy.sgd import layer_rules
from tfrwc.privacy.sgd.sampling import PoissonBatches

pytestmark = pytest.mark.usefixtures("unasked")


class Own(PoissonBatches):
    def __init__(self, x, y):
        made = poisson_batches(x, y, batch_size=4, units=IDS)
        super().__init__(made.arrays, 4, np.random.default_rng(0), units=made.units)


def by_hand(made):
    made.make_train_function()
    places = np.array([[0, 1, 2, 3, 4]] * 4, np.int32)  # of no unit that there is
    weight = {"weight": np.ones(len(X), np.float32), "places": places}
    made.train_function(iter(tf.data.Dataset.from_tensors((X, Y, weight))))


def dataset():
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda p: p.fit(dataset()), "Give fit poisson_batches"),
        (lambda p: p.fit((X[:4], Y[:4]) for _ in range(3)), "Give fit poisson_batches"),
        (lambda p: p.fit(X[:9], Y[:9]), "units of 20 examples. Received: 9"),
        (lambda p: p.fit(X, Y, validation_split=0.2), "validation_split=0.2. Leave it"),
        (lambda p: p.fit(X, Y, shuffle=False), "shuffle=False"),
        (lambda p: p.fit(X, Y, steps_per_epoch=9), "steps_per_epoch=9"),
        (
            lambda p: p.fit(poisson_batches(X, Y, batch_size=4)),
            "the same units as make_private.*none",
        ),
        (
            lambda p: p.fit(
                poisson_batches(X, Y, batch_size=4, units=np.arange(20) // 3)
            ),
            "the same units as make_private.*7 others",
        ),
        (
            lambda p: p.fit(poisson_batches(X, Y, batch_size=4, units=SWAPPED)),
            "the same units as make_private.*8 others",
        ),
        (lambda p: p.fit(Own(X, Y)), "subclass of PoissonBatches.*Own"),
        (lambda p: by_hand(p), "Steps by hand do not say"),
        (lambda p: p.train_on_batch(X[:4], Y[:4]), "Steps by hand do not say"),
        (lambda p: p.train_step((X[:4], Y[:4])), "Steps by hand do not say"),
    ],
)
def test_examples_whose_unit_is_not_known_are_refused(fit, message):
    made = private()
    with pytest.raises(ValueError, match=message):
        fit(made)
    assert made.steps == 0


def test_units_are_not_taken_for_examples():
    made = private(unit="example", units=None, train_size=UNITS)
    with pytest.raises(ValueError, match="the account is for an example"):
        made.fit(poisson_batches(X, Y, units=IDS, batch_size=4), verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "example"}, "units say which examples belong together"),
        ({"unit": "", "units": None, "train_size": 8}, "unit must be a noun"),
        ({"unit": "two\nlines"}, "unit must be a noun"),
        ({"unit": 3}, "unit must be a noun"),
        ({"unit": "image"}, "what has several examples.*'image'"),
        ({"unit": "Example"}, "what has several examples.*'Example'"),
        ({"units": None}, "needs train_size, the number of training patients"),
        ({"train_size": 20}, "there are 8 in units, of 20 examples. Received: 20"),
        ({"images_per_unit": 0}, "images_per_unit must be a whole number of 1 or more"),
        (
            {"images_per_unit": 9, "physical_batch_size": 4},
            "images_per_unit=9 and physical_batch_size=4",
        ),
        (
            {"unit": "example", "units": None, "train_size": 20, "images_per_unit": 2},
            "images_per_unit is for units of several examples",
        ),
        ({"units": ["a", None]}, "unit of 1 examples is missing"),
        ({"batch_size": 9}, "batch_size must be at most train_size = 8"),
        ({"delta": 0.2}, "publishing a random patient would pass"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        private(**options)


def test_fits_have_the_same_units_whoever_names_them():
    made = private(units=None, train_size=UNITS)
    made.fit(poisson_batches(X, Y, batch_size=4, units=IDS), verbose=0)
    with pytest.raises(ValueError, match="or as an earlier fit"):
        made.fit(poisson_batches(X, Y, batch_size=4, units=SWAPPED), verbose=0)
    assert made.steps == 2
    [note] = made.statement().rests_on
    assert "Which images belong to one patient" in note
    assert "in the order of the images" in note  # nobody can tell if they are not


def test_batches_that_were_changed_are_refused():
    for name, value in {
        "units": list(IDS),
        "train_size": 20,
        "arrays": (X[:3], Y, Y),
    }.items():
        batches = poisson_batches(X, Y, batch_size=4, units=IDS)
        setattr(batches, name, value)
        with pytest.raises(
            ValueError, match=r"changed after they were made|the account"
        ):
            private().fit(batches, verbose=0)


def test_going_on_with_another_unit_is_refused_before_a_step_is_taken(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    batches = poisson_batches(X, Y, batch_size=4, units=IDS)
    with pytest.raises(KeyboardInterrupt):
        private().fit(batches, epochs=6, callbacks=[backup(), Stop()], verbose=0)
    files = sorted(tmp_path.rglob("*"))
    other = private(unit="household")
    with pytest.raises(ValueError, match="before with the unit 'patient'"):
        other.fit(batches, epochs=6, callbacks=[backup()], verbose=0)
    assert set(files) <= {*tmp_path.rglob("*")}, "the backup is still there"
    same = private()
    same.fit(batches, epochs=6, callbacks=[backup()], verbose=0)
    assert same.steps == 12


def test_batches_of_units_are_evaluated():
    made, batches = private(), poisson_batches(X, Y, batch_size=4, units=IDS)
    made.fit(batches, validation_data=batches, verbose=0)
    assert np.isfinite(made.evaluate(batches, verbose=0))


@keras.saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    """Its weights are tried by rules that are wrong for units alone."""

    def build(self, shape):
        self.factor = self.add_weight(shape=shape[-1:], initializer="ones")

    def call(self, inputs):
        return inputs * self.factor


@pytest.mark.parametrize("fault", ["norms", "values"])
def test_a_rule_that_is_wrong_for_units_is_refused(fault):
    def scaled(call):
        outputs = call.watch(call.outputs())

        def gradients(source_gradients):
            values = source_gradients[0] * call.inputs
            form = layer_rules.PerExample(call.layer.factor, values)

            def of_groups(groups):
                sums = groups.sums(values)
                right = layer_rules.PerExample(call.layer.factor, sums)
                return layer_rules.Ghost(
                    call.layer.factor,
                    lambda: 0 * right.square_norms() + 1e-12,
                    right.weighted_sum,
                    lambda: sums,
                    right.only,
                )

            ghost = layer_rules.Ghost(
                call.layer.factor,
                form.square_norms,
                form.weighted_sum,
                lambda: 0 * values,
                form.only,
                of_groups if fault == "norms" else None,
            )
            return [ghost]

        return layer_rules.Tap(outputs, [outputs], gradients)

    layer_rules.register(Scaled)(scaled)
    try:
        model = keras.Sequential(
            [layers.Input((4, 4, 1)), layers.Flatten(), Scaled(), layers.Dense(3)]
        )
        made = private(model)
        with pytest.raises(
            ValueError, match=r"do not add up|clipping would not bound it"
        ):
            made.fit(X, Y, verbose=0)
        assert made.steps == 0
    finally:
        layer_rules.unregister(Scaled)


def test_the_guarantee_of_a_patient_is_held_against_attacks_on_patients():
    made = private(noise_multiplier=4.0)
    made.fit(poisson_batches(X, Y, batch_size=4, units=IDS), verbose=0)
    statement = made.statement()
    scores = made.model.predict(X, verbose=0)
    with pytest.raises(ValueError, match="for a patient, and the attack on single"):
        membership_inference(
            scores, scores, labels=(Y, Y), from_logits=True, guarantee=statement
        )
    # Of five images of a patient, who is one unit.
    limits = limits_of(statement, images=5, of_groups=True)
    assert limits.together == statement.guarantee
    assert limits.attacks.advantage == statement.attacks_on_members().advantage


def test_a_patient_that_is_too_large_for_the_memory_is_refused():
    made = private(physical_batch_size=4)
    with pytest.raises(ValueError, match=r"one has 5.*physical_batch_size=4"):
        made.fit(X, Y, verbose=0)
    private(physical_batch_size=4, images_per_unit=3).fit(X, Y, verbose=0)


def test_poisson_batches_ask_for_units_of_all_examples():
    with pytest.raises(ValueError, match=r"each of the 20 examples. Received: 3"):
        poisson_batches(X, Y, units=["a", "b", "c"], batch_size=2)
    with pytest.raises(ValueError, match="from 1 to 8, the number of units"):
        poisson_batches(X, Y, units=IDS, batch_size=9)
