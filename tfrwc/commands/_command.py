"""What the commands of all studies do alike."""

import argparse
import atexit
import contextlib
import gc
import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tfrwc._common.paths import local_path
from tfrwc._common.status_line import shown
from tfrwc.compat.extras import MissingPackageError, extra
from tfrwc.compat.quiet import quiet_backends

quiet_backends()  # before one is imported

_UNKNOWN = "unknown options without --engine beam: "


def make_parser(
    description: str, script: str, command: str | None
) -> argparse.ArgumentParser:
    """A parser with the option --out, which all studies have.

    Args:
        description: with examples, each of which begins with `script`.
        script: how the study is run from a source tree.
        command: how it was called; None for the script.
    """
    parser = argparse.ArgumentParser(
        prog=command,
        description=description.replace(script, command or script),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", required=True, type=_folder, help="folder for the results"
    )
    return parser


def _folder(text: str) -> Path:
    try:
        return local_path(text, "--out")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_engine(parser: argparse.ArgumentParser, help: str) -> None:
    """Add the option --engine, local or beam."""
    parser.add_argument(
        "--engine",
        default="local",
        choices=("local", "beam"),
        help=f"{help}; default: local",
    )


def parse_with_beam(
    parser: argparse.ArgumentParser, arguments: list[str] | None
) -> tuple[argparse.Namespace, list[str]]:
    """The options, and those that are left, which only Beam knows."""
    options, for_beam = parser.parse_known_args(arguments)
    if for_beam and options.engine != "beam":
        parser.error(_UNKNOWN + " ".join(for_beam))
    return options, for_beam


def beam_options(for_beam: list[str]) -> Any:
    """Options of Beam's pipelines."""
    with extra("beam"):
        from apache_beam.options.pipeline_options import PipelineOptions

    return PipelineOptions(for_beam)


def run_steps(steps: list[Any], out: Path) -> dict[str, Any]:
    """Run a pipeline in --out/pipeline, put its results into --out, and return them."""
    from tfrwc.components.engine import local
    from tfrwc.components.pipelines.publish import publish

    return publish(local.run(steps, out / "pipeline"), out)


def report(name: str, study: Callable[[], tuple[list[str], Path]]) -> None:
    """Run a study; print what it found, where its report is, and how long it took.

    Args:
        name: of the study, for messages.
        study: which returns the findings, and the folder with the report.
    """
    began = time.monotonic()
    # At its end Python would look through all objects of TensorFlow, for seconds.
    atexit.register(gc.freeze)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # So that who follows a log sees each line when it is written.
        sys.stdout.reconfigure(line_buffering=True)
    with _exit_on_mistakes(name), shown(name):
        findings, folder = study()
    print(*findings, sep="\n")
    print(f"{folder / 'report.html'} after {time.monotonic() - began:.0f} s")


@contextlib.contextmanager
def _exit_on_mistakes(name: str) -> Iterator[None]:
    """Say what is wrong with an option, a file or a package, without a traceback."""
    try:
        yield
    except (ValueError, OSError, MissingPackageError) as error:
        sys.exit(f"{name}: {error}")
