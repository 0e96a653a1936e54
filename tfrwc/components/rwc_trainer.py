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
from tfrwc.components.engine.identity import sources
from tfrwc.components.engine.progress import progress

if TYPE_CHECKING:
    from tfrwc.privacy.statement import PrivacyStatement
    from tfrwc.studies.settings import Settings


@component
def RWCTrainer(
    examples: InputArtifact[Examples],
    model: OutputArtifact[Model],
    model_run: OutputArtifact[ModelRun],
    recording: OutputArtifact[TfrwcRecording],
    statement: OutputArtifact[TfrwcPrivacyStatement],
    epochs: Parameter[int],
    recipe: Parameter[str] = "run_fn",
    network: Parameter[str] = "",
    build: Parameter[str] = "",
    module_file: Parameter[str] = "",
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
            `tfrwc.studies.settings.Settings`; an epsilon of 0 is infinity.
        build: in place of network, a function that builds one's own, as
            ``"package.module:function"`` or ``"folder/file.py:function"``; see
            `tfrwc.studies.networks`.
        module_file: in place of both, a file whose function ``run_fn`` trains a network
            by itself, see `tfrwc.studies.run_fn`; with the recipe of that name.
        base: model whose weights to start from.
    """
    from tfrwc.models.saved import write_model
    from tfrwc.privacy.statement import write_statement
    from tfrwc.recording.recording import load_recording
    from tfrwc.report.tensorboard import write_logs
    from tfrwc.studies.recipes import train

    functions = {"network": network, "build": build, "module_file": module_file}
    settings = _settings(recipe, epochs, seed, epsilon, learning_rate, **functions)
    recording_file = Path(recording.uri) / "recording.parquet"
    start = base and base.uri
    known = [asdict(settings), _sources(**functions), examples.uri, start]
    with progress(model_run.uri, known) as folder:
        trained = train(settings, examples.uri, recording_file, folder, start)
    write_model(trained.model, model.uri, trained.facts)
    guarantee = write_statement(trained.statement, statement.uri)
    statement.set_string_custom_property("guarantee", guarantee)
    records = load_recording(recording_file)
    write_logs(records, model_run.uri)
    recording.set_int_custom_property("records", len(records))
    recording.set_int_custom_property("layers", len(records.layers))


@RWCTrainer.checks
def _check(**parameters: Any) -> None:
    _settings(**parameters)


@RWCTrainer.reads
def _sources(network: str, build: str, module_file: str, **_: Any) -> str:
    from tfrwc.studies.settings import network_of
    from tfrwc.studies.user_code import place

    function = network_of(network, build, module_file)
    return sources(*place(function)) if ":" in function else ""


@RWCTrainer.plans
def _plan(examples: Any, base: Any, **parameters: Any) -> "PrivacyStatement | None":
    from tfrwc.studies.recipes import planned

    return planned(_settings(**parameters), examples.uri)


def _settings(
    recipe: str,
    epochs: int,
    seed: int,
    epsilon: float,
    learning_rate: float,
    **functions: str,
) -> "Settings":
    from tfrwc.components.engine.epsilons import from_parameter
    from tfrwc.studies.settings import Settings, network_of

    network, budget = network_of(**functions), from_parameter(epsilon)
    return Settings(recipe, network, epochs, seed, budget, learning_rate)
