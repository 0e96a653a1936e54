"""BetaSweep: many models at once, as if one after another."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfrwc.disentangle import BetaSweep, BetaVAE, theory
from tfrwc.disentangle.sweep.chance import matched, noise_of, order_of
from tfrwc.disentangle.sweep.ensemble import Ensemble

A = theory.mixing(0.6, n=4)
SIGMA = 0.5
SHORT = {"epochs": 4, "batch_size": 64, "learning_rate": 0.01}


def build(seed):
    return BetaVAE(4, 3, encoder="linear", noise=SIGMA, seed=seed)


def sample(count, mixing=A, sigma=SIGMA, seed=0):
    """Data whose sample covariance is the true one, up to rounding."""
    rng = np.random.default_rng(seed)
    n = len(mixing)
    x = rng.normal(size=(count, n))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T, bias=True))).T
    true = np.linalg.cholesky(mixing @ mixing.T + sigma**2 * np.eye(n))
    return (x @ true.T).astype(np.float32)


@pytest.fixture(scope="module")
def x():
    return sample(512)


@pytest.fixture(scope="module")
def short(x):
    return BetaSweep([0.5, 2.0, 8.0], [0, 3], build, **SHORT).fit(x)


def assert_same(one, other, **tolerance):
    one, other = (
        frame.set_index(["beta", "seed"]).sort_index().astype(float)
        for frame in (one, other)
    )
    np.testing.assert_array_equal(list(one.index), list(other.index))
    np.testing.assert_allclose(one, other[one.columns], **tolerance)


def test_frame(short):
    frame = short.to_frame()
    assert list(frame[["beta", "seed"]].itertuples(index=False, name=None)) == [
        (beta, seed) for beta in (0.5, 2.0, 8.0) for seed in (0, 3)
    ]
    np.testing.assert_allclose(
        frame.objective, frame.log_likelihood - frame.beta * frame.rate, rtol=1e-5
    )
    np.testing.assert_allclose(frame.water_level, frame.beta * SIGMA**2)
    np.testing.assert_allclose(short.rates_.sum(axis=1), frame.rate, rtol=1e-5)
    assert (frame.epochs == 4).all()
    assert not frame.stopped.any()
    history = short.history_
    assert list(history.columns[:4]) == ["beta", "seed", "epoch", "loss"]
    assert len(history) == 4 * 6
    assert (history.groupby(["beta", "seed"]).loss.last() < 30).all()


def test_members_are_models(short, x):
    """The sweep's numbers are those of its members, measured by Keras."""
    for row in short.to_frame().itertuples():
        vae = short.member(row.beta, row.seed)
        vae.compile(jit_compile=False)
        found = vae.evaluate(np.repeat(x, 64, axis=0), verbose=0, return_dict=True)
        assert found["rate"] == pytest.approx(row.rate, rel=1e-5)
        # 64 draws for each of 512 examples.
        assert found["distortion"] == pytest.approx(row.distortion, rel=0.02)
        assert found["loss"] == pytest.approx(-row.objective, rel=0.02)
        assert vae.water_level == row.water_level
    means = short.codes(x)
    np.testing.assert_allclose(means[-1], vae.encode(x).mean(), rtol=1e-5)
    active = (means.var(axis=1) > 0.01).sum(axis=1)
    np.testing.assert_array_equal(active, short.to_frame().active_latents)


