"""Component: the report of a study."""

from typing import Any

from tfrwc.components.engine.artifacts import (
    Examples,
    ModelEvaluation,
    PushedModel,
    TfrwcTrends,
)
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
    examples: InputArtifact[Examples] | None = None,
    evaluations: InputArtifact[list[ModelEvaluation]] | None = None,
    trends: InputArtifact[list[TfrwcTrends]] | None = None,
    pushed: InputArtifact[PushedModel] | None = None,
) -> None:
    """Write report.html, figures/ and results.json.

    Args:
        report: folder of the files.
        study: one of `tfrwc.studies.report_registry.REPORTS`.
        settings: of the study, JSON, written beside the results.
        examples, evaluations, trends: what the study reports on.
        pushed: the model that the study kept.
    """
    from tfrwc.studies.reports import write_report

    write_report(
        study,
        settings,
        report.uri,
        examples=examples,
        evaluations=evaluations,
        trends=trends,
        pushed=pushed,
    )


@ReportGen.reads
def _key(study: str, **_: Any) -> str:
    from tfrwc.privacy.keys import fingerprint_under, secret_key

    # The one report that releases images itself.
    return fingerprint_under(secret_key()) if study == "private_pneumonia" else ""
