"""What the data sets of a pipeline were charged: all statements on each, together.

A step that makes a statement charges the examples that it takes. Released images are no
such data: whatever is made of them was paid for by their release.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        fingerprint: of the contents of its splits.
        statements: of all that was made of it with a guarantee.
        bare: how many were made of it without, such as models to compare with.
    """

    name: str
    fingerprint: str
    statements: "tuple[PrivacyStatement, ...]"
    bare: int

    def adds_up(self) -> bool:
        """Whether one number covers all statements: those for images and patients, or
        trainings for one other unit."""
        units = {one.unit for one in self.statements}
        return len(units) < 2 or units == {"image", "patient"}

    def together(self) -> "PrivacyStatement | None":
        """The statement of all that has a guarantee; None where nothing has.

        Raises:
            ValueError: if they do not add up.
        """
        from tfrwc.privacy.composition import compose

        return compose(self.statements) if self.statements else None

    def in_words(self) -> str:
        """All in one line."""
        if self.adds_up():
            together = self.together()
            said = together.summary() if together else "nothing"
        else:
            units = sorted({one.unit for one in self.statements})
            said = f"uses for one {' and one '.join(units)}, which do not add up"
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
    executions = read(folder)
    names: dict[str, str] = {}
    uses: dict[str, list[PrivacyStatement | None]] = {}
    for one in executions:
        if one.state in ("complete", "removed") and stated(one.key):
            said = _statement(folder, one)
            bare = laid_bare(folder, executions, one.key)
            for mark, name in data_sets(folder, executions, one.key).items():
                names.setdefault(mark, name)
                uses.setdefault(mark, []).append(None if mark in bare else said)
    return [_charge(names[mark], mark, said) for mark, said in uses.items()]


def data_sets(
    root: Path, executions: Sequence[Execution], key: Mapping[str, Any]
) -> dict[str, str]:
    """The data sets of which the Examples tell that an execution takes.

    Args:
        root: folder of the pipeline.
        executions: of the folder, in their order.
        key: of the execution, as of `Execution`.

    Returns:
        Names of the steps that made them, by fingerprint.
    """
    taken = [uri for uri in _taken(key) if _kind(executions, uri) == Examples.TYPE_NAME]
    return _sources(root, executions, taken)


def laid_bare(
    root: Path, executions: Sequence[Execution], key: Mapping[str, Any]
) -> set[str]:
    """Of `data_sets`, those of which an execution also takes what hides nothing, such
    as a model to go on from: no guarantee of its own hides them then."""
    others = [
        uri for uri in _taken(key) if _kind(executions, uri) != Examples.TYPE_NAME
    ]
    bare = _sources(root, executions, others).keys()
    return data_sets(root, executions, key).keys() & bare if bare else set()


def _sources(
    root: Path, executions: Sequence[Execution], uris: Iterable[str]
) -> dict[str, str]:
    """The data sets of which outputs tell, but for what a guarantee covers.

    What is made of a release tells no more than it; what is made of data without a
    guarantee tells of them.
    """
    found: dict[str, str] = {}
    for uri in uris:
        maker = executions[_number(uri) - 1]
        if _has_guarantee(root, executions, maker):
            continue
        if above := maker.made_from():
            found |= _sources(root, executions, above)
        elif _kind(executions, uri) == Examples.TYPE_NAME:
            files = maker.outputs[uri.split("/")[1]]["files"]
            found.setdefault(_mark(files), maker.step)
    return found


def _has_guarantee(root: Path, executions: Sequence[Execution], one: Execution) -> bool:
    if not stated(one.key) or math.isinf(_statement(root, one).guarantee.epsilon):
        return False
    return not laid_bare(root, executions, one.key)


def _taken(key: Mapping[str, Any]) -> list[str]:
    return [uri for uris in key["inputs"].values() for uri in uris]


def _kind(executions: Sequence[Execution], uri: str) -> str:
    kind: str = executions[_number(uri) - 1].key["outputs"][uri.split("/")[1]]
    return kind


def _number(uri: str) -> int:
    """Of the execution that made an output, see `Execution.uri`."""
    return int(uri.rpartition("/")[2])


def stated(key: Mapping[str, Any]) -> str:
    """The output of an execution with this key that is a statement, or empty."""
    kinds = key["outputs"].items()
    found = (name for name, kind in kinds if kind == TfrwcPrivacyStatement.TYPE_NAME)
    return next(found, "")


def _mark(files: Manifest) -> str:
    """What tells a data set from others: the contents of its splits. What is known of
    them beside, such as how many images patients have, makes no other data of them."""
    splits = {name: file for name, file in files.items() if name.startswith("Split-")}
    text = json.dumps(splits or files, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _charge(name: str, mark: str, uses: "Sequence[PrivacyStatement | None]") -> Charge:
    private = [one for one in uses if one and math.isfinite(one.guarantee.epsilon)]
    return Charge(name, mark, tuple(private), len(uses) - len(private))


def _statement(root: Path, execution: Execution) -> "PrivacyStatement":
    from tfrwc.privacy import read_statement

    name = stated(execution.key)
    folder = root / execution.uri(name)
    if wrong := damage(folder, execution.outputs[name]["files"]):
        raise OSError(
            f"The statement in {folder} is not the one that was written there: "
            f"{wrong}. Restore it: what its data were charged cannot be told without."
        )
    return read_statement(folder)
