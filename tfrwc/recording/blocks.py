"""The sums of the measures over arrays in memory, at the speed of memory.

Arrays are read in blocks that stay in the processor's cache while all sums over
them are taken and the old weights are overwritten with the new. So from memory
both are read once, and one is written once. Sums of a block are taken by BLAS, in
the precision of the weights (float32 for lower ones); those of blocks are added in
float64.
"""

import numpy as np
from scipy.linalg.blas import dasum, sasum

_BLOCK = 65_536  # elements; three operands of this many fit into a core's cache


def _sum_of_magnitudes(x):
    return sasum(x) if x.dtype == np.float32 else dasum(x)


def _l1_sums(a, d):
    return _sum_of_magnitudes(d), _sum_of_magnitudes(a)


def _l2_sums(a, d):
    return d @ d, a @ a


def _mean_sums(a, d):
    return _sum_of_magnitudes(d), _sum_of_magnitudes(d / a), d.size


def _products(a, d):
    return d @ d, a @ a, a @ d


_BLOCK_SUMS = {
    "l1_ratio": _l1_sums,
    "l2_ratio": _l2_sums,
    "elementwise_mean": _mean_sums,
    "cosine": _products,
}


def compare(before, now, measures, renew=False):
    """The sums (see `sums`) of one tensor.

    Args:
        before: vector of the weights before.
        now: vector of the weights now.
        measures: names.
        renew: whether `before` is overwritten with `now`.

    Returns:
        List of float64 vectors, one per measure.
    """
    whole = needs_whole_tensors(measures)
    totals = {name: 0.0 for name in measures if name in _BLOCK_SUMS}
    with np.errstate(all="ignore"):
        for a, d, block in _blocks(before, now):
            for name in totals:
                sums = np.array(_BLOCK_SUMS[name](a, d), np.float64)
                totals[name] = totals[name] + sums
            if renew and not whole:
                np.copyto(before[block], now[block])
        if "cosine" in measures:
            totals["cosine"] = _cosine_sums(before, now, *totals["cosine"])
        if "elementwise_median" in measures:
            totals["elementwise_median"] = _median_sums(before, now)
    if renew and whole:
        np.copyto(before, now)
    return [totals[name] for name in measures]


def needs_whole_tensors(measures) -> bool:
    """Whether sums over the parts of a tensor do not add up to those over it."""
    return not {"cosine", "elementwise_median"}.isdisjoint(measures)


def _blocks(before, now):
    """The old weights and their change, block by block, in float32 or float64."""
    exact = before.dtype in (np.float32, np.float64)
    dtype = before.dtype if exact else np.float32
    difference = np.empty(min(before.size, _BLOCK), dtype)
    for start in range(0, before.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        a, b = before[block], now[block]
        if not exact:
            a, b = a.astype(dtype), b.astype(dtype)
        d = difference[: a.size]
        np.subtract(b, a, out=d)
        yield a, d, block


def _cosine_sums(before, now, dd, aa, ad):
    along = ad / aa if aa else 0.0
    across = 0.0
    for a, d, _ in _blocks(before, now):
        rest = d - a.dtype.type(along) * a
        across += float(rest @ rest)
    return np.array([across, aa, aa + 2 * ad + dd, aa + ad])


def _median_sums(before, now):
    change, ratios = 0.0, []
    for a, d, _ in _blocks(before, now):
        # Elements that stay at zero do not count.
        counts = (a != 0) | (d != 0)
        ratios.append(np.abs(d[counts] / a[counts]))
        change += float(_sum_of_magnitudes(d))
    ratios = np.concatenate(ratios)
    # np.median would sort out NaN first; they come with a sum that is not finite.
    known = ratios.size and np.isfinite(change)
    return np.array([change, np.median(ratios) if known else np.nan])
