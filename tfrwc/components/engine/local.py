"""Run a pipeline of components on one machine, without TFX.

Outputs lie in ``<root>/<step>/<output>/<execution>/``, as in TFX; parameters and
lineage in ``<root>/metadata.sqlite``, which `tfrwc.components.engine.ledger.lineage`
reads. A step that ran before is not run again if nothing that
`tfrwc.components.engine.identity` knows of is other, and it has the same inputs: its
outputs are taken from the cache, unless their files are no longer those that it made.
Under a budget (`tfrwc.components.engine.budget`) no step runs that would exceed it.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.activity import Activity, doing
from tfrwc.components.engine.artifacts import Artifact
from tfrwc.components.engine.budget import beyond, check_budget
from tfrwc.components.engine.cache import look_up
from tfrwc.components.engine.charges import stated
from tfrwc.components.engine.identity import check_reads, identity
from tfrwc.components.engine.ledger import Ledger
from tfrwc.components.engine.ledger_rows import Execution
from tfrwc.components.engine.step import Step, in_order

if TYPE_CHECKING:
    from tfrwc.privacy.statement import PrivacyStatement

_Outputs = dict[str, Artifact]  # by name of output


def run(
    steps: Iterable[Step],
    root: str | os.PathLike[str],
    say: Callable[[str], object] = print,
) -> dict[str, dict[str, Artifact]]:
    """Run steps, each after those whose outputs it takes.

    Args:
        steps: in any order.
        root: folder of this pipeline, which is made.
        say: called with a line of text as each step begins and ends.

    Returns:
        Artifacts by output name, by id of step.

    Raises:
        ValueError: if steps share an id, or one that is needed is missing; or before a
            step that would exceed the budget of its data.
        OSError: if another process is running a pipeline in `root`, `root` holds
            outputs that metadata.sqlite does not know, or what a step reads was changed
            while it ran.
        Exception: what a component raises, after a line that names its step. Steps
            before it are complete, and taken from the cache in the next run.
    """
    steps = in_order(steps)
    ledger = Ledger(root)
    artifacts: dict[str, _Outputs] = {}
    try:
        ledger.check_knows(step.id for step in steps)
        kinds = [step.component.name for step in steps]
        with doing("", kinds=kinds) as pipeline:
            for number, step in enumerate(pipeline.each(steps), 1):
                label = f"[{number}/{len(steps)}] {step.id}"

                def say_of_step(text: str, label: str = label) -> object:
                    return say(f"{label}{text}")

                with doing(label) as activity:
                    artifacts[step.id] = _outputs_of(
                        step, artifacts, ledger, say_of_step, activity
                    )
    finally:
        ledger.close()
    return artifacts


def _outputs_of(
    step: Step,
    artifacts: dict[str, _Outputs],
    ledger: Ledger,
    say: Callable[[str], object],
    activity: Activity,
) -> _Outputs:
    """Outputs of a step, from the cache or by running it."""
    taken = {
        name: [artifacts[channel.step.id][channel.name] for channel in channels]
        for name, channels in step.inputs.items()
    }
    uris = {
        name: [ledger.uri(one.uri) for one in listed] for name, listed in taken.items()
    }
    key = identity(step) | {"inputs": uris}

    def missing(one: Execution) -> str:
        gone: str = step.component.missing(
            **_made(step, ledger, one), **step.parameters
        )
        return gone

    cached, why = look_up(ledger, step.id, key, missing)
    if cached is not None:
        activity.skip()
        say(f": taken from the cache: {why}")
        return _made(step, ledger, cached)
    if why:
        say(f": not taken from the cache: {why}")
    arguments = _inputs(step, taken)
    planned = check_budget(ledger.root, ledger.executions, step, key, arguments)
    for other in ledger.of(step.id):
        if other.state in ("running", "failed"):
            for uri in other.uris():
                shutil.rmtree(ledger.path(uri), ignore_errors=True)
    execution = ledger.begin(step.id, key)
    return _run_step(step, arguments, ledger, execution, planned, say)


def _run_step(
    step: Step,
    arguments: dict[str, Any],
    ledger: Ledger,
    execution: Execution,
    planned: "PrivacyStatement | None",
    say: Callable[[str], object],
) -> _Outputs:
    outputs = _made(step, ledger, execution)
    for output in outputs.values():
        if Path(output.uri).exists():
            raise OSError(
                f"{output.uri} is there already, but metadata.sqlite knows of no "
                f"execution {execution.id} before this one: it is older than the "
                "outputs. Restore the newest one, or give another folder."
            )
    say(": running")
    began = time.monotonic()
    try:
        for output in outputs.values():
            Path(output.uri).mkdir(parents=True)
        step.component.function(**arguments, **outputs, **step.parameters)
        check_reads(step.id, step.component, step.parameters, execution.key["reads"])
        more = planned and beyond(planned, outputs[stated(execution.key)].uri)
    except Exception as error:
        ledger.fail(execution, error)
        say(f": failed, {error!r}; steps before it are kept")
        raise
    seconds = time.monotonic() - began
    ledger.finish(execution, outputs, seconds)
    say(f": done after {seconds:.1f} s")
    if more:
        say(f": {more}")
    return outputs


def _made(step: Step, ledger: Ledger, execution: Execution) -> _Outputs:
    """Artifacts of an execution, with the properties that it gave them, if it did."""
    return {
        name: channel.type(
            ledger.path(execution.uri(name)),
            execution.outputs.get(name, {}).get("properties"),
        )
        for name, channel in step.outputs.items()
    }


def _inputs(step: Step, taken: dict[str, list[Artifact]]) -> dict[str, Any]:
    """Arguments for the inputs of a step: artifacts, lists of them, or None."""
    arguments: dict[str, Any] = dict.fromkeys(step.component.inputs)
    for name, artifacts in taken.items():
        many = step.component.inputs[name].many
        arguments[name] = artifacts if many else artifacts[0]
    return arguments
