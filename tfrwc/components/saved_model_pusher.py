"""Component: a blessed model, put where it is served from."""

from typing import Any

from tfrwc.components.engine.artifacts import (
    Model,
    ModelBlessing,
    ModelEvaluation,
    PushedModel,
    TfrwcPrivacyStatement,
)
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)


@component
def SavedModelPusher(
    model: InputArtifact[Model],
    pushed: OutputArtifact[PushedModel],
    name: Parameter[str],
    folder: Parameter[str],
    statement: InputArtifact[TfrwcPrivacyStatement] | None = None,
    evaluation: InputArtifact[ModelEvaluation] | None = None,
    blessing: InputArtifact[ModelBlessing] | None = None,
) -> None:
    """Push a model as the next version, with a manifest and a model card.

    Args:
        model: to be pushed.
        pushed: where it was pushed to.
        name: of the model.
        folder: of all models, to which ``<name>/<version>/`` is added.
        statement, evaluation: of the model, for the manifest.
        blessing: of the model; if it was not blessed, nothing is pushed.
    """
    from tfrwc.models.saved_models import push
    from tfrwc.studies.blessing import is_blessed, manifest, write_pushed

    path = None
    if blessing is None or is_blessed(blessing.uri):
        facts = manifest(
            model.uri, statement and statement.uri, evaluation and evaluation.uri
        )
        path = push(model.uri, folder, name, facts)
    write_pushed(path, pushed.uri)
    pushed.set_int_custom_property("pushed", int(path is not None))


@SavedModelPusher.leaves
def _served(pushed: Any, name: str, folder: str) -> str:
    from tfrwc.models.saved_models import not_served
    from tfrwc.studies.blessing import read_all_pushed, read_pushed

    path = read_pushed(pushed.uri)
    if path is None:
        return ""
    return not_served(path, folder, name, read_all_pushed(pushed.uri))


@SavedModelPusher.checks
def _can_be_pushed(name: str, folder: str) -> None:
    from tfrwc.models.saved_models import home_of

    home_of(folder, name)
