"""What the mechanisms release, and what their statements say."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from tfrwc.privacy import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
    audit,
    insecure_test_key,
)

KEY = insecure_test_key(0)
ALL = [
    PixelLaplace(scale=20.0),
    PixelGaussian(sigma=20.0),
    DPPix(epsilon=1.0, cell=3, m=4),
    RandomizedResponse(epsilon=1.0, levels=4),
    DPSVD(epsilon=0.1, k=3),
    ScalarShift(epsilon=1.0),
]
every = pytest.mark.parametrize("mechanism", ALL, ids=lambda m: type(m).__name__)
# As in test_noise.py: fixed keys, and a chance of at most LEVEL to fail when right.
SEEDS, LEVEL = range(5), 1e-3


def pictures(n=6, *shape, seed=0):
    shape = shape or (7, 8)
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)


@every
@pytest.mark.parametrize("shape", [(7, 8), (7, 8, 1), (7, 8, 3), (9, 9), (4, 33)])
def test_shape_type_and_grid(mechanism, shape):
    released = mechanism.privatize(pictures(5, *shape), KEY)
    assert released.shape == (5, *shape)
    assert released.dtype == np.float32
    assert (released * 1024 == np.rint(released * 1024)).all()


@every
def test_an_image_is_released_the_same_way_again(mechanism):
    images, ids = pictures(), list("abcdef")
    whole = mechanism.privatize(images, KEY, ids)
    again = mechanism.privatize(images[[4, 1]], KEY, ["e", "b"])
    assert (again == whole[[4, 1]]).all()
    assert (mechanism.privatize(images[..., None], KEY, ids)[..., 0] == whole).all()


@every
def test_blocks_and_chunks_do_not_show(mechanism, monkeypatch):
    whole = mechanism.privatize(pictures(), KEY)
    monkeypatch.setattr("tfrwc.privacy.release.mechanism._BLOCK", 100)
    monkeypatch.setattr("tfrwc.privacy.release.mechanism._CHUNK", 250)
    assert (mechanism.privatize(pictures(), KEY) == whole).all()


@every
def test_key_id_and_parameters_change_the_noise(mechanism):
    images = pictures()
    one = mechanism.privatize(images, KEY)
    for other in (
        mechanism.privatize(images, insecure_test_key(1)),
        mechanism.privatize(images, KEY, ids=list("abcdef")),
    ):
        assert all((a != b).any() for a, b in zip(one, other, strict=True))


@every
def test_grey_images_of_three_channels_share_a_draw(mechanism):
    grey = pictures()
    images = np.repeat(grey[..., None], 3, axis=-1)
    images[2] = pictures(1, 7, 8, 3)[0]
    released = mechanism.privatize(images, KEY)
    alone = mechanism.privatize(grey, KEY)
    for i in (0, 1, 3, 4, 5):
        assert (released[i] == alone[i][..., None]).all()
    colour = mechanism.privatize(images[2:3], KEY, ids=[2])
    assert (released[2] == colour[0]).all()


@every
def test_no_images(mechanism):
    for shape in ((0, 7, 8), (0, 7, 8, 3)):
        assert mechanism.privatize(np.zeros(shape, np.uint8), KEY).shape == shape


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_type_of_the_images_does_not_matter(mechanism, dtype):
    whole = pictures(3)
    fractions = whole // 2 + np.float16(0.5)
    for images in (whole, fractions):
        one = mechanism.privatize(images, KEY)
        two = mechanism.privatize(np.asfortranarray(images.astype(dtype)), KEY)
        assert np.abs(one - two).max() <= 2**-7


@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 10.0])
def test_published_mechanisms_stay_within_the_range_of_images(epsilon):
    for mechanism in (DPPix(epsilon, cell=3, m=16), ScalarShift(epsilon)):
        released = mechanism.privatize(pictures(200), KEY)
        assert released.min() == 0
        assert released.max() == 255


def test_released_values_are_multiples_of_a_grid_that_grows_with_the_noise():
    for scale, grid in ((1.0, 2**-10), (20.0, 2**-7), (255.0, 2**-4), (1e6, 2**8)):
        released = PixelLaplace(scale).privatize(pictures(), KEY)
        assert (released / grid == np.rint(released / grid)).all()
        assert (released / grid / 2 != np.rint(released / grid / 2)).any()
        delta = PixelLaplace(scale).statement((224, 224)).numerical_delta
        assert delta < 2e-5


def test_numerical_delta_bounds_the_distance_from_ideal_noise():
    """Probabilities of multiples of the grid, by exact integers and 50 digits.

    The words that give a value above an edge are counted by bisection, with the very
    arithmetic that releases it.
    """
    mpmath = pytest.importorskip("mpmath")
    scale, image = 255.0, 200.0
    mechanism = PixelLaplace(scale)
    grid = mechanism._grid()

    def released(word):
        noise = mechanism._perturb(np.full((1, 1, 1, 1), image), np.array([[word]]))
        return float(np.rint(noise.item() / grid) * grid)

    def words_at_least(value):
        """How many positive words are released as value or more."""
        low, high = 0, 2**63 - 1  # larger words give smaller noise
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (
                (middle, high) if released(middle) >= value else (low, middle - 1)
            )
        return low

    mpmath.mp.dps = 50
    distance, cells = mpmath.mpf(0), range(1, 4 * 4096 * 16, 4096 * 16 // 25)
    for cell in cells:
        value = image + cell * grid
        got = mpmath.mpf(words_at_least(value) - words_at_least(value + grid)) / 2**64
        edges = [(value - image + k * grid / 2) / mpmath.mpf(scale) for k in (-1, 1)]
        ideal = (mpmath.exp(-edges[0]) - mpmath.exp(-edges[1])) / 2
        distance += abs(got - ideal)
    # One cell in some 2600 of those that matter was looked at, on one of two sides;
    # the total variation is half the sum over both.
    estimate = float(distance) * (4096 * 16 // 25)
    assert estimate < mechanism._numerical_delta()


@pytest.mark.parametrize("law", ["laplace", "norm"])
def test_noise_of_values_has_its_distribution(law):
    cls, named = {
        "laplace": (PixelLaplace, {"scale": 30.0}),
        "norm": (PixelGaussian, {"sigma": 30.0}),
    }[law]
    images = pictures(20, 64, 64)
    for seed in SEEDS:
        noise = cls(**named).privatize(images, insecure_test_key(seed)) - images
        fits = stats.kstest(noise.ravel(), getattr(stats, law)(scale=30).cdf)
        assert fits.pvalue > LEVEL / len(SEEDS) / 2
        # Not less where the image is dark, nor alike in two images.
        noise = noise.reshape(20, -1)
        for x in (images.reshape(20, -1), np.roll(noise, 1, axis=0)):
            p = stats.pearsonr(x.ravel(), noise.ravel()).pvalue
            assert p > LEVEL / len(SEEDS) / 4


def test_the_query_of_tensorflow_privacy_clips_sums_and_states_its_event():
    from tfrwc.compat.tensorflow_privacy import KeyedGaussianSumQuery, clipped_sums

    records = np.array([[3.0, 4.0], [0.3, 0.4], [0.6, 0.8]])
    clipped = np.array([[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]])
    assert clipped_sums(records, 1.0) == pytest.approx(clipped)
    query = KeyedGaussianSumQuery(2.0, 3.0, lambda: np.array([1.0, -1.0]))
    state = query.initial_global_state()
    params = query.derive_sample_params(state)
    sums = query.initial_sample_state(np.zeros(2, np.float32))
    for record in ((3.0, 4.0), (0.0, 1.0)):
        sums = query.accumulate_record(params, sums, np.array(record, np.float32))
    result, _, event = query.get_noised_result(sums, state)
    assert np.asarray(result) == pytest.approx([1.2 + 3, 1.6 + 1 - 3])
    assert event.noise_multiplier == 1.5


def test_only_normal_noise_loads_tensorflow():
    script = (
        "import sys, numpy as np; "
        "from tfrwc.privacy import PixelGaussian, PixelLaplace, insecure_test_key; "
        "key = insecure_test_key(0); x = np.zeros((1, 4, 4), np.uint8); "
        "PixelLaplace(1.0).privatize(x, key); PixelGaussian(9.0).statement((4, 4)); "
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_cells():
    """Against loops over cells, with so much budget that no noise is left."""
    images = pictures(2, 7, 8)
    released = DPPix(epsilon=1e9, cell=3, m=1).privatize(images, KEY)
    for top in range(0, 7, 3):
        for left in range(0, 8, 3):
            block = np.s_[:, top : top + 3, left : left + 3]
            means = images[block].mean(axis=(1, 2))
            flat = released[block].reshape(2, -1)
            assert flat == pytest.approx(np.tile(means, (flat.shape[1], 1)).T, abs=1e-3)


def test_noise_of_cells():
    """Scale 255 m / (cell² epsilon), and more where the edge cuts a cell."""
    images = np.full((4000, 5, 4), 128, np.uint8)
    released = DPPix(epsilon=200.0, cell=4, m=16).privatize(images, KEY)
    for cell, scale in (((0, 0), 255 / 200), ((4, 0), 4 * 255 / 200)):
        noise = released[(slice(None), *cell)] - 128
        assert stats.kstest(noise, stats.laplace(scale=scale).cdf).pvalue > LEVEL


def test_kept_and_replaced_levels():
    """Each level is kept, or becomes each other one, as often as it should."""
    levels, epsilon, n = 4, 1.5, 40_000
    kept = math.exp(epsilon) / (math.exp(epsilon) + levels - 1)
    for level in range(levels):
        images = np.full((1, 1, n), 85 * level, np.uint8)
        released = RandomizedResponse(epsilon, levels).privatize(images, KEY)
        counts = np.bincount((released.ravel() / 85).astype(int), minlength=levels)
        expected = np.full(levels, n * (1 - kept) / (levels - 1))
        expected[level] = n * kept
        assert stats.chisquare(counts, expected).pvalue > LEVEL / levels


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, (2, 5, 6)), st.integers(2, 256))
def test_levels_are_the_nearest_ones(images, levels):
    released = RandomizedResponse(50.0, levels).privatize(images, KEY)
    assert np.abs(released - images).max() <= 255 / (levels - 1) / 2 + 1e-3


def test_singular_values_get_a_length_of_gamma_and_any_direction():
    image = np.diag([200.0, 100.0, 50.0])
    mechanism = DPSVD(epsilon=0.5, k=3)
    released = mechanism.privatize(np.tile(image, (5000, 1, 1)), KEY)
    noise = np.diagonal(released - image, axis1=1, axis2=2)
    off_diagonal = released - np.apply_along_axis(np.diag, 1, image.diagonal() + noise)
    assert np.abs(off_diagonal).max() < 1e-3
    length = np.linalg.norm(noise, axis=1)
    assert stats.kstest(length, stats.gamma(3, scale=2).cdf).pvalue > LEVEL
    # Each coordinate of a uniform direction in three dimensions is uniform.
    for cosine in (noise / length[:, None]).T:
        assert stats.kstest(cosine, stats.uniform(-1, 2).cdf).pvalue > LEVEL / 3


def test_only_k_singular_values_are_left():
    released = DPSVD(epsilon=1.0, k=2).privatize(pictures(3, 9, 7), KEY)
    assert (np.linalg.matrix_rank(released, tol=1) == 2).all()
    with pytest.raises(ValueError, match="7 singular values, fewer than k = 8"):
        DPSVD(epsilon=1.0, k=8).privatize(pictures(3, 9, 7), KEY)


@pytest.mark.parametrize("epsilon", [0.25, 0.5, 1.0])
def test_a_shift_blanks_full_range_images_as_often_as_published(epsilon):
    """With probability exp(-epsilon); for other images it is the same shift."""
    image = np.array([[0, 255], [100, 110]], np.uint8)
    n = 20_000
    released = ScalarShift(epsilon).privatize(np.tile(image, (n, 1, 1)), KEY)
    blank = int((np.ptp(released.reshape(n, -1), axis=1) == 0).sum())
    assert stats.binomtest(blank, n, math.exp(-epsilon)).pvalue > LEVEL / 3
    inner = released[(released.min(axis=(1, 2)) > 0) & (released.max((1, 2)) < 255)]
    assert (np.diff(inner[:, 1]) == 10).all()


# Statements


def test_numbers_of_a_statement():
    s = PixelLaplace(scale=51.0).statement((4, 5, 3), delta=1e-6, images_per_patient=7)
    assert s.values_per_image == 60
    assert s.bounds == (0.0, 255.0)
    assert s.per_value_epsilon == 5.0
    assert s.epsilon_for_values(3) == 15.0
    assert s.image_epsilon == 300.0
    assert s.patient_epsilon == 2100.0
    assert s.image_epsilon_delta.delta == 1e-6
    assert s.per_value_epsilon < s.image_epsilon_delta.epsilon < 300
    assert s.image_epsilon_delta.epsilon < s.patient_epsilon_delta.epsilon < 2100
    assert not s.labels_covered
    assert 0 < s.numerical_delta < 1e-9


def test_a_patient_is_as_one_image_of_so_many_times_the_values():
    for mechanism in ALL[:4]:
        patient = mechanism.statement((6, 6), images_per_patient=4)
        wide = mechanism.statement((6, 24))
        assert patient.patient_epsilon_delta == pytest.approx(wide.image_epsilon_delta)


def test_epsilons_of_cells():
    whole = DPPix(epsilon=2.0, cell=4, m=16).statement((8, 8))
    assert whole.per_value_epsilon == 2 / 16
    # epsilon (number of cells) cell² / m
    assert whole.image_epsilon == 2.0 * 4 * 16 / 16
    cut = DPPix(epsilon=2.0, cell=4, m=16).statement((9, 8))
    assert cut.image_epsilon == 2.0 * 72 / 16
    assert cut.image_epsilon_delta.epsilon > whole.image_epsilon_delta.epsilon


def test_normal_noise_has_no_pure_epsilon():
    s = PixelGaussian(sigma=1000.0).statement((8, 8), delta=1e-5)
    assert s.per_value_epsilon == s.image_epsilon == math.inf
    assert 0 < s.per_value_epsilon_delta.epsilon < s.image_epsilon_delta.epsilon < 11
    assert s.method[1] == "analytic Gaussian"


@pytest.mark.parametrize("mechanism", ALL[4:])
def test_no_guarantee_is_said_aloud(mechanism):
    s = mechanism.statement((8, 8))
    assert s.per_value_epsilon == s.image_epsilon == math.inf
    assert s.image_epsilon_delta.epsilon == s.patient_epsilon_delta.epsilon == math.inf
    assert "no guarantee" in s.explain()
    assert "no guarantee for a value, an image or a patient" in s.not_promised[0]


@every
def test_statements_are_data_json_and_text(mechanism):
    s = mechanism.statement((64, 64), delta=1e-5, images_per_patient=30)
    data = json.loads(s.to_json())
    assert data["mechanism"] == type(mechanism).__name__
    assert float(data["image_epsilon_delta"]["epsilon"]) == s.image_epsilon_delta[0]
    assert float(data["image_epsilon"]) == s.image_epsilon
    text = s.explain()
    for part in ("64 x 64", "4,096", "30 images", "Labels", "any two images"):
        assert part in text
    assert KEY.hex() not in s.to_json() + text + repr(mechanism)


# Budgets


@pytest.mark.parametrize("delta", [None, 1e-5])
@pytest.mark.parametrize("per", ["value", "image", "patient"])
@pytest.mark.parametrize(
    "cls", [PixelLaplace, PixelGaussian, RandomizedResponse, DPPix]
)
def test_budgets_are_used_up_and_kept(cls, per, delta):
    more = {RandomizedResponse: {"levels": 4}, DPPix: {"cell": 4, "m": 3}}.get(cls, {})
    budget = {"shape": (6, 6), "delta": delta, "images_per_patient": 2}
    if cls is PixelGaussian and delta is None:
        with pytest.raises(ValueError, match="give a delta"):
            cls.for_budget(3.0, per, **budget)
        return
    mechanism = cls.for_budget(3.0, per=per, **budget, **more)
    s = mechanism.statement((6, 6), delta=delta or 1e-5, images_per_patient=2)
    pure, approximate = {
        "value": (s.per_value_epsilon, s.per_value_epsilon_delta),
        "image": (s.image_epsilon, s.image_epsilon_delta),
        "patient": (s.patient_epsilon, s.patient_epsilon_delta),
    }[per]
    got = approximate.epsilon if delta else pure
    assert 3 * 0.999 <= got <= 3 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PixelLaplace(scale=0), "number above 0 .* Received: 0"),
        (lambda: PixelLaplace(scale=1e300), "1e-09 to 1e\\+12"),
        (lambda: PixelGaussian(sigma=1e-150), "Received: 1e-150"),
        (lambda: PixelLaplace(scale=math.inf), "above 0"),
        (lambda: PixelLaplace(scale="8"), "above 0 .* Received: '8'"),
        (lambda: PixelLaplace.for_budget("4", per="value"), "Received: '4'"),
        (lambda: PixelGaussian.for_budget(4, per="value"), "give a delta"),
        (
            lambda: PixelLaplace.for_budget(
                4, per="patient", shape=(8, 8), images_per_patient=2.7
            ),
            "whole number of 1 or more. Received: 2.7",
        ),
        (lambda: ALL[0].statement(64), "Received: 64"),
        (lambda: ALL[0].statement((8, 0)), r"Received: \(8, 0\)"),
        (lambda: ALL[0].statement((8, 8), delta="x"), "Received: 'x'"),
        (lambda: ALL[0].statement((8, 8), images_per_patient=math.nan), "nan"),
        (lambda: ALL[0].statement((8, 8)).epsilon_for_values(0), "m must be 1 to 64"),
        (lambda: ALL[0].privatize(np.zeros((1, 0, 8), np.uint8), KEY), r"\(1, 0, 8\)"),
        (lambda: audit(ALL[0], (1, 1), confidence=2), "confidence is a probability"),
        (lambda: DPPix(epsilon=1.0, cell=2.5, m=1), "cell to be a whole number"),
        (lambda: RandomizedResponse(1.0, levels=1), "levels must be 2 to 256"),
        (lambda: PixelLaplace.for_budget(1.0), "an epsilon alone says nothing"),
        (lambda: PixelLaplace.for_budget(1.0, per="pixel"), "per='pixel'"),
        (lambda: PixelLaplace.for_budget(-1.0, per="value"), "above 0 and finite"),
        (lambda: PixelLaplace.for_budget(1.0, per="image"), "Give shape="),
        (
            lambda: PixelLaplace.for_budget(1.0, per="patient", shape=(8, 8)),
            "needs images_per_patient",
        ),
        (lambda: PixelLaplace.for_budget(1.0, per="value", delta=1.0), "below 1"),
        (lambda: ScalarShift.for_budget(1.0, per="image"), "ScalarShift has no"),
        (lambda: DPSVD.for_budget(1.0, per="image", k=4), "DPSVD has no guarantee"),
        (lambda: ALL[0].statement((8,)), r"Received: \(8,\)"),
        (lambda: ALL[0].statement((8, 8), delta=0), "above 0 and below 1"),
        (lambda: ALL[0].statement((8, 8), images_per_patient=0), "1 or more"),
        (lambda: ALL[0].privatize(np.zeros((8, 8), np.uint8), KEY), "shape \\(8, 8\\)"),
        (lambda: ALL[0].privatize(np.zeros((1, 8, 8), int), KEY), "int64"),
        (lambda: ALL[0].privatize(np.full((1, 8, 8), 256.0), KEY), "256.0"),
        (lambda: ALL[0].privatize(np.full((1, 8, 8), np.nan), KEY), "nan"),
        (lambda: ALL[0].privatize(pictures(), KEY, ids="abcdee"), "5 are different"),
        (lambda: ALL[0].privatize(pictures(), KEY, ids="abc"), "6 different names"),
        (lambda: audit(ALL[0], (1, 1), per="pixel"), "'pixel'"),
        (lambda: audit(ALL[0], (1, 1), trials=10), "100 or more"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("ids", [5, [1.0], [None], [True]])
def test_ids_of_other_types_are_refused(ids):
    with pytest.raises((TypeError, ValueError), match="ids must be"):
        ALL[0].privatize(pictures(1), KEY, ids=ids)
    # A number and its text are different ids, with different noise.
    one, two = ALL[0].privatize(pictures(1).repeat(2, axis=0), KEY, ids=[1, "1"])
    assert (one != two).any()


# Audits: with confidence 0.9999 each, all bounds hold together with over 99.9 %.


@pytest.mark.parametrize(
    ("mechanism", "shape", "per", "delta"),
    [
        (PixelLaplace(255.0), (1, 1), "value", 0.0),
        (PixelLaplace(85.0), (3, 3), "value", 0.0),
        (PixelLaplace(1020.0), (2, 2), "image", 0.0),
        (PixelLaplace(1020.0), (4, 4), "image", 1e-3),
        (PixelGaussian(500.0), (1, 1), "value", 1e-3),
        (PixelGaussian(500.0), (4, 4), "image", 1e-3),
        (DPPix(2.0, 2, 4), (2, 2), "image", 0.0),
        (RandomizedResponse(2.0, 4), (1, 1), "value", 0.0),
        (RandomizedResponse(0.5, 2), (2, 2), "image", 0.0),
    ],
)
def test_no_attack_shows_more_than_the_statement(mechanism, shape, per, delta):
    for seed in SEEDS:
        key = insecure_test_key(seed)
        result = audit(mechanism, shape, per, 10_000, delta, confidence=0.9999, key=key)
        assert result.epsilon <= result.stated


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 2.0, 4.0])
def test_the_audit_of_laplace_noise_comes_within_a_factor_two(epsilon):
    mechanism = PixelLaplace.for_budget(epsilon, per="value")
    for seed in SEEDS:
        key = insecure_test_key(seed)
        result = audit(mechanism, (1, 1), trials=20_000, confidence=0.9999, key=key)
        assert result.epsilon > result.stated / 2


@pytest.mark.parametrize("mechanism", [ScalarShift(0.25), DPSVD(1.0, 1)])
def test_the_audit_sees_through_mechanisms_without_a_guarantee(mechanism):
    result = audit(mechanism, (4, 4), "structure", trials=20_000, key=KEY)
    assert result.epsilon > 4
    assert result.stated == math.inf


def test_the_audit_notices_too_little_noise():
    """Noise of half the scale that the statement speaks of."""

    class Lying(PixelLaplace):
        def _perturb(self, images, words):
            return (super()._perturb(images, words) + images) / 2

    result = audit(Lying(scale=255.0), (1, 1), trials=20_000, key=KEY)
    assert result.epsilon > result.stated
