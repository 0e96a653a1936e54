"""Releases of the inputs of an experiment, each with independent noise."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfrwc.privacy.attack.audit.experiments import Experiment, Images, Levels

Floats = NDArray[np.float64]
Hashes = NDArray[np.int64]

_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")

_VALUES = 1 << 24  # in a call, at most
# Trials in a call, in turns. Some noise comes again only within large calls; where it
# is the same within a call, only many of them tell events from chance.
_TRIALS = (64, *[16] * 4)


class Rows(NamedTuple):
    """Releases of one input.

    Attributes:
        target: (n, k * values), of the input's images one after the other.
        known: (n, m, values), releases of an image that the attacker knows: in the
            same call, and with the same id under a key of his own.
        noise: (n,), hashes of the noise on the first image of each.
        pool: sorted hashes of all noise in the same calls, or in others, of the
            attacker's own; he knows all of it but that of a row itself.
    """

    target: Floats
    known: Floats
    noise: Hashes
    pool: Hashes

    def seen_before(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Whether noise, (n,), was also that of another image than the row's own."""
        first, last = (self.pool.searchsorted(hashes, side) for side in _SIDES)
        before: NDArray[np.bool_] = last - first > (hashes == self.noise)
        return before


class Releases:
    """What a mechanism makes of the inputs of experiments.

    Args:
        mechanism: with `privatize`.
        levels: of the images.
        key: secret, from which each call gets a key of its own.
        own_calls: of the attacker, with keys of his own, beside what is released alone.
    """

    def __init__(
        self, mechanism: Any, levels: Levels, key: bytes, own_calls: int
    ) -> None:
        self._mechanism = mechanism
        self._levels = levels
        self._key = hashlib.blake2b(key).digest()
        self._own_calls = own_calls
        self._calls = 0
        self._pool: dict[int, Hashes] = {}

    def of(self, experiment: Experiment, n: int) -> tuple[Rows, Rows]:
        """n releases of the first input, and n of the second, in mixed order."""
        if experiment.alone:
            pool = self._own_pool(experiment)
            first, other = (
                self._alone(images, n, pool)
                for images in (experiment.images, experiment.others)
            )
            return first, other
        parts = [
            self._together(experiment, few)
            for few in _shares(n, _VALUES // (3 * experiment.images.size) or 1)
        ]
        firsts, others = zip(*parts, strict=True)
        return _joined(firsts), _joined(others)

    def each(self, images: Images) -> Floats:
        """(n, ...): the release of each image, all in one call."""
        return self._call(images)

    def hashes(self, noise: Floats) -> Hashes:
        """A number for each row of noise, (n, values): the same for the same noise."""
        # What was added to another image is rounded otherwise, but far below this.
        steps = np.rint(np.nan_to_num(noise) / (self._levels.step / 64))
        whole = np.clip(steps, -(2.0**52), 2.0**52).astype(np.int64)
        factors = np.random.default_rng(0).integers(2**62, size=noise.shape[1])
        hashes: Hashes = np.abs((whole * (2 * factors + 1)).sum(axis=1))
        return hashes

    def _together(self, experiment: Experiment, n: int) -> tuple[Rows, Rows]:
        """Releases of one call, in an order that tells nothing."""
        inputs = np.stack([experiment.images, experiment.others])
        k, values = inputs.shape[1], inputs[0, 0].size
        is_other = np.random.default_rng(self._next_seed()).permutation(2 * n) < n
        images = inputs[is_other.astype(int)]
        image = experiment.images[:1]
        beside = experiment.beside
        if beside:
            company = np.broadcast_to(image, (2 * n, *image.shape))
            images = np.concatenate([images, company], axis=1)
        names = [f"{i} {j}" for i in range(2 * n) for j in range(k + beside)]
        released = self._call(images.reshape(-1, *image.shape[1:]), names)
        released = released.reshape(2 * n, k + beside, values)
        known = released[:, k:]
        if beside:
            same = np.broadcast_to(image[0], (2 * n, *image.shape[1:]))
            own = self._call(same, names[:: k + 1]).reshape(2 * n, 1, values)
            known = np.concatenate([known, own], axis=1)
        true = inputs[:, 0].reshape(2, values)[is_other.astype(int)]
        noise = self.hashes(released[:, 0] - true)
        elsewhere = self.hashes((known - image.reshape(values)).reshape(-1, values))
        pool = np.sort(np.concatenate([noise, elsewhere]))
        target = released[:, :k].reshape(2 * n, -1)
        first, other = (
            Rows(target[some], known[some], noise[some], pool)
            for some in (~is_other, is_other)
        )
        return first, other

    def _alone(self, images: Images, n: int, pool: Hashes) -> Rows:
        """Releases by n calls, with nothing else in them."""
        released = np.stack([self._call(images) for _ in range(n)]).reshape(n, -1)
        values = images[0].size
        none = np.empty((n, 0, values))
        return Rows(released, none, np.full(n, -1), pool)

    def _own_pool(self, experiment: Experiment) -> Hashes:
        """Noise of calls with other keys, which the attacker makes himself."""
        name = id(experiment)
        if name not in self._pool:
            image = experiment.images[:1]
            n = self._own_calls
            own = np.stack([self._call(image) for _ in range(n)])
            self._pool[name] = np.sort(self.hashes((own - image).reshape(n, -1)))
        return self._pool[name]

    def _call(self, images: Images, names: Sequence[str] | None = None) -> Floats:
        """One call of the mechanism, with a key of its own; (n, ...)."""
        names = names or [str(i) for i in range(len(images))]
        released = np.asarray(
            self._mechanism.privatize(images, key=self._next_key(), ids=names)
        )
        if released.shape != images.shape:
            raise ValueError(
                "privatize must return images of the shape that it was given, "
                f"{images.shape}. Received: {released.shape}."
            )
        return released.astype(np.float64)

    def _next_key(self) -> bytes:
        self._calls += 1
        counter = self._calls.to_bytes(8, "big")
        return hashlib.blake2b(counter, key=self._key, digest_size=32).digest()

    def _next_seed(self) -> int:
        return int.from_bytes(self._next_key(), "big")


def _joined(parts: Sequence[Rows]) -> Rows:
    *columns, pools = zip(*parts, strict=True)
    target, known, noise = map(np.concatenate, columns)
    return Rows(target, known, noise, np.sort(np.concatenate(pools)))


def _shares(total: int, most: int) -> Iterator[int]:
    for size in cycle(_TRIALS):
        if total <= 0:
            return
        yield min(total, size, most)
        total -= min(size, most)
