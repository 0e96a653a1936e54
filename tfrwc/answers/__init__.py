"""What recordings say: in words and tables, in pictures, on a page.

>>> from tfrwc import load_recording
>>> recording = load_recording("run.parquet")  # doctest: +SKIP
>>> print(recording.summary())  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.answers.difference import Difference, difference
    from tfrwc.answers.summary import Summary, summary

__all__ = ["Difference", "Summary", "difference", "summary"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "difference": ["Difference", "difference"],
        "summary": ["Summary", "summary"],
    },
)
