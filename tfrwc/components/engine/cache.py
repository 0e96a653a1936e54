"""Whether an execution of the past can stand for one that is to come, and why not."""

import json
from collections.abc import Callable
from typing import Any

from tfrwc.components.engine.ledger import Ledger
from tfrwc.components.engine.ledger_rows import Execution
from tfrwc.components.engine.manifest import damage

_STATES = {
    "running": "was killed",
    "failed": "failed",
    "removed": "was cleaned away",
}
_PARTS = {
    "component": "the component",
    "code": "the code",
    "reads": "what it reads",
    "outputs": "the types of outputs",
    "parameters": "the parameters",
    "inputs": "the inputs",
}


def look_up(
    ledger: Ledger,
    step: str,
    key: dict[str, Any],
    missing: Callable[[Execution], str],
) -> tuple[Execution | None, str]:
    """An execution whose outputs can be taken, and why; or None, and why not.

    Args:
        ledger: of the folder.
        step: id.
        key: as of `tfrwc.components.engine.ledger_rows.Execution`.
        missing: what an execution left elsewhere that is not there any more, in words.

    Raises:
        OSError: if a link leads out of the folder of the pipeline.
    """
    before = ledger.of(step)
    why = ""
    for one in before:
        if _text(one.key) == _text(key) and one.state == "complete":
            damaged = _damage(ledger, one)
            wrong = f"is damaged, {damaged}" if damaged else missing(one)
            if not wrong:
                files = sum(len(output["files"]) for output in one.outputs.values())
                same = f"execution {one.id} had the same code, parameters and inputs"
                return one, f"{same}; its {files} files are whole"
            why = why or f"execution {one.id} {wrong}"
    if not before or why:
        return None, why
    newest = next((one for one in before if one.state == "complete"), before[0])
    others = _differences(newest.key, key)
    if others:
        return None, f"other than in execution {newest.id}: {', '.join(others)}"
    return None, f"execution {newest.id} {_STATES[newest.state]}"


def _damage(ledger: Ledger, execution: Execution) -> str:
    """What is wrong with the outputs of an execution; empty if nothing is."""
    for name, output in execution.outputs.items():
        uri = execution.uri(name)
        if wrong := damage(ledger.path(uri), output["files"]):
            return f"{uri}: {wrong}"
    return ""


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = []
    if old["tfrwc"] != new["tfrwc"]:
        found.append(f"tfrwc {new['tfrwc']} in place of {old['tfrwc']}")
    for part, words in _PARTS.items():
        if _text(old[part]) == _text(new[part]):
            continue
        if isinstance(new[part], dict):
            one, other = old[part], new[part]
            names = sorted(
                name
                for name in one.keys() | other.keys()
                if _text(one.get(name)) != _text(other.get(name))
            )
            words += f" {', '.join(names)}"
        found.append(words)
    return found


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True)
