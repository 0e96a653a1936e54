"""Component: a trained network, with the recording of how its layers changed."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from tfrwc.privacy.statement import PrivacyStatement
    from tfrwc.studies.recipes import Settings


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
    base: InputArtifact[Model] | None = None,
) -> None:
    """Train a network, recorded after each epoch.

    Args:
        examples: to train on.
        model: the trained network.
        model_run: logs for TensorBoard.
        recording: how the layers changed.
        statement: what the training itself guarantees, whatever images were released
            before it.
        recipe, network, epochs, seed, epsilon, learning_rate: as of
            `tfrwc.studies.recipes.Settings`; an epsilon of 0 is infinity.
        base: model whose weights to start from.
    """
    from tfrwc.models.saved import write_model
    from tfrwc.privacy.statement import write_statement
    from tfrwc.recording.recording import load_recording
    from tfrwc.report.tensorboard import write_logs
    from tfrwc.studies.recipes import train

    settings = _settings(recipe, network, epochs, seed, epsilon, learning_rate)
    recording_file = Path(recording.uri) / "recording.parquet"
    start = base and base.uri
    with progress(model_run.uri, [asdict(settings), examples.uri, start]) as folder:
        trained = train(settings, examples.uri, recording_file, folder, start)
    write_model(trained.model, model.uri, trained.facts)
    guarantee = write_statement(trained.statement, statement.uri)
    statement.set_string_custom_property("guarantee", guarantee)
    records = load_recording(recording_file)
    write_logs(records, model_run.uri)
    recording.set_int_custom_property("records", len(records))
    recording.set_int_custom_property("layers", len(records.layers))


@RWCTrainer.plans
def _plan(examples: Any, base: Any, **parameters: Any) -> "PrivacyStatement | None":
    from tfrwc.studies.recipes import planned

    return planned(_settings(**parameters), examples.uri)


def _settings(
    recipe: str,
    network: str,
    epochs: int,
    seed: int,
    epsilon: float,
    learning_rate: float,
) -> "Settings":
    from tfrwc.components.engine.epsilons import from_parameter
    from tfrwc.studies.recipes import Settings

    budget = from_parameter(epsilon)
    return Settings(recipe, network, epochs, seed, budget, learning_rate)