def test_a_member_does_not_depend_on_the_others(short, x):
    other = BetaSweep([2.0, 3.0], [3], build, **SHORT).fit(x)
    expected = short.to_frame().query("beta == 2 and seed == 3")
    assert_same(other.to_frame().query("beta == 2"), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("encoder", "posterior"),
    [
        ("linear", "full"),
        ("conv", "diagonal"),
        pytest.param("linear", "diagonal", marks=pytest.mark.slow),
        pytest.param("conv", "full", marks=pytest.mark.slow),
    ],
)
def test_one_step_is_that_of_keras(encoder, posterior):
    """A step of all members at once moves each as Adam alone would."""
    shape = (16, 16, 1) if encoder == "conv" else (4,)
    x = np.random.default_rng(0).normal(size=(8, *shape)).astype(np.float32)

    def make(seed):
        return BetaVAE(
            shape, 2, encoder=encoder, posterior=posterior, noise="learned", seed=seed
        )

    sweep = BetaSweep([0.5, 3.0], [0, 1], make, epochs=1, batch_size=8).fit(x)
    for beta in (0.5, 3.0):
        for seed in (0, 1):
            vae = make(seed)
            order = order_of(seed, epoch=0, count=8)
            noise = noise_of(seed, (8, 2), position=0, purpose=0)
            noise = matched(noise[None])[0]
            noise = tf.gather(noise, order)
            variables = vae.trainable_variables
            with tf.GradientTape() as tape:
                terms = vae.terms(x[order], vae.infer(x[order], noise))
                loss = tf.reduce_mean(beta * terms["rate"] - terms["log_likelihood"])
            gradients = tape.gradient(loss, variables)
            keras.optimizers.Adam(1e-3).apply(gradients, variables)
            trained = sweep.member(beta, seed).trainable_variables
            for a, b in zip(variables, trained, strict=True):
                # Where a gradient is nearly 0, Adam's first step is its sign.
                wrong = np.abs(a.numpy() - b.numpy()) > 1e-5
                assert wrong.mean() < 0.01, a.path


@pytest.mark.slow
def test_trained_models_are_at_the_optimum():
    """Objective, rate and distortion within 1 % of R3, over β, for three mixings.

    Also at β = 8 with a cosine of 0.9, where the last latent is about to collapse.
    """
    betas = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]
    for cosine in (0.0, 0.6, 0.9):
        A = theory.mixing(cosine, n=4)
        x = sample(4096, A)
        sweep = BetaSweep(
            betas, [0, 1], build, epochs=400, batch_size=256, learning_rate=0.01
        ).fit(x)
        for row in sweep.to_frame().itertuples():
            exact = theory.linear_optimum(A, SIGMA, SIGMA, row.beta, n_latents=3)
            assert row.objective == pytest.approx(exact.objective, rel=0.01)
            assert row.rate == pytest.approx(exact.rate, rel=0.01, abs=1e-4)
            assert row.distortion == pytest.approx(exact.distortion, rel=0.01)


