"""What a diagnosis finds, and how it is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

import pandas as pd

from tfrwc._common.html import items, table
from tfrwc.dynamics.diagnosis.names import NAMES

SURE = ("certain", "likely", "possible")
_COLUMNS = ("kind", "layer", "since", "sure", "evidence", "advice")
_NOTHING, _UNSEEN = "Nothing wrong was found.", "What could not be seen"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a training.

    Attributes:
        kind: name of what is wrong, such as ``"dying_relu"``; docs/guides/diagnose.md
            lists all.
        evidence: sentences with the numbers that show it.
        advice: what to do first.
        sure: ``"certain"``, ``"likely"`` or ``"possible"``.
        layer: name of the tensor or layer where it is; None if it is in none.
        since: the step from which on it was seen; None if from before the first one.
    """

    kind: str
    evidence: str
    advice: str
    sure: str = "likely"
    layer: str | None = None
    since: int | None = None

    def located(self, other: "Finding") -> "Finding":
        """The same, in the layer of another one of its kind if it has none."""
        if self.layer is not None or other.layer is None:
            return self
        evidence = f"{self.evidence} {other.evidence}"
        return replace(self, layer=other.layer, evidence=evidence)

    @property
    def name(self) -> str:
        """What is wrong, in words."""
        return NAMES.get(self.kind, self.kind.replace("_", " "))

    @property
    def title(self) -> str:
        """What is wrong, where, since when and how sure that is, in words."""
        # Names and evidence say where it is the last layer.
        where = f" in {self.layer}" if self.layer not in (None, "output") else ""
        when = f" from step {self.since:,} on" if self.since is not None else ""
        return f"{self.name[:1].upper()}{self.name[1:]}{where}{when} ({self.sure})"

    def __str__(self) -> str:
        return f"{self.title}: {self.evidence} {self.advice}"


@dataclass(frozen=True)
class Diagnosis(Sequence[Finding]):
    """The findings, worst first; empty where nothing is wrong.

    Attributes:
        findings: in their order.
        untold: sentences on what could not be seen from what was given.
    """

    findings: tuple[Finding, ...] = ()
    untold: tuple[str, ...] = field(default=())

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        return self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def to_frame(self) -> pd.DataFrame:
        """A row per finding: kind, layer, since, sure, evidence, advice."""
        rows = [[getattr(one, name) for name in _COLUMNS] for one in self.findings]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        frame["since"] = frame["since"].astype("Int64")
        return frame

    def explain(self) -> str:
        """All findings and what could not be told, as text of a few lines each."""
        lines = []
        for number, one in enumerate(self.findings, 1):
            lines += [f"{number}. {one.title}"]
            lines += [f"   {one.evidence}", f"   First: {one.advice}"]
        if not self.findings:
            lines += [_NOTHING]
        if self.untold:
            lines += [f"{_UNSEEN}:", *(f"- {sentence}" for sentence in self.untold)]
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """As `explain`, with a list whose lines any page can break."""
        lines = [
            f"{number}. **{one.title}**: {one.evidence} *First:* {one.advice}"
            for number, one in enumerate(self.findings, 1)
        ] or [_NOTHING]
        if self.untold:
            lines += ["", f"{_UNSEEN}:", "", *(f"- {said}" for said in self.untold)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.explain()

    def _repr_html_(self) -> str:
        cells = self.to_frame().astype(object)
        cells = cells.where(cells.notna(), "–")
        cells["kind"] = [one.name for one in self.findings]
        shown = table(_COLUMNS, cells.to_numpy().tolist())
        return (shown or f"<p>{_NOTHING}</p>") + items(_UNSEEN, self.untold)
