"""Trains a sweep by Beam, with options given; prints its table and its processes."""

import json
import os
import sys
from pathlib import Path

import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions

from tfrwc.disentangle import BetaSweep, BetaVAE
from tfrwc.studies.beta import engine

BETAS, SEEDS = [0.25 * 2**i for i in range(9)], (0, 1)


def sweep(folder):
    def build(seed):
        (Path(folder) / f"process-{os.getpid()}").touch()
        return BetaVAE(4, 3, encoder="linear", noise=0.5, seed=seed)

    return BetaSweep(BETAS, SEEDS, build, epochs=2, batch_size=64, learning_rate=0.01)


def examples():
    return np.random.default_rng(0).normal(size=(256, 4)).astype(np.float32)


def train(folder, options):
    folder = Path(folder)
    with engine.beam(PipelineOptions(options)):
        trained = engine.fit(sweep(folder), examples(), folder / "sweep.npz")
    others = {path.name for path in folder.glob("process-*")}
    others.discard(f"process-{os.getpid()}")
    table = trained.to_frame().to_dict("list")
    print(json.dumps({"processes": len(others), "table": table}))


if __name__ == "__main__":
    if sys.argv[2] == "dask":
        from distributed import LocalCluster

        with LocalCluster(n_workers=2, threads_per_worker=1) as cluster:
            address = f"--dask_client_address={cluster.scheduler_address}"
            train(sys.argv[1], [*sys.argv[3:], address])
    else:
        train(sys.argv[1], sys.argv[3:])
