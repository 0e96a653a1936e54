"""Addresses of remote stores, wherever the package takes a path to write to."""

import numpy as np
import pytest
from recording.examples import make

from tfrwc import Recording, RWCCallback, load_recording, load_saved_model
from tfrwc.commands import learning_dynamics
from tfrwc.components.engine import ledger, local
from tfrwc.components.pipelines import beta, dynamics, publish
from tfrwc.disentangle import BetaSweep
from tfrwc.models import saved, saved_models
from tfrwc.privacy import PixelLaplace, write_statement
from tfrwc.recording import Backup
from tfrwc.report.page import write_page
from tfrwc.report.tensorboard import TrendsToTensorBoard, write_logs
from tfrwc.studies.beta.trial import Trial as BetaTrial
from tfrwc.studies.dynamics.trial import Trial
from tfrwc.studies.report_registry import write_results

X = np.zeros((4, 2), np.float32)
DOORS = {
    "RWCCallback": RWCCallback,
    "Backup": Backup,
    "Recording.save": lambda path: make().save(path),
    "load_recording": load_recording,
    "from_checkpoints": Recording.from_checkpoints,
    "from_checkpoints, a list": lambda path: Recording.from_checkpoints([path, path]),
    "TrendsToTensorBoard": lambda path: TrendsToTensorBoard(path, RWCCallback()),
    "write_logs": lambda path: write_logs(make(), path),
    "write_page": lambda path: write_page("x.jinja", [], path),
    "write_results": lambda path: write_results({}, path),
    "BetaSweep.fit": lambda path: BetaSweep([1.0], [0]).fit(X, path),
    "BetaSweep.fit_on_beam": lambda path: BetaSweep([1.0], [0]).fit_on_beam(X, path),
    "push": lambda path: saved_models.push("model", path, "name", {}),
    "load_saved_model": lambda path: load_saved_model("name", folder=path),
    "write_model": lambda path: saved.write_model(None, path, {}),
    "write_statement": lambda path: write_statement(
        PixelLaplace(1.0).statement((2, 2), delta=1e-5), path
    ),
    "local.run": lambda path: local.run([], path),
    "lineage": ledger.lineage,
    "publish": lambda path: publish.publish({}, path),
    "steps of dynamics": lambda path: dynamics.steps(Trial(), path),
    "steps of beta": lambda path: beta.steps(BetaTrial(), path),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("address", ["gs://bucket/run", "memory://run"])
def test_they_are_refused_and_nothing_is_written(tmp_path, monkeypatch, door, address):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="must be a local path"):
        door(address)
    assert not any(tmp_path.iterdir())


def test_so_they_are_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        learning_dynamics.main(["--out", "s3://bucket/run"])
    assert "--out must be a local path" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
