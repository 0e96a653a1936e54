"""Old executions: what is there, what is needed, and away with the rest."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tfrwc._common.paths import local_path
from tfrwc.components.engine.artifacts import PushedModel, TfrwcPrivacyStatement
from tfrwc.components.engine.ledger import Ledger, read
from tfrwc.components.engine.ledger_rows import Execution
from tfrwc.datasets.files import all_files


class Kept(NamedTuple):
    """An execution, why it is kept, and how much it keeps.

    Attributes:
        execution: of the ledger.
        why: what it is needed for; empty if nothing needs it.
        files: how many its outputs have on disk, but for statements of privacy.
        bytes: that they take.
    """

    execution: Execution
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
    executions = read(folder)
    needed = _needed(executions)
    return [
        Kept(
            one, needed.get(one.id, ""), *_size(folder / uri for uri in _removable(one))
        )
        for one in executions
    ]


def clean(root: str | os.PathLike[str]) -> list[Kept]:
    """Delete the outputs of executions that nothing needs.

    Of each, the ledger then knows that it was removed; its statement of privacy stays.
    A process that is killed leaves
    folders that the next one deletes.

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
        unneeded = [one for one in kept(root) if not one.why]
        for execution, *_ in unneeded:
            paths = [ledger.path(uri) for uri in _removable(execution)]
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
