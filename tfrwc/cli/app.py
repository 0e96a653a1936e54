"""The commands under their names."""

from typing import Annotated

import typer

from tfrwc._version import __version__
from tfrwc.cli import others, pipelines, recordings
from tfrwc.cli.plain import ListedOptions, plain_errors

app = typer.Typer(
    help="See which layers of a Keras model learn, compare runs, and run the studies.",
    epilog="Example: tfrwc summary run.parquet",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
privacy = typer.Typer(
    help="Read statements of privacy.",
    epilog="Example: tfrwc privacy explain runs/x/pipeline/release",
    no_args_is_help=True,
    rich_markup_mode=None,
)
study = typer.Typer(
    help="Run a study, and report it; each has a --help of its own.",
    epilog="Example: tfrwc study privacy --out runs/private --seeds 0",
    no_args_is_help=True,
    rich_markup_mode=None,
)
pipeline = typer.Typer(
    help="Look after the folders that pipelines run in.",
    epilog="Example: tfrwc pipeline ls runs/x/pipeline",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(privacy, name="privacy")
app.add_typer(pipeline, name="pipeline")
app.add_typer(study, name="study")

_COMMANDS = (
    ("summary", recordings.summary, "tfrwc summary run.parquet"),
    (
        "report",
        recordings.report,
        "tfrwc report run*.parquet --against other*.parquet --out report.html",
    ),
    ("compare", recordings.compare, "tfrwc compare sgd.parquet adam.parquet"),
    ("diagnose", recordings.diagnose, "tfrwc diagnose run.parquet"),
    ("record", recordings.record, "tfrwc record checkpoints --out run.parquet"),
    ("datasets", others.datasets, "tfrwc datasets --json"),
)
for _name, _function, _example in _COMMANDS:
    app.command(_name, cls=ListedOptions, epilog=f"Example: {_example}")(
        plain_errors(_function)
    )
privacy.command(
    "explain", epilog="Example: tfrwc privacy explain privacy_statement.json"
)(plain_errors(others.explain))
privacy.command(
    "page",
    epilog="Example: tfrwc privacy page privacy_statement.json --out to_sign.html",
)(plain_errors(others.page))
privacy.command("spent", epilog="Example: tfrwc privacy spent runs/x/pipeline")(
    plain_errors(others.spent)
)
pipeline.command("ls", epilog="Example: tfrwc pipeline ls runs/x/pipeline")(
    plain_errors(pipelines.ls)
)
pipeline.command("clean", epilog="Example: tfrwc pipeline clean runs/x/pipeline")(
    plain_errors(pipelines.clean)
)

# What follows is read by the study itself, --help too.
_AS_IT_IS = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
for _name, (_, _text) in others.STUDIES.items():
    study.command(_name, help=_text, context_settings=_AS_IT_IS)(others.run_study)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"tfrwc {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Take the options of all commands."""