def test_noise_of_an_epoch_has_its_moments():
    noise = noise_of(0, (50, 3), position=0, purpose=0)
    found = matched(tf.stack([noise, 2 * noise + 1])).numpy()
    for one in found:
        np.testing.assert_allclose(one.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(np.cov(one.T, bias=True), np.eye(3), atol=1e-5)
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    # Nearly what it was.
    assert np.corrcoef(found[0][:, 0], noise[:, 0])[0, 1] > 0.99


def test_an_interrupted_sweep_goes_on_exactly(short, x, tmp_path, monkeypatch):
    path = tmp_path / "sweep.npz"
    epoch = Ensemble.epoch

    def stops(ensemble, number, training):
        if number == 2:
            raise KeyboardInterrupt
        return epoch(ensemble, number, training)

    monkeypatch.setattr(Ensemble, "epoch", stops)
    sweep = BetaSweep([0.5, 2.0, 8.0], [0, 3], build, **SHORT)
    with pytest.raises(KeyboardInterrupt):
        sweep.fit(x, path)
    monkeypatch.setattr(Ensemble, "epoch", epoch)
    trained = []
    monkeypatch.setattr(
        Ensemble,
        "epoch",
        lambda self, number, training: (
            trained.append(number) or epoch(self, number, training)
        ),
    )
    sweep.fit(x, path)
    assert trained == [2, 3]
    assert_same(sweep.to_frame(), short.to_frame(), rtol=0)
    np.testing.assert_array_equal(sweep.history_, short.history_)
    again = BetaSweep([0.5, 2.0, 8.0], [0, 3], build, **SHORT).fit(x, path)
    assert trained == [2, 3]
    assert_same(again.to_frame(), short.to_frame(), rtol=0)


def test_a_file_of_another_sweep_is_refused(x, tmp_path):
    path = tmp_path / "sweep.npz"
    sweep = BetaSweep([1.0], [0], build, epochs=1).fit(x, path)
    with pytest.raises(ValueError, match=r"other settings \(members\)"):
        BetaSweep([2.0], [0], build, epochs=1).fit(x, path)
    with pytest.raises(ValueError, match=r"other settings \(x\)"):
        BetaSweep([1.0], [0], build, epochs=1).fit(x + 1, path)
    with pytest.raises(ValueError, match=r"other settings \(epochs\)"):
        BetaSweep([1.0], [0], build, epochs=2).fit(x, path)
    assert_same(sweep.fit(x, path).to_frame(), sweep.to_frame())


def test_another_network_of_the_same_shapes_is_refused(x, tmp_path):
    def with_decoder(factor):
        def make(seed):
            return BetaVAE(
                4, 4, encoder="linear", decoder=lambda z: factor * z, seed=seed
            )

        return BetaSweep([1.0], [0], make, epochs=1)

    path = tmp_path / "sweep.npz"
    with_decoder(1.0).fit(x, path)
    with pytest.raises(ValueError, match=r"other settings \(networks\)"):
        with_decoder(2.0).fit(x, path)
    with_decoder(1.0).fit(x, path)


def test_members_stop_where_they_no_longer_improve(x, monkeypatch):
    epoch = Ensemble.epoch
    weights = []

    def records(ensemble, number, training):
        means = epoch(ensemble, number, training)
        weights.append(ensemble.state()[0])
        return means

    monkeypatch.setattr(Ensemble, "epoch", records)
    sweep = BetaSweep(
        [0.2, 4.0, 30.0], [0], build, patience=3, **SHORT | {"epochs": 60}
    ).fit(x)
    frame = sweep.to_frame()
    assert frame.stopped.all()
    assert frame.epochs.nunique() > 1
    for i, epochs in enumerate(frame.epochs):
        history = sweep.history_.query("beta == @frame.beta[@i]")
        loss = history.loss.to_numpy()
        assert len(loss) == epochs
        # Not better for as long as the patience, and never before for that long.
        best = np.minimum.accumulate(loss) * 0.9999
        waited = [(loss[j : j + 3] > best[j - 1]).all() for j in range(1, epochs - 2)]
        assert waited[-1]
        assert not any(waited[:-1])
        np.testing.assert_array_equal(weights[-1][i], weights[epochs - 1][i])


def test_a_loss_that_is_lost_is_told(x):
    sweep = BetaSweep([1.0], [0], build, epochs=2, learning_rate=1e30)
    with pytest.warns(UserWarning, match=r"not finite: \[\(1.0, 0\)\]"):
        sweep.fit(x)
    assert sweep.to_frame().stopped.all()


def test_default_models(x):
    sweep = BetaSweep([1.0], [0], epochs=1).fit(x)
    assert sweep.member(1.0, 0).n_latents == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"betas": []}, "betas must be numbers above 0"),
        ({"betas": [0.0]}, "betas must be numbers above 0"),
        ({"betas": [1, 1]}, "betas must differ"),
        ({"seeds": [1, 1]}, "seeds must be one or more different"),
        ({"seeds": [0.5]}, "seeds must be"),
        ({"epochs": 0}, "epochs must be a whole number"),
        ({"batch_size": 1.5}, "batch_size must be"),
        ({"patience": 0}, "patience must be"),
        ({"learning_rate": 0}, "learning_rate must be above 0"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        BetaSweep(**{"betas": [1], "seeds": [0]} | arguments)


def test_errors_of_models_and_data(x):
    with pytest.raises(ValueError, match="Call fit first"):
        BetaSweep([1], [0]).to_frame()
    with pytest.raises(ValueError, match="no member with beta 3"):
        BetaSweep([1], [0], build, epochs=1).fit(x).member(3, 0)
    with pytest.raises(ValueError, match="finite examples"):
        BetaSweep([1], [0], build).fit(np.full((4, 4), np.nan))
    with pytest.raises(ValueError, match="examples of shape"):
        BetaSweep([1], [0], build).fit(x[:, :3])
    with pytest.raises(ValueError, match="must return a BetaVAE"):
        BetaSweep([1], [0], lambda seed: None).fit(x)
    with pytest.raises(ValueError, match="BatchNormalization"):
        BetaSweep([1], [0], with_batch_normalisation).fit(x)


def with_batch_normalisation(seed):
    encoder = keras.Sequential(
        [keras.layers.Input((4,)), keras.layers.BatchNormalization()]
    )
    return BetaVAE(4, 2, encoder=encoder, decoder="linear", seed=seed)
