"""The private study as a pipeline of TFX, with components of TFX' own attached."""

from evaluation import eval_config
from tfx import v1 as tfx

from tfrwc.components.pipelines.privacy import steps
from tfrwc.components.pipelines.tfx import nodes


def asking(steps):
    """Steps whose data, budgets and folder of models are asked for at run time."""
    for step in steps:
        if step.id == "ImageExampleGen":
            step.ask("dataset", "dataset").ask("folder", "data_folder")
        elif step.component.name == "SavedModelPusher":
            step.ask("folder", "serving_folder")
        elif epsilon := step.parameters.get("epsilon"):
            step.ask("epsilon", f"epsilon_{epsilon:g}".replace(".", "_"))
    return steps


def create_pipeline(
    pipeline_name,
    pipeline_root,
    trial,
    serving_root,
    folder=None,
    metadata_connection_config=None,
    asks=False,
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
        asks: whether data, budgets and the folder of models are asked for when the
            pipeline is run, with those that are given here as defaults.
    """
    parts = steps(trial, f"{serving_root}/tfrwc", folder)
    made = nodes(asking(parts) if asks else parts)
    examples = made["ImageExampleGen"].outputs["examples"]
    statistics = tfx.components.StatisticsGen(examples=examples)
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    model = made["SavedModelPusher"].inputs["model"]
    evaluator = tfx.components.Evaluator(
        examples=examples,
        model=model,
        eval_config=eval_config(),
        example_splits=["test"],
    )
    pusher = tfx.components.Pusher(
        model=model,
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
        components=[*made.values(), statistics, schema, evaluator, pusher],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
    )
