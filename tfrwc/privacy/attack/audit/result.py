"""What an audit shows, beside what is stated."""

import math
from dataclasses import dataclass

from tfrwc._common.html import paragraphs


@dataclass(frozen=True)
class Audit:
    """Result of an attack on a mechanism.

    Attributes:
        epsilon: lower bound on the true epsilon, with the confidence asked for.
        stated: the statement's epsilon for the same delta; `math.inf` where nothing is
            promised.
        trials: releases of each of the two inputs that the bound is from.
        pair: the inputs that were told apart.
        score: what of the release told them apart.
        per: what the guarantee is for.
        delta: of the guarantee.
        confidence: probability that the bound holds.
    """

    epsilon: float
    stated: float
    trials: int
    pair: str = ""
    score: str = ""
    per: str = "value"
    delta: float = 0.0
    confidence: float = 0.0

    @property
    def exposed(self) -> bool:
        """Whether more is shown than is stated: the statement is false."""
        return self.epsilon > self.stated

    def explain(self) -> str:
        """The result in words."""
        shown = (
            f"An attacker who looks at {self.score or 'releases'} tells "
            f"{self.pair or 'two inputs'} apart: with a confidence of "
            f"{self.confidence:g}, epsilon for one {self._unit} is at least "
            f"{self.epsilon:.4g}, with a delta of {self.delta:g}."
        )
        if math.isinf(self.stated):
            return f"{shown} The statement promises nothing for this delta."
        if self.exposed:
            return f"{shown} The statement is false: it says {self.stated:.4g}."
        return (
            f"{shown} The statement says {self.stated:.4g}, which this attack does not "
            "refute; another one might."
        )

    def _repr_html_(self) -> str:
        return paragraphs(self.explain())

    @property
    def _unit(self) -> str:
        return "image" if self.per == "structure" else self.per
