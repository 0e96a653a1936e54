"""Outcomes of a law from random words, without an error.

A word is the beginning of a uniform number between 0 and 1, of which the outcome is
the one that its place among the law's thresholds says. Most often its first 16 bits
say it, by one look into a table; if not, all 32 do, by bisection; and if not even
these, further bits are drawn.

>>> import numpy as np
>>> from fractions import Fraction
>>> from tfrwc.privacy.exact.laws import Response
>>> table = Table(Response(epsilon=Fraction(3), levels=4))
>>> words = np.array([[0, 2**31, 2**32 - 1]], np.uint32)
>>> table.draw(words, np.zeros((1, SEED_WORDS), np.int64), np.int32, farthest=9)
array([[0, 0, 3]], dtype=int32)
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.privacy.exact.laws import Law, Thresholds

SEED_WORDS = 4  # 256 bits, from which the further bits of an image come
_OPEN = np.iinfo(np.int16).min


class Table:
    """Draws outcomes of a law.

    Args:
        law: the law.
        bits: how many bits of a word are used before further ones are drawn. Fewer
            than 32 are for tests.
    """

    def __init__(self, law: Law, bits: int = 32) -> None:
        self._law, self._bits = law, bits
        self._first, low, high = _thresholds(law, bits)
        self._low = np.array(low, np.uint64)
        self._below_high = np.array([value - 1 for value in high], np.uint64)
        # After the last threshold there is none that a word can reach.
        self._next_low = np.append(self._low, np.uint64(1 << bits))
        # The words that begin alike, from the first to the last of them.
        self._coarse_bits = min(bits, 16)
        rest = bits - self._coarse_bits
        first = np.arange(1 << self._coarse_bits, dtype=np.uint64) << np.uint64(rest)
        last = first | np.uint64((1 << rest) - 1)
        least, most = self._passed(first)[0], self._passed(last)[1]
        self._coarse = np.where(least == most, self._first + least, _OPEN)
        self._coarse = self._coarse.astype(np.int16)

    def draw(
        self,
        words: npt.NDArray[np.uint32],
        seeds: npt.NDArray[np.int64],
        dtype: type[np.signedinteger[Any]],
        farthest: int,
        purpose: int = 0,
    ) -> npt.NDArray[Any]:
        """Outcomes, one for each word.

        Args:
            words: uniform, (images, words of each).
            seeds: uniform, (images, `SEED_WORDS`): where further bits come from.
            dtype: of the outcomes.
            farthest: outcomes beyond are told as this one, or less this one. Whoever
                takes them must see to it that nobody can tell.
            purpose: different ones have independent further bits.

        Returns:
            Whole numbers of the words' shape.
        """
        start = words >> np.uint32(32 - self._coarse_bits)
        coarse = self._coarse.take(start, mode="clip")  # which checks no index
        outcomes = coarse.astype(dtype)
        places = np.flatnonzero(coarse == _OPEN)
        some = words.ravel()[places].astype(np.uint64) >> np.uint64(32 - self._bits)
        least = np.searchsorted(self._below_high, some)
        outcomes.ravel()[places] = self._first + least
        for i in np.flatnonzero(self._next_low[least] <= some):
            row, column = divmod(int(places[i]), words.shape[1])
            further = _further_words(seeds[row].tobytes(), purpose, column)
            outcome = self._outcome(int(some[i]), further)
            outcomes[row, column] = max(-farthest, min(outcome, farthest))
        return outcomes

    def _passed(
        self, words: npt.NDArray[np.uint64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """How many thresholds numbers that begin so have passed: at least, at most."""
        return (
            np.searchsorted(self._below_high, words, side="left"),
            np.searchsorted(self._low, words, side="right"),
        )

    def _outcome(self, word: int, further: Iterator[int]) -> int:
        """The outcome of a word that leaves it open."""
        size = self._bits
        while True:
            word, size = word << 64 | next(further), size + 64
            first, low, high = _thresholds(self._law, size)
            least, most = bisect_right(high, word), bisect_right(low, word)
            if least == most:
                return first + least


@lru_cache(maxsize=64)
def table_of(law: Law) -> Table:
    """The table of a law; making one takes milliseconds."""
    return Table(law)


@lru_cache(maxsize=64)
def _thresholds(law: Law, bits: int) -> Thresholds:
    return law.thresholds(bits)


def _further_words(seed: bytes, purpose: int, place: int) -> Iterator[int]:
    """Words of 64 bits without end, by BLAKE2b under a seed."""
    for i in count():
        text = b"further %d %d %d" % (purpose, place, i)
        digest = hashlib.blake2b(text, key=seed, digest_size=8).digest()
        yield int.from_bytes(digest, "little")
