"""Checks of what mechanisms are given, raised before anything is computed."""

import math
from collections.abc import Iterable
from numbers import Integral, Real

import numpy as np

from tfrwc.privacy.noise import encode

TOP = 255.0  # images have values in 0..255


def check_budget(epsilon, per, shape, delta, images_per_patient):
    """(height, width, channels) and the number of images that a budget is for."""
    check_epsilon(epsilon)
    allowed = ("value", "image", "patient")
    if per not in allowed:
        raise ValueError(
            f"A budget is per {', '.join(map(repr, allowed))}: an epsilon alone says "
            f"nothing. Received: per={per!r}."
        )
    if delta is not None:
        check_delta(delta)
    if per == "value":
        return (1, 1, 1), 1
    if shape is None:
        raise ValueError(
            f"A budget per {per} depends on how many values an image has. Give "
            "shape=(height, width) or (height, width, channels)."
        )
    if per == "image":
        return check_shape(shape), 1
    if images_per_patient is None:
        raise ValueError(
            "A budget per patient needs images_per_patient, the greatest number of "
            "images of one patient."
        )
    return check_shape(shape), check_count(images_per_patient)


def is_number(value):
    """Whether a value is a finite real number."""
    return (
        isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    )


def check_epsilon(epsilon):
    if not is_number(epsilon) or epsilon <= 0:
        raise ValueError(f"epsilon must be above 0 and finite. Received: {epsilon!r}.")


def check_delta(delta):
    if not is_number(delta) or not 0 < delta < 1:
        raise ValueError(
            f"delta is a probability above 0 and below 1. Received: {delta!r}."
        )


def check_confidence(confidence):
    if not is_number(confidence) or not 0 < confidence < 1:
        raise ValueError(
            "confidence is a probability above 0 and below 1. Received: "
            f"{confidence!r}."
        )


def check_guarantee(guarantee):
    """(epsilon, delta) of a guarantee; delta may be 0."""
    try:
        epsilon, delta = guarantee
    except (TypeError, ValueError):
        raise ValueError(
            "A guarantee is a pair (epsilon, delta), with a delta of 0 for a pure one. "
            f"Received: {guarantee!r}."
        ) from None
    check_epsilon(epsilon)
    if delta != 0:
        check_delta(delta)
    return float(epsilon), float(delta)


def check_count(images):
    if not is_number(images) or images != int(images) or images < 1:
        raise ValueError(
            "images_per_patient must be a whole number of 1 or more. Received: "
            f"{images!r}."
        )
    return int(images)


def check_shape(shape):
    sides = tuple(shape) if isinstance(shape, Iterable) else ()
    if len(sides) not in (2, 3) or not all(
        is_number(side) and side == int(side) and side >= 1 for side in sides
    ):
        raise ValueError(
            "shape is that of one image, (height, width) or (height, width, "
            f"channels). Received: {shape}."
        )
    return (*map(int, sides), 1)[:3]


def check_images(images):
    images = np.asarray(images)
    if (
        images.ndim not in (3, 4)
        or 0 in images.shape[1:]
        or not (images.dtype == np.uint8 or np.issubdtype(images.dtype, np.floating))
    ):
        raise ValueError(
            "images must be (n, height, width) or (n, height, width, channels) of "
            f"uint8 or floating values. Received: shape {images.shape} of "
            f"{images.dtype}."
        )
    if images.dtype != np.uint8 and images.size:
        low, high = images.min(), images.max()
        if not (low >= 0 and high <= TOP):
            raise ValueError(
                f"images must have values in 0..255. Received: {low} to {high}. "
                "Rescale or clip them first."
            )
    return images


def check_ids(ids, n):
    if ids is None:
        return list(range(n))
    if not isinstance(ids, Iterable):
        raise TypeError(f"ids must be a name per image. Received: {ids!r}.")
    ids = list(ids)
    for name in ids:
        if isinstance(name, bool) or not isinstance(name, (str, bytes, Integral)):
            raise TypeError(
                "ids must be str, bytes or whole numbers. Received: "
                f"{name!r} ({type(name).__name__})."
            )
    different = len({encode(name) for name in ids})
    if len(ids) != n or different != n:
        raise ValueError(
            f"ids must be {n} different names, one per image. Received: {len(ids)}, "
            f"of which {different} are different."
        )
    return ids


def is_grey(images):
    if images.shape[-1] != 3 or not len(images):
        return np.zeros(len(images), bool)
    same = (images[..., :1] == images).reshape(len(images), -1)
    return same.all(axis=1)
