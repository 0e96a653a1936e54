"""Sprites that are drawn, and those of dSprites."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tfrwc.datasets import sprites
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE

DRAWN = (3, 4, 6, 8, 8)
REAL = (3, 6, 10, 16, 16)


@pytest.fixture(scope="module")
def drawn():
    return sprites.generate()


@pytest.fixture(scope="module")
def real(data_dir):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATA_DIR_VARIABLE, str(data_dir))
        return sprites.dsprites()


@pytest.fixture(params=["drawn", "real"])
def either(request):
    """A set of sprites, and how many values each of its factors has."""
    sizes = DRAWN if request.param == "drawn" else REAL
    return request.getfixturevalue(request.param), sizes


def distinct(images):
    return len({image.tobytes() for image in images})


def test_counts_and_types(either):
    found, sizes = either
    n = np.prod(sizes)
    side = 16 if sizes == DRAWN else 64
    assert found.images.shape == (n, side, side, 1)
    assert found.images.dtype == np.uint8
    assert found.images.min() == 0
    assert found.images.max() == 255
    assert found.factors.shape == (n, 5)
    assert found.factors.dtype == np.int64
    assert found.factor_names == ("shape", "scale", "orientation", "x", "y")


def test_angles_that_look_the_same_are_one(either):
    """Here none does; of dSprites only the first and the last, which is not drawn."""
    found, sizes = either
    assert len(found.turns) == sizes[2]
    assert len(found.folds) == sizes[0]
    assert max(found.turns) < 1
    seen, turn = found.seen_factors, found.factor_names.index("orientation")
    others = [j for j in range(5) if j != turn]
    np.testing.assert_array_equal(seen[:, others], found.factors[:, others])
    if sizes == DRAWN:
        np.testing.assert_array_equal(seen, found.factors)
    counts = [len(np.unique(seen[seen[:, 0] == shape, turn])) for shape in range(3)]
    assert counts == [sizes[2]] * 3


def test_a_fold_is_a_turn_after_which_a_shape_looks_the_same():
    """Rectangles and ellipses after half a turn and not before, triangles never."""
    for inside, fold in zip(
        (sprites._rectangle, sprites._ellipse, sprites._triangle),
        (2, 2, 1),
        strict=True,
    ):
        x, y = np.random.default_rng(0).uniform(-1, 1, (2, 2000))
        first = inside(x, y)
        same = [
            (inside(*sprites._turn(x, y, 2 * np.pi * k / 12)) == first).all()
            for k in range(1, 13)
        ]
        assert same == [k % (12 // fold) == 0 for k in range(1, 13)]


def test_every_combination_occurs_once(either):
    found, sizes = either
    assert found.factors.min() == 0
    cells = np.ravel_multi_index(tuple(found.factors.T), sizes)
    assert (np.bincount(cells, minlength=np.prod(sizes)) == 1).all()


def test_pixels_are_the_images_in_0_to_1(drawn):
    pixels = drawn.pixels
    assert pixels.dtype == np.float32
    assert pixels.max() == 1
    np.testing.assert_array_equal(np.round(pixels * 255), drawn.images)


@pytest.mark.parametrize("size", [12, 16, 21])
def test_no_two_drawn_are_alike_and_none_touches_the_edge(size):
    images = sprites.generate(size).images
    assert distinct(images) == len(images) == 4608
    inner = images[:, 1:-1, 1:-1]
    assert inner.sum(dtype=np.int64) == images.sum(dtype=np.int64)


def centres_of_mass(found):
    """x and y of each image, in pixels from its left and top."""
    mass = found.images[..., 0].astype(np.float64)
    total = mass.sum(axis=(1, 2))
    places = np.arange(mass.shape[1]) + 0.5
    x = mass.sum(axis=1) @ places / total
    y = mass.sum(axis=2) @ places / total
    return x, y


def test_x_and_y_move_the_centre_of_mass(either):
    found, sizes = either
    x, y = (centre.reshape(sizes) for centre in centres_of_mass(found))
    assert (np.diff(x, axis=3) > 0).all()
    assert (np.diff(y, axis=4) > 0).all()
    # Each moves one coordinate only. A black and white sprite is off by up to a pixel.
    off = 1.0 if sizes == REAL else 0.3
    assert np.ptp(x, axis=4).max() < off
    assert np.ptp(y, axis=3).max() < off


def test_scale_increases_the_area(either):
    found, sizes = either
    area = found.pixels.sum(axis=(1, 2, 3)).reshape(sizes)
    assert (np.diff(area, axis=1) > 0).all()


def test_the_area_of_drawn_sprites_goes_with_the_square_of_the_scale(drawn):
    area = drawn.pixels.sum(axis=(1, 2, 3)).reshape(DRAWN).mean(axis=(2, 3, 4))
    scale = np.linspace(0.5, 1, 4)
    for of_shape in area:
        np.testing.assert_allclose(of_shape / of_shape[-1], scale**2, rtol=0.01)


def test_rotation_keeps_the_area(either):
    found, sizes = either
    area = found.pixels.sum(axis=(1, 2, 3)).reshape(sizes).mean(axis=(3, 4))
    np.testing.assert_allclose(area / area.mean(axis=2, keepdims=True), 1, atol=0.1)


def test_drawn_sprites_are_the_same_every_time(drawn):
    again = sprites.generate(size=16)
    np.testing.assert_array_equal(again.images, drawn.images)
    np.testing.assert_array_equal(again.factors, drawn.factors)
    assert (
        again.origin
        == drawn.origin
        == ("synthetic sprites of 16x16 pixels, drawn by tfrwc")
    )


@pytest.mark.parametrize("size", [11, 0, -16, 16.0, "16"])
def test_sizes_that_cannot_be_drawn(size):
    with pytest.raises(ValueError, match=r"whole number of pixels from 12.*Received"):
        sprites.generate(size)


def test_real_sprites_are_black_and_white(real):
    assert set(np.unique(real.images)) == {0, 255}
    assert real.origin == "dSprites, a grid of 46080 from dsprites.npz"
    # dSprites' squares repeat as they turn, so some of its images are the same.
    assert distinct(real.images) == 46066


@pytest.mark.parametrize("damage", ["text", "keys"])
def test_a_damaged_file_is_named(tmp_path, monkeypatch, damage):
    path = tmp_path / "dsprites.npz"
    if damage == "text":
        path.write_text("nothing")
    else:
        np.savez(path, imgs_grid=np.zeros((4, 64, 64), np.uint8))
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path))
    with pytest.raises(OSError, match=r"dsprites\.npz cannot be read as dSprites"):
        sprites.dsprites()


def without_file(code, tmp_path):
    """Run code where there is no dsprites.npz and no network is asked."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {DATA_DIR_VARIABLE: "", "TFDS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


