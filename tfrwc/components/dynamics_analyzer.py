"""Component: how the layers of a network learn, from recordings of its training."""

from tfrwc.components.engine.artifacts import (
    Examples,
    Model,
    TfrwcRecording,
    TfrwcTrends,
)
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)


@component
def DynamicsAnalyzer(
    examples: InputArtifact[Examples],
    models: InputArtifact[list[Model]],
    recordings: InputArtifact[list[TfrwcRecording]],
    trends: OutputArtifact[TfrwcTrends],
    trial: Parameter[str],
) -> None:
    """Group the layers' curves, and correlate their change with depth and size.

    Args:
        examples: that were trained on.
        models, recordings: of each seed.
        trends: results of the analysis.
        trial: a `tfrwc.studies.dynamics.trial.Trial`, JSON.
    """
    import json
    from pathlib import Path

    from tfrwc.models.saved import read_training
    from tfrwc.recording.recording import load_recording
    from tfrwc.studies.dynamics.analysis import analyse
    from tfrwc.studies.dynamics.trial import Trial
    from tfrwc.studies.example_sets import read_image_set

    results = analyse(
        Trial.from_json(trial),
        read_image_set(examples.uri),
        [
            load_recording(f"{artifact.uri}/recording.parquet")
            for artifact in recordings
        ],
        [read_training(model.uri)["seconds"] for model in models],
    )
    (Path(trends.uri) / "results.json").write_text(json.dumps(results, indent=1))
