"""Every mechanism on images of every type, between bounds of every kind."""

import math
import re

import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from privacy.release.cases import KEY

from tfrwc.privacy import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
)

N = 400  # images of one call
TYPES = (
    *(np.bool_, np.uint8, np.int8, np.int16, np.uint16, np.int64),
    *(np.float16, np.float32, np.float64, np.longdouble),
    ml_dtypes.bfloat16,
)
BOUNDS = (
    *((0, 1), (0, 255), (-1, 1), (5, 5.5), (0, 4095), (-1024, 3071), (0.1, 0.7)),
    *((-1e-3, 1e-3), (-1e9, 1e9), (-32768, 32767), (1000, 1000.25)),
)
SHAPES = ((1, 1), (4, 4), (3, 7), (5, 3, 3), (2, 9, 1))


def made(cls, noise, bounds):
    """A mechanism whose noise is a share of the span of its bounds."""
    span = 255 if bounds is None else bounds[1] - bounds[0]
    options = {"bounds": bounds}
    if cls in (PixelLaplace, PixelGaussian):
        return cls(noise * span, **options)
    if cls is DPPix:
        return cls(1 / noise, cell=2, m=1, **options)
    if cls is RandomizedResponse:
        return cls(1 / noise, levels=5, **options)
    return cls(1 / noise, k=1, **options) if cls is DPSVD else cls(1 / noise, **options)


def drawn(rng, dtype, bounds, shape):
    """Images of a type with values in, and one tenth of them beyond, the bounds."""
    low, high = (0, 255) if bounds is None else bounds
    values = rng.uniform(low, high, (N, *shape))
    beyond = rng.random(values.shape) < 0.1
    values[beyond] += (high - low) * rng.choice([-1, 1], beyond.sum())
    if np.dtype(dtype).kind in "iu":
        info = np.iinfo(dtype)
        values = values.clip(info.min, info.max)
    with np.errstate(over="ignore"):
        return values.astype(dtype)


def kept(images, bounds):
    """What counts of the images, as real numbers."""
    low, high = (0, 255) if bounds is None else bounds
    return np.clip(images.astype(np.float64), low, high)


def check_noise(mechanism, images, released, span):
    noise = released.astype(np.float64) - images
    # Steps of the grid, and of float32 numbers of this size.
    coarse = span / 255 + np.abs(released).max() * 2e-7
    many = 6 / math.sqrt(noise.size)
    if isinstance(mechanism, PixelLaplace):
        actual, expected = np.abs(noise).mean(), mechanism.scale
    else:
        actual, expected = noise.std(), mechanism.sigma
    assert abs(noise.mean()) <= 2 * expected * many + coarse
    assert abs(actual - expected) <= expected * many + coarse


def check_cells(mechanism, images, released, bounds, span):
    """A cell cut by nothing has its mean, with noise of the span / 4 epsilon."""
    low, high = bounds
    assert released.min() >= np.float32(low)
    assert released.max() <= np.float32(high)
    if images.shape[1] < 2 or images.shape[2] < 2:
        return
    mean = images[:, :2, :2].mean(axis=(1, 2)).ravel()
    noisy = released[:, 0, 0].astype(np.float64).ravel()
    inside = (noisy > low) & (noisy < high)
    scale = span / 4 / mechanism.epsilon
    near = (mean > low + span / 4) & (mean < high - span / 4)
    if scale < span / 100 and near.sum() > 50:
        assert inside[near].all()
        actual = np.abs(noisy - mean)[near].mean()
        assert actual == pytest.approx(
            scale, rel=6 / math.sqrt(near.sum()), abs=span / 255
        )


def check_levels(mechanism, images, released, bounds, span):
    low, high = bounds
    top = mechanism.levels - 1
    levels = (released.astype(np.float64) - low) / span * top
    assert np.abs(levels - np.rint(levels)).max() < 1e-2
    assert released.min() >= np.float32(low)
    assert released.max() <= np.float32(high)
    likely = np.exp(mechanism.epsilon)
    expected = likely / (likely + top)
    same = (np.rint(levels) == np.rint((images - low) / span * top)).mean()
    assert same == pytest.approx(expected, abs=3.5 / math.sqrt(images.size) + 0.01)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [PixelLaplace, PixelGaussian, DPPix, RandomizedResponse, ScalarShift, DPSVD]
    ),
    st.sampled_from(TYPES),
    st.sampled_from(BOUNDS),
    st.sampled_from(SHAPES),
    st.sampled_from([0.01, 0.2, 3.0]),
    st.integers(0, 3),
)
@example(DPPix, np.float32, (0.1, 0.7), (4, 4), 3.0, 0)
@example(ScalarShift, np.float32, (0.1, 0.7), (4, 4), 3.0, 0)
@example(RandomizedResponse, np.float64, (0.1, 0.7), (4, 4), 3.0, 0)
def test_noise_and_range_are_what_is_promised(cls, dtype, bounds, shape, noise, seed):
    mechanism = made(cls, noise, bounds)
    images = drawn(np.random.default_rng(seed), dtype, bounds, shape)
    released = mechanism.privatize(images, KEY, range(N))
    assert released.shape == images.shape
    assert released.dtype == np.float32
    assert np.isfinite(released).all()
    images = kept(images, bounds)
    span = bounds[1] - bounds[0]
    if cls in (PixelLaplace, PixelGaussian):
        check_noise(mechanism, images, released, span)
    elif cls is DPPix:
        check_cells(mechanism, images, released, bounds, span)
    elif cls is RandomizedResponse:
        check_levels(mechanism, images, released, bounds, span)
    elif cls is ScalarShift:
        low, high = (np.float32(end) for end in bounds)
        assert released.min() >= low
        assert released.max() <= high


@pytest.mark.parametrize("dtype", [t for t in TYPES if t != np.uint8])
def test_types_without_a_range_of_their_own_need_bounds(dtype):
    with pytest.raises(ValueError, match=r"bounds=\(0, 1\)"):
        PixelLaplace(1.0).privatize(np.zeros((2, 3, 3), dtype), KEY)


@pytest.mark.parametrize("dtype", [np.complex64, "U3", object, "datetime64[s]"])
def test_what_is_no_number_is_refused(dtype):
    images = np.zeros((2, 3, 3)).astype("int64").astype(dtype)
    with pytest.raises(ValueError, match=re.escape(f"of {images.dtype}.")):
        PixelLaplace(1.0, bounds=(0, 1)).privatize(images, KEY)


def test_images_of_several_shapes_are_refused():
    images = [np.zeros((4, 4), np.uint8), np.zeros((5, 5), np.uint8)]
    with pytest.raises(ValueError, match="one array of images of one shape"):
        PixelLaplace(1.0).privatize(images, KEY)


@pytest.mark.parametrize("bounds", [(1e9 - 1, 1e9), (1e6, 1e6 + 0.01), (5e8, 5e8 + 64)])
def test_bounds_that_float32_cannot_tell_apart_are_refused(bounds):
    with pytest.raises(ValueError, match="float32"):
        PixelLaplace(1.0, bounds=bounds)
