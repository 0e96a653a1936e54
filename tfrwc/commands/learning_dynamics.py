"""Train a network, record how its layers change, and report how they learn.

    python pipelines/learning_dynamics.py --out runs/digits

leaves in --out: report.html (open it in a browser), results.json (every number of
it), figures/, recordings/ (one Parquet file per seed), saved_models/ and pipeline/,
what each step made. Stop it at any moment; the same command goes on where it stopped,
and one with other options repeats only the steps that depend on them.

    python pipelines/learning_dynamics.py --out runs/study --study reduced

trains several networks on several tasks (in TFRWC_DATA_DIR; about an hour on two
cores), and decides what the papers claim. --study published is the papers' own list,
for a GPU; with --trial N it trains only number N of it, in --out, so that a cluster
can share the list.
"""

import argparse
from pathlib import Path
from typing import Any

from tfrwc._common.activity import doing
from tfrwc.commands import _command
from tfrwc.studies.dynamics.trial import Trial
from tfrwc.studies.trial import add_options, from_options

SCRIPT = "python pipelines/learning_dynamics.py"


def main(arguments: list[str] | None = None, command: str | None = None) -> None:
    """Run the study.

    Args:
        arguments: of the command line; None for those that Python was started with.
        command: what it is called, if not the script.
    """
    options = _parse(arguments, command)
    run = _run_study if options.study else _run_trial
    _command.report("learning_dynamics", lambda: run(options))


def _parse(arguments: list[str] | None, command: str | None) -> argparse.Namespace:
    parser = _command.make_parser(__doc__, SCRIPT, command)
    add_options(parser, Trial)
    parser.add_argument(
        "--study",
        choices=("reduced", "published"),
        help="a list of networks and tasks in place of the options above",
    )
    parser.add_argument("--trial", type=int, help="only this number of the study")
    options = parser.parse_args(arguments)
    if options.trial is not None and options.study is None:
        parser.error("--trial is a number in a --study: name it too")
    return options


def _run_trial(options: argparse.Namespace) -> tuple[list[str], Path]:
    trial = from_options(Trial, options)
    results = _results(trial, options.out, options.out / "saved_models")
    return results["findings"], options.out


def _run_study(options: argparse.Namespace) -> tuple[list[str], Path]:
    """Run one trial of a study, or all, and then decide the claims."""
    from tfrwc.recording.recording import load_recording
    from tfrwc.studies.dynamics.outcome import Outcome
    from tfrwc.studies.dynamics.page import write_claims_report
    from tfrwc.studies.dynamics.summary import summarise
    from tfrwc.studies.dynamics.trials import STUDIES
    from tfrwc.studies.report_registry import write_results

    trials = STUDIES[options.study]
    numbers = range(1, len(trials) + 1)
    if options.trial is not None and options.trial not in numbers:
        raise ValueError(
            f"The study has trials 1 to {len(trials)}. Received: {options.trial}."
        )
    outcomes = []
    chosen = numbers if options.trial is None else [options.trial]
    with doing("trial", of=len(chosen)) as activity:
        for number in activity.each(chosen):
            trial = trials[number - 1]
            print(f"trial {number} of {len(trials)}: {trial.name}")
            folder = options.out / trial.name
            results = _results(trial, folder)
            recordings = [
                load_recording(folder / "recordings" / f"seed-{seed}.parquet")
                for seed in trial.seeds
            ]
            outcomes.append(Outcome(trial, results, recordings))
    if options.trial is not None:
        return results["findings"], folder
    print("deciding the claims")
    with doing("deciding the claims"):
        results = summarise(outcomes)
        write_claims_report(results, options.out)
        write_results(results, options.out)
    return results["findings"], options.out


def _results(
    trial: Trial, out: Path, saved_models: Path | None = None
) -> dict[str, Any]:
    from tfrwc.components.pipelines.dynamics import steps

    return _command.run_steps(steps(trial, saved_models), out)
