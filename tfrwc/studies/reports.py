"""What a report of each study is made of."""

import json
from pathlib import Path

from tfrwc.report import html
from tfrwc.studies.beta import files
from tfrwc.studies.beta import study as optimal_beta
from tfrwc.studies.example_sets import read_task
from tfrwc.studies.privacy import comparison, evaluation, summary


def write(study, settings, out, **given):
    """Write report.html, figures/ and results.json.

    Args:
        study: one of `STUDIES`.
        settings: of the study, JSON.
        out: folder.
        **given: artifacts, or lists of them, by name; None for those not given.

    Raises:
        ValueError: if there is no such study, or it lacks something.
    """
    if study not in STUDIES:
        raise ValueError(
            f"There is no report of {study!r}. Choose one of {', '.join(STUDIES)}."
        )
    draw, needs = STUDIES[study]
    if missing := [name for name in needs if not given[name]]:
        raise ValueError(f"The report of {study} needs {', '.join(missing)}.")
    results = draw(json.loads(settings), out, **{name: given[name] for name in needs})
    (Path(out) / "results.json").write_text(json.dumps(results, indent=1))


def _private_pneumonia(settings, out, examples, evaluations):
    from tfrwc.privacy.keys import secret_key

    sample = comparison.sample(read_task(examples.uri))
    results, pictures = comparison.run(sample, secret_key())
    results["training"] = summary.of_study(
        [evaluation.read(one.uri) for one in evaluations], settings
    )
    html.write_private_report(results, pictures, out)
    return results


def _learning_dynamics(settings, out, trends):
    [one] = trends
    results = json.loads((Path(one.uri) / "results.json").read_text())
    html.write_report(results, out)
    return results


def _optimal_beta(settings, out, evaluations):
    found = [files.read_part(one.uri) for one in evaluations]
    results = optimal_beta.of_parts({name: r for name, r, _ in found}, settings)
    [pictures] = [pictures for *_, pictures in found if pictures is not None]
    html.write_beta_report(results, pictures, out)
    return results


STUDIES = {
    "learning_dynamics": (_learning_dynamics, ("trends",)),
    "optimal_beta": (_optimal_beta, ("evaluations",)),
    "private_pneumonia": (_private_pneumonia, ("examples", "evaluations")),
}
