"""What all mechanisms share: images in, keyed noise, statement out."""

import math
from abc import ABC, abstractmethod
from dataclasses import asdict, fields

import numpy as np

from tfrwc.privacy._checks import (
    TOP,
    check_budget,
    check_count,
    check_delta,
    check_ids,
    check_images,
    check_shape,
    is_grey,
    is_number,
)
from tfrwc.privacy.accounting.release import Cost, EpsilonDelta, smallest_noise
from tfrwc.privacy.noise import GENERATOR, KeyedNoise
from tfrwc.privacy.release.statement import ADJACENCY, Statement

# So many values are prepared together, and so many noised, that calls cost little
# and the noise stays in the processor's cache.
_CHUNK, _BLOCK = 1 << 22, 1 << 17

_LEAST, _GREATEST = 1e-9, 1e12  # of parameters; the accounting is tested for these

_ALWAYS = (
    "Labels, file names, patient numbers and the number of images are released as "
    "they are.",
    "Each further release of the same images adds its epsilon to this one.",
    "The guarantee is for the images of this shape: whatever chose them, cropped or "
    "resized them by looking at other images is not covered.",
)


class Mechanism(ABC):
    """Releases each image with noise; see the subclasses."""

    _clips = False  # whether released values are brought back to 0..255

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            whole = field.type in (int, "int")
            fits = is_number(value) and _LEAST <= value <= _GREATEST
            if not fits or (whole and value != int(value)):
                raise ValueError(
                    f"{type(self).__name__} needs {field.name} to be a "
                    f"{'whole ' if whole else ''}number above 0 ({_LEAST:g} to "
                    f"{_GREATEST:g}). Received: {value!r}."
                )
            # Plain numbers, so that the repr, which keys the noise, is always the same.
            object.__setattr__(self, field.name, (int if whole else float)(value))

    def privatize(self, images, key, ids=None) -> np.ndarray:
        """Release images.

        An image of three equal channels is a grey one: its channels share one draw.
        That an image is grey is not hidden.

        Args:
            images: (n, height, width) or (n, height, width, channels), uint8 or
                floating, values in 0..255.
            key: secret bytes, 16 or more, from `tfrwc.privacy.new_key()`. The same
                key, id and image give the same noise.
            ids: n different names (str, int or bytes), each for ever that of one
                image. Without them an image's position is its id. Two different
                images never share noise, even with one id.

        Returns:
            float32 of the images' shape, multiples of a power of two, 1/1024 or at
            most 1/2048 of the noise's scale: the low bits of floating noise would tell
            too much (Mironov, CCS 2012).

        Raises:
            TypeError, ValueError: if images, key or ids are not as above.
        """
        images = check_images(images)
        ids = check_ids(ids, len(images))
        if images.ndim == 3:
            return self._release(images[..., None], key, ids)[..., 0]
        grey = is_grey(images)
        if not grey.any():
            return self._release(images, key, ids)
        released = np.empty(images.shape, np.float32)
        for chosen, channels in ((grey, slice(1)), (~grey, slice(None))):
            some = [name for name, take in zip(ids, chosen, strict=True) if take]
            released[chosen] = self._release(images[chosen][..., channels], key, some)
        return released

    def statement(self, shape, delta=1e-5, images_per_patient=1) -> Statement:
        """What releasing images of a shape with this mechanism guarantees.

        Args:
            shape: of one image, (height, width) or (height, width, channels). For
                grey images of three equal channels give (height, width): the
                channels share one draw.
            delta: probability, above 0 and below 1, of the guarantees that allow one.
                Choose it well below 1 / number of images.
            images_per_patient: the greatest number of images of one patient.

        Raises:
            ValueError: if an argument is not as above.
        """
        full = check_shape(shape)
        check_delta(delta)
        images = check_count(images_per_patient)
        value, image = self._value_cost(full, delta), self._images_cost(full, delta, 1)
        patient = image if images == 1 else self._images_cost(full, delta, images)
        return Statement(
            mechanism=type(self).__name__,
            parameters=asdict(self),
            image_shape=tuple(int(side) for side in shape),
            values_per_image=math.prod(full),
            bounds=(0.0, TOP),
            per_value_epsilon=self._value_epsilon(full),
            per_value_epsilon_delta=EpsilonDelta(value.epsilon, delta),
            image_epsilon=self._image_epsilon(full),
            image_epsilon_delta=EpsilonDelta(image.epsilon, delta),
            images_per_patient=images,
            patient_epsilon=self._image_epsilon(full) * images,
            patient_epsilon_delta=EpsilonDelta(patient.epsilon, delta),
            method=(value.method, image.method, patient.method),
            numerical_delta=self._words(full) * self._numerical_delta(),
            labels_covered=False,
            generator=GENERATOR,
            not_promised=(*self._not_promised(full), *_ALWAYS),
            adjacency=ADJACENCY,
        )

    def _release(self, images, key, ids):
        """Noise for images of shape (n, height, width, channels)."""
        n, *shape = images.shape
        released = np.empty(images.shape, np.float32)
        noise = KeyedNoise(key, f"{self!r} {shape}".encode())
        count, grid = self._words(tuple(shape)), self._grid()
        chunk, block = (max(1, size // math.prod(shape)) for size in (_CHUNK, _BLOCK))
        for first in range(0, n, chunk):
            prepared = self._prepare(images[first : first + chunk])
            for start in range(0, len(prepared), block):
                some = prepared[start : start + block]
                part = slice(first + start, first + start + len(some))
                words = noise.words(ids[part], images[part], count)
                values = self._perturb(some, words)
                values *= 1 / grid
                np.rint(values, out=values)
                values *= grid
                released[part] = np.clip(values, 0, TOP) if self._clips else values
        return released

    def _prepare(self, images):
        """What is to be noised; for many images at once."""
        return images

    def _words(self, shape):
        """How many random words an image needs."""
        return math.prod(shape)

    @abstractmethod
    def _perturb(self, images, words):
        """Noisy images, float64 (n, height, width, channels), of words (n, count)."""

    @abstractmethod
    def _value_epsilon(self, shape):
        """Pure epsilon of one value."""

    @abstractmethod
    def _image_epsilon(self, shape):
        """Pure epsilon of an image."""

    @abstractmethod
    def _value_cost(self, shape, delta):
        """Cost of one value."""

    @abstractmethod
    def _images_cost(self, shape, delta, images):
        """Cost of so many images together."""

    def _not_promised(self, shape):
        return ()

    def _noise_scale(self):
        """Laplace scale or standard deviation of the noise, in grey levels."""
        return 0.0

    def _grid(self):
        """Released values are multiples of this."""
        scale = max(self._noise_scale(), 4.0)
        return 2.0 ** (math.ceil(math.log2(scale)) - 12)

    def _numerical_delta(self):
        """Total variation between a drawn and an ideal value, both rounded."""
        # Double precision moves the edge between two multiples of the grid by some
        # 2**-51 of the scale, and the sum with a value of 255 by 2**-45; twice that
        # is allowed for. And each of the multiples that noise reaches (44.4 scales to
        # both sides) is off by the weight of one word in 2**63.
        scale, grid = self._noise_scale(), self._grid()
        return (scale + 64) * 2.0**-50 / grid + (89 * scale / grid + 2) * 2.0**-63


class Guaranteed(Mechanism):
    """A mechanism that has a guarantee, and so can be made for a budget."""

    @classmethod
    def for_budget(
        cls,
        epsilon,
        per=None,
        *,
        shape=None,
        delta=None,
        images_per_patient=None,
        **parameters,
    ):
        """The mechanism with the least noise for a budget.

        Args:
            epsilon: the budget.
            per: what it is for: ``"value"``, ``"image"`` or ``"patient"``.
            shape: of an image, for the last two; as of `statement`.
            delta: None for a pure budget.
            images_per_patient: the greatest number, for ``"patient"``.
            **parameters: the mechanism's other ones (cell and m, or levels).

        Raises:
            ValueError: if the budget does not say what it is for, or the mechanism
                cannot keep it.
        """
        full, images = check_budget(epsilon, per, shape, delta, images_per_patient)
        one = cls._of_noise(1.0, **parameters)
        # Pure epsilons are inverse to the noise.
        enough = images * one._image_epsilon(full) / epsilon
        if delta is None and math.isinf(enough):
            raise ValueError(
                f"{cls.__name__} has no pure guarantee: give a delta, or use "
                "PixelLaplace."
            )
        if delta is None:
            return cls._of_noise(enough, **parameters)

        def cost(noise):
            mechanism = cls._of_noise(noise, **parameters)
            return mechanism._images_cost(full, delta, images).epsilon

        if math.isinf(enough):
            enough = TOP
            while cost(enough) > epsilon:
                enough *= 4
        return cls._of_noise(smallest_noise(cost, epsilon, enough), **parameters)

    @classmethod
    @abstractmethod
    def _of_noise(cls, noise, **parameters):
        """The mechanism with so much noise; its pure epsilons are inverse to it."""


class NoGuarantee(Mechanism):
    """A mechanism for reproduction: nothing is guaranteed for values or images."""

    def _value_epsilon(self, shape):
        return math.inf

    def _image_epsilon(self, shape):
        return math.inf

    def _value_cost(self, shape, delta):
        return Cost(math.inf, "no guarantee")

    def _images_cost(self, shape, delta, images):
        return Cost(math.inf, "no guarantee")


def to_uint8(released) -> np.ndarray:
    """Released images clipped to 0..255 and rounded, which costs no privacy."""
    return np.rint(np.clip(released, 0, TOP)).astype(np.uint8)
