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
    fingerprint: Parameter[str] = "",
) -> None:
    """Sweep β in one world, or on images.

    Args:
        evaluation: results of the part.
        model: that of the best β, of the part images; others leave the folder empty.
        recording: of the part collapse; others leave the folder empty.
        part: of `tfrwc.studies.beta.trial.Trial.parts`.
        trial: what the part needs of a `tfrwc.studies.beta.trial.Trial`, JSON.
        fingerprint: of the file of the images, so that it is read again once it
            changes.
    """
    from tfrwc.studies.beta.files import write_part
    from tfrwc.studies.beta.parts import run_part
    from tfrwc.studies.beta.trial import Trial

    recording_file = f"{recording.uri}/recording.parquet"
    with progress(evaluation.uri, [part, trial, fingerprint]) as folder:
        results = run_part(part, Trial.from_json(trial), folder, recording_file)
    write_part(part, results, evaluation.uri, model.uri)
