"""What a page of results says before it shows anything."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """The answer to the question of a page.

    Attributes:
        sentence: the answer; "cannot tell" if it cannot be given.
        lines: what else was found, in the order of its weight.
        doubts: what is not certain, and why.
    """

    sentence: str
    lines: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
