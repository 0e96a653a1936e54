"""Compile the pipeline for Kubeflow (Vertex AI Pipelines).

python pipelines/tfx/kubeflow_v2_runner.py pipeline.json

Its image is made by `pipelines/tfx/Dockerfile`. When it is run, it takes the parameters
dataset, data_folder, serving_folder, and epsilon_3 and so on for each budget.
"""

import sys

import configs
from pipeline import create_pipeline
from resources import provide
from tfx import v1 as tfx
from tfx.orchestration.data_types import RuntimeParameter


def compile_pipeline(path, trial=configs.TRIAL):
    """Write the specification of the pipeline as JSON to `path`."""
    pipeline = create_pipeline(
        configs.PIPELINE_NAME,
        configs.PIPELINE_ROOT,
        trial,
        configs.SERVING_ROOT,
        asks=True,
    )
    provide(pipeline.components, configs.RESOURCES)
    write(pipeline, path)


def write(pipeline, path):
    """Write the specification of any pipeline of TFX, whose steps run in our image."""
    runner = tfx.orchestration.experimental.KubeflowV2DagRunner(
        config=tfx.orchestration.experimental.KubeflowV2DagRunnerConfig(
            default_image=configs.PIPELINE_IMAGE
        ),
        output_filename=str(path),
    )
    # TFX writes what is asked for, but not the defaults.
    asked = {
        value.name: value.default
        for node in pipeline.components
        for value in node.exec_properties.values()
        if isinstance(value, RuntimeParameter)
    }
    runner.run(pipeline, parameter_values=asked)


if __name__ == "__main__":
    compile_pipeline(sys.argv[1])
