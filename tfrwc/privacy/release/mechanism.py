"""What all mechanisms share: images in, keyed noise, statement out."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tfrwc._common.checks import is_number, whole_number
from tfrwc.privacy.accounting.release import Cost
from tfrwc.privacy.arguments import check_delta
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.noise import GENERATOR, ImageId, KeyedNoise, Words
from tfrwc.privacy.release.images import (
    TOP,
    Floats,
    FullShape,
    Images,
    check_ids,
    check_images,
    check_shape,
    is_grey,
)
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


@dataclass(frozen=True)
class Mechanism(ABC):
    """Releases each image with noise.

    A mechanism is a frozen dataclass whose parameters are numbers above 0. It derives
    from `Guaranteed` or `NoGuarantee`, and says how images become noisy (`_perturb`),
    how many random words that takes (`_words`), and, if it guarantees anything, what
    one value and whole images cost.
    """

    _clips: ClassVar[bool] = False  # whether released values go back to 0..255

    def __post_init__(self) -> None:
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

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """Names of the mechanism's parameters."""
        return tuple(field.name for field in fields(cls))

    def privatize(
        self,
        images: npt.ArrayLike,
        key: bytes,
        ids: Iterable[ImageId] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Release images.

        An image of three equal channels is a grey one: its channels share one draw.
        That an image is grey is not hidden.

        Args:
            images: (n, height, width) or (n, height, width, channels), uint8 or
                floating, values in 0..255.
            key: secret bytes, 16 or more, from `tfrwc.privacy.new_key()`. The same
                key, id and image give the same noise.
            ids: n different names, each of one image for ever. Without them an
                image's position is its id. Two different images never share noise,
                even with one id.

        Returns:
            float32 of the images' shape, multiples of a power of two, 1/1024 or at
            most 1/2048 of the noise's scale: the low bits of floating noise would tell
            too much (Mironov, CCS 2012).

        Raises:
            TypeError, ValueError: if images, key or ids are not as above.
        """
        images = check_images(images)
        names = check_ids(ids, len(images))
        if images.ndim == 3:
            return self._release(images[..., None], key, names)[..., 0]
        grey = is_grey(images)
        if not grey.any():
            return self._release(images, key, names)
        released = np.empty(images.shape, np.float32)
        for chosen, channels in ((grey, slice(1)), (~grey, slice(None))):
            some = [name for name, take in zip(names, chosen, strict=True) if take]
            released[chosen] = self._release(images[chosen][..., channels], key, some)
        return released

    def statement(
        self, shape: Sequence[int], delta: float = 1e-5, images_per_patient: int = 1
    ) -> Statement:
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
        images = whole_number(images_per_patient, "images_per_patient")
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

    def _release(
        self, images: Images, key: bytes, ids: Sequence[ImageId]
    ) -> npt.NDArray[np.float32]:
        """Release images (n, height, width, channels)."""
        n, *shape = images.shape
        released = np.empty(images.shape, np.float32)
        noise = KeyedNoise(key, f"{self!r} {shape}".encode())
        count, grid = self._words(check_shape(shape)), self._grid()
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

    def _prepare(self, images: Images) -> Images:
        """The images as `_perturb` takes them; called for many images at once."""
        return images

    def _words(self, shape: FullShape) -> int:
        """How many random words an image needs."""
        return math.prod(shape)

    @abstractmethod
    def _perturb(self, images: Images, words: Words) -> Floats:
        """Noisy images (n, height, width, channels), by random words (n, count)."""

    @abstractmethod
    def _value_epsilon(self, shape: FullShape) -> float:
        """Pure epsilon of one value."""

    @abstractmethod
    def _image_epsilon(self, shape: FullShape) -> float:
        """Pure epsilon of an image."""

    @abstractmethod
    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        """Cost of one value, with this delta."""

    @abstractmethod
    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        """Cost of a number of images together, with this delta."""

    def _not_promised(self, shape: FullShape) -> tuple[str, ...]:
        """Sentences for the statement: what this mechanism does not guarantee."""
        return ()

    def _noise_scale(self) -> float:
        """Laplace scale or standard deviation of the noise, in grey levels."""
        return 0.0

    def _grid(self) -> float:
        """The power of two that released values are multiples of."""
        scale = max(self._noise_scale(), 4.0)
        return math.ldexp(1.0, math.ceil(math.log2(scale)) - 12)

    def _numerical_delta(self) -> float:
        """Bound on the total variation between a drawn and an ideal value, rounded."""
        # Double precision moves the edge between two multiples of the grid by some
        # 2**-51 of the scale, and the sum with a value of 255 by 2**-45; twice that
        # is allowed for. And each of the multiples that noise reaches (44.4 scales to
        # both sides) is off by the weight of one word in 2**63.
        scale, grid = self._noise_scale(), self._grid()
        return (scale + 64) * 2.0**-50 / grid + (89 * scale / grid + 2) * 2.0**-63


@dataclass(frozen=True)
class NoGuarantee(Mechanism):
    """A mechanism for reproduction: nothing is guaranteed for values or images."""

    def _value_epsilon(self, shape: FullShape) -> float:
        return math.inf

    def _image_epsilon(self, shape: FullShape) -> float:
        return math.inf

    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        return Cost(math.inf, "no guarantee")

    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        return Cost(math.inf, "no guarantee")
