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
    baseline: InputArtifact[ModelEvaluation] | None = None,
    change_at_least: Parameter[float] = 0.0,
) -> None:
    """Bless a model, or say why not.

    Args:
        evaluation: of the model.
        blessing: the answer.
        measure: of the test, such as auc or balanced_accuracy.
        at_least: value that the lower end of its 95 % interval must be above.
        epsilon_at_most: greatest epsilon of one image; 0 asks for no guarantee.
        baseline: evaluation of another model, on the same images, to be compared with.
        change_at_least: value that the lower end of the 95 % interval of the difference
            to the baseline must be above: 0 for surely better.
    """
    from tfrwc.components.engine.epsilons import from_parameter
    from tfrwc.studies.blessing import objections, write_blessing

    most = from_parameter(epsilon_at_most)
    other = baseline and baseline.uri
    reasons = objections(
        evaluation.uri, measure, at_least, most, other, change_at_least
    )
    write_blessing(reasons, blessing.uri)
    blessing.set_int_custom_property("blessed", int(not reasons))
