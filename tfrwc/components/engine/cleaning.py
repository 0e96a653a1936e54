"""Old executions: what is there, what is needed, and away with the rest."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tfrwc._common.locks import is_held
from tfrwc._common.paths import local_path
from tfrwc.components.engine.artifacts import PushedModel, TfrwcPrivacyStatement
from tfrwc.components.engine.ledger import Ledger, read
from tfrwc.components.engine.ledger_file import NAME
from tfrwc.components.engine.ledger_rows import Execution
from tfrwc.datasets.files import all_files


class Kept(NamedTuple):
    """An execution, why it is kept, and how much it keeps.

    Attributes:
        execution: of the ledger.
        state: of it; killed, where that is running, and no process is.
        why: what it is needed for; empty if nothing needs it.
        files: how many its outputs have on disk, but for statements of privacy; with
            what another could go on from, if it was the last of its step and ended
            early.
        bytes: that they take.
    """

    execution: Execution
    state: str
    why: str
    files: int
    bytes: int


def kept(root: str | os.PathLike[str]) -> list[Kept]:
    """The executions of pipelines in a folder, in their order.

    Needed are the newest complete execution of each step, all that pushed a model, and
    all that made what those took.

    Raises:
        FileNotFoundError: if no pipeline ran there.
        OSError: if its ledger is damaged.
    """
    folder = local_path(root).resolve()
    return _kept(folder, read(folder), is_held(folder / NAME))


def _kept(folder: Path, executions: list[Execution], running: bool) -> list[Kept]:
    """As `kept`; `running` says whether a process holds the ledger."""
    needed = _needed(executions)
    last = {one.step: one.id for one in executions}

    def state(one: Execution) -> str:
        return "killed" if one.state == "running" and not running else one.state

    def size(one: Execution) -> tuple[int, int]:
        places = [folder / uri for uri in _removable(one)]
        return _size([*places, *_progress(folder, one, last)])

    return [
        Kept(one, state(one), needed.get(one.id, ""), *size(one)) for one in executions
    ]


def clean(root: str | os.PathLike[str]) -> list[Kept]:
    """Delete the outputs of executions that nothing needs, and what those that ended
    early left to go on from.

    Of each, the ledger then knows that it was removed; its statement of privacy stays.
    A process that is killed leaves folders that the next one deletes.

    Returns:
        Those whose outputs were deleted.

    Raises:
        FileNotFoundError: if no pipeline ran there.
        OSError: if one is running there, its ledger is damaged, or a link leads out of
            the folder.
    """
    read(root)  # so that no ledger is made where there is none
    ledger = Ledger(root)
    try:
        found = _kept(ledger.root, ledger.executions, running=False)
        unneeded = [one for one in found if not one.why]
        last = {one.step: one.id for one in ledger.executions}
        for execution, *_ in unneeded:
            paths = [ledger.path(uri) for uri in _removable(execution)]
            paths += _progress(ledger.root, execution, last)
            if execution.state == "complete":
                ledger.remove(execution)
            for path in paths:
                if path.is_symlink():
                    path.unlink()
                elif path.exists():
                    shutil.rmtree(path)
    finally:
        ledger.close()
    return [one for one in unneeded if one.files]


def _removable(execution: Execution) -> list[str]:
    """Where outputs lie that may go: all, but for statements of privacy, without which
    nobody could tell what was spent (`tfrwc.components.engine.charges`)."""
    outputs = execution.key["outputs"].items()
    is_charged = execution.state in ("complete", "removed")
    stays = TfrwcPrivacyStatement.TYPE_NAME if is_charged else ""
    return [execution.uri(name) for name, kind in outputs if kind != stays]


def _progress(root: Path, execution: Execution, last: Mapping[str, int]) -> list[Path]:
    """Folders that the next execution could go on from
    (`tfrwc.components.engine.progress`): those beside the last of its step, unless
    it is complete and has deleted them."""
    if execution.state == "complete" or execution.id != last[execution.step]:
        return []
    beside = {(root / uri).parent for uri in execution.uris()}
    return [path for folder in beside for path in folder.glob("progress-*")]


def _needed(executions: Iterable[Execution]) -> Mapping[int, str]:
    """Why executions are needed, by their ids."""
    complete = [one for one in executions if one.state == "complete"]
    newest = {one.step: one.id for one in complete}
    makers = {one.uri(name): one.id for one in complete for name in one.outputs}
    needed: dict[int, str] = {}
    # From the end: what takes outputs comes after what makes them.
    for one in reversed(complete):
        if _pushed(one):
            needed[one.id] = "pushed a model"
        elif one.id == newest[one.step]:
            needed[one.id] = "the newest of its step"
        if one.id in needed:
            for maker in {makers[uri] for uri in one.made_from() if uri in makers}:
                needed.setdefault(maker, f"execution {one.id} took its outputs")
    return needed


def _pushed(execution: Execution) -> bool:
    return any(
        execution.key["outputs"][name] == PushedModel.TYPE_NAME
        and output["properties"].get("pushed", 1)
        for name, output in execution.outputs.items()
    )


def _size(folders: Iterable[Path]) -> tuple[int, int]:
    """How many files are in folders, and how many bytes."""
    files = [path for one in folders if one.is_dir() for path in all_files(one)]
    return len(files), sum(path.lstat().st_size for path in files)
