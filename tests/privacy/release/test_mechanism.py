"""What holds for all mechanisms: what they release, what their statements say."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from privacy.release.cases import (
    ALL,
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

every = pytest.mark.parametrize("mechanism", ALL, ids=lambda m: type(m).__name__)


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
        (lambda: LAPLACE.privatize(np.full((1, 8, 8), 256.0), KEY), "256.0"),
        (lambda: LAPLACE.privatize(np.full((1, 8, 8), np.nan), KEY), "nan"),
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
