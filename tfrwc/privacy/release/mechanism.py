"""What all mechanisms share: images in, keyed noise, statement out."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tfrwc._common.checks import is_number, whole_number
from tfrwc.privacy.accounting.mixed import Part
from tfrwc.privacy.accounting.release import Cost
from tfrwc.privacy.arguments import check_delta
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.noise import GENERATOR, ImageId, KeyedNoise, Words
from tfrwc.privacy.release.grid import Grid, grid_for
from tfrwc.privacy.release.images import (
    TOP,
    Bounds,
    Floats,
    FullShape,
    Images,
    check_bounds,
    check_ids,
    check_images,
    check_shape,
)
from tfrwc.privacy.release.statement import ADJACENCY, Statement, rounded_up

# So many values are noised together that calls cost little and the noise stays in the
# processor's cache.
_BLOCK = 1 << 17

_LEAST, _GREATEST = 1e-9, 1e12  # of parameters; the accounting is tested for these

_ALWAYS = (
    "Labels, file names, patient numbers and the number of images are released as "
    "they are.",
    "Each further release of the same images adds its epsilon to this one.",
    "The noise of an image is a function of key, id and image. Two releases with one "
    "key and one id are equal where the image is the same, and so tell whether it was "
    "changed in between: the numbers are for one release of each id.",
    "The guarantee is for the images of this shape: whatever chose them, cropped or "
    "resized them by looking at other images is not covered.",
    "How long a release took, and what else the computer that made it shows, is not "
    "covered.",
)


@dataclass(frozen=True)
class Mechanism(ABC):
    """Releases each image with noise.

    A mechanism is a frozen dataclass whose own parameters are numbers above 0. It
    derives from `Guaranteed` or `NoGuarantee`, and says how images become noisy
    (`_perturb`), how many random words that takes (`_words`), and, if it guarantees
    anything, what one value and whole images cost.

    Nothing but the noise depends on the values of images: they are moved onto the
    bounds and rounded to a grid, each for itself, and then noised, always in the same
    way. Nothing is looked for in them, and no error or warning tells of them.

    Args:
        bounds: least and greatest value that images can have, whatever they show; all
            others are moved to the nearer of these, and NaN to the first. None for
            images of uint8, which are in 0..255. Parameters of the noise are in the
            same unit.
    """

    bounds: Bounds | None = field(default=None, kw_only=True)
    _clips: ClassVar[bool] = False  # whether released values go back to the bounds

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # Dataclasses leave a repr alone that is there before them.
        if "__repr__" not in vars(cls):
            setattr(cls, "__repr__", Mechanism.__repr__)  # noqa: B010 (a method)

    def __repr__(self) -> str:
        parameters = self._parameters()
        if self.bounds is not None:
            parameters["bounds"] = self.bounds
        listed = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
        return f"{type(self).__name__}({listed})"

    def __post_init__(self) -> None:
        if self.bounds is not None:
            object.__setattr__(self, "bounds", check_bounds(self.bounds))
        whole_ones = {f.name for f in fields(self) if f.type in (int, "int")}
        for name in self.parameter_names():
            value, whole = getattr(self, name), name in whole_ones
            fits = is_number(value) and _LEAST <= value <= _GREATEST
            if not fits or (whole and value != int(value)):
                raise ValueError(
                    f"{type(self).__name__} needs {name} to be a "
                    f"{'whole ' if whole else ''}number above 0 ({_LEAST:g} to "
                    f"{_GREATEST:g}). Received: {value!r}."
                )
            # Plain numbers, so that the repr, which keys the noise, is always the same.
            object.__setattr__(self, name, (int if whole else float)(value))

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """Names of the mechanism's own parameters, without the bounds."""
        return tuple(f.name for f in fields(cls) if f.name != "bounds")

    def privatize(
        self,
        images: npt.ArrayLike,
        key: bytes,
        ids: Iterable[ImageId] | None = None,
        *,
        grey: bool = False,
    ) -> npt.NDArray[np.float32]:
        """Release images.

        Args:
            images: (n, height, width) or (n, height, width, channels), of uint8, or
                of any real numbers if the mechanism has `bounds`.
            key: secret bytes, 16 or more, from `tfrwc.privacy.new_key()`.
            ids: n different names, each of one image for ever. The same key, id and
                image give the same release, so that a task that is repeated does not
                draw again; two different images never share noise, even with one id.
                Without ids, each call draws noise that nobody, not even with the same
                key, can draw again: do not call twice for the same images.
            grey: whether the channels of each image are copies of the first. Then
                that one alone is looked at and released, as every channel, and
                (height, width) is the shape for `statement`. Otherwise every channel
                has noise of its own, and a grey image is one like any other.

        Returns:
            float32 of the images' shape.

        Raises:
            TypeError, ValueError: if images, key or ids are not as above.
        """
        images = check_images(images, self.bounds)
        names = check_ids(ids, len(images))
        if images.ndim == 3:
            return self._release(images[..., None], key, names)[..., 0]
        if not grey:
            return self._release(images, key, names)
        released = self._release(images[..., :1], key, names)
        return np.repeat(released, images.shape[-1], axis=-1)

    def statement(
        self, shape: Sequence[int], delta: float = 1e-5, images_per_patient: int = 1
    ) -> Statement:
        """What releasing images of a shape with this mechanism guarantees.

        Args:
            shape: of one image, (height, width) or (height, width, channels). For
                images released as `grey` give (height, width).
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
        pure = self._image_epsilon(full)
        return Statement(
            mechanism=type(self).__name__,
            parameters=self._parameters(),
            image_shape=tuple(int(side) for side in shape),
            values_per_image=math.prod(full),
            bounds=self._bounds,
            per_value_epsilon=rounded_up(self._value_epsilon(full)),
            per_value_epsilon_delta=EpsilonDelta(value.epsilon, delta),
            image_epsilon=rounded_up(pure),
            image_epsilon_delta=EpsilonDelta(image.epsilon, delta),
            images_per_patient=images,
            patient_epsilon=rounded_up(pure * images),
            patient_epsilon_delta=EpsilonDelta(patient.epsilon, delta),
            method=(value.method, image.method, patient.method),
            numerical_delta=self._numerical_delta(),
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
        noise = KeyedNoise(key, f"{self!r} {self._bounds} {shape}".encode())
        count, grid = self._words(check_shape(shape)), self._grid()
        block = max(1, _BLOCK // math.prod(shape))
        for first in range(0, n, block):
            part = slice(first, first + block)
            # Images of uint8, with no bounds but their own, are on the grid already.
            values = places = images[part]
            if self.bounds is not None:
                places = grid.places(places)
                values = grid.values(places)
            words = noise.words(ids[part], places, count)
            released[part] = self._finish(self._perturb(values, words))
        return released

    def _finish(self, values: Floats) -> Floats:
        """Released values, of noisy ones above the low bound."""
        low, high = (np.float32(end) for end in self._bounds)
        if self._bounds[0] != 0:
            values += self._bounds[0]
        if self._clips:  # last: a sum may be rounded to beyond the bounds
            np.clip(values, low, high, out=values)
        return values

    @property
    def _bounds(self) -> Bounds:
        return self.bounds or (0.0, TOP)

    @property
    def _span(self) -> Fraction:
        """How far two values can be apart."""
        low, high = self._bounds
        return Fraction(high) - Fraction(low)

    def _parameters(self) -> dict[str, Any]:
        values = asdict(self)
        return {name: values[name] for name in self.parameter_names()}

    def _grid(self) -> Grid:
        """The grid that images are rounded to."""
        return grid_for(self._bounds, self._span / 16)

    def _words(self, shape: FullShape) -> int:
        """How many random words an image needs."""
        return math.prod(shape)

    @abstractmethod
    def _perturb(self, images: Images, words: Words) -> Floats:
        """Noisy images, by random words.

        Args:
            images: (n, height, width, channels), above the low bound, on the grid.
            words: (n, count), with the count of `_words`.

        Returns:
            Floats of the images' shape, above the low bound, too.
        """

    @abstractmethod
    def _value_epsilon(self, shape: FullShape) -> Fraction | float:
        """Pure epsilon of one value."""

    @abstractmethod
    def _image_epsilon(self, shape: FullShape) -> Fraction | float:
        """Pure epsilon of an image."""

    @abstractmethod
    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        """Cost of one value, with this delta."""

    @abstractmethod
    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        """Cost of a number of images together, with this delta."""

    def _parts(self, shape: FullShape, images: int) -> list[Part] | None:
        """The noise on a number of images, for accountants of several releases.

        None where none of them knows such noise: it then counts as the worst mechanism
        with the same guarantee.
        """
        return None

    def _not_promised(self, shape: FullShape) -> tuple[str, ...]:
        """Sentences for the statement: what this mechanism does not guarantee."""
        return ()

    def _numerical_delta(self) -> float:
        """Bound on the total variation between an image's release and an exact one.

        0 for mechanisms whose noise is of `tfrwc.privacy.exact`. Others say what they
        know; without that, nothing is promised.
        """
        return 1.0


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

    def _numerical_delta(self) -> float:
        return 0.0  # of nothing
