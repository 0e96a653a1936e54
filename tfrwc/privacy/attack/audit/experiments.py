"""Pairs of inputs that an attacker is to tell apart by their release."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Images = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Experiment:
    """Two inputs, and how they are released.

    Attributes:
        name: in a few words.
        images: (k, ...): the first input, one image or all of a patient.
        others: (k, ...): the second.
        beside: whether the attacker sees, in the same call, the release of an image
            that he knows, and has released the same ids with a key of his own.
        alone: whether each trial is a call of its own, with a key of its own.
    """

    name: str
    images: Images
    others: Images
    beside: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Levels:
    """The grey levels of images: `low` to `high`, in 255 steps."""

    low: float
    high: float

    @property
    def step(self) -> float:
        """The difference of two neighbouring levels."""
        return (self.high - self.low) / 255

    def images(self, levels: ArrayLike) -> Images:
        """Images of levels 0 to 255: uint8, or float64 between other bounds."""
        levels = np.asarray(levels)
        if (self.low, self.high) == (0, 255):
            return levels.astype(np.uint8)
        return self.low + levels * self.step


def experiments(
    shape: tuple[int, ...], per: str, levels: Levels, place: int, k: int, seed: int
) -> list[Experiment]:
    """The pairs that an audit tries of itself.

    Args:
        shape: of an image.
        per: ``"value"``, ``"image"``, ``"structure"`` or ``"patient"``.
        levels: of the images.
        place: which value of an image is changed, counted through the image.
        k: images of a patient.
        seed: of the images that are random.
    """
    rng = np.random.default_rng(seed)
    if per == "value":
        pairs = _of_a_value(shape, place, rng)
    elif per == "structure":
        return [_experiment(levels, "half white", _black(shape), _half(shape))]
    elif per == "image":
        pairs = _of_an_image(shape, place, rng)
    else:
        pairs = _of_a_patient(shape, k, rng)
    tried = [_experiment(levels, name, *pair) for name, pair in pairs.items()]
    return [*tried, *in_company(tried[0])]


def in_company(experiment: Experiment) -> list[Experiment]:
    """The same pair beside an image that is known, and alone in its call."""
    name = experiment.name
    return [
        replace(experiment, name=f"{name}, beside a known image", beside=True),
        replace(experiment, name=f"{name}, alone in a call", alone=True),
    ]


Pair = tuple[Images, Images]
Pairs = dict[str, Pair]


def _of_a_value(shape: tuple[int, ...], place: int, rng: np.random.Generator) -> Pairs:
    black, chequers = _black(shape), _chequers(shape, place)
    noise = rng.integers(0, 256, (1, *shape))
    far = 255 if noise.flat[place] < 128 else 0
    pairs = {
        "one value of black": _with(black, place, 255),
        "one value of white": _with(black + 255, place, 0),
        "one value of grey, by one level": _with(black + 127, place, 128),
        "one value of chequers": _with(chequers, place, 0),
        "one value of a random image": _with(noise, place, far),
    }
    if _coloured(shape):
        pairs["one channel of a grey pixel, by one level"] = _grey(shape, place, rng)
    return pairs


def _of_an_image(shape: tuple[int, ...], place: int, rng: np.random.Generator) -> Pairs:
    black, chequers = _black(shape), _chequers(shape, place)
    noise = rng.integers(0, 256, (1, *shape))
    pairs = {
        "black or white": (black, black + 255),
        "half white": (black, _half(shape)),
        "one level brighter": (black + 127, black + 128),
        "one value of grey, by one level": _with(black + 127, place, 128),
        "chequers": (chequers, 255 - chequers),
        "a random image and its negative": (noise, 255 - noise),
        "a random image or none": (black + 127, noise),
    }
    if _coloured(shape):
        pairs["grey or not"] = _grey(shape, place, rng)
    return pairs


def _of_a_patient(shape: tuple[int, ...], k: int, rng: np.random.Generator) -> Pairs:
    black = np.zeros((k, *shape), int)
    noise = rng.integers(0, 256, (k, *shape))
    copies = np.repeat(noise[:1], k, axis=0)
    last = black.copy()
    last[-1] = 255
    return {
        "black or white": (black, black + 255),
        "one image of black ones": (black, last),
        "copies or not": (copies, noise),
        "random images and their negatives": (noise, 255 - noise),
        "one level brighter": (black + 127, black + 128),
    }


def _experiment(levels: Levels, name: str, one: Images, other: Images) -> Experiment:
    return Experiment(name, levels.images(one), levels.images(other))


def _black(shape: tuple[int, ...]) -> Images:
    return np.zeros((1, *shape), int)


def _half(shape: tuple[int, ...]) -> Images:
    image = _black(shape)
    image[:, : max(1, shape[0] // 2)] = 255
    return image


def _chequers(shape: tuple[int, ...], place: int) -> Images:
    """Every second value white, `place` too: just above half of them."""
    count = math.prod(shape)
    white = (np.arange(count) - place) % 2 == 0
    if 2 * white.sum() < count:
        white[(place + 1) % count] = True
    return np.where(white, 255, 0).reshape(1, *shape)


def _coloured(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[2] == 3


def _grey(shape: tuple[int, ...], place: int, rng: np.random.Generator) -> Pair:
    """An image of three equal channels, and one of which one value differs."""
    grey = np.repeat(rng.integers(0, 255, (1, *shape[:2], 1)), 3, axis=3)
    return _with(grey, place, grey.flat[place] + 1)


def _with(image: Images, place: int, level: int) -> Pair:
    """An image, and the same with one value changed; (1, ...) each."""
    other = image.copy()
    other.flat[place] = level
    return image, other
