"""Mechanisms that say of themselves what is not so: each with one fault of its own.

All state what `PixelLaplace` states. None of them is of the package, so that a fault is
what is written here, whatever the package's own mechanisms become.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfrwc.privacy import PixelLaplace

FAULTS: dict[str, "Case"] = {}


class Case(NamedTuple):
    """A fault, and how it is shown.

    Attributes:
        release: from a `Call` to released images.
        shape: of the images.
        per: of the audit.
    """

    release: Callable[["Call"], np.ndarray]
    shape: tuple[int, ...]
    per: str

    @property
    def mechanism(self):
        """It states an epsilon of 1 for a value, or of a little more for more."""
        return Faulty(self.release, 255.0 if self.per == "value" else 1020.0)


@dataclass
class Call:
    """A call of privatize: float images, Laplace noise, and where it is from."""

    images: np.ndarray
    noise: np.ndarray
    scale: float
    key: bytes
    ids: list[Any]

    @property
    def right(self):
        return self.images + self.noise

    def laplace(self, shape, seed=None):
        """Laplace noise, in steps that do not tell what it was added to."""
        seed = [1, *self.key] if seed is None else seed
        return on_grid(np.random.default_rng(seed).laplace(0, self.scale, shape))

    def flat(self, array):
        return array.reshape(len(array), -1)


def on_grid(values, step=2.0**-30):
    return np.rint(values / step) * step


@dataclass(frozen=True)
class Faulty:
    """A mechanism with a fault."""

    release: Callable[[Call], np.ndarray]
    scale: float = 255.0

    def privatize(self, images, key, ids=None):
        images = np.asarray(images, np.float64)
        call = Call(images, np.zeros(images.shape), self.scale, key, list(ids))
        call.noise = call.laplace(images.shape, [*key])
        return self.release(call)

    def statement(self, shape, delta=1e-5, images_per_patient=1):
        # By (height, width) alone: three channels are values of their own here.
        mechanism = PixelLaplace(self.scale)
        return mechanism.statement(shape, delta, images_per_patient)


def fault(*shape, per="value"):
    def add(release):
        FAULTS[release.__name__] = Case(release, shape or (2, 3), per)
        return release

    return add


# What the noise leaves out.


@fault()
def none_on_half_of_the_values(call):
    call.noise[:, ::2] = 0
    return call.right


@fault(3, 4)
def none_on_one_value(call):
    call.flat(call.noise)[:, 7] = 0
    return call.right


@fault(6, 6, 3)
def none_on_one_value_of_many(call):
    call.flat(call.noise)[:, 71] = 0
    return call.right


@fault(per="image")
def none_on_one_value_of_an_image(call):
    call.flat(call.noise)[:, 4] = 0
    return call.right


@fault()
def none_in_one_release_of_a_hundred(call):
    rare = call.laplace(len(call.images)) > 4 * call.scale
    call.noise[rare] = 0
    return call.right


@fault()
def none_for_an_image_of_one_level(call):
    call.noise[np.ptp(call.flat(call.images), axis=1) == 0] = 0
    return call.right


@fault()
def less_for_a_bright_image(call):
    call.noise[call.flat(call.images).mean(axis=1) > 127] /= 4
    return call.right


@fault()
def less_at_low_values(call):
    return call.images + on_grid(call.noise * (call.images + 64) / 320)


# Noise that is too small, or of the wrong kind.


@fault(1, 2)
def half_of_it(call):
    return call.images + call.noise / 2


@fault(2, 2, 3)
def half_of_it_in_one_channel(call):
    call.noise[..., 1] /= 2
    return call.right


@fault()
def cut_off(call):
    return call.images + np.clip(call.noise, -2 * call.scale, 2 * call.scale)


@fault()
def folded_back(call):
    return call.images + np.remainder(call.noise, 4 * call.scale)


@fault()
def uniform(call):
    spread = np.random.default_rng([*call.key]).uniform(-2, 2, call.images.shape)
    return call.images + on_grid(spread * call.scale)


@fault()
def normal(call):
    noise = np.random.default_rng([*call.key]).normal(0, call.scale, call.images.shape)
    return call.images + on_grid(noise)


@fault()
def only_upwards(call):
    return call.images + np.abs(call.noise)


@fault()
def of_the_size_of_the_image(call):
    return on_grid(call.images * (1 + call.noise / call.scale))


@fault()
def going_with_the_image(call):
    return 2 * call.images + call.noise


@fault()
def from_neighbours(call):
    """Less noise where the neighbour is alike."""
    values = call.flat(call.images)
    rough = np.abs(values - np.roll(values, 1, axis=1)) / 255
    call.flat(call.noise)[:] *= 0.2 + 0.8 * rough
    return on_grid(call.right)


@fault()
def in_small_floats(call):
    """A grid that depends on the value under the noise."""
    return on_grid(call.right, np.where(call.images < 128, 2.0**-20, 2.0**-8))


@fault()
def in_plain_floats(call):
    """Of which numbers there are more near 0 (Mironov, CCS 2012)."""
    noise = np.random.default_rng([*call.key]).laplace(0, call.scale, call.images.shape)
    return call.images + noise


# Noise that is shared.


@fault(per="image")
def one_draw_for_all_values(call):
    return call.images + call.noise[:, :1, :1]


@fault()
def one_draw_for_two_values(call):
    flat = call.flat(call.noise)
    flat[:, 3:] = flat[:, :3]
    return call.right


@fault(4, 4)
def one_draw_for_two_values_of_many(call):
    flat = call.flat(call.noise)
    flat[:, 13] = flat[:, 2]
    return call.right


@fault()
def the_same_for_each_image(call):
    return call.images + call.noise[:1]


@fault()
def again_after_ten_images(call):
    return call.images + call.noise[np.arange(len(call.images)) % 10]


@fault()
def whatever_the_key(call):
    return call.images + call.laplace(call.images.shape, seed=7)


@fault()
def whatever_the_id(call):
    seeds = [[*call.key, zlib.crc32(image.tobytes())] for image in call.images]
    return call.images + np.stack(
        [call.laplace(call.images.shape[1:], seed) for seed in seeds]
    )


@fault()
def of_the_id_alone(call):
    seeds = [zlib.crc32(str(name).encode()) for name in call.ids]
    return call.images + np.stack(
        [call.laplace(call.images.shape[1:], seed) for seed in seeds]
    )


@fault()
def of_a_seed_of_16_bits(call):
    seed = int.from_bytes(call.key[:2], "big")
    return call.images + call.laplace(call.images.shape, seed)


@fault(2, 2)
def of_a_seed_of_8_bits_for_each_image(call):
    seeds = np.random.default_rng([*call.key]).integers(256, size=len(call.images))
    return call.images + np.stack(
        [call.laplace(call.images.shape[1:], seed) for seed in seeds]
    )


@fault(1, 2, per="patient")
def shared_by_a_pair_of_images(call):
    return call.images + call.noise[np.arange(len(call.images)) // 2 * 2]


@fault(2, 2, 3)
def shared_by_the_channels_of_grey_images(call):
    grey = np.ptp(call.images, axis=3).reshape(len(call.images), -1).max(axis=1) == 0
    call.noise[grey] = call.noise[grey][..., :1]
    return call.right


@fault(2, 2, 3)
def shared_by_the_channels_of_grey_pixels(call):
    grey = np.ptp(call.images, axis=3) == 0
    call.noise[grey] = call.noise[grey][..., :1]
    return call.right


# What is told beside the noise.


@fault(per="image")
def a_label_in_one_value(call):
    released = call.right
    call.flat(released)[:, 2] = call.flat(call.images).mean(axis=1) > 127
    return released


@fault(3, 3)
def a_label_in_one_value_by_one_value(call):
    released = call.right
    call.flat(released)[:, 2] = call.flat(call.images).mean(axis=1) > 127
    return released


@fault(3, 4)
def one_value_within_another(call):
    released = call.right
    bright = call.flat(call.images)[:, 9] > 127
    seen = call.flat(released)
    seen[:, 1] = 2 * np.rint(seen[:, 1] / 2) + bright
    return released


@fault()
def a_bit_of_a_value(call):
    return 2 * np.rint(call.right / 2) + call.images % 2


@fault()
def the_parity_of_the_image(call):
    released = 2 * np.rint(call.right / 2)
    call.flat(released)[:, 3] += call.flat(call.images).sum(axis=1) % 2
    return released


@fault()
def a_bit_in_noise(call):
    """Only in two of three releases."""
    often = call.laplace(call.images.shape) > -call.scale * np.log(1.5)
    wrong = np.where(often, 0, 1)
    return 2 * np.rint(call.right / 2) + (call.images // 128 + wrong) % 2


@fault()
def no_number_for_black(call):
    released = call.right
    black = call.flat(call.images).max(axis=1) == 0
    call.flat(released)[black, 0] = np.nan
    return released


@fault()
def the_order_of_values(call):
    """Noise that never changes which of the values is greater."""
    flat, released = call.flat(call.images), call.flat(call.right)
    order = np.argsort(np.argsort(flat, axis=1, kind="stable"), axis=1)
    ranked = np.take_along_axis(np.sort(released, axis=1), order, axis=1)
    return ranked.reshape(call.images.shape)
