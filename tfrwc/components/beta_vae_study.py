"""Component: one part of the study of which β a β-VAE should have."""

from tfrwc.components.engine.artifacts import Model, ModelEvaluation, TfrwcRecording
from tfrwc.components.engine.component import OutputArtifact, Parameter, component
from tfrwc.components.engine.progress import progress


@component
def BetaVAEStudy(
    evaluation: OutputArtifact[ModelEvaluation],
    model: OutputArtifact[Model],
    recording: OutputArtifact[TfrwcRecording],
    part: Parameter[str],
    trial: Parameter[str],
) -> None:
    """Sweep β in one world, or on images.

    Args:
        evaluation: results of the part.
        model: that of the best β, of the part images; others leave the folder empty.
        recording: of the part collapse; others leave the folder empty.
        part: of `tfrwc.studies.beta.trial.Trial.parts`.
        trial: what the part needs of a `tfrwc.studies.beta.trial.Trial`, JSON.
    """
    from tfrwc.studies.beta.files import write_part
    from tfrwc.studies.beta.parts import run_part
    from tfrwc.studies.beta.trial import Trial

    recording_file = f"{recording.uri}/recording.parquet"
    settings = [part, trial, _images(part, trial)]
    with progress(evaluation.uri, settings) as folder:
        results = run_part(part, Trial.from_json(trial), folder, recording_file)
    write_part(part, results, evaluation.uri, model.uri)


@BetaVAEStudy.reads
def _images(part: str, trial: str) -> str:
    from tfrwc.datasets import sources
    from tfrwc.studies.beta.trial import IMAGE_PARTS, Trial

    if part not in IMAGE_PARTS:
        return ""
    return sources.identity(Trial.from_json(trial).dataset, "factors")
