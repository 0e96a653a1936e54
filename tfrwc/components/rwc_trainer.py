"""Component: a trained network, with the recording of how its layers changed."""

from dataclasses import asdict
from pathlib import Path

from tfrwc.components.engine.artifacts import (
    Examples,
    Model,
    ModelRun,
    TfrwcPrivacyStatement,
    TfrwcRecording,
)
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)
from tfrwc.components.engine.progress import progress


@component
def RWCTrainer(
    examples: InputArtifact[Examples],
    model: OutputArtifact[Model],
    model_run: OutputArtifact[ModelRun],
    recording: OutputArtifact[TfrwcRecording],
    statement: OutputArtifact[TfrwcPrivacyStatement],
    recipe: Parameter[str],
    network: Parameter[str],
    epochs: Parameter[int],
    seed: Parameter[int] = 0,
    epsilon: Parameter[float] = 0.0,
    learning_rate: Parameter[float] = 0.0,
    base: InputArtifact[Model] = None,
):
    """Train a network, recorded after each epoch.

    Args:
        examples: to train on.
        model, model_run, recording, statement: made; the statement is of the training
            itself, not of images that were released before.
        recipe, network, epochs, seed, epsilon, learning_rate: as of
            `tfrwc.studies.recipes.Settings`; an epsilon of 0 is infinity.
        base: whose weights to start from.
    """
    from tfrwc.components.epsilons import from_parameter
    from tfrwc.models.saved import write_model
    from tfrwc.privacy.statement import write_statement
    from tfrwc.recording.parquet import load_recording
    from tfrwc.report.tensorboard import write_logs
    from tfrwc.studies.recipes import Settings, train

    budget = from_parameter(epsilon)
    settings = Settings(recipe, network, epochs, seed, budget, learning_rate)
    recorded = Path(recording.uri) / "recording.parquet"
    start = base and base.uri
    with progress(model_run.uri, [asdict(settings), examples.uri, start]) as kept:
        trained = train(settings, examples.uri, recorded, kept, start)
    write_model(trained.model, model.uri, trained.facts)
    guarantee = write_statement(trained.statement, statement.uri)
    statement.set_string_custom_property("guarantee", guarantee)
    made = load_recording(recorded)
    write_logs(made, model_run.uri)
    recording.set_int_custom_property("records", len(made))
    recording.set_int_custom_property("layers", len(made.layers))
