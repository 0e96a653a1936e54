"""What the data sets of a pipeline were charged: all statements on each, together.

A step that makes a statement charges the examples that it takes. Released images are no
such data: whatever is made of them was paid for by their release.
"""

import hashlib
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfrwc._common.paths import local_path
from tfrwc.components.engine.artifacts import Examples, TfrwcPrivacyStatement
from tfrwc.components.engine.ledger import read
from tfrwc.components.engine.ledger_rows import Execution
from tfrwc.components.engine.manifest import Manifest, damage

if TYPE_CHECKING:
    from tfrwc.privacy.statement import PrivacyStatement


@dataclass(frozen=True)
class Charge:
    """What a data set was charged.

    Attributes:
        name: of the step that made the data set.
        fingerprint: of the names and contents of its files.
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
        FileNotFoundError: if no pipeline ran there.
        OSError: if its ledger is damaged, or a statement is gone or not the one that
            was written.
    """
    folder = local_path(root, "A pipeline's root").resolve()
    done = [one for one in read(folder) if one.state in ("complete", "removed")]
    makers = {one.uri(name): (one, name) for one in done for name in one.outputs}
    names: dict[str, str] = {}
    users: dict[str, dict[int, Execution]] = {}
    for one in done:
        for uri in one.made_from() if _stated(one) else ():
            maker, output = makers[uri]
            is_data = maker.key["outputs"][output] == Examples.TYPE_NAME
            if is_data and not _stated(maker):
                mark = _mark(maker.outputs[output]["files"])
                names.setdefault(mark, maker.step)
                users.setdefault(mark, {})[one.id] = one
    return [
        _charge(names[mark], mark, [_statement(folder, one) for one in those.values()])
        for mark, those in users.items()
    ]


def _stated(execution: Execution) -> str:
    """The output that is a statement; empty if there is none."""
    kinds = execution.key["outputs"].items()
    stated = [name for name, kind in kinds if kind == TfrwcPrivacyStatement.TYPE_NAME]
    return stated[0] if stated else ""


def _mark(files: Manifest) -> str:
    """What tells a data set from others: of its files' names and contents."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]


def _charge(name: str, mark: str, statements: "list[PrivacyStatement]") -> Charge:
    private = [one for one in statements if math.isfinite(one.guarantee.epsilon)]
    return Charge(name, mark, tuple(private), len(statements) - len(private))


def _statement(root: Path, execution: Execution) -> "PrivacyStatement":
    from tfrwc.privacy import read_statement

    name = _stated(execution)
    folder = root / execution.uri(name)
    if wrong := damage(folder, execution.outputs[name]["files"]):
        raise OSError(
            f"The statement in {folder} is not the one that was written there: "
            f"{wrong}. Restore it: what its data were charged cannot be told without."
        )
    return read_statement(folder)
