"""Commands about recordings. What they need is imported where it is used."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfrwc._common.activity import doing
from tfrwc._common.status_line import shown
from tfrwc.cli.plain import print_json

if TYPE_CHECKING:
    from tfrwc.recording.recording import Recording

Runs = Annotated[list[Path], typer.Argument(help="Files of recordings.")]
Others = Annotated[
    list[Path] | None,
    typer.Option(metavar="OTHER...", help="Files of recordings to compare them with."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def summary(runs: Runs, as_json: AsJson = False) -> None:
    """Say which layers learned, when, and how much."""
    with shown("recording", of=len(runs)) as activity:
        told = {str(path): _load(path).summary() for path in activity.each(runs)}
    if as_json:
        print_json(
            [
                {"file": file, "measure": one.measure, "clock": one.clock}  # type: ignore[attr-defined]
                | _answer(one)
                for file, one in told.items()
            ]
        )
        return
    for number, (file, one) in enumerate(told.items()):
        if len(told) > 1:
            typer.echo(f"{'' if number == 0 else chr(10)}{file}")
        typer.echo(str(one))


def report(
    runs: Runs,
    against: Others = None,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("report.html"),
    as_json: AsJson = False,
) -> None:
    """Write a page about recordings: one HTML file."""
    from tfrwc._common import doors

    if len({*runs}) < len(runs):
        raise typer.BadParameter(
            f"A page has each file once. Received: {', '.join(map(str, runs))}.",
            param_hint="RUNS",
        )
    with shown("reading"):
        names = _names([*runs, *(against or ())])
        recordings = {names[path]: _load(path) for path in runs}
        others = {names[path]: _load(path) for path in against or ()}
        with doing("writing the page"):
            written = doors.behind("report")(recordings, out, others)
    if as_json:
        print_json({"report": str(written)})
    else:
        typer.echo(written)


def compare(runs: Runs, against: Others = None, as_json: AsJson = False) -> None:
    """Say which layers change more in other runs, and by how much.

    Two files are compared with each other; with --against, several files on a side are
    its seeds.
    """
    if against is None:
        if len(runs) != 2:
            raise typer.BadParameter(
                "Without --against, name two files: the second is compared with the "
                f"first. Received: {len(runs)}.",
                param_hint="RUNS",
            )
        runs, against = runs[:1], runs[1:]
    with shown("reading"):
        from tfrwc.answers.difference import difference

        these, others = ([_load(path) for path in side] for side in (runs, against))
        with doing("comparing"):
            found = difference(these, others, _sides(runs, against))
    if as_json:
        print_json(
            {
                "this": [str(path) for path in runs],
                "other": [str(path) for path in against],
                "measure": found.measure,
                "records": found.records,
            }
            | _answer(found)
        )
    else:
        for side, paths in (("this", runs), ("other", against)):
            typer.echo(f"{side}: {', '.join(map(str, paths))}")
        typer.echo(str(found))


def diagnose(runs: Runs, as_json: AsJson = False) -> None:
    """Say what is wrong with a training, by its recording."""
    from tfrwc.dynamics import diagnose as diagnosis_of

    told = {str(path): diagnosis_of(_load(path)) for path in runs}
    if as_json:
        print_json(
            [
                {
                    "file": file,
                    "findings": [asdict(finding) for finding in one],
                    "untold": list(one.untold),
                }
                for file, one in told.items()
            ]
        )
        return
    for number, (file, one) in enumerate(told.items()):
        if len(told) > 1:
            typer.echo(f"{'' if number == 0 else chr(10)}{file}")
        typer.echo(one.explain())


def record(
    checkpoints: Annotated[
        list[Path],
        typer.Argument(
            help="A folder of .weights.h5 or .keras files, or files in the order of "
            "training.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("run.parquet"),
    measures: Annotated[
        str, typer.Option(help="Names of measures, separated by commas.")
    ] = "l1_ratio",
    as_json: AsJson = False,
) -> None:
    """Make a recording from checkpoints that a training has saved."""
    alone = len(checkpoints) == 1 and checkpoints[0].is_dir()
    paths: Any = checkpoints[0] if alone else checkpoints
    with shown("looking through the checkpoints"):
        from tfrwc.recording.recording import Recording

        recording = Recording.from_checkpoints(paths, measures=measures.split(","))
        recording.save(out)
    if as_json:
        print_json(
            {
                "recording": str(out),
                "records": len(recording),
                "tensors": len(recording.layers),
            }
        )
    else:
        typer.echo(f"{out}: {recording!r}")


def _names(paths: list[Path]) -> dict[Path, str]:
    """What files are called: without folder and ending, if these tell them apart."""
    are_different = len({path.stem for path in paths}) == len({*paths})
    return {path: path.stem if are_different else str(path) for path in paths}


def _sides(runs: list[Path], against: list[Path]) -> tuple[str, str] | None:
    """What two files are called; None where a side has several."""
    if len(runs) > 1 or len(against) > 1:
        return None
    from tfrwc.recording.names import shortened

    names = _names([*runs, *against])
    return shortened(names[runs[0]]), shortened(names[against[0]])


def _load(path: Path) -> "Recording":
    from tfrwc.recording.recording import load_recording

    return load_recording(path)


def _answer(answer: Any) -> dict[str, Any]:
    return {
        "sentence": answer.sentence,
        "uncertain": answer.uncertain,
        "layers": answer.table.to_dict("records"),
    }
