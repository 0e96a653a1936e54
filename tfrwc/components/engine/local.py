"""Run a pipeline of components on one machine, without TFX.

Outputs lie in ``<root>/<step>/<output>/<execution>/``, as in TFX; parameters and
lineage in ``<root>/metadata.sqlite`` (`ledger.lineage` reads it). A
step that ran before with the same parameters and the same inputs is not run again: its
outputs are taken from the cache.
"""

import shutil
import time
from pathlib import Path

from tfrwc.components.engine.ledger import Ledger, cache_key
from tfrwc.components.engine.step import in_order


def run(steps, root, say=print) -> dict:
    """Run steps, each after those whose outputs it takes.

    Args:
        steps: list of `tfrwc.components.engine.step.Step`.
        root: folder of this pipeline.
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
    made, ids = {}, {}
    try:
        ledger.check_knows(step.id for step in steps)
        for number, step in enumerate(steps, 1):
            label = f"[{number}/{len(steps)}] {step.id}"
            made[step.id], ids[step.id] = _outputs_of(
                step, made, ids, ledger, lambda text, label=label: say(f"{label}{text}")
            )
    finally:
        ledger.close()
    return made


def _outputs_of(step, made, ids, ledger, say):
    taken = {
        name: [ids[channel.step.id][channel.name] for channel in channels]
        for name, channels in step.inputs.items()
    }
    key = cache_key(step, taken)
    before = ledger.complete(step.id, key)
    for execution in before:
        cached = _cached(step, ledger, execution)
        if cached is not None:
            say(": taken from the cache")
            return cached
    if before:
        say(": ran before, but its outputs are gone")
    for execution in ledger.unfinished(step.id):
        for name in step.outputs:
            shutil.rmtree(_folder(ledger, step, name, execution), ignore_errors=True)
    execution = ledger.begin(step, key, taken)
    outputs = {
        name: channel.type(_folder(ledger, step, name, execution))
        for name, channel in step.outputs.items()
    }
    say(": running")
    began = time.monotonic()
    try:
        for output in outputs.values():
            Path(output.uri).mkdir(parents=True)
        step.component.function(**_inputs(step, made), **outputs, **step.parameters)
    except Exception as error:
        ledger.fail(execution, error)
        say(f": failed, {error!r}; steps before it are kept")
        raise
    seconds = time.monotonic() - began
    made_ids = ledger.finish(execution, outputs, seconds)
    say(f": done after {seconds:.1f} s")
    return outputs, made_ids


def _cached(step, ledger, execution):
    outputs, ids = {}, {}
    for name, identifier, uri, properties in ledger.artifacts(execution):
        if not Path(uri).exists():
            return None
        outputs[name] = step.outputs[name].type(uri, properties)
        ids[name] = identifier
    return outputs, ids


def _inputs(step, made):
    found = dict.fromkeys(step.component.inputs)
    for name, channels in step.inputs.items():
        artifacts = [made[channel.step.id][channel.name] for channel in channels]
        found[name] = artifacts if step.component.inputs[name].many else artifacts[0]
    return found


def _folder(ledger, step, name, execution):
    return ledger.root / step.id / name / str(execution)
