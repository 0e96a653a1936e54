"""BetaVAE: its loss, its distributions, and what training it reaches."""

import keras
import numpy as np
import pytest
from scipy.stats import multivariate_normal
from scipy.stats import norm as normal

from tfrwc import RWCCallback
from tfrwc.disentangle import BetaVAE, theory
from tfrwc.models import vae as networks

A = theory.mixing(0.6, n=3)
SIGMA = 0.5


def sample(count, seed=0, mixing=A, sigma=SIGMA):
    rng = np.random.default_rng(seed)
    n, k = mixing.shape
    x = rng.normal(size=(count, k)) @ mixing.T + sigma * rng.normal(size=(count, n))
    return x.astype(np.float32)


def numpy_loss(vae, x, beta):
    """The definition, from what a call returned, with SciPy's densities."""
    out = {key: np.asarray(value, np.float64) for key, value in vae(x).items()}
    if vae.likelihood == "gaussian":
        log_p = normal.logpdf(x, out["decoded"], vae.noise)
    else:
        log_p = x * out["decoded"] - np.logaddexp(0, out["decoded"])
    log_p = log_p.reshape(len(x), -1).sum(axis=1)
    rates = []
    for mean, scale in zip(out["mean"], out["scale"], strict=True):
        covariance = np.diag(scale**2) if scale.ndim == 1 else scale @ scale.T
        log_det = np.linalg.slogdet(covariance)[1]
        rates.append((np.trace(covariance) + mean @ mean - len(mean) - log_det) / 2)
    return np.mean(beta * np.array(rates) - log_p), out


@pytest.mark.parametrize("posterior", ["diagonal", "full"])
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_loss_is_the_definition(posterior, likelihood):
    x = sample(64)
    settings = {"noise": 0.3} if likelihood == "gaussian" else {}
    if likelihood == "bernoulli":
        x = (x > 0).astype(np.float32)
    vae = BetaVAE(
        3, 2, beta=2.5, posterior=posterior, likelihood=likelihood, seed=1, **settings
    )
    vae.compile("sgd")
    expected, out = numpy_loss(vae, x, beta=2.5)
    found = vae.compute_loss(x=x, y_pred={k: np.float32(v) for k, v in out.items()})
    np.testing.assert_allclose(float(found), expected, rtol=1e-5)


@pytest.mark.parametrize("posterior", ["diagonal", "full"])
def test_codes_are_draws_from_the_posterior(posterior):
    vae = BetaVAE(3, 2, posterior=posterior, seed=0)
    vae.head.layers[-1].kernel.assign(vae.head.layers[-1].kernel * 3)
    x = np.repeat(sample(1), 20_000, axis=0)
    codes = np.asarray(vae(x)["codes"])
    q = vae.encode(x[:1])
    covariance = np.asarray(q.covariance())[0]
    # 20,000 draws: the deviation of a mean is below 1 % of that of the codes.
    np.testing.assert_allclose(codes.mean(axis=0), np.asarray(q.mean())[0], atol=0.05)
    np.testing.assert_allclose(np.cov(codes.T), covariance, atol=0.05)
    assert (abs(covariance[0, 1]) > 1e-3) == (posterior == "full")
    expected = multivariate_normal(np.asarray(q.mean())[0], covariance).logpdf(codes[0])
    np.testing.assert_allclose(float(q.log_prob(codes[0])[0]), expected, rtol=1e-4)


def test_fit_logs_and_water_level():
    vae = BetaVAE(3, 2, beta=2.0, encoder="linear", noise=SIGMA, seed=0)
    vae.compile("adam")
    logs = vae.fit(sample(256), epochs=2, verbose=0).history
    assert set(logs) == {
        "loss",
        "log_likelihood",
        "rate",
        "distortion",
        "beta",
        "water_level",
    }
    expected = -np.array(logs["log_likelihood"]) + 2.0 * np.array(logs["rate"])
    np.testing.assert_allclose(logs["loss"], expected, rtol=1e-5)
    assert vae.water_level == pytest.approx(0.5)
    assert logs["water_level"][-1] == pytest.approx(0.5)
    distortion = np.array(logs["distortion"])
    constant = 3 * np.log(2 * np.pi * SIGMA**2)
    np.testing.assert_allclose(
        logs["log_likelihood"], -0.5 * (constant + distortion / SIGMA**2), rtol=1e-5
    )


