"""The private study as a pipeline of TFX, with components of TFX' own attached."""

from tfx import v1 as tfx

from tfrwc.components.pipelines.privacy import steps
from tfrwc.components.pipelines.tfx import nodes


def create_pipeline(
    pipeline_name,
    pipeline_root,
    trial,
    serving_root,
    folder=None,
    metadata_connection_config=None,
):
    """A TFX pipeline of a trial.

    Args:
        pipeline_name: in the metadata.
        pipeline_root: folder of all artifacts.
        trial: a `tfrwc.studies.privacy.trial.Trial`.
        serving_root: folder to push models to: by SavedModelPusher with manifest and
            card, and by TFX' Pusher, as TensorFlow Serving takes them, in ``tfx/``.
        folder: with the X-rays, for the data set "xrays".
        metadata_connection_config: of ML Metadata, where there is no other.
    """
    made = nodes(steps(trial, f"{serving_root}/tfrwc", folder))
    examples = made["ImageExampleGen"].outputs["examples"]
    statistics = tfx.components.StatisticsGen(examples=examples)
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    pusher = tfx.components.Pusher(
        model=made["SavedModelPusher"].inputs["model"],
        model_blessing=made["ModelBlesser"].outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(
                base_directory=f"{serving_root}/tfx"
            )
        ),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=pipeline_name,
        pipeline_root=str(pipeline_root),
        components=[*made.values(), statistics, schema, pusher],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
    )
