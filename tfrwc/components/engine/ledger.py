"""What ran, with what, and what came of it: a SQLite file beside the artifacts.

`tfrwc.components.engine.ledger_file` keeps it, and checks it.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.locks import Lock, LockedError
from tfrwc._common.paths import local_path
from tfrwc._common.timestamps import utc_now
from tfrwc.components.engine import ledger_file
from tfrwc.components.engine.artifacts import Artifact
from tfrwc.components.engine.ledger_rows import Execution
from tfrwc.components.engine.manifest import manifest

if TYPE_CHECKING:
    import pandas as pd

_LINEAGE = (
    *("artifact", "name", "type", "uri", "step", "component", "parameters", "began"),
    *("seconds", "made_from"),
)


class Ledger:
    """The executions of pipelines in one folder; for one process at a time.

    Args:
        root: the folder, which is made.

    Attributes:
        root: the folder.
        executions: a list of `tfrwc.components.engine.ledger_rows.Execution`, in their
            order.

    Raises:
        OSError: if another process is running a pipeline there, or the file is damaged.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = local_path(root, "A pipeline's root").resolve()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.root / ledger_file.NAME)
        except LockedError as error:
            raise OSError(
                f"Another process is running a pipeline in {self.root}: {error}"
            ) from error
        except OSError as error:
            raise OSError(
                f"{self.root} cannot be the folder of a pipeline ({error}). Give "
                "another."
            ) from error
        try:
            self._database, self.executions = ledger_file.open_to_write(self.root)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Let other processes in."""
        ledger_file.close(self._database)
        self._lock.release()

    def check_knows(self, steps: Iterable[str]) -> None:
        """Check that metadata.sqlite was not lost.

        Args:
            steps: ids.

        Raises:
            OSError: if there are outputs of these steps, but no execution of any.
        """
        folders = [step for step in steps if (self.root / step).exists()]
        if folders and not self.executions:
            raise OSError(
                f"{self.root} holds outputs of {folders[0]}, but its metadata.sqlite "
                "knows of none. Restore that file, or give another folder."
            )

    def of(self, step: str) -> list[Execution]:
        """Executions of a step, the newest first."""
        return [one for one in reversed(self.executions) if one.step == step]

    def path(self, uri: str) -> Path:
        """The folder of an output.

        Raises:
            OSError: if a link leads out of the folder of the pipeline.
        """
        path = self.root / uri
        if not path.resolve().is_relative_to(self.root):
            raise OSError(
                f"{path} leads to {path.resolve()}, which is not in {self.root}. Move "
                "the files to where the link is."
            )
        return path

    def uri(self, path: str) -> str:
        """Where an output lies below the folder of the pipeline; see `path`."""
        return Path(path).relative_to(self.root).as_posix()

    def begin(self, step: str, key: dict[str, Any]) -> Execution:
        """Enter an execution that begins."""
        number = len(self.executions) + 1
        execution = Execution(number, step, "running", key, utc_now())
        self.executions.append(execution)
        ledger_file.write(self._database, execution)
        return execution

    def finish(
        self, execution: Execution, outputs: Mapping[str, Artifact], seconds: float
    ) -> None:
        """Enter that an execution is complete; from here on its outputs count.

        Args:
            execution: that was begun.
            outputs: artifacts by name.
            seconds: that it took.
        """
        made = {
            name: {"properties": one.properties(), "files": manifest(one.uri)}
            for name, one in outputs.items()
        }
        self._enter(execution, state="complete", outputs=made, seconds=seconds)

    def fail(self, execution: Execution, error: BaseException) -> None:
        """Enter that an execution failed."""
        self._enter(execution, state="failed", error=repr(error))

    def remove(self, execution: Execution) -> None:
        """Enter that the outputs of a complete execution do not count any more."""
        self._enter(execution, state="removed")

    def _enter(self, execution: Execution, **changes: Any) -> None:
        changed = replace(execution, **changes)
        ledger_file.write(self._database, changed)
        self.executions[execution.id - 1] = changed


def lineage(root: str | os.PathLike[str]) -> "pd.DataFrame":
    """Every artifact in the folder of a pipeline, with the execution that made it.

    It can be asked for while a pipeline runs there.

    Returns:
        A DataFrame with the columns artifact, name, type, uri (below `root`), step,
        component, parameters (JSON), began, seconds, and made_from, the numbers of the
        artifacts that its execution took.

    Raises:
        FileNotFoundError: if no pipeline ran there.
        OSError: if the file is damaged.
    """
    import pandas as pd

    numbers: dict[str, int] = {}
    rows = []
    for one in read(root):
        made_from = [numbers[uri] for uri in one.made_from()]
        for name in one.outputs:
            uri, kind = one.uri(name), one.key["outputs"][name]
            numbers[uri] = len(numbers) + 1
            component = one.key["component"].rpartition(".")[2]
            parameters = json.dumps(one.key["parameters"])
            about = (one.step, component, parameters, one.began, one.seconds, made_from)
            rows.append((numbers[uri], name, kind, uri, *about))
    return pd.DataFrame(rows, columns=list(_LINEAGE))


def read(root: str | os.PathLike[str]) -> list[Execution]:
    """The executions of pipelines in a folder, in their order.

    Raises:
        FileNotFoundError: if no pipeline ran there.
        OSError: if the file is damaged.
    """
    root = local_path(root).resolve()
    if not (root / ledger_file.NAME).exists():
        raise FileNotFoundError(
            f"No pipeline ran in {root}: there is no {ledger_file.NAME}."
        )
    return ledger_file.read(root)