UNREACHABLE = """
import tensorflow_datasets as tfds
from tfrwc.datasets import sprites

def unreachable(*args, **kwargs):
    raise ConnectionError("no route")

tfds.core.DatasetBuilder.download_and_prepare = unreachable
try:
    sprites.dsprites()
except OSError as error:
    print(error)
"""


def test_where_neither_is_to_be_had_the_error_says_what_to_do(tmp_path):
    message = without_file(UNREACHABLE, tmp_path)
    assert "ConnectionError: no route" in message
    for remedy in ("network", "TFDS_DATA_DIR", DATA_DIR_VARIABLE, "generate()"):
        assert remedy in message


PREPARED = """
import h5py, numpy as np, tensorflow_datasets as tfds
from tfrwc.datasets import sprites

# TFDS' own builder, on a file of the published layout with one shape and two scales.
sizes = (1, 1, 2, 40, 4, 4)
classes = np.indices(sizes).reshape(6, -1).T
images = np.zeros((len(classes), 64, 64), np.uint8)
for image, (_, _, scale, turn, x, y) in zip(images, classes):
    image[y, x], image[9, turn], image[8, scale] = 1, 1, 1
path = "{path}/published.hdf5"
with h5py.File(path, "w") as file:
    file["imgs"] = images
    file["latents/classes"] = classes
    file["latents/values"] = classes.astype(float)
tfds.download.DownloadManager.download = lambda self, url: path

found = sprites.dsprites()
grid = np.indices((1, 2, 10, 2, 2)).reshape(5, -1).T
np.testing.assert_array_equal(found.factors, grid)
assert set(np.unique(found.images)) == {{0, 255}}
for image, (_, scale, turn, x, y) in zip(found.images[..., 0], grid):
    assert image[2 * y, 2 * x] and image[9, 4 * turn] and image[8, scale]
print(found.origin)
"""


def test_tfds_gives_the_same_grid(tmp_path):
    origin = without_file(PREPARED.format(path=tmp_path), tmp_path)
    assert origin.startswith("dSprites, a grid of 80 from TFDS dsprites/")
