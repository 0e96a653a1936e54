"""Steps are counted and asked for, however they are called."""

import dataclasses
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from privacy.sgd.models import BATCH, N, dense, loss, private

from tfrwc.privacy import compose, make_private, poisson_batches
from tfrwc.privacy.accounting import sgd
from tfrwc.privacy.accounting.sgd import Stage
from tfrwc.privacy.sgd.account.accounted_model import BY_HAND, IN_PYTHON
from tfrwc.privacy.sgd.account.carrier import carried
from tfrwc.privacy.sgd.account.ledger import OUTSIDE
from tfrwc.privacy.sgd.sampling import PoissonBatches

RATE = BATCH / N


def compiled(model=None, **options):
    result = private(model or dense(), **options)
    result.compile("sgd", loss())
    return result


def cost(*stages, delta=1 / (10 * N)):
    return sgd.composed([Stage(*stage) for stage in stages], delta).epsilon


def first(data, count):
    return tuple(tf.constant(part[:count]) for part in data)


def whole_set(x, y):
    """One batch, of a size that TensorFlow does not know."""
    pairs = tf.data.Dataset.from_tensor_slices((x, y)).filter(lambda x, y: True)
    return pairs.batch(len(x))


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_a_fit_on_poisson_samples_says_nothing_of_what_follows(data):
    model = compiled()
    model.fit(poisson_batches(*data, batch_size=BATCH), verbose=0)
    assert model.statement().sampling == "poisson"
    for step in (
        lambda x, y: model.train_on_batch(x.numpy(), y.numpy()),
        lambda x, y: model.train_step((x, y)),
        lambda x, y: model.train_function(iter([(x, y)])),
        lambda x, y: model.fit(whole_set(x, y), shuffle=False, verbose=0),
    ):
        steps = model.steps
        before = model.model.get_weights()
        with pytest.raises(
            ValueError, match=r"more than batch_size examples\. The acc"
        ):
            step(*first(data, N))
        assert model.steps == steps
        for one, other in zip(before, model.model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        step(*first(data, BATCH))
        assert model.steps == steps + 1
    statement = model.statement()
    assert statement.sampling == "fixed"
    assert BY_HAND in statement.rests_on
    assert statement.epsilon_without_sampling == pytest.approx(
        cost((1.0, RATE, 4), (1.0, 1.0, 4))
    )


def test_what_xla_cannot_refuse_it_leaves_out(data):
    model = compiled(noise_multiplier=1e-6)
    model.compile(keras.optimizers.SGD(1.0), loss(), jit_compile=True)
    model.train_on_batch(*[part.numpy() for part in first(data, BATCH)])
    before = model.model.get_weights()
    model.train_function(iter([first(data, N)]))
    with pytest.raises(ValueError, match="it was left out"):
        model.privacy_spent()
    for one, other in zip(before, model.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert model.steps == 2


def test_steps_by_hand_ask_the_budget(data):
    model = compiled(noise_multiplier=None, epsilon=4.0, epochs=1)
    for _ in range(4):
        model.train_step(first(data, BATCH))
    assert model.privacy_spent().epsilon == pytest.approx(4.0, rel=1e-3)
    for step in (model.train_step, lambda pair: model.train_on_batch(*pair)):
        with pytest.raises(ValueError, match="lasts for 4 steps"):
            step(first(data, BATCH))
    with pytest.raises(ValueError, match=r"within a tf\.function"):
        tf.function(compiled().train_step)(first(data, BATCH))
    with pytest.raises(ValueError, match="compile"):
        private(dense()).train_step(first(data, BATCH))


def test_a_set_of_unknown_size_may_end_with_the_budget(data):
    model = compiled(noise_multiplier=None, epsilon=4.0, epochs=2)
    pairs = tf.data.Dataset.from_tensor_slices(data).filter(lambda x, y: True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras': the data have run out
        model.fit(pairs.batch(BATCH), epochs=2, verbose=0)
        assert model.steps == 8
        with pytest.raises(ValueError, match="lasts for 8 steps"):
            model.fit(pairs.batch(BATCH), verbose=0)


def test_uses_of_an_example_without_help_of_the_order(data):
    model = compiled()
    model.fit(*data, epochs=3, verbose=0)
    assert model.statement().epsilon_without_sampling == pytest.approx(
        cost((1.0, 1.0, 3))
    )
    assert model.statement().rests_on == ()
    pairs = tf.data.Dataset.from_tensor_slices(data).shuffle(N)
    pairs = pairs.batch(BATCH, drop_remainder=True)
    model.fit(pairs, epochs=2, shuffle=False, verbose=0)
    whole = cost((1.0, 1.0, 3 + 8))
    statement = model.statement()
    assert statement.epsilon_without_sampling == pytest.approx(whole)
    assert statement.epsilon == pytest.approx(cost((1.0, RATE, 20)))


def test_batches_in_a_known_order_hide_nobody(data):
    model = compiled()
    model.fit(*data, epochs=2, shuffle=False, verbose=0)
    statement = model.statement()
    assert statement.epsilon == statement.epsilon_without_sampling
    assert statement.epsilon == pytest.approx(cost((1.0, 1.0, 2)))
    assert statement.patient_epsilon == statement.epsilon
    limited = compiled(noise_multiplier=None, epsilon=3.0, epochs=2)
    with pytest.raises(ValueError, match="leave it out"):
        limited.fit(*data, epochs=2, shuffle=False, verbose=0)
    limited.fit(*data, epochs=2, verbose=0)


def test_a_second_wrapper_goes_on(data):
    one = compiled()
    one.fit(*data, epochs=2, verbose=0)
    other = make_private(
        one.model, noise_multiplier=2.0, batch_size=8, train_size=N, delta=1e-4
    )
    other.compile("sgd", loss())
    assert other.steps == 8
    other.fit(*data, verbose=0)
    stages = (1.0, RATE, 8), (2.0, 8 / N, 8)
    assert other.privacy_spent() == (pytest.approx(cost(*stages, delta=1e-4)), 1e-4)
    assert one.privacy_spent().epsilon == pytest.approx(cost(*stages))
    statement = one.statement(images_per_patient=3)
    assert len(statement.stages) == 2
    assert sorted(statement.account) == sorted(stages)
    whole = compose([statement], delta=1e-4)
    assert whole.epsilon == pytest.approx(cost(*stages, delta=1e-4), rel=1e-3)
    assert "8 steps of noise 2" in statement.explain()
    assert statement.patient_epsilon > statement.epsilon
    one.fit(*data, verbose=0)
    assert one.steps == other.steps == 20
    assert OUTSIDE not in one.statement().rests_on


def test_a_second_wrapper_knows_layers_that_the_last_step_built(data):
    parts = [layers.Flatten(), layers.Dense(4, "relu"), layers.Dense(3)]
    one = compiled(keras.Sequential(parts))
    one.train_on_batch(*first(data, BATCH))
    same = keras.Sequential([layers.Input(data[0].shape[1:]), *parts])
    assert compiled(same).steps == 1


def keras_file(model, path):
    model.save(path / "model.keras")
    return keras.saving.load_model(path / "model.keras")


def weights_file(model, path):
    model.save_weights(path / "model.weights.h5")
    copy = dense()
    copy.load_weights(path / "model.weights.h5")
    return copy


def clone(model, path):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def with_another_end(model, path):
    return keras.Sequential([*model.layers[:-1], layers.Dense(3)])


@pytest.mark.parametrize("copied", [keras_file, weights_file, clone, with_another_end])
def test_a_copy_of_a_trained_model_brings_its_account(copied, data, tmp_path):
    model = compiled()
    model.fit(*data, verbose=0)
    again = compiled(copied(model.model, tmp_path))
    assert again.steps == 4
    again.fit(*data, verbose=0)
    assert again.privacy_spent().epsilon == pytest.approx(cost((1.0, RATE, 8)))


def test_a_budget_is_for_all_that_was_done(data):
    one = compiled(noise_multiplier=None, epsilon=2.0, epochs=1)
    one.fit(*data, verbose=0)
    with pytest.raises(ValueError, match="trained privately before, at epsilon = 2"):
        compiled(one.model, noise_multiplier=None, epsilon=1.5, epochs=1)
    other = compiled(one.model, noise_multiplier=None, epsilon=4.0, epochs=1)
    other.fit(*data, verbose=0)
    assert other.privacy_spent().epsilon == pytest.approx(4.0, rel=1e-2)
    assert other.privacy_spent().epsilon <= 4.0
    with pytest.raises(ValueError, match="Of epsilon = 4, "):
        other.train_on_batch(*first(data, BATCH))


@pytest.mark.parametrize("how", ["fit", "set_weights", "apply"])
def test_weights_changed_by_others_are_said_once(how, data):
    model = compiled()
    model.fit(*data, verbose=0)
    trained = model.model
    if how == "fit":
        trained.compile("sgd", loss())
        trained.fit(*data, verbose=0)
    elif how == "set_weights":
        trained.set_weights([w * 2 + 1 for w in trained.get_weights()])
    else:
        ones = [tf.ones(v.shape) for v in trained.trainable_variables]
        model.optimizer.apply(ones, trained.trainable_variables)
    with pytest.warns(UserWarning, match="something else than private steps"):
        assert OUTSIDE in model.statement().rests_on
    model.fit(*data, verbose=0)
    assert model.statement().rests_on.count(OUTSIDE) == 1


def test_own_weights_that_come_back_are_no_others(data):
    model = compiled()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True), loss())
    first_weights = model.model.get_weights()
    stop = keras.callbacks.EarlyStopping("val_loss", restore_best_weights=True)
    options = {"validation_data": data, "verbose": 0}
    held_out = (data[0] + 1, data[1])
    options["validation_data"] = held_out
    model.fit(*data, epochs=3, callbacks=[stop], **options)
    state = model.get_weights()
    model.fit(*data, verbose=0)
    steps = model.steps
    model.set_weights(state)
    assert model.steps == steps
    assert model.statement().rests_on == ()
    model.model.set_weights(first_weights)
    with pytest.warns(UserWarning, match="something else"):
        model.privacy_spent()


@pytest.mark.parametrize("kind", ["weights.h5", "keras"])
def test_steps_after_a_file_was_saved_stay_counted(kind, data, tmp_path):
    model = compiled()
    model.fit(*data, verbose=0)
    path = tmp_path / f"private.{kind}"
    save = model.save if kind == "keras" else model.save_weights
    save(path)
    model.fit(*data, verbose=0)
    if kind == "keras":
        loaded = keras.saving.load_model(path)
    else:
        loaded = compiled()
        loaded.load_weights(path)
    assert loaded.steps == 8
    assert loaded.privacy_spent() == model.privacy_spent()


def test_a_copy_whose_weights_come_later_brings_its_account(data):
    one = compiled()
    one.fit(*data, epochs=2, verbose=0)
    other = compiled(dense())
    other.model.set_weights(one.model.get_weights())
    other.fit(*data, verbose=0)
    assert other.steps == 12


class BreaksOff(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise RuntimeError("broken off")


def of_its_layers(model):
    return keras.Sequential([layers.Input((6, 6, 1)), *model.layers])


@pytest.mark.parametrize("copied", [lambda model: clone(model, None), of_its_layers])
def test_a_fit_that_broke_off_is_not_forgotten(copied, data):
    model = keras.Sequential([layers.Flatten(), layers.Dense(8), layers.Dense(3)])
    one = compiled(model)
    with pytest.raises(RuntimeError, match="broken off"):
        one.fit(*data, callbacks=[BreaksOff()], verbose=0)
    assert compiled(copied(model)).steps == 2


def test_a_file_says_what_others_did_before_it(data, tmp_path):
    one = compiled()
    one.fit(*data, verbose=0)
    trained = one.model
    trained.compile("sgd", loss())
    trained.fit(*data, verbose=0)
    trained.save(tmp_path / "model.keras")
    [(account, _)] = carried(keras.saving.load_model(tmp_path / "model.keras"))
    assert account["notes"] == [OUTSIDE]


def test_fit_takes_arguments_by_their_places(data):
    model = compiled()
    model.fit(*data, BATCH, 2, 0)
    assert model.steps == 8


@pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")
@pytest.mark.parametrize("everywhere", [False, True])
def test_steps_in_python_are_said(everywhere, data):
    model = private(dense())
    tf.config.run_functions_eagerly(everywhere)
    try:
        model.compile("sgd", loss(), run_eagerly=not everywhere)
        model.fit(*data, verbose=0)
    finally:
        tf.config.run_functions_eagerly(False)
    assert model.statement().rests_on == (IN_PYTHON,)


@pytest.mark.parametrize("name", ["settings", "model"])
def test_what_the_account_is_for_is_not_set_to_others(name, data):
    model = compiled()
    model.fit(*data, verbose=0)
    others = {
        "settings": dataclasses.replace(model.settings, noise_multiplier=0.01),
        "model": dense(),
    }
    setattr(model, name, others[name])
    for again in (lambda: None, lambda: model.compile("sgd", loss())):
        again()
        with pytest.raises(ValueError, match="were set to others"):
            model.fit(*data, verbose=0)
    assert model.steps == N // BATCH
    assert model.statement().noise_multiplier == 1.0


def test_samples_are_drawn_as_they_are_counted(data, monkeypatch):
    """Whatever becomes of the object that fit was given."""
    batches, sizes = poisson_batches(*data, batch_size=BATCH), []
    take = PoissonBatches._batch
    monkeypatch.setattr(
        PoissonBatches, "_batch", lambda b, n: sizes.append(len(n)) or take(b, n)
    )

    class Enlarges(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            batches.batch_size = N

    compiled().fit(batches, epochs=2, callbacks=[Enlarges()], verbose=0)
    assert len(sizes) >= 2 * N // BATCH
    assert max(sizes) < N
    with pytest.raises(ValueError, match="The account is for"):
        compiled().fit(batches, verbose=0)


def test_samples_of_fewer_examples_than_counted_are_refused(data):
    batches = poisson_batches(*data, batch_size=BATCH)
    batches.arrays = tuple(array[:9] for array in batches.arrays)
    with pytest.raises(ValueError, match="changed after they were made"):
        compiled().fit(batches, verbose=0)
