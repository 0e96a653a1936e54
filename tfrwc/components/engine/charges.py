"""What the data sets of a pipeline were charged: all statements on each, together.

A step that makes a statement charges the examples that it takes. Released images are no
such data: whatever is made of them was paid for by their release.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrwc._common.paths import local_path
from tfrwc.components.engine import ledger_file
from tfrwc.components.engine.artifacts import Examples, TfrwcPrivacyStatement
from tfrwc.datasets.fingerprint import fingerprint

if TYPE_CHECKING:
    from tfrwc.privacy.statement import PrivacyStatement


@dataclass(frozen=True)
class Charge:
    """What a data set was charged.

    Attributes:
        name: of the step that made the data set.
        fingerprint: of its files, as of `tfrwc.datasets.fingerprint` without times.
        statements: of all that was made of it with a guarantee.
        bare: how many were made of it without, such as models to compare with.
    """

    name: str
    fingerprint: str
    statements: "tuple[PrivacyStatement, ...]"
    bare: int

    def together(self) -> "PrivacyStatement | None":
        """The statement of all that has a guarantee; None where nothing has."""
        from tfrwc.privacy.composition import compose

        return compose(self.statements) if self.statements else None

    def in_words(self) -> str:
        """All in one line."""
        together = self.together()
        said = together.summary() if together else "nothing"
        uses = len(self.statements)
        times = f"{uses} use{'' if uses == 1 else 's'}"
        line = f"{self.name} ({self.fingerprint}): {said}, in {times}"
        if self.bare:
            line += f"; {self.bare} more without a guarantee, to be kept"
        return line


def charges(root: str | os.PathLike[str]) -> list[Charge]:
    """What every data set in the folder of a pipeline was charged so far.

    Data sets with the same files are one. Executions that did not complete made
    nothing that counts.

    Args:
        root: folder of the pipeline.

    Raises:
        FileNotFoundError: if no pipeline ran there, or a statement is gone.
        OSError: if one is running there, the file is damaged, or a statement is not
            the one that was written.
    """
    root = local_path(root, "A pipeline's root").resolve()
    if not (root / ledger_file.NAME).exists():
        raise FileNotFoundError(
            f"No pipeline ran in {root}: there is no {ledger_file.NAME}."
        )
    contents = ledger_file.read(root)
    steps = {row[0]: row[1] for row in contents.executions if row[5] == "complete"}
    marks = dict(contents.files)
    stated: dict[int, tuple[Path, str | None]] = {}  # where, by execution
    makers: dict[int, int] = {}  # executions, by their examples
    for artifact, execution, _, kind, uri, _ in contents.artifacts:
        if kind == TfrwcPrivacyStatement.TYPE_NAME:
            stated[execution] = root / uri, marks.get(artifact)
        elif kind == Examples.TYPE_NAME:
            makers[artifact] = execution
    names: dict[str, str] = {}
    users: dict[str, set[int]] = {}
    for execution, _, artifact in contents.inputs:
        maker = makers.get(artifact)
        is_release = maker in stated
        if maker in steps and not is_release and execution in steps.keys() & stated:
            mark = marks.get(artifact, f"artifact {artifact}")
            names.setdefault(mark, steps[maker])
            users.setdefault(mark, set()).add(execution)
    return [
        _charge(names[mark], mark, [_read(*stated[one]) for one in sorted(executions)])
        for mark, executions in users.items()
    ]


def _charge(name: str, mark: str, statements: "list[PrivacyStatement]") -> Charge:
    private = [one for one in statements if math.isfinite(one.guarantee.epsilon)]
    return Charge(name, mark, tuple(private), len(statements) - len(private))


def _read(folder: Path, mark: str | None) -> "PrivacyStatement":
    from tfrwc.privacy import read_statement

    statement = read_statement(folder)
    if mark not in (None, fingerprint(folder, times=False)):
        raise OSError(
            f"The statement in {folder} is not the one that was written there. Restore "
            "it, or run the pipeline again."
        )
    return statement
