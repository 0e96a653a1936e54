"""Damaged files, and what comes of them: a harness for every door of the package.

A `Door` is a function that reads a file or folder, beside who writes an original, who
damages a copy of it, and who judges what was read. `run` damages copies by a seed and
has worker processes read them, so that a crash or a hang is counted and ends nothing:

>>> from fuzz import bytewise, run
>>> counts = run("fuzz.recordings:BYTES", cases=1000, seed=0)  # doctest: +SKIP
>>> counts.faults  # doctest: +SKIP
[]

From the command line, with ``tests`` on the path:

    python -m fuzz fuzz.recordings:BYTES --cases 1000 --seed 0
"""

from fuzz.door import Door
from fuzz.harness import Counts, run
from fuzz.mutations import anywhere, bytewise
from fuzz.trees import change_json, json_file

__all__ = [
    "Counts",
    "Door",
    "anywhere",
    "bytewise",
    "change_json",
    "json_file",
    "run",
]
