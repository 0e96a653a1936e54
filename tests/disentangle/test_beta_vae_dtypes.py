"""BetaVAE and BetaSweep in other precisions than float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import slow_but

from tfrwc.disentangle import BetaSweep, BetaVAE
from tfrwc.disentangle.sweep import loss_scale
from tfrwc.disentangle.sweep.loss_scale import LossScales

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3))
POLICIES = ("mixed_float16", "mixed_bfloat16", "float64")
# Relative rounding of a number in what the networks compute in.
ROUNDING = {"mixed_float16": 2.0**-11, "mixed_bfloat16": 2.0**-8, "float64": 2.0**-53}
SETTINGS = {
    "diagonal": {"beta": 2.0},
    "full": {"posterior": "full", "noise": "learned", "capacity": 1.0},
    "bernoulli": {"likelihood": "bernoulli", "encoder": "linear"},
    "schedule": {"beta": keras.optimizers.schedules.CosineDecay(4.0, 100)},
}


def loss_type(policy):
    return "float64" if policy == "float64" else "float32"


def data_of(settings):
    return (X > 0) * 1.0 if settings.get("likelihood") == "bernoulli" else X


# Each policy with the most that a model has; the loss of labels in the narrowest.
USED = [
    pytest.param(
        *(policy, case),
        marks=()
        if case == "full" or (policy, case) == ("mixed_float16", "bernoulli")
        else pytest.mark.slow,
    )
    for policy in POLICIES
    for case in SETTINGS
]


@pytest.mark.parametrize(("policy", "case"), USED)
def test_a_model_is_trained_kept_and_used(policy, case, tmp_path):
    settings = SETTINGS[case]
    x = data_of(settings)
    vae = BetaVAE(3, 2, seed=0, dtype=policy, **settings)
    compute = keras.DTypePolicy(policy).compute_dtype
    assert {layer.compute_dtype for layer in vae.encoder.layers[1:]} == {compute}
    assert {layer.compute_dtype for layer in vae.decoder.layers[1:]} == {compute}
    vae.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    scaled = isinstance(vae.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")
    losses = vae.fit(x, epochs=3, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert np.isfinite(vae.evaluate(x, verbose=0)).all()
    predicted = vae.predict(x, verbose=0)
    assert {v.dtype.name for v in predicted.values()} == {loss_type(policy)}
    vae.save(tmp_path / "vae.keras")
    back = keras.saving.load_model(tmp_path / "vae.keras")
    assert back.dtype_policy.name == policy
    np.testing.assert_array_equal(back.encode(x).mean(), vae.encode(x).mean())
    z = np.eye(2)
    np.testing.assert_array_equal(back.decode(z).mean(), vae.decode(z).mean())
    back.fit(x, verbose=0)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("case", ["diagonal", "full", "bernoulli"])
def test_the_loss_is_that_of_float64_up_to_the_rounding_of_the_networks(policy, case):
    """Of sums over 256 values of x: the loss itself rounds as float32 or better."""
    settings = SETTINGS[case] | {"encoder": "linear", "capacity": None}
    wide = BetaVAE(256, 2, seed=0, dtype="float64", **settings)
    vae = BetaVAE(256, 2, seed=0, dtype=policy, **settings)
    vae.set_weights(wide.get_weights())
    x = RNG.uniform(0, 1, (32, 256))
    noise = RNG.normal(size=(32, 2))
    found, exact = (m.terms(x, m.infer(x, noise)) for m in (vae, wide))
    for name, value in exact.items():
        assert found[name].dtype.name == loss_type(policy)
        np.testing.assert_allclose(
            found[name], value, rtol=20 * ROUNDING[policy] + 1e-12, err_msg=name
        )
    # Terms of the same output do not round once more in half precision.
    inferred = {k: tf.cast(v, "float64") for k, v in vae.infer(x, noise).items()}
    again = wide.terms(x, inferred)
    for name, value in again.items():
        np.testing.assert_allclose(found[name], value, rtol=3e-6, err_msg=name)


def test_float64_is_float64_throughout():
    """A change of x below the rounding of float32 is seen in the codes."""
    for encoder in ("linear", "dense"):
        vae = BetaVAE(3, 2, encoder=encoder, seed=0, dtype="float64")
        slope = (vae.encode(X + 1e-10).mean() - vae.encode(X).mean()) / 1e-10
        coarse = (vae.encode(X + 1e-5).mean() - vae.encode(X).mean()) / 1e-5
        np.testing.assert_allclose(slope, coarse, rtol=1e-2, atol=1e-3)
        z = np.eye(2)
        slope = (vae.decode(z + 1e-10).mean() - vae.decode(z).mean()) / 1e-10
        coarse = (vae.decode(z + 1e-5).mean() - vae.decode(z).mean()) / 1e-5
        np.testing.assert_allclose(slope, coarse, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_policy_of_keras_is_taken(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        vae = BetaVAE(3, 2, encoder="linear", decoder=lambda z: z @ np.ones((2, 3)))
        vae.compile("adam", jit_compile=False)
        assert np.isfinite(vae.fit(X, verbose=0).history["loss"][0])
    finally:
        keras.config.set_dtype_policy(before)
    assert vae.encoder.layers[-1].dtype_policy.name == policy
    assert vae(X)["decoded"].dtype.name == loss_type(policy)


@pytest.mark.parametrize("policy", slow_but(["mixed_float16"], POLICIES[:2]))
def test_convolutions(policy):
    vae = BetaVAE(
        (16, 16, 1), 2, encoder="conv", likelihood="bernoulli", seed=0, dtype=policy
    )
    vae.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
    # Mostly black: a step away from grey is seen whatever the latents' draws.
    images = (RNG.random((8, 16, 16, 1)) < 0.1) * 1.0
    # In float16 the first steps find the scale of the loss, and change nothing.
    losses = vae.fit(images, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_sweep(policy, tmp_path):
    """As one of float32, up to rounding; it goes on, and its members are models."""

    def sweep(dtype):
        def build(seed):
            vae = BetaVAE(3, 2, encoder="linear", noise=3.0, seed=seed, dtype=dtype)
            start = BetaVAE(3, 2, encoder="linear", seed=seed)
            pairs = zip(vae.trainable_variables, start.trainable_variables, strict=True)
            for weight, value in pairs:
                weight.assign(value)
            return vae

        return BetaSweep(
            [0.5, 2.0], [0, 1], build, epochs=4, batch_size=16, learning_rate=0.01
        )

    plain = sweep("float32").fit(X).to_frame()
    found = sweep(policy).fit(X, tmp_path / "sweep.npz")
    tolerance = {"rtol": 0.02 if policy == "mixed_bfloat16" else 2e-3}
    for name in ("objective", "rate", "distortion"):
        np.testing.assert_allclose(found.to_frame()[name], plain[name], **tolerance)
    again = sweep(policy).fit(X, tmp_path / "sweep.npz").to_frame()
    np.testing.assert_array_equal(again.objective, found.to_frame().objective)
    with pytest.raises(ValueError, match=r"other settings \(dtype"):
        sweep("float32").fit(X, tmp_path / "sweep.npz")
    assert found.member(2.0, 1).dtype_policy.name == policy
    assert found.codes(X).dtype.name == loss_type(policy)


def test_scales_of_members():
    """A member whose gradients overflow waits, and the others do not notice."""
    scales = LossScales(3)
    scaled = scales.scaled(tf.constant([1.0, 2.0, 4.0])).numpy()
    np.testing.assert_array_equal(scaled, 2.0**15 * np.array([1, 2, 4]))
    gradients = [
        tf.constant([[1.0, 2.0], [np.inf, 1.0], [3.0, 4.0]]) * 2.0**15,
        tf.constant([5.0, 6.0, np.nan]) * 2.0**15,
    ]
    found, finite = scales.unscaled(gradients)
    assert finite.numpy().tolist() == [True, False, False]
    np.testing.assert_array_equal(found[0], [[1, 2], [0, 0], [0, 0]])
    np.testing.assert_array_equal(found[1], [5, 0, 0])
    lower = scales.scaled(tf.ones(3)).numpy()
    np.testing.assert_array_equal(lower, 2.0 ** np.array([15, 14, 14]))
    for _ in range(1999):
        scales.unscaled([tf.ones(3)])
    higher = scales.scaled(tf.ones(3)).numpy()
    np.testing.assert_array_equal(higher, 2.0 ** np.array([16, 14, 14]))


def test_gradients_too_small_for_float16_train_a_sweep(monkeypatch):
    """Of a deviation of 3,000 they are below 1e-7, and without scales 0."""

    def build(dtype):
        return lambda seed: BetaVAE(
            3, 2, encoder="linear", noise=3e3, seed=seed, dtype=dtype
        )

    def trained(dtype):
        options = {"epochs": 2, "batch_size": 16, "learning_rate": 0.01}
        vae = BetaSweep([1e-6], [0], build(dtype), **options).fit(X).member(1e-6, 0)
        start = build("float32")(0)
        pairs = zip(vae.decoder.weights, start.decoder.weights, strict=True)
        return np.concatenate([np.ravel(a - b) for a, b in pairs])

    half, full = trained("mixed_float16"), trained("float32")
    assert np.abs(full).max() > 1e-3
    np.testing.assert_allclose(half, full, atol=0.1 * np.abs(full).max())
    monkeypatch.setattr(loss_scale, "_FIRST", 1.0)
    assert np.abs(trained("mixed_float16")).max() < 0.1 * np.abs(full).max()


def test_gradients_too_large_for_float16_train_a_sweep():
    """Some steps are left out, by the member that needs it alone."""

    def build(noise):
        return lambda seed: BetaVAE(
            3, 2, encoder="linear", noise=noise, seed=seed, dtype="mixed_float16"
        )

    options = {"epochs": 20, "batch_size": 16, "learning_rate": 0.01}
    sweep = BetaSweep([1.0], [0], build(0.01), **options).fit(X)
    losses = sweep.history_.loss
    assert losses.iloc[-1] < 0.8 * losses.iloc[0]
    both = BetaSweep([1.0, 1e5], [0], build(1.0), **options).fit(X).to_frame()
    alone = BetaSweep([1.0], [0], build(1.0), **options).fit(X).to_frame()
    assert both.objective[0] == pytest.approx(alone.objective[0], rel=1e-3)
    assert np.isfinite(both.objective).all()
