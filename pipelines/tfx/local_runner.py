"""Run the pipeline here, on TFX' local runner, with ML Metadata in SQLite.

python pipelines/tfx/local_runner.py runs/tfx
"""

import os
import sys

import configs
from pipeline import create_pipeline
from tfx import v1 as tfx

from tfrwc._common.paths import local_path
from tfrwc.privacy import new_key
from tfrwc.privacy.keys import KEY_VARIABLE


def run(out, trial=configs.TRIAL, folder=None):
    """Run a trial, its artifacts, metadata and models below the folder `out`."""
    out = local_path(out, "out").resolve()
    out.mkdir(parents=True, exist_ok=True)
    if not os.environ.get(KEY_VARIABLE):
        print(f"{KEY_VARIABLE} is not set: a new key is drawn and forgotten.")
        os.environ[KEY_VARIABLE] = new_key().hex()
    connection = tfx.orchestration.metadata.sqlite_metadata_connection_config(
        str(out / "metadata.sqlite")
    )
    tfx.orchestration.LocalDagRunner().run(
        create_pipeline(
            configs.PIPELINE_NAME,
            out / "pipeline",
            trial,
            out / "saved_models",
            folder,
            connection,
        )
    )


if __name__ == "__main__":
    run(sys.argv[1])
