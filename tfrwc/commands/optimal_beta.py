"""Find which β a β-VAE should have: exact theory, trained models, images.

    python pipelines/optimal_beta.py --out runs/beta

leaves in --out: report.html (open it in a browser), results.json (every number of it),
figures/, recordings/, saved_models/ and pipeline/, what each step made. Nothing is
downloaded: worlds are drawn from their formulas, images are sprites drawn here. Stop it
at any moment; the same command goes on where it stopped, and one with other options
repeats only the steps that depend on them. A longer run, with the published images and
networks:

    python pipelines/optimal_beta.py --out runs/dsprites --dataset dsprites
        --encoder conv --epochs 100 --worlds tanh,sum_and_squares,product

With --engine beam the sweeps are tasks of Apache Beam, to which all other options go:

    --engine beam --runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner
    --direct_running_mode=multi_processing --direct_num_workers=2
"""

import argparse
import contextlib
from pathlib import Path

from tfrwc.commands import _command
from tfrwc.studies.beta.trial import Trial
from tfrwc.studies.trial import add_options, from_options

SCRIPT = "python pipelines/optimal_beta.py"


def main(arguments: list[str] | None = None, command: str | None = None) -> None:
    """Run the study.

    Args:
        arguments: of the command line; None for those that Python was started with.
        command: what it is called, if not the script.
    """
    parser = _command.make_parser(__doc__, SCRIPT, command)
    add_options(parser, Trial)
    _command.add_engine(parser, "where sweeps are trained")
    options, for_beam = _command.parse_with_beam(parser, arguments)
    _command.report("optimal_beta", lambda: _run(options, for_beam))


def _run(options: argparse.Namespace, for_beam: list[str]) -> tuple[list[str], Path]:
    from tfrwc.components.pipelines.beta import steps

    out = options.out
    trial = from_options(Trial, options)
    with _engine(options, for_beam):
        results = _command.run_steps(steps(trial, out / "saved_models"), out)
    return results["findings"], out


def _engine(
    options: argparse.Namespace, for_beam: list[str]
) -> contextlib.AbstractContextManager[None]:
    """A context in which sweeps are trained where they were asked to."""
    if options.engine == "local":
        return contextlib.nullcontext()
    from tfrwc.studies.beta import engine

    return engine.beam(_command.beam_options(for_beam))
