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
):
    """Sweep β in one world, or on images.

    Args:
        evaluation: made.
        model: made by the part images, of the best β; others leave the folder empty.
        recording: made by the part collapse; others leave the folder empty.
        part: of `tfrwc.studies.beta.trial.Trial.parts`.
        trial: what the part needs of a `tfrwc.studies.beta.trial.Trial`, JSON.
    """
    from tfrwc.studies.beta.files import write_part
    from tfrwc.studies.beta.parts import run_part
    from tfrwc.studies.beta.trial import Trial

    asked = Trial.from_json(trial)
    recorded = f"{recording.uri}/recording.parquet"
    with progress(evaluation.uri, [part, trial]) as kept:
        made = run_part(part, asked, kept, recorded)
    write_part(part, made, evaluation.uri, model.uri)