def test_a_linear_model_reaches_the_optimum():
    """Objective, rate and distortion within 1 % of R3 of the data's covariance."""
    x = sample(8192)
    beta = 2.0
    vae = BetaVAE(3, 2, beta=beta, encoder="linear", noise=SIGMA, seed=0)
    schedule = keras.optimizers.schedules.CosineDecay(0.02, 100 * 8192 // 256)
    vae.compile(keras.optimizers.Adam(schedule))
    vae.fit(x, batch_size=256, epochs=100, verbose=0)
    found = vae.evaluate(np.repeat(x, 8, axis=0), verbose=0, return_dict=True)
    # Whitening makes the sample's covariance the true one.
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    exact = theory.linear_optimum(
        vectors * np.sqrt(values - 1e-6), 1e-3, SIGMA, beta, n_latents=2
    )
    assert -found["loss"] == pytest.approx(exact.objective, rel=0.01)
    assert found["rate"] == pytest.approx(exact.rate, rel=0.01)
    assert found["distortion"] == pytest.approx(exact.distortion, rel=0.01)
    weights = vae.decoder.layers[1].kernel.numpy()
    gram = weights @ weights.T
    assert abs(gram[0, 1]) < 0.05 * np.sqrt(gram[0, 0] * gram[1, 1])


def test_learned_noise_finds_its_level():
    x = sample(8192)
    vae = BetaVAE(3, 1, encoder="linear", noise="learned", seed=0)
    vae.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.02, 1280))
    )
    vae.fit(x, batch_size=256, epochs=40, verbose=0)
    exact = theory.linear_optimum(A, SIGMA, None, 1.0, n_latents=1)
    assert vae.noise == pytest.approx(exact.eta, rel=0.02)


def test_a_fixed_decoder_stays():
    x = sample(512)
    true = A.T.astype(np.float32)
    vae = BetaVAE(
        3, 2, encoder="linear", decoder=lambda z: keras.ops.matmul(z, true), noise=0.5
    )
    assert len(vae.trainable_variables) == 2  # of the layer of the posterior
    vae.compile("adam")
    vae.fit(x, epochs=1, verbose=0)
    z = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(vae.decode(z).mean(), z @ true, rtol=1e-6)


def test_schedules_of_beta_and_capacity():
    beta = keras.optimizers.schedules.PolynomialDecay(1.0, 8, end_learning_rate=4.0)
    vae = BetaVAE(3, 2, beta=beta, capacity=1.5, seed=0)
    vae.compile("sgd")
    x = sample(64)
    logs = vae.fit(x, batch_size=8, epochs=2, verbose=0).history
    assert logs["beta"][0] == pytest.approx(np.mean([1 + 3 * i / 8 for i in range(8)]))
    assert logs["beta"][1] == pytest.approx(4.0)
    assert vae.water_level is None
    found = vae.evaluate(x, batch_size=64, verbose=0, return_dict=True)
    expected = 4.0 * abs(found["rate"] - 1.5) - found["log_likelihood"]
    assert found["loss"] == pytest.approx(expected, rel=1e-5)


def test_capacity_is_reached():
    """With a large weight the divergence settles at C."""
    vae = BetaVAE(3, 2, beta=50.0, capacity=1.0, noise=SIGMA, seed=0)
    vae.compile(keras.optimizers.Adam(0.002))
    vae.fit(sample(2048), epochs=20, verbose=0)
    found = vae.evaluate(sample(2048), verbose=0, return_dict=True)
    assert found["rate"] == pytest.approx(1.0, abs=0.1)


def test_images_through_the_published_networks():
    vae = BetaVAE((64, 64, 1), 10, encoder="conv", likelihood="bernoulli", seed=0)
    kernels = [w.shape for w in vae.encoder.weights if len(w.shape) == 4]
    assert kernels == [(4, 4, 1, 32), (4, 4, 32, 32), (2, 2, 32, 64), (2, 2, 64, 64)]
    kernels = [w.shape for w in vae.decoder.weights if len(w.shape) == 4]
    assert kernels == [(4, 4, 64, 64), (4, 4, 32, 64), (4, 4, 32, 32), (4, 4, 1, 32)]
    dense = [w.shape for w in vae.decoder.weights if len(w.shape) == 2]
    assert dense == [(10, 256), (256, 1024)]
    vae.compile("adam")
    images = np.random.default_rng(0).integers(0, 2, (8, 64, 64, 1)).astype(np.float32)
    assert np.isfinite(vae.fit(images, verbose=0).history["loss"][0])
    assert vae.predict(images, verbose=0)["decoded"].shape == images.shape
    assert 0 <= np.min(vae.decode(np.zeros((1, 10), np.float32)).mean()) <= 1


def test_seeds_decide_the_weights():
    one, same, other = (BetaVAE(3, 2, seed=seed) for seed in (3, 3, 4))
    for a, b, c in zip(one.weights, same.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)
        assert len(a.shape) == 1 or not np.array_equal(a, c)
    kernels = [w.numpy().ravel()[:6] for w in one.weights if len(w.shape) > 1]
    assert len({tuple(kernel) for kernel in kernels}) == len(kernels)


