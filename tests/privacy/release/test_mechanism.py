"""What holds for all mechanisms: what they release, what their statements say."""

import dataclasses
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from privacy.release.cases import (
    ALL,
    IDS,
    KEY,
    LAPLACE,
    LEVEL,
    SEEDS,
    WITH_GUARANTEE,
    WITHOUT_GUARANTEE,
    pictures,
)
from scipy import stats

from tfrwc.privacy import (
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
    insecure_test_key,
)
from tfrwc.privacy.noise import KeyedNoise

every = pytest.mark.parametrize("mechanism", ALL, ids=lambda m: type(m).__name__)


@every
@pytest.mark.parametrize("shape", [(7, 8), (7, 8, 1), (7, 8, 3), (9, 9), (4, 33)])
def test_shape_and_type(mechanism, shape):
    released = mechanism.privatize(pictures(5, *shape), KEY)
    assert released.shape == (5, *shape)
    assert released.dtype == np.float32
    assert np.isfinite(released).all()


@every
def test_an_image_is_released_the_same_way_again(mechanism):
    images, ids = pictures(), list("abcdef")
    whole = mechanism.privatize(images, KEY, ids)
    again = mechanism.privatize(images[[4, 1]], KEY, ["e", "b"])
    assert (again == whole[[4, 1]]).all()
    assert (mechanism.privatize(images[..., None], KEY, ids)[..., 0] == whole).all()


@every
def test_without_ids_no_key_draws_the_noise_again(mechanism):
    one, two = (mechanism.privatize(pictures(), KEY) for _ in range(2))
    # A shift can make an image blank twice.
    different = [(a != b).any() for a, b in zip(one, two, strict=True)]
    assert all(different) or (type(mechanism) is ScalarShift and any(different))


@every
def test_blocks_do_not_show(mechanism, monkeypatch):
    whole = mechanism.privatize(pictures(), KEY, IDS)
    monkeypatch.setattr("tfrwc.privacy.release.mechanism._BLOCK", 100)
    assert (mechanism.privatize(pictures(), KEY, IDS) == whole).all()


@every
def test_key_id_and_parameters_change_the_noise(mechanism):
    images = pictures()
    one = mechanism.privatize(images, KEY, IDS)
    for other in (
        mechanism.privatize(images, insecure_test_key(1), IDS),
        mechanism.privatize(images, KEY, ids=list("ghijkl")),
    ):
        assert all((a != b).any() for a, b in zip(one, other, strict=True))


@every
def test_a_declared_grey_image_is_its_first_channel(mechanism):
    """No other one is looked at, whatever is in it."""
    bounded = dataclasses.replace(mechanism, bounds=(0, 255))
    for one in (mechanism, bounded):
        alone = one.privatize(pictures()[..., None], KEY, IDS)
        for others in (pictures(), pictures(seed=1)):
            images = np.stack([pictures(), others, others.T.reshape(6, 7, 8)], axis=-1)
            released = one.privatize(images, KEY, IDS, grey=True)
            assert (released == alone).all()
    images = np.stack([pictures() * 1.0, *[np.full((6, 7, 8), np.nan)] * 2], axis=-1)
    assert (bounded.privatize(images, KEY, IDS, grey=True) == alone).all()


class Unkeyed(KeyedNoise):
    """The same words for all images: what is left is all that an image decides."""

    def words(self, ids, images, count):
        rng = np.random.default_rng(count)
        word = rng.integers(-(2**63), 2**63, (1, count), np.int64)
        return np.repeat(word, len(images), axis=0)


def special_images():
    """Grey, blank, striped, saturated or any images of three channels."""
    any_one = arrays(np.uint8, (6, 5, 3))
    return (
        any_one
        | arrays(np.uint8, (6, 5, 1)).map(lambda x: np.repeat(x, 3, axis=-1))
        | arrays(np.uint8, (1, 1, 1)).map(lambda x: np.tile(x, (6, 5, 3)))
        | arrays(np.uint8, (1, 5, 3)).map(lambda x: np.repeat(x, 6, axis=0))
        | any_one.map(lambda x: x // 128 * np.uint8(255))
    )


@pytest.mark.parametrize(
    "mechanism", WITH_GUARANTEE, ids=lambda mechanism: type(mechanism).__name__
)
@settings(max_examples=60, deadline=None)
@given(special_images(), st.data())
def test_a_value_decides_only_over_what_its_noise_covers(mechanism, image, data):
    """With the same random words, another value changes its own release alone."""
    place = tuple(data.draw(st.integers(0, side - 1)) for side in image.shape)
    other = image.copy()
    other[place] = data.draw(st.integers(0, 255))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tfrwc.privacy.release.mechanism.KeyedNoise", Unkeyed)
        one, two = mechanism.privatize(np.stack([image, other]), KEY)
    outside = np.ones(image.shape, bool)
    if isinstance(mechanism, DPPix):
        top, left = (i // mechanism.cell * mechanism.cell for i in place[:2])
        rows, columns = (slice(i, i + mechanism.cell) for i in (top, left))
        outside[rows, columns, place[2]] = False
    else:
        outside[place] = False
    assert (one == two)[outside].all()


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, (2, 4, 3), elements=st.floats(width=32)),
    st.sampled_from(ALL),
    st.sampled_from([(0, 1), (-3.5, 12), (0, 4095), (0.1, 0.7), (0, 255)]),
)
def test_values_beyond_the_bounds_count_as_the_nearer_one(images, mechanism, bounds):
    """Without a word: an error or a warning would tell of them."""
    mechanism = dataclasses.replace(mechanism, bounds=bounds)
    released = mechanism.privatize(images, KEY, "ab")
    clipped = np.clip(np.nan_to_num(images, nan=bounds[0]), *bounds)
    assert (released == mechanism.privatize(clipped, KEY, "ab")).all()
    assert np.isfinite(released).all()


