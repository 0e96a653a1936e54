"""Commands about the folders that pipelines run in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfrwc._common.status_line import shown
from tfrwc.cli.plain import print_json

if TYPE_CHECKING:
    from tfrwc.components.engine.cleaning import Kept

Root = Annotated[
    Path, typer.Argument(help="Folder of a pipeline, which has metadata.sqlite.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def ls(root: Root, as_json: AsJson = False) -> None:
    """List what ran, how it ended, what it keeps, and what needs that."""
    from tfrwc.components.engine.cleaning import kept

    with shown("reading"):
        executions = kept(root)
    _print(executions, as_json)


def clean(
    root: Root,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be deleted, and no more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete outputs that nothing needs.

    They are those of failed, killed and superseded steps. What the newest execution of
    a step, or a pushed model, was made from is kept.
    """
    from tfrwc.components.engine import cleaning

    with shown("reading"):
        if dry_run:
            found = cleaning.kept(root)
            unneeded = [one for one in found if one.files and not one.why]
        else:
            unneeded = cleaning.clean(root)
    _print(unneeded, as_json)
    if not as_json:
        size = sum(one.bytes for one in unneeded)
        verb = "would be deleted" if dry_run else "were deleted"
        typer.echo(f"{len(unneeded)} executions, {size:,} bytes {verb}")


def _print(executions: "list[Kept]", as_json: bool) -> None:
    rows = [
        {
            "execution": one.execution.id,
            "step": one.execution.step,
            "state": one.state,
            "began": one.execution.began,
            "seconds": one.execution.seconds,
            "bytes": one.bytes,
            "needed": one.why,
        }
        for one in executions
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['execution']:>4}  {row['state']:8}  {row['began']}  "
            f"{row['bytes']:>14,}  {row['step']}  ({row['needed'] or 'not needed'})"
        )
