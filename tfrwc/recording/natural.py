"""The order of names with numbers in them."""

import re


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that orders names by the numbers in them.

    >>> sorted(["a10", "a2"], key=natural)
    ['a2', 'a10']
    """
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]