@pytest.mark.parametrize(
    "settings",
    [
        {"beta": 4.0, "encoder": "linear", "noise": 0.3},
        {"posterior": "full", "noise": "learned", "capacity": 2.0},
        {"likelihood": "bernoulli", "decoder": "linear"},
        {"beta": keras.optimizers.schedules.CosineDecay(4.0, 100)},
    ],
)
def test_a_file_brings_the_model_back(tmp_path, settings):
    vae = BetaVAE(3, 2, seed=5, **settings)
    vae.compile("adam")
    x = (sample(64) > 0).astype(np.float32)
    vae.fit(x, verbose=0)
    vae.save(tmp_path / "vae.keras")
    back = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(back.encode(x).mean(), vae.encode(x).mean())
    z = np.eye(2, dtype=np.float32)
    np.testing.assert_array_equal(back.decode(z).mean(), vae.decode(z).mean())
    assert back.noise == vae.noise
    assert type(back.beta) is type(vae.beta)
    back.fit(x, verbose=0)


def twice(z):
    return keras.ops.concatenate([2.0 * z, z[:, :1]], axis=1)


def test_a_file_of_a_model_with_a_function_for_a_decoder(tmp_path):
    vae = BetaVAE(3, 2, encoder="linear", decoder=twice, noise=0.5, seed=0)
    vae.compile("adam")
    vae.fit(sample(64), verbose=0)
    vae.save(tmp_path / "vae.keras")
    back = keras.saving.load_model(
        tmp_path / "vae.keras", custom_objects={"twice": twice}
    )
    z = np.eye(2, dtype=np.float32)
    np.testing.assert_array_equal(back.decode(z).mean(), twice(z))
    np.testing.assert_array_equal(
        back.encode(sample(8)).mean(), vae.encode(sample(8)).mean()
    )


def test_examples_of_another_shape_are_refused():
    vae = BetaVAE(3, 2, encoder="linear")
    with pytest.raises(ValueError, match=r"of shape \(3,\). Received: shape \(5, 4\)"):
        vae.encode(np.zeros((5, 4), np.float32))
    vae.compile("adam")
    with pytest.raises(ValueError, match=r"of shape \(3,\). Received"):
        vae.fit(np.zeros((5, 4)), verbose=0)


def test_layers_of_a_model_are_recorded():
    vae = BetaVAE(3, 2, posterior="full", noise="learned", seed=0)
    vae.compile("adam")
    record = RWCCallback(watch="trainable")
    vae.fit(sample(64), epochs=2, verbose=0, callbacks=[record])
    recording = record.recording
    assert recording.values("l1_ratio").shape == (2, len(vae.trainable_variables))
    assert (recording.values("l1_ratio")[-1] > 0).all()
    assert {"rate", "distortion", "water_level"} <= set(recording.logs.columns)


def test_own_networks():
    encoder = keras.Sequential(
        [keras.layers.Input((4, 4, 1)), keras.layers.Conv2D(3, 2, activation="relu")]
    )
    decoder = keras.Sequential(
        [
            keras.layers.Input((2,)),
            keras.layers.Dense(16),
            keras.layers.Reshape((4, 4, 1)),
        ]
    )
    vae = BetaVAE((4, 4, 1), 2, encoder=encoder, decoder=decoder)
    vae.compile("adam")
    vae.fit(np.zeros((8, 4, 4, 1)), verbose=0)
    assert vae.encoder is encoder
    assert len(vae.trainable_variables) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (0, 2)}, "shape must be of one example"),
        ({"n_latents": 0}, "n_latents must be"),
        ({"beta": 0}, "beta must be a number above 0, or a schedule"),
        ({"beta": "4"}, "beta must be"),
        ({"beta": np.nan}, "beta must be"),
        ({"capacity": -1.0}, "capacity must be a number 0 or more"),
        ({"posterior": "wide"}, "posterior must be one of"),
        ({"likelihood": "poisson"}, "likelihood must be one of"),
        ({"likelihood": "bernoulli", "noise": 0.1}, "a Bernoulli has none"),
        ({"noise": 0.0}, "noise must be a number above 0. Received"),
        ({"noise": "fixed"}, "noise must be"),
        ({"encoder": "deep"}, "no network 'deep'"),
        ({"encoder": "conv"}, "multiples of 16"),
        ({"encoder": 3}, "no network 3"),
        ({"decoder": 3}, "decoder must be one of"),
        ({"decoder": lambda z: z}, r"from 2 to \(2,\)"),
        (
            {"encoder": networks.encoder("dense", (4,)), "decoder": "dense"},
            "must take x of shape",
        ),
        ({"encoder": networks.encoder("dense", (3,))}, "needs a decoder"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        BetaVAE(**{"shape": 3, "n_latents": 2, "seed": 0} | arguments)
