"""Trainings that are killed at random moments, and gone on with.

    KERAS_BACKEND=jax python -m recording.kills --kills 300 --seed 0

prints how many records were lost, doubled or unreadable, and how many trainings could
not be resumed: as JSON, by scenario. Each training is killed several times and then
runs to its end. Processes are forked from one that has imported all, and has not
started a backend yet.
"""

import argparse
import collections
import contextlib
import json
import os
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import keras
import numpy as np
from recording.battery.helpers import fit, network

from tfrwc import RWCCallback, load_recording
from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Examples
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)
from tfrwc.recording import Backup

SCENARIOS = {  # every, reference, every of Backup
    "epochs": ("epoch", "previous", "epoch"),
    "steps": (1, "previous", 3),
    "initial": (1, "initial", 5),
    "epochs and backups within": ("epoch", "previous", 3),
}
PIPELINE, EPOCHS, STEPS = "pipeline", 30, 4


class Say(keras.callbacks.Callback):
    """Tells what is done: a line in a pipe, which survives a kill."""

    def __init__(self, pipe, word):
        super().__init__()
        self.pipe, self.word = pipe, word

    def say(self, word):
        os.write(self.pipe, f"{word} {int(self.model.optimizer.iterations)}\n".encode())


class Recorded(Say):
    begun = False

    def on_epoch_begin(self, epoch, logs=None):
        if not self.begun:
            self.say("begun")
            self.begun = True

    def on_train_batch_end(self, batch, logs=None):
        if self.word == "step":
            self.say("recorded")

    def on_epoch_end(self, epoch, logs=None):
        if self.word == "epoch":
            self.say("recorded")


def train(scenario, folder, pipe):
    every, reference, backup = SCENARIOS[scenario]
    fit(
        network(),
        RWCCallback(folder / "run.parquet", every=every, reference=reference),
        Recorded(pipe, "epoch" if every == "epoch" else "step"),
        backup_of(folder, backup),
        epochs=EPOCHS,
        n=16 * STEPS,
    )


def backup_of(folder, every):
    kind = os.environ.get("TFRWC_BACKUP", "own")
    if kind == "own":
        return Backup(folder / "backup", every)
    return keras.callbacks.BackupAndRestore(
        str(folder / "backup"), save_freq=every, double_checkpoint=kind == "double"
    )


@component
def Count(
    output: OutputArtifact[Examples],
    number: Parameter[int],
    before: InputArtifact[Examples] | None = None,
) -> None:
    """Writes a number that grows by one from step to step."""
    last = int((Path(before.uri) / "number").read_text()) if before else 0
    time.sleep(0.01)
    (Path(output.uri) / "number").write_text(str(last + 1 + 0 * number))


def pipeline(folder, pipe):
    steps = [Count(number=0).with_id("step-0")]
    for i in range(1, 12):
        before = steps[-1].outputs["output"]
        steps.append(Count(before=before, number=i).with_id(f"step-{i}"))
    os.write(pipe, b"begun 0\n")
    made = local.run(steps, folder / "run", lambda text: say_of_step(pipe, text))
    last = Path(made["step-11"]["output"].uri) / "number"
    assert last.read_text() == "12", last.read_text()


def say_of_step(pipe, text):
    number = text.split("step-")[1].split(":")[0]
    if "done" in text:
        os.write(pipe, f"recorded {number}\n".encode())
    if "running" in text:
        os.write(pipe, f"runs {number}\n".encode())


