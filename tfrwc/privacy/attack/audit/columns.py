"""What an attacker looks at in a release: numbers of it, each with a name.

Of single values: how large they are, how far from both inputs and whether equal to
them, their lowest bits. Of pairs of values: their difference, and whether it is that of
an input. Of all values together: sums, extremes, how many are of a kind. Of noise:
whether it has been seen before.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfrwc.privacy.attack.audit.experiments import Experiment, Levels
from tfrwc.privacy.attack.audit.releases import Releases, Rows
from tfrwc.privacy.attack.audit.scout import Places

Floats = NDArray[np.float64]

_PAIRS = 96  # of values, at most
_ALL_PAIRS_OF = 10


class Columns(NamedTuple):
    """Numbers that an attacker can tell releases by.

    Attributes:
        names: (columns,).
        values: (n, columns), finite.
    """

    names: list[str]
    values: Floats


class Gaze:
    """Where an attacker looks, in the releases of an experiment.

    Args:
        experiment: whose inputs he tells apart.
        levels: of the images.
        releases: knows noise by its hash.
        places: of an image, where he looks.
    """

    def __init__(
        self,
        experiment: Experiment,
        levels: Levels,
        releases: Releases,
        places: Places,
    ) -> None:
        self._experiment = experiment
        self._levels = levels
        self._releases = releases
        self._images = experiment.images.reshape(-1).astype(np.float64)
        self._others = experiment.others.reshape(-1).astype(np.float64)
        k = len(experiment.images)
        changed = np.flatnonzero(self._images != self._others)
        some = places.seen[: max(1, len(places.seen) // k)]
        starts = np.arange(k)[:, None] * (len(self._images) // k)
        self._places = np.union1d((starts + some).ravel(), changed[:1])
        self._pairs = _pairs(self._places, changed[0], places.pairs)
        self._tick = levels.step / 64

    def likelihood(self, rows: Rows) -> Floats:
        """(n,): likelihood ratios of the inputs, up to a factor, if noise is Laplace.

        Each changed value within its range, added up.
        """
        changed = self._images != self._others
        a, b = self._images[changed], self._others[changed]
        within = np.clip(rows.target[:, changed], np.minimum(a, b), np.maximum(a, b))
        ratios: Floats = (within - a) @ np.sign(b - a)
        return np.nan_to_num(ratios)

    def columns(self, rows: Rows) -> Columns:
        """All columns of some releases."""
        no_numbers = ~np.isfinite(rows.target)
        rows = rows._replace(
            target=np.nan_to_num(rows.target), known=np.nan_to_num(rows.known)
        )
        named = {"values that are no numbers": no_numbers.sum(axis=1) + 0.0}
        named |= self._of_all_values(rows.target)
        named |= self._of_values(rows.target)
        named |= self._of_pairs(rows.target)
        named |= self._of_known(rows)
        return Columns(list(named), np.stack(list(named.values()), axis=1))

    def _of_values(self, target: Floats) -> dict[str, Floats]:
        named = {}
        for place in self._places:
            value = target[:, place]
            a, b = self._images[place], self._others[place]
            level = (value - self._levels.low) / self._levels.step
            whole = np.rint(level)
            of = f"value {place}"
            named[of] = value
            named[f"distance of {of} from the first input"] = np.abs(value - a)
            named[f"{of} equals the first input"] = self._equal(value, a)
            if a != b:
                named[f"distance of {of} from the second input"] = np.abs(value - b)
                named[f"{of} equals the second input"] = self._equal(value, b)
            named[f"lowest bit of {of}"] = _lowest_bit(value)
            named[f"parity of {of}"] = np.mod(whole, 2)
            named[f"{of} modulo 4"] = np.mod(whole, 4)
            named[f"fraction of {of}"] = level - whole
        return named

    def _of_pairs(self, target: Floats) -> dict[str, Floats]:
        named = {}
        for i, j in self._pairs:
            difference = target[:, i] - target[:, j]
            of = f"value {i} less value {j}"
            named[of] = difference
            named[f"size of {of}"] = np.abs(difference)
            for which, image in (("first", self._images), ("second", self._others)):
                same = self._equal(difference, image[i] - image[j])
                named[f"{of} is as in the {which} input"] = same
        return named

    def _of_all_values(self, target: Floats) -> dict[str, Floats]:
        far, near = (np.abs(target - x) for x in (self._images, self._others))
        sizes = np.sort(target, axis=1)
        steps = np.diff(sizes, axis=1) > self._tick
        low, high = self._levels.low, self._levels.high
        whole = np.rint((target - low) / self._levels.step)
        return {
            "likelihood ratio without bounds": (far - near).sum(axis=1),
            "likelihood ratio of normal noise": target @ (self._others - self._images),
            "sum": target.sum(axis=1),
            "least value": sizes[:, 0],
            "greatest value": sizes[:, -1],
            "range": sizes[:, -1] - sizes[:, 0],
            "deviation": target.std(axis=1),
            "place of the greatest value": target.argmax(axis=1).astype(float),
            "roughness": np.abs(np.diff(target, axis=1)).sum(axis=1),
            "different values": steps.sum(axis=1).astype(float),
            "distance from the first input": far.sum(axis=1),
            "distance from the second input": near.sum(axis=1),
            "greatest distance from the first input": far.max(axis=1),
            "least distance from the first input": far.min(axis=1),
            "values equal to the first input": (far < self._tick).sum(axis=1) + 0.0,
            "values equal to the second input": (near < self._tick).sum(axis=1) + 0.0,
            "odd values": np.mod(whole, 2).sum(axis=1),
            "parity of the sum": np.mod(whole.sum(axis=1), 2),
            "least of the lowest bits": _lowest_bit(target).min(axis=1),
            "values at the lower bound": (target <= low).sum(axis=1) + 0.0,
            "values at the upper bound": (target >= high).sum(axis=1) + 0.0,
        }

    def _of_known(self, rows: Rows) -> dict[str, Floats]:
        named = {}
        image = self._experiment.images[0].reshape(-1).astype(np.float64)
        size = len(image)
        one = rows.target[:, :size]
        for i, where in enumerate(("in the same call", "with another key")):
            if i >= rows.known.shape[1]:
                break
            noise = rows.known[:, i] - image
            for which, x in (("first", self._images), ("second", self._others)):
                unlike = np.abs(one - x[:size] - noise)
                of = f"noise of the {which} input and of a known image {where}"
                named[f"difference of {of}"] = unlike.max(axis=1)
                named[f"least difference of {of}"] = unlike.min(axis=1)
                named[f"equal {of}"] = (unlike < self._tick).sum(axis=1) + 0.0
        for which, x in (("first", self._images), ("second", self._others)):
            before = rows.seen_before(self._releases.hashes(one - x[:size]))
            named[f"noise on the {which} input was seen before"] = before + 0.0
        return named

    def _equal(self, values: Floats, to: float) -> Floats:
        return (np.abs(values - to) < self._tick) + 0.0


def _pairs(
    places: NDArray[np.int64], changed: int, pairs: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Pairs of places to be compared: all of few, else neighbours and the changed."""
    if len(places) <= _ALL_PAIRS_OF:
        return list(combinations(places.tolist(), 2))
    of_changed = [(changed, int(i)) for i in places if i != changed]
    neighbours = [
        pair
        for lag in (1, 2, 3, 4, 8, 16)
        for pair in zip(places[:-lag].tolist(), places[lag:].tolist(), strict=True)
    ]
    return [*dict.fromkeys([*pairs, *of_changed[: _PAIRS // 2], *neighbours])][:_PAIRS]


def _lowest_bit(values: Floats) -> Floats:
    """Exponent of the lowest bit that is not 0; 1,100 of zero."""
    mantissa, exponent = np.frexp(values)
    digits = np.abs(mantissa * 2.0**53).astype(np.int64)
    # Of a power of two, frexp tells which one.
    _, lowest = np.frexp((digits & -digits).astype(np.float64))
    bits: Floats = np.where(digits == 0, 1100.0, exponent - 53.0 + lowest - 1)
    return bits
