"""Which block of its network a layer is in, by its path or its name.

>>> blocks(["net/stem/kernel", "net/enc/q/kernel", "net/enc/v/kernel"])
['', 'enc', 'enc']
>>> blocks(["conv2_block1_1_conv/kernel", "conv2_block1_2_conv/kernel", "fc/kernel"])
['conv2_block1', 'conv2_block1', '']
"""

import re
from collections.abc import Sequence

_MOST = 16
"""Tensors in a block from which on it is taken apart, where it has parts."""

# As Keras' own networks name layers: block1_conv1, conv2_block1_1_conv, block2a_dwconv,
# block_3_expand.
_IN_NAME = re.compile(r"^((?:[a-z]+\d*_)??(?:block|stage|layer)_?\d+[a-z]?)(?=_)")

Parts = tuple[str, ...]


def blocks(paths: Sequence[str]) -> list[str]:
    """The block of each tensor, empty for one that is in none.

    A block is a layer that holds layers, as the paths of their variables say: the
    outermost that is not all of the network; one with many tensors is taken apart into
    those in it. Functional networks without such layers name their blocks in the names
    of the layers.

    Args:
        paths: of variables, such as ``"net/block_1/conv/kernel"``.
    """
    # Without the layer and its variable.
    holders = [tuple(path.split("/")[:-2]) for path in paths]
    rows = list(range(len(paths)))
    found = dict.fromkeys(rows, "")
    start = _common(holders)
    _take_apart(holders, rows, start, start, found)
    for row in rows:
        name = paths[row].split("/")[-2:][0]
        match = _IN_NAME.match(name)
        if not found[row] and match:
            found[row] = match[1]
    return [found[row] for row in rows]


def _common(holders: Sequence[Parts]) -> int:
    """How many of their first parts all have in common."""
    first, last = min(holders, default=()), max(holders, default=())
    depth = 0
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return depth


def _take_apart(
    holders: Sequence[Parts],
    rows: list[int],
    start: int,
    depth: int,
    found: dict[int, str],
) -> None:
    """Find the blocks of some rows, whose holders have their first parts in common.

    Args:
        holders: of all rows.
        rows: which to look at.
        start: where names of blocks begin.
        depth: how many parts these rows have in common.
        found: the block of each row, set here.
    """
    groups: dict[Parts, list[int]] = {}
    for row in rows:
        groups.setdefault(holders[row][: depth + 1], []).append(row)
    for holder, members in groups.items():
        if len(holder) <= depth:
            continue
        for row in members:
            found[row] = "/".join(holder[start:])
        inner = [holders[row] for row in members]
        if len(members) > _MOST and len(set(inner)) > 1:
            _take_apart(holders, members, start, _common(inner), found)