class Run:
    """One training or pipeline in a folder, through all its kills."""

    def __init__(self, scenario, folder, counts):
        self.scenario, self.folder, self.counts = scenario, folder, counts
        self.steps = []  # that were on record after the last kill

    def start(self, seconds, from_begin):
        """Run it, kill it after so long, and check what is there.

        Returns:
            Whether it was killed before it ended.
        """
        reader, writer = os.pipe()
        process = os.fork()
        if not process:
            self._in_child(reader, writer)
        os.close(writer)
        said = b"" if from_begin else read_until(reader, b"begun", 120)
        said += read_until(reader, None, seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        said += read_until(reader, None, 10)
        os.close(reader)
        _, status = os.waitpid(process, 0)
        killed = os.WIFSIGNALED(status)
        self.counts["kills"] += killed
        if not killed and os.WEXITSTATUS(status):
            self.fault("not resumable", f"exit status {os.WEXITSTATUS(status)}")
        self.check([line.split() for line in said.decode().splitlines()])
        return killed

    def _in_child(self, reader, writer):
        os.close(reader)
        code = 1
        try:
            warnings.simplefilter("ignore")
            if self.scenario == PIPELINE:
                pipeline(self.folder, writer)
            else:
                train(self.scenario, self.folder, writer)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def check(self, said):
        """Compare what is on disk with what was said to be done.

        There must be what was there when this run began, up to the step of its model,
        then what it said to have recorded, and at most one record more.
        """
        begun = [int(n) for word, n in said if word == "begun"]
        recorded = [int(n) for word, n in said if word == "recorded"]
        if self.scenario == PIPELINE:
            again = [n for w, n in said if w == "runs" and int(n) in self.steps]
            if again:
                self.fault("doubled", f"steps {again} ran again")
            self.steps += recorded
            return
        path = self.folder / "run.parquet"
        try:
            exists = path.exists()
            steps = load_recording(path).steps.tolist() if exists else []
        except ValueError as error:
            self.fault("unreadable", error)
            return
        before, self.steps = self.steps, steps
        if len(set(steps)) < len(steps):
            self.fault("doubled", steps)
        if begun:
            expected = [step for step in before if step <= begun[0]] + recorded
            if steps[: len(expected)] != expected or len(steps) > len(expected) + 1:
                self.fault("lost", f"{expected} in {steps}")
        elif steps != before[: len(steps)]:
            self.fault("lost", f"{steps} of {before}")
        anew = begun[0] == 0 if begun else not steps
        if anew and before:
            kept = [load_recording(p) for p in self.folder.glob("run.*-*.parquet")]
            if before not in [one.steps.tolist() for one in kept]:
                self.fault("lost", f"{before} is not aside")

    def check_end(self, whole):
        if self.scenario == PIPELINE:
            return
        recording = load_recording(self.folder / "run.parquet")
        if self.scenario == "epochs":  # no step is repeated: all must be equal
            np.testing.assert_allclose(recording.values(), whole.values(), rtol=1e-4)
        known = re.compile(r"run(\.(cut-off|finished)-\d+)?\.parquet(\.initial\.npz)?")
        names = [path.name for path in self.folder.iterdir()]
        litter = [name for name in names if not known.fullmatch(name)]
        if litter:
            self.fault("litter", litter)

    def fault(self, kind, what):
        self.counts[kind] += 1
        print(f"{self.scenario}: {kind}: {what} in {self.folder}", file=sys.stderr)


def read_until(pipe, word, seconds):
    """What comes through a pipe until a word, its end, or so many seconds."""
    said, end = b"", time.monotonic() + seconds
    while word is None or word not in said:
        left = end - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            break
        part = os.read(pipe, 65536)
        if not part:
            break
        said += part
    return said


def main(kills, seed, scenarios):
    chance = random.Random(seed)
    counts = {name: collections.Counter(kills=0) for name in scenarios}
    whole = {}
    for scenario in scenarios:
        with tempfile.TemporaryDirectory() as folder:
            run = Run(scenario, Path(folder), counts[scenario])
            began = time.monotonic()
            run.start(600, from_begin=False)
            takes = min(time.monotonic() - began, 5)
            if scenario != PIPELINE:
                whole[scenario] = load_recording(Path(folder) / "run.parquet")
        while counts[scenario]["kills"] < kills // len(scenarios):
            folder = Path(tempfile.mkdtemp())
            run = Run(scenario, folder, counts[scenario])
            for _ in range(chance.randint(2, 8)):
                early = chance.random() < 0.2
                seconds = chance.uniform(0, takes if early else takes / 8)
                if not run.start(seconds, early):
                    break
            run.start(600, from_begin=False)
            counts[scenario]["trainings"] += 1
            run.check_end(whole.get(scenario))
            if not sum(counts[scenario].values()) > sum(
                counts[scenario][kind] for kind in ("kills", "trainings")
            ):
                shutil.rmtree(folder)
    print(json.dumps(counts))


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import tensorflow  # noqa: F401  # which Keras would import in each process
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenarios", nargs="+", default=[*SCENARIOS, PIPELINE])
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
    warnings.filterwarnings("ignore", ".*multi-threaded", DeprecationWarning)
    main(options.kills, options.seed, options.scenarios)
