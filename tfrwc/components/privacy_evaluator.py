"""Component: how well a network does, and what an attack finds out about its data."""

from tfrwc.components.engine.artifacts import (
    Examples,
    Model,
    ModelEvaluation,
    TfrwcPrivacyStatement,
    TfrwcRecording,
)
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)


@component
def PrivacyEvaluator(
    examples: InputArtifact[Examples],
    model: InputArtifact[Model],
    recording: InputArtifact[TfrwcRecording],
    statement: InputArtifact[TfrwcPrivacyStatement],
    evaluation: OutputArtifact[ModelEvaluation],
    arm: Parameter[str],
    released: InputArtifact[Examples] | None = None,
) -> None:
    """Test a network on clean images, and attack it, as its SavedModel answers.

    Args:
        examples: clean images of two classes.
        model, recording: of the training.
        statement: of the released images, or of the training.
        evaluation: results of the test and the attack.
        arm: name of the way of training, which trainings with other seeds share.
        released: images with noise that it was trained on, if it was.
    """
    from tfrwc.models.saved import read_served, read_training
    from tfrwc.privacy.statement import read_statement
    from tfrwc.recording.recording import load_recording
    from tfrwc.studies.example_sets import read_task
    from tfrwc.studies.privacy import evaluation as private_evaluation

    facts, predictions = private_evaluation.evaluate(
        read_served(model.uri),
        read_training(model.uri),
        read_task(examples.uri),
        load_recording(f"{recording.uri}/recording.parquet"),
        read_statement(statement.uri),
        read_task(released.uri) if released else None,
    )
    private_evaluation.write(arm, facts, predictions, evaluation.uri)
