"""Component: a blessed model, put where it is served from."""

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
    statement: InputArtifact[TfrwcPrivacyStatement] = None,
    evaluation: InputArtifact[ModelEvaluation] = None,
    blessing: InputArtifact[ModelBlessing] = None,
):
    """Push a model as the next version, with a manifest and a model card.

    Args:
        model: to be pushed.
        pushed: made.
        name: of the model.
        folder: with all models, to which ``<name>/<version>/`` is added.
        statement, evaluation: of the model, for the manifest.
        blessing: if it is given and is none, nothing is pushed.
    """
    from tfrwc.models.saved_models import push
    from tfrwc.studies.blessing import is_blessed, manifest, write_pushed

    path = None
    if blessing is None or is_blessed(blessing.uri):
        of_model = (one and one.uri for one in (statement, evaluation))
        path = push(model.uri, folder, name, manifest(model.uri, *of_model))
    write_pushed(path, pushed.uri)
    pushed.set_int_custom_property("pushed", int(path is not None))
