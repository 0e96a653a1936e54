"""Compile the pipeline for Kubeflow (Vertex AI Pipelines).

python pipelines/tfx/kubeflow_v2_runner.py pipeline.json

Its image is made by `pipelines/tfx/Dockerfile`. When it is run, it takes the parameters
dataset, data_folder, serving_folder, and epsilon_3 and so on for each budget.
"""

import sys

import configs
from pipeline import create_pipeline
from tfx import v1 as tfx


def compile_pipeline(path, trial=configs.TRIAL):
    """Write the specification of the pipeline as JSON to `path`."""
    runner = tfx.orchestration.experimental.KubeflowV2DagRunner(
        config=tfx.orchestration.experimental.KubeflowV2DagRunnerConfig(
            default_image=configs.PIPELINE_IMAGE
        ),
        output_filename=str(path),
    )
    runner.run(
        create_pipeline(
            configs.PIPELINE_NAME,
            configs.PIPELINE_ROOT,
            trial,
            configs.SERVING_ROOT,
            asks=True,
        )
    )


if __name__ == "__main__":
    compile_pipeline(sys.argv[1])
