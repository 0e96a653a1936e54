"""Weights, compile and the first batch: what Keras ties to labels, without any."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import living, slow_but

from tfrwc import RWCCallback
from tfrwc.disentangle import BetaSweep, BetaVAE, own_loss

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 3)).astype(np.float32)
W = RNG.uniform(0.2, 3, size=48).astype(np.float32)
LABELS = RNG.integers(0, 2, 48)
BATCH = 16


def still(**settings):
    """A model whose training moves nothing and draws nothing of account, so that what
    it logs follows from x alone."""
    vae = BetaVAE(3, 2, seed=0, noise=0.5, **settings)
    kernel, bias = vae.head.layers[-1].weights
    bias.assign([0.1, -0.2, -20.0, -20.0])
    kernel.assign(keras.ops.concatenate([kernel[:, :2], 0 * kernel[:, 2:]], axis=1))
    vae.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    return vae


class Batches(keras.utils.PyDataset):
    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def __len__(self):
        return len(X) // BATCH

    def __getitem__(self, i):
        return tuple(p[i * BATCH : (i + 1) * BATCH] for p in self.parts)


def generated(*parts):
    return (batch for batch in [Batches(parts)[i] for i in range(3)])


def data_set(*parts):
    return tf.data.Dataset.from_tensor_slices(parts).batch(BATCH)


ARRAY = {"batch_size": BATCH, "verbose": 0}
STREAM = {"shuffle": False, "verbose": 0}
BY_CLASS = {0: 0.5, 1: 2.0}
CLASS_W = np.where(LABELS, 2.0, 0.5)
# How weights get into Keras, what these are, and what fit returns.
WAYS = {
    "argument": (W, lambda v: v.fit(X, sample_weight=W, **ARRAY)),
    "by place": (W, lambda v: v.fit(X, None, 16, 1, 0, None, 0, None, 1, None, W)),
    "of one column": (W, lambda v: v.fit(X, sample_weight=W[:, None], **ARRAY)),
    "of float64": (W, lambda v: v.fit(X, sample_weight=W.astype(float), **ARRAY)),
    "tensors": (W, lambda v: v.fit(tf.constant(X), sample_weight=W, **ARRAY)),
    "labels": (W, lambda v: v.fit(X, LABELS, sample_weight=W, **ARRAY)),
    "classes": (CLASS_W, lambda v: v.fit(X, LABELS, class_weight=BY_CLASS, **ARRAY)),
    "data set": (W, lambda v: v.fit(data_set(X, LABELS, W), **STREAM)),
    "PyDataset": (W, lambda v: v.fit(Batches((X, LABELS, W)), verbose=0)),
    "generator": (
        W,
        lambda v: v.fit(generated(X, LABELS, W), steps_per_epoch=3, **STREAM),
    ),
    "x alone": (np.ones(48), lambda v: v.fit(X, **ARRAY)),
    "x of a data set": (np.ones(48), lambda v: v.fit(data_set(X), **STREAM)),
    "x of a generator": (
        np.ones(48),
        lambda v: v.fit(generated(X), steps_per_epoch=3, **STREAM),
    ),
}


def expected(vae, weights, capacity=None):
    terms = vae.terms(X, vae(X))
    terms = {name: np.asarray(value, np.float64) for name, value in terms.items()}
    rate = (weights * terms["rate"]).reshape(3, BATCH).mean(axis=1)
    if capacity is not None:
        part = weights.reshape(3, BATCH).mean(axis=1)
        rate = part * abs(rate / part - capacity)
    loss = vae.beta * rate.mean() - (weights * terms["log_likelihood"]).mean()
    return {"loss": loss} | {
        name: np.average(value, weights=weights) for name, value in terms.items()
    }


def agree(found, wanted, prefix=""):
    found = {name: found[prefix + name] for name in wanted}
    assert found == pytest.approx(wanted, rel=2e-4)


@pytest.mark.parametrize("way", WAYS)
def test_weights_count_however_they_come(way):
    weights, fit = WAYS[way]
    vae = still(beta=2.0)
    logs = fit(vae).history
    agree({name: values[-1] for name, values in logs.items()}, expected(vae, weights))


def test_weights_count_in_evaluation_and_single_batches():
    vae = still(beta=2.0, capacity=3.0)
    wanted = expected(vae, W, capacity=3.0)
    told = {"verbose": 0, "return_dict": True}
    agree(vae.evaluate(X, sample_weight=W, batch_size=BATCH, **told), wanted)
    agree(vae.evaluate(X, None, BATCH, 0, W, return_dict=True), wanted)
    agree(vae.evaluate(data_set(X, LABELS, W), **told), wanted)
    given = {"validation_data": (X, None, W), "validation_batch_size": BATCH}
    logs = vae.fit(X[:16], **given, **ARRAY).history
    agree({name: values[-1] for name, values in logs.items()}, wanted, "val_")
    one = [
        method(X, sample_weight=W, return_dict=True)["rate"]
        for method in (vae.train_on_batch, vae.test_on_batch)
    ]
    assert one == pytest.approx([wanted["rate"]] * 2, rel=1e-4)
    plain = vae.predict(X, verbose=0)["mean"]
    weighted = vae.predict(data_set(X, LABELS, W), verbose=0)["mean"]
    np.testing.assert_allclose(weighted, plain, rtol=1e-5)


def test_a_split_takes_weights_along():
    vae = still()
    logs = vae.fit(X, sample_weight=W, validation_split=1 / 3, **ARRAY).history
    rates = np.asarray(vae.terms(X, vae(X))["rate"])
    found = logs["rate"][0], logs["val_rate"][0]
    parts = slice(0, 32), slice(32, 48)
    wanted = [np.average(rates[part], weights=W[part]) for part in parts]
    assert found == pytest.approx(wanted, rel=1e-4)


def test_an_example_of_weight_2_is_two_examples():
    """The gradients, too: one step with weights is one with repeated examples."""
    twice = np.repeat(X[:8], [2, 1, 1, 2, 1, 1, 3, 1], axis=0)
    weights = np.array([2, 1, 1, 2, 1, 1, 3, 1.0])
    vae, other = still(), still()
    for model, x, w in ((vae, X[:8], weights * 12 / 8), (other, twice, None)):
        model.optimizer.learning_rate = 1e-3
        model.train_on_batch(x, sample_weight=None if w is None else w * 8 / 12)
    scale = 12 / 8  # the mean is over the number of examples
    for start, a, b in zip(
        still().trainable_variables,
        vae.trainable_variables,
        other.trainable_variables,
        strict=True,
    ):
        steps = np.asarray(a - start), np.asarray(b - start) * scale
        np.testing.assert_allclose(*steps, rtol=1e-2, atol=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "mse"},
        {"metrics": ["mae"]},
        {"weighted_metrics": ["mae"]},
        {"loss_weights": [1.0]},
    ],
)
def test_what_needs_labels_is_refused(options):
    [name] = options
    with pytest.raises(
        ValueError, match=f"that {name} would not count.*optimizer alone"
    ):
        BetaVAE(3, 2).compile("adam", **options)
    with pytest.raises(ValueError, match="class_weight needs the classes"):
        still().fit(X, class_weight={0: 1.0})


def test_weights_of_another_shape_are_refused():
    vae = still()
    with pytest.raises(ValueError, match=r"one number for each example.*\(.*3\)"):
        vae.train_on_batch(X, sample_weight=np.ones((48, 3)))


def test_a_file_brings_the_optimizer_back(tmp_path):
    vae = BetaVAE(3, 2, seed=0)
    vae.compile(keras.optimizers.Adam(0.01), jit_compile=False, steps_per_execution=2)
    vae.fit(X, sample_weight=W, **ARRAY)
    vae.save(tmp_path / "vae.keras")
    back = keras.saving.load_model(tmp_path / "vae.keras")
    assert back.steps_per_execution == 2
    assert int(back.optimizer.iterations) == 3
    for one, other in zip(
        back.optimizer.variables, vae.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(one, other)


NAN = X.copy()
NAN[3, 1] = np.nan
WRONG = {
    "images of 0..255": (np.abs(X) * 100, "values from .* to .*by 255"),
    "standard normal": (X, "within 0..1. Received: values from -"),
    "NaN": (NAN, "finite. Received: 1 of .* values"),
    "infinite": (np.where(X > 1, np.inf, 0.5), "must be finite"),
}
INTO = {
    "fit": lambda v, x: v.fit(x, **ARRAY),
    "evaluate": lambda v, x: v.evaluate(x, **ARRAY),
    "data set": lambda v, x: v.fit(data_set(x), **STREAM),
    "PyDataset": lambda v, x: v.fit(Batches((x, LABELS, W)), verbose=0),
    "generator": lambda v, x: v.fit(generated(x), steps_per_epoch=3, **STREAM),
    "train_on_batch": lambda v, x: v.train_on_batch(x[:BATCH]),
    "validation": lambda v, x: v.fit(X > 0, validation_data=(x,), **ARRAY),
    "recorded": lambda v, x: v.fit(x, callbacks=[RWCCallback(every=1)], **ARRAY),
}


@pytest.mark.parametrize("data", WRONG)
@pytest.mark.parametrize("into", slow_but(["fit"], ["fit", "data set"]))
def test_data_that_are_none_are_refused(data, into):
    refused(*WRONG[data], into)


@pytest.mark.parametrize("into", [name for name in INTO if name != "fit"])
def test_data_that_are_none_are_refused_at_every_door(into):
    refused(*WRONG["standard normal"], into)


def refused(x, message, into):
    """With the first batch, and before it has changed anything."""
    vae = BetaVAE(3, 2, likelihood="bernoulli", seed=0)
    vae.compile("adam", jit_compile=False)
    before = vae.get_weights()
    with pytest.raises(ValueError, match=message):
        INTO[into](vae, x)
    for one, other in zip(before, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    vae.fit(X > 0, **ARRAY)  # it can be trained on what it takes


def test_a_gaussian_takes_any_finite_values():
    still().fit(X * 1e3, **ARRAY)
    with pytest.raises(ValueError, match="1 of 144 values NaN"):
        still().fit(NAN, **ARRAY)


def traces(steps):
    """How often the loss is traced in two fits, and how many updates there were."""
    vae, traced = BetaVAE(3, 2, seed=0), []
    compute_loss = vae.compute_loss

    def counted(*arguments, **options):
        traced.append(len(arguments))
        return compute_loss(*arguments, **options)

    vae.compute_loss = counted
    vae.compile("adam", jit_compile=False, steps_per_execution=steps)
    for _ in range(2):
        vae.fit(X, sample_weight=W, epochs=2, **ARRAY)
    return len(traced), int(vae.optimizer.iterations)


@pytest.mark.parametrize("steps", [1, 2])
def test_the_first_look_costs_no_trace_and_no_batch(steps, monkeypatch):
    found = traces(steps)
    monkeypatch.setattr(own_loss, "_FirstLook", lambda model, step: step)
    assert found == traces(steps)
    assert found[1] == 4 * 3


def test_a_sweep_refuses_what_a_model_does():
    def build(seed):
        return BetaVAE(3, 2, likelihood="bernoulli", seed=seed)

    for x in (X, np.abs(X) * 100):
        with pytest.raises(ValueError, match=r"within 0\.\.1"):
            BetaSweep([1.0], [0], build, epochs=1).fit(x)
    with pytest.raises(ValueError, match="must be finite"):
        BetaSweep([1.0], [0], epochs=1).fit(X.astype(float) * 1e300)


# An error instead of TensorFlow's own warning would be kept, with all that it has seen.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_graph_of_a_step_goes_with_its_model():
    def train():
        vae = BetaVAE(3, 2)
        vae.compile("adam")
        vae.fit(X, **ARRAY)

    train()  # the first makes what stays
    before = living(tf.Graph)
    train()
    assert living(tf.Graph) <= before