@every
def test_no_images(mechanism):
    for shape in ((0, 7, 8), (0, 7, 8, 3)):
        assert mechanism.privatize(np.zeros(shape, np.uint8), KEY).shape == shape


@every
def test_the_type_of_the_images_does_not_matter(mechanism):
    mechanism = dataclasses.replace(mechanism, bounds=(0, 255))
    whole = pictures(3)
    fractions = whole // 2 + np.float16(0.5)
    whole_types = [np.uint8, np.int16, np.uint16, np.int64]
    for images, types in ((whole, whole_types), (fractions, [])):
        releases = [
            mechanism.privatize(np.asfortranarray(images.astype(dtype)), KEY, "abc")
            for dtype in (*types, np.float16, np.float32, np.float64)
        ]
        for released in releases:
            assert (released == releases[0]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint16, bool])
def test_images_without_bounds_of_their_own_need_some(dtype):
    """Whatever their values: 0 to 1, 0 to 255, or none."""
    for images in (pictures(2) // 255, pictures(2), np.zeros((0, 4, 4))):
        with pytest.raises(ValueError, match=r"bounds=\(0, 1\), or bounds=\(0, 255\)"):
            LAPLACE.privatize(images.astype(dtype), KEY)


@pytest.mark.parametrize("bounds", [(0, 1), (0, 4095), (-1024, 3071), (0.1, 0.7)])
@pytest.mark.parametrize(
    "mechanism", WITH_GUARANTEE, ids=lambda mechanism: type(mechanism).__name__
)
def test_bounds_are_the_unit_of_the_noise(mechanism, bounds):
    """Budgets cost the same epsilon, and the noise is as large beside the bounds."""
    low, high = bounds
    more = {RandomizedResponse: {"levels": 4}, DPPix: {"cell": 3, "m": 2}}
    more = more.get(type(mechanism), {})
    budget = {"epsilon": 3.0, "per": "image", "shape": (6, 6), "delta": 1e-5}
    usual = type(mechanism).for_budget(**budget, **more)
    bounded = type(mechanism).for_budget(**budget, **more, bounds=bounds)
    statement = bounded.statement((6, 6))
    assert statement.bounds == bounds
    assert 2.99 < statement.image_epsilon_delta.epsilon <= 3
    assert f"{low:g} to {high:g}" in statement.explain()
    assert repr(bounded).endswith(f"bounds=({float(low)}, {float(high)}))")
    images = np.random.default_rng(0).uniform(0, 1, (400, 6, 6))
    noises = []
    for one, bottom, span in ((usual, 0, 255), (bounded, low, high - low)):
        x = np.rint(255 * images) if one is usual else bottom + images * span
        x = x.astype(np.uint8) if one is usual else x
        released = one.privatize(x, KEY, range(400))
        noises.append(((released - bottom) / span).std())
    assert noises[0] == pytest.approx(noises[1], rel=0.03)


@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 10.0])
def test_published_mechanisms_stay_within_the_range_of_images(epsilon):
    for mechanism in (DPPix(epsilon, cell=3, m=16), ScalarShift(epsilon)):
        released = mechanism.privatize(pictures(200), KEY)
        assert released.min() == 0
        assert released.max() == 255


def test_released_values_are_multiples_of_a_grid_that_grows_with_the_noise():
    for scale, grid in ((1.0, 2**-6), (20.0, 2**-2), (255.0, 1), (1e6, 1)):
        for mechanism in (PixelLaplace(scale), PixelGaussian(scale)):
            released = mechanism.privatize(pictures(), KEY, IDS)
            assert (released / grid == np.rint(released / grid)).all()
            assert (released / grid / 2 != np.rint(released / grid / 2)).any()
            assert mechanism.statement((224, 224)).numerical_delta == 0


