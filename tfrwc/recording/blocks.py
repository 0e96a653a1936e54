"""The sums of the measures over arrays in memory, at the speed of memory.

Arrays are read in blocks that stay in the processor's cache while all sums over
them are taken and the old weights are overwritten with the new. So from memory
both are read once, and one is written once. Sums of a block are taken by BLAS, in
the precision of the weights (float32 for lower ones); those of blocks are added in
float64.
"""

import numpy as np
from scipy.linalg.blas import dasum, sasum

# Elements: three operands of this many stay in the cache, and OpenBLAS does not yet
# start threads of its own, as it does above 100,000.
_BLOCK = 98_304


def _l1_sums(a, d, magnitude):
    return magnitude(d), magnitude(a)


def _l2_sums(a, d, magnitude):
    return d @ d, a @ a


def _mean_sums(a, d, magnitude):
    return magnitude(d), magnitude(d / a), d.size


def _products(a, d, magnitude):
    return d @ d, a @ a, a @ d


# Of a block of the old weights, their change, and the BLAS routine for sum |x|.
_BLOCK_SUMS = {
    "l1_ratio": (_l1_sums, 2),
    "l2_ratio": (_l2_sums, 2),
    "elementwise_mean": (_mean_sums, 3),
    "cosine": (_products, 3),
}


def needs_whole_tensors(measures) -> bool:
    """Whether sums over the parts of a tensor do not add up to those over it."""
    return not {"cosine", "elementwise_median"}.isdisjoint(measures)


def scratch():
    """Memory that `compare` needs, for a thread that calls it many times.

    Fresh memory would have to be mapped, zeroed and brought into the cache each time.
    """
    return np.empty(_BLOCK, np.float64)


def compare(before, now, measures, renew=False, memory=None) -> list[float]:
    """The sums (see `sums`) of one tensor, those of all measures in a row.

    Args:
        before: vector of the weights before.
        now: vector of the weights now.
        measures: names.
        renew: whether `before` is overwritten with `now`.
        memory: from `scratch`.
    """
    memory = scratch() if memory is None else memory
    with np.errstate(all="ignore"):
        # Some measures look at a tensor again, before it may be overwritten.
        whole = needs_whole_tensors(measures)
        in_blocks = [name for name in measures if name in _BLOCK_SUMS]
        totals = _sums_in_blocks(before, now, in_blocks, renew and not whole, memory)
        sums = []
        for name in measures:
            if name == "elementwise_median":
                sums += _median_sums(before, now, memory)
                continue
            count = _BLOCK_SUMS[name][1]
            own, totals = totals[:count], totals[count:]
            if name == "cosine":
                own = _cosine_sums(before, now, *own, memory)
            sums += own
        if renew and whole:
            np.copyto(before, now)
        return sums


def _sums_in_blocks(before, now, measures, renew, memory):
    # A loop without frills: with two threads, most of what Python does here counts.
    functions = [_BLOCK_SUMS[name][0] for name in measures]
    totals = [0.0] * sum(_BLOCK_SUMS[name][1] for name in measures)
    exact = before.dtype in (np.float32, np.float64)
    for a, b, d, magnitude in _blocks(before, now, memory):
        i = 0
        for function in functions:
            for value in function(a, d, magnitude):
                totals[i] += float(value)
                i += 1
        if renew and exact:
            np.copyto(a, b)
    if renew and not exact:
        np.copyto(before, now)
    return totals


def _blocks(before, now, memory):
    """Old weights, new ones, their difference and routine for sum |x|, by block.

    In float32 or float64; the first two are views where the arrays are of these.
    """
    exact = before.dtype in (np.float32, np.float64)
    dtype = before.dtype if exact else np.dtype(np.float32)
    magnitude = sasum if dtype == np.float32 else dasum
    difference = memory.view(dtype)
    for start in range(0, before.size, _BLOCK):
        a, b = before[start : start + _BLOCK], now[start : start + _BLOCK]
        if not exact:
            a, b = a.astype(dtype), b.astype(dtype)
        yield a, b, np.subtract(b, a, out=difference[: a.size]), magnitude


def _cosine_sums(before, now, dd, aa, ad, memory):
    # The part of the change that lies across the old weights gives the sine.
    along = ad / aa if aa else 0.0
    across = 0.0
    for a, _, d, _ in _blocks(before, now, memory):
        rest = d - a.dtype.type(along) * a
        across += float(rest @ rest)
    return [across, aa, aa + 2 * ad + dd, aa + ad]


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
