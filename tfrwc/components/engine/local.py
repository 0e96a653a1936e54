"""Run a pipeline of components on one machine, without TFX.

Outputs lie in ``<root>/<step>/<output>/<execution>/``, as in TFX; parameters and
lineage in ``<root>/metadata.sqlite``, which `tfrwc.components.engine.ledger.lineage`
reads. A step that ran before with the same parameters and the same inputs is not run
again: its outputs are taken from the cache, unless their files are no longer those that
it made.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tfrwc._common.activity import Activity, doing
from tfrwc.components.engine.artifacts import Artifact
from tfrwc.components.engine.ledger import Ledger, cache_key
from tfrwc.components.engine.step import Step, in_order

_Outputs = dict[str, Artifact]  # by name of output
_Ids = dict[str, int]  # of artifacts in the ledger, by name of output


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
        ValueError: if steps share an id, or one that is needed is missing.
        OSError: if another process is running a pipeline in `root`, or `root` holds
            outputs that metadata.sqlite does not know.
        Exception: what a component raises, after a line that names its step. Steps
            before it are complete, and taken from the cache in the next run.
    """
    steps = in_order(steps)
    ledger = Ledger(root)
    artifacts: dict[str, _Outputs] = {}
    ids: dict[str, _Ids] = {}
    try:
        ledger.check_knows(step.id for step in steps)
        kinds = [step.component.name for step in steps]
        with doing("", kinds=kinds) as pipeline:
            for number, step in enumerate(pipeline.each(steps), 1):
                label = f"[{number}/{len(steps)}] {step.id}"

                def say_of_step(text: str, label: str = label) -> object:
                    return say(f"{label}{text}")

                with doing(label) as activity:
                    artifacts[step.id], ids[step.id] = _outputs_of(
                        step, artifacts, ids, ledger, say_of_step, activity
                    )
    finally:
        ledger.close()
    return artifacts


def _outputs_of(
    step: Step,
    artifacts: dict[str, _Outputs],
    ids: dict[str, _Ids],
    ledger: Ledger,
    say: Callable[[str], object],
    activity: Activity,
) -> tuple[_Outputs, _Ids]:
    """Outputs of a step, from the cache or by running it."""
    input_ids = {
        name: [ids[channel.step.id][channel.name] for channel in channels]
        for name, channels in step.inputs.items()
    }
    key = cache_key(step, input_ids)
    before = ledger.complete(step.id, key)
    for execution in before:
        cached = _cached(step, ledger, execution)
        if cached is not None:
            activity.skip()
            say(": taken from the cache")
            return cached
    if before:
        say(": ran before, but its outputs are gone or changed")
    for execution in ledger.unfinished(step.id):
        for name in step.outputs:
            shutil.rmtree(_folder(ledger, step, name, execution), ignore_errors=True)
    return _run_step(step, artifacts, ledger, ledger.begin(step, key, input_ids), say)


def _run_step(
    step: Step,
    artifacts: dict[str, _Outputs],
    ledger: Ledger,
    execution: int,
    say: Callable[[str], object],
) -> tuple[_Outputs, _Ids]:
    outputs = {
        name: channel.type(_folder(ledger, step, name, execution))
        for name, channel in step.outputs.items()
    }
    for output in outputs.values():
        if Path(output.uri).exists():
            raise OSError(
                f"{output.uri} is there already, but metadata.sqlite knows of no "
                f"execution {execution} before this one: it is older than the outputs. "
                "Restore the newest one, or give another folder."
            )
    say(": running")
    began = time.monotonic()
    try:
        for output in outputs.values():
            Path(output.uri).mkdir(parents=True)
        step.component.function(
            **_inputs(step, artifacts), **outputs, **step.parameters
        )
    except Exception as error:
        ledger.fail(execution, error)
        say(f": failed, {error!r}; steps before it are kept")
        raise
    seconds = time.monotonic() - began
    ids = ledger.finish(execution, outputs, seconds)
    say(f": done after {seconds:.1f} s")
    return outputs, ids


def _cached(step: Step, ledger: Ledger, execution: int) -> tuple[_Outputs, _Ids] | None:
    """Outputs of an execution; None if some are gone, or other than they were made."""
    outputs: _Outputs = {}
    ids: _Ids = {}
    for made in ledger.artifacts(execution, step):
        if not made.is_whole():
            return None
        outputs[made.name] = step.outputs[made.name].type(made.path, made.properties)
        ids[made.name] = made.id
    return outputs, ids


def _inputs(step: Step, artifacts: dict[str, _Outputs]) -> dict[str, Any]:
    """Arguments for the inputs of a step: artifacts, lists of them, or None."""
    arguments: dict[str, Any] = dict.fromkeys(step.component.inputs)
    for name, channels in step.inputs.items():
        inputs = [artifacts[channel.step.id][channel.name] for channel in channels]
        many = step.component.inputs[name].many
        arguments[name] = inputs if many else inputs[0]
    return arguments


def _folder(ledger: Ledger, step: Step, name: str, execution: int) -> Path:
    return ledger.root / step.id / name / str(execution)