@pytest.mark.parametrize("law", ["laplace", "norm"])
def test_noise_of_values_has_its_distribution(law):
    """The discrete one, which tests/privacy/exact knows to the last digit."""
    cls, named = {
        "laplace": (PixelLaplace, {"scale": 30.0}),
        "norm": (PixelGaussian, {"sigma": 30.0}),
    }[law]
    images = pictures(20, 64, 64)
    for seed in SEEDS:
        key = insecure_test_key(seed)
        noise = cls(**named).privatize(images, key, range(20)) - images
        steps = np.arange(-2000, 2001)
        weights = getattr(stats, law)(scale=30 / 0.25).pdf(steps)
        expected = weights / weights.sum() * noise.size
        starts = np.flatnonzero(
            np.diff(np.floor(np.cumsum(expected) / 100), prepend=-1)
        )
        index = np.searchsorted(steps[starts], noise.ravel() / 0.25, side="right") - 1
        counts = np.bincount(index.clip(0), minlength=len(starts))
        fits = stats.chisquare(counts, np.add.reduceat(expected, starts))
        assert fits.pvalue > LEVEL / len(SEEDS) / 2
        # Not less where the image is dark, nor alike in two images.
        noise = noise.reshape(20, -1)
        for x in (images.reshape(20, -1), np.roll(noise, 1, axis=0)):
            p = stats.pearsonr(x.ravel(), noise.ravel()).pvalue
            assert p > LEVEL / len(SEEDS) / 4


def test_only_normal_noise_loads_tensorflow():
    script = (
        "import sys, numpy as np; "
        "from tfrwc.privacy import PixelGaussian, PixelLaplace, insecure_test_key; "
        "key = insecure_test_key(0); x = np.zeros((1, 4, 4), np.uint8); "
        "PixelLaplace(1.0).privatize(x, key); PixelGaussian(9.0).statement((4, 4)); "
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_patient_is_as_one_image_of_so_many_times_the_values():
    for mechanism in WITH_GUARANTEE:
        patient = mechanism.statement((6, 6), images_per_patient=4)
        wide = mechanism.statement((6, 24))
        assert patient.patient_epsilon_delta == pytest.approx(wide.image_epsilon_delta)


@pytest.mark.parametrize("mechanism", WITHOUT_GUARANTEE)
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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PixelLaplace(scale=0), "number above 0 .* Received: 0"),
        (lambda: PixelLaplace(scale=1e300), "1e-09 to 1e\\+12"),
        (lambda: PixelGaussian(sigma=1e-150), "Received: 1e-150"),
        (lambda: PixelLaplace(scale=math.inf), "above 0"),
        (lambda: PixelLaplace(scale="8"), "above 0 .* Received: '8'"),
        (lambda: LAPLACE.statement(64), "Received: 64"),
        (lambda: LAPLACE.statement((8, 0)), r"Received: \(8, 0\)"),
        (lambda: LAPLACE.statement((8, 8), delta="x"), "Received: 'x'"),
        (lambda: LAPLACE.statement((8, 8), images_per_patient=math.nan), "nan"),
        (lambda: LAPLACE.statement((8, 8)).epsilon_for_values(0), "m must be 1 to 64"),
        (lambda: LAPLACE.privatize(np.zeros((1, 0, 8), np.uint8), KEY), r"\(1, 0, 8\)"),
        (lambda: DPPix(epsilon=1.0, cell=2.5, m=1), "cell to be a whole number"),
        (lambda: RandomizedResponse(1.0, levels=1), "levels must be 2 to 256"),
        (lambda: LAPLACE.statement((8,)), r"Received: \(8,\)"),
        (lambda: LAPLACE.statement((8, 8), delta=0), "above 0 and below 1"),
        (lambda: LAPLACE.statement((8, 8), images_per_patient=0), "1 or more"),
        (
            lambda: LAPLACE.privatize(np.zeros((8, 8), np.uint8), KEY),
            "shape \\(8, 8\\)",
        ),
        (lambda: LAPLACE.privatize(np.zeros((1, 8, 8), int), KEY), "int64"),
        (lambda: LAPLACE.privatize(np.full((1, 8, 8), 256.0), KEY), "float64 may have"),
        (lambda: LAPLACE.privatize(np.zeros((1, 8, 8), complex), KEY), "complex128"),
        (lambda: LAPLACE.privatize(pictures(), bytes(32)), "zeros"),
        (lambda: PixelLaplace(1.0, bounds=(1, 0)), r"Received: \(1, 0\)"),
        (lambda: PixelLaplace(1.0, bounds=(0, math.inf)), "up to 1e9"),
        (lambda: PixelLaplace(1.0, bounds=(0, 1, 2)), "two numbers"),
        (lambda: PixelLaplace(1.0, bounds=255), "Received: 255"),
        (lambda: PixelLaplace(1.0, bounds="01"), "Received: '01'"),
        (lambda: PixelGaussian(1e-7), "sigma to be 6.1e-05 or more"),
        (lambda: LAPLACE.privatize(pictures(), KEY, ids="abcdee"), "5 are different"),
        (lambda: LAPLACE.privatize(pictures(), KEY, ids="abc"), "6 different names"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("ids", [5, [1.0], [None], [True]])
def test_ids_of_other_types_are_refused(ids):
    with pytest.raises((TypeError, ValueError), match="ids must be"):
        LAPLACE.privatize(pictures(1), KEY, ids=ids)
    # A number and its text are different ids, with different noise.
    one, two = LAPLACE.privatize(pictures(1).repeat(2, axis=0), KEY, ids=[1, "1"])
    assert (one != two).any()
