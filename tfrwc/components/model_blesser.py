"""Component: whether a model is good and private enough to be pushed."""

from tfrwc.components.engine.artifacts import ModelBlessing, ModelEvaluation
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)


@component
def ModelBlesser(
    evaluation: InputArtifact[ModelEvaluation],
    blessing: OutputArtifact[ModelBlessing],
    measure: Parameter[str] = "auc",
    at_least: Parameter[float] = 0.5,
    epsilon_at_most: Parameter[float] = 0.0,
) -> None:
    """Bless a model, or say why not.

    Args:
        evaluation: of the model.
        blessing: the answer.
        measure: of the test, such as auc or balanced_accuracy.
        at_least: value that the lower end of its 95 % interval must be above.
        epsilon_at_most: greatest epsilon of one image; 0 asks for no guarantee.
    """
    from tfrwc.components.engine.epsilons import from_parameter
    from tfrwc.studies.blessing import objections, write_blessing

    most = from_parameter(epsilon_at_most)
    reasons = objections(evaluation.uri, measure, at_least, most)
    write_blessing(reasons, blessing.uri)
    blessing.set_int_custom_property("blessed", int(not reasons))
