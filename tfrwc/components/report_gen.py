"""Component: the report of a study."""

from tfrwc.components.engine.artifacts import Examples, ModelEvaluation, TfrwcTrends
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)


@component
def ReportGen(
    report: OutputArtifact[ModelEvaluation],
    study: Parameter[str],
    settings: Parameter[str] = "{}",
    examples: InputArtifact[Examples] = None,
    evaluations: InputArtifact[list[ModelEvaluation]] = None,
    trends: InputArtifact[list[TfrwcTrends]] = None,
):
    """Write report.html, figures/ and results.json.

    Args:
        report: made.
        study: one of `tfrwc.studies.reports.REPORTS`.
        settings: of the study, JSON, kept with the results.
        examples, evaluations, trends: what the study is made of.
    """
    from tfrwc.studies import reports

    given = {"examples": examples, "evaluations": evaluations, "trends": trends}
    reports.write(study, settings, report.uri, **given)
