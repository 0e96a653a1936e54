"""The sums of the measures over arrays in memory, at the speed of memory.

Arrays are read in blocks that stay in the processor's cache while all sums over
them are taken and the old weights are overwritten with the new. So from memory
both are read once, and one is written once. Sums of a block are taken by BLAS, in the
precision of the weights (float32 for lower ones); those of blocks are added in float64.
"""

import numpy as np
from scipy.linalg.blas import dasum, sasum

# Elements. Two float32 operands of this many (0.8 MB) fit into the cache of a core, and
# OpenBLAS does not yet start threads of its own, as it does above 100,000.
_BLOCK = 98_304
_EXACT = (np.dtype(np.float32), np.dtype(np.float64))


def _l1_sums(a, b, d, magnitude):
    return magnitude(d), magnitude(a)


def _l2_sums(a, b, d, magnitude):
    return d @ d, a @ a


def _mean_sums(a, b, d, magnitude):
    return magnitude(d), magnitude(d / a), d.size


def _products(a, b, d, magnitude):
    # All of them: aa + ad loses digits where b is small, ab - aa where d is.
    return a @ a, b @ b, a @ b, a @ d


# Of a block of the old weights, the new, their change, and BLAS' routine for sum |x|.
_BLOCK_SUMS = {
    "l1_ratio": (_l1_sums, 2),
    "l2_ratio": (_l2_sums, 2),
    "elementwise_mean": (_mean_sums, 3),
    "cosine": (_products, 4),
}

# From numbers smaller than this, others can be subtracted without a floating point
# exception, whatever they are: infinities and NaN stay, and the largest number is
# rounded back to itself. For a small tensor `np.errstate` costs more than this does.
_QUIET = 1e30


def needs_whole_tensors(measures) -> bool:
    """Whether sums over the parts of a tensor do not add up to those over it."""
    return not {"cosine", "elementwise_median"}.isdisjoint(measures)


class Comparison:
    """Takes the sums (see `sums`) of tensors, those of all measures in a row.

    Args:
        measures: names.
        renew: whether the weights before are overwritten with those now.
        size: elements of the largest tensor.
    """

    def __init__(self, measures, renew, size):
        self._measures = measures
        # Fresh memory would have to be mapped, zeroed and brought into the cache each
        # time.
        self._memory = np.empty(min(size, _BLOCK), np.float64)
        # Some measures look at a tensor again, before it may be overwritten.
        whole = needs_whole_tensors(measures)
        self._renew_in_blocks = renew and not whole
        self._renew_at_the_end = renew and whole
        in_blocks = [_BLOCK_SUMS[name] for name in measures if name in _BLOCK_SUMS]
        self._functions = [function for function, _ in in_blocks]
        self._zeros = [0.0] * sum(count for _, count in in_blocks)

    def __call__(self, before, now) -> list[float]:
        """Compare vectors of weights."""
        with np.errstate(all="ignore"):  # no decorator: threads would share its state
            return self._sums(before, now)

    def _sums(self, before, now):
        totals = self._sums_in_blocks(before, now)
        sums = []
        for name in self._measures:
            if name == "elementwise_median":
                sums += _median_sums(before, now, self._memory)
                continue
            count = _BLOCK_SUMS[name][1]
            own, totals = totals[:count], totals[count:]
            if name == "cosine":
                own = _cosine_sums(before, now, *own, self._memory)
            sums += own
        if self._renew_at_the_end:
            np.copyto(before, now)
        return sums

    def _sums_in_blocks(self, before, now):
        # A loop without frills: what Python does here counts.
        functions, totals = self._functions, self._zeros.copy()
        exact = before.dtype in _EXACT
        for a, b, d, magnitude in _blocks(before, now, self._memory):
            i = 0
            for function in functions:
                for value in function(a, b, d, magnitude):
                    totals[i] += float(value)
                    i += 1
            if self._renew_in_blocks and exact:
                np.copyto(a, b)
        if self._renew_in_blocks and not exact:
            np.copyto(before, now)
        return totals


class RenewedL1:
    """The sums of `l1_ratio` between a tensor and what it was at the last call.

    The fast way of the commonest measure: the change is taken in the place of the old
    weights, so that nothing else takes up the cache, and the sum over the new ones is
    kept for the next call, so that the first look at a block brings both its operands
    from memory at once.

    Args:
        before: vector of float32 or float64, overwritten at each call.
    """

    def __init__(self, before):
        self._before = before
        self._magnitude = _magnitude(before.dtype)
        self._size = None

    @staticmethod
    def suits(dtype, measures, renew) -> bool:
        """Whether it can take the place of a `Comparison`."""
        return renew and tuple(measures) == ("l1_ratio",) and dtype in _EXACT

    def __call__(self, now) -> list[float]:
        """Compare with this vector of weights."""
        before, magnitude, size = self._before, self._magnitude, self._size
        if size is None:
            size = sum(magnitude(before[block]) for block in _slices(before.size))
        self._size = None  # not known after an interrupt
        change = new = 0.0
        for block in _slices(before.size):
            a, b = before[block], now[block]
            try:
                if size < _QUIET:
                    np.subtract(b, a, out=a)
                else:
                    with np.errstate(all="ignore"):
                        np.subtract(b, a, out=a)
                change += magnitude(a)
            finally:  # an interrupt leaves weights there, not their change
                np.copyto(a, b)
            new += magnitude(a)
        self._size = new
        return [change, size]


def _slices(size):
    return (slice(start, start + _BLOCK) for start in range(0, size, _BLOCK))


def _magnitude(dtype):
    return sasum if dtype == _EXACT[0] else dasum


def _blocks(before, now, memory):
    """Old weights, new ones, their difference and routine for sum |x|, by block.

    In float32 or float64; the first two are views where the arrays are of these.
    """
    exact = before.dtype in _EXACT
    dtype = before.dtype if exact else _EXACT[0]
    magnitude, difference = _magnitude(dtype), memory.view(dtype)
    for block in _slices(before.size):
        a, b = before[block], now[block]
        if not exact:
            a, b = a.astype(dtype), b.astype(dtype)
        yield a, b, np.subtract(b, a, out=difference[: a.size]), magnitude


def _cosine_sums(before, now, aa, bb, ab, ad, memory):
    # The part of the change that lies across the old weights gives the sine.
    along = ad / aa if aa else 0.0
    across = 0.0
    for a, _, d, _ in _blocks(before, now, memory):
        rest = d - a.dtype.type(along) * a
        across += float(rest @ rest)
    return [across, aa, bb, ab]


def _median_sums(before, now, memory):
    change, ratios = 0.0, []
    for a, _, d, magnitude in _blocks(before, now, memory):
        # Elements that stay at zero do not count.
        counts = (a != 0) | (d != 0)
        ratios.append(np.abs(d[counts] / a[counts]))
        change += float(magnitude(d))
    ratios = np.concatenate(ratios)
    known = ratios.size > 0 and np.isfinite(change)
    return [change, float(np.median(ratios)) if known else np.nan]
