"""Sweeps by Apache Beam, in several processes and on a Dask cluster."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from studies.beta.beam_sweep import examples, sweep

from tfrwc.studies.beta import engine

PROCESSES = (
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--direct_running_mode=multi_processing",
    "--direct_num_workers=2",
)
DASK = (
    "--runner=apache_beam.runners.dask.dask_runner.DaskRunner",
    "--dask_npartitions=2",
)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The table of the sweep that is trained in this process."""
    folder = tmp_path_factory.mktemp("sweep")
    return engine.fit(sweep(folder), examples(), folder / "sweep.npz").to_frame()


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ("processes", PROCESSES),
        pytest.param("dask", DASK, marks=pytest.mark.slow),
    ],
)
def test_a_sweep_is_the_same_wherever_it_is_trained(where, options, here, tmp_path):
    needed = "distributed" if where == "dask" else "apache_beam"
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    done = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).with_name("beam_sweep.py"))),
            *(str(tmp_path), where, *options),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["processes"] == 2
    pd.testing.assert_frame_equal(pd.DataFrame(found["table"]), here, rtol=1e-5)


def test_the_engine_is_this_process_again_afterwards(here, tmp_path):
    with engine.beam(None):
        pass
    again = engine.fit(sweep(tmp_path), examples(), tmp_path / "sweep.npz")
    pd.testing.assert_frame_equal(again.to_frame(), here, rtol=1e-5)
    assert (tmp_path / "sweep.npz").is_file()
