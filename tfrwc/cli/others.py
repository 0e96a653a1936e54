"""Commands about data sets, statements of privacy, and studies."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfrwc._common.status_line import shown
from tfrwc.cli.plain import print_json

if TYPE_CHECKING:
    from tfrwc.components.engine.charges import Charge
    from tfrwc.privacy.guarantee import EpsilonDelta
    from tfrwc.privacy.statement import PrivacyStatement

STUDIES = {
    "dynamics": ("learning_dynamics", "How the layers of networks learn."),
    "privacy": ("private_pneumonia", "What privacy costs on X-rays."),
    "beta": ("optimal_beta", "Which β a β-VAE should have."),
}
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def run_study(context: typer.Context) -> None:
    name = str(context.info_name)
    module = importlib.import_module(f"tfrwc.commands.{STUDIES[name][0]}")
    module.main(context.args, command=f"tfrwc study {name}")


def datasets(as_json: AsJson = False) -> None:
    """List the named data sets, and where each would be read from."""
    with shown("looking for data sets"):
        from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE, DATA_SETS

    rows: list[dict[str, Any]] = []
    for data_set in DATA_SETS.values():
        if data_set.file is None:
            place = "needs no file" if data_set.available else "named by its folder"
        elif data_set.path is not None:
            place = str(data_set.path)
        else:
            place = f"not here: {data_set.file} is looked for in {DATA_DIR_VARIABLE}"
        rows.append(
            {
                "name": data_set.name,
                "size": data_set.size,
                "classes": data_set.classes,
                "uses": list(data_set.uses),
                "description": data_set.description,
                "place": place,
            }
        )
    if as_json:
        print_json(rows)
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        typer.echo(f"{row['name']:{width}}  {row['description']} {row['place']}")


def explain(
    file: Annotated[
        Path,
        typer.Argument(
            help="privacy_statement.json, the manifest.json of a saved model, or a "
            "folder with one of them."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Say in words what a statement of privacy guarantees."""
    with shown("reading"):
        statement = read(file)
        data = {"summary": statement.summary(), "statement": statement.to_dict()}
        words = statement.explain()
    if as_json:
        print_json(data)
    else:
        typer.echo(words)


def page(
    file: Annotated[Path, typer.Argument(help="As for tfrwc privacy explain.")],
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("privacy.html"),
    before: Annotated[
        list[Path] | None,
        typer.Option(help="Statement on what was made of the same data before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a page on a statement of privacy, to be signed."""
    with shown("reading"):
        from tfrwc.report.privacy_page import write_privacy_page

        earlier = [read(path) for path in before or ()]
        written = write_privacy_page(read(file), out, earlier)
    if as_json:
        print_json({"page": str(written)})
    else:
        typer.echo(written)


def spent(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a pipeline, such as OUT/pipeline.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say what the data sets of a pipeline were charged so far.

    Each is on a line of its own. Where a budget was set, also how much of its epsilon
    is left.
    """
    with shown("adding up"):
        from tfrwc.components.engine import budget as budgets
        from tfrwc.components.engine.charges import charges

        limit = budgets.read_budget(folder)
        rows = [_charged(charge, limit) for charge in charges(folder)]
    if as_json:
        print_json([row for _, row in rows])
    else:
        typer.echo("\n".join(words for words, _ in rows) or "No data set was charged.")


def _charged(
    charge: "Charge", limit: "EpsilonDelta | None"
) -> tuple[str, dict[str, Any]]:
    """What a data set was charged, in words and as plain data."""
    from tfrwc.components.engine import budget as budgets

    words = charge.in_words()
    row: dict[str, Any] = {
        "name": charge.name,
        "fingerprint": charge.fingerprint,
        "without_guarantee": charge.bare,
        "uses": [one.to_dict() for one in charge.statements],
        "budget": limit and limit._asdict(),
        "statement": None,
        "left": None,
    }
    if charge.adds_up():
        together = charge.together()
        row["statement"] = together and together.to_dict()
        if limit:
            row["left"] = budgets.left(limit, charge)
            words += (
                f"; {row['left']:.4g} is left of the budget, {budgets.in_words(limit)}"
            )
    return words, row


def budget(
    folder: Annotated[Path, typer.Argument(help="As for tfrwc privacy spent.")],
    epsilon: Annotated[
        float, typer.Option(help="Largest that may be spent, for an image or a unit.")
    ],
    delta: Annotated[
        float, typer.Option(help="Of everything made of a data set, together.")
    ],
    as_json: AsJson = False,
) -> None:
    """Set the budget of each data set in the folder of a pipeline.

    Steps that would exceed it are not run. Set it again to raise it. It is kept in
    budget.json in the folder: without that file there is no budget.
    """
    from tfrwc.components.engine import budget as budgets
    from tfrwc.privacy.guarantee import EpsilonDelta

    before = budgets.set_budget(folder, epsilon, delta)
    now = EpsilonDelta(epsilon, delta)
    if as_json:
        print_json({"budget": now._asdict(), "before": before and before._asdict()})
        return
    was = f" (before: {budgets.in_words(before)})" if before else ""
    typer.echo(f"Each data set in {folder}: {budgets.in_words(now)}{was}.")


def read(path: Path) -> "PrivacyStatement":
    """The statement in a file or folder.

    Raises:
        FileNotFoundError: if there is no such file, or none in the folder.
        ValueError: if it has no statement.
    """
    from tfrwc._common.json_files import read_json

    # Each kind of statement makes itself known when it is imported.
    from tfrwc.privacy import composed  # noqa: F401
    from tfrwc.privacy.release import statement as released  # noqa: F401
    from tfrwc.privacy.sgd import statement as trained  # noqa: F401
    from tfrwc.privacy.statement import statement_from_dict

    if path.is_dir():
        names = ("privacy_statement.json", "manifest.json")
        found = [path / name for name in names if (path / name).is_file()]
        if not found:
            raise FileNotFoundError(
                f"There is no statement of privacy in {path}: it has neither "
                f"{' nor '.join(names)}. Name the folder that has one."
            )
        path = found[0]
    data = read_json(path, "a statement of privacy")
    if isinstance(data, dict) and isinstance(data.get("privacy"), dict):
        data = data["privacy"].get("statement")
    try:
        return statement_from_dict(data)
    except ValueError as error:
        raise ValueError(f"{path} has no statement of privacy: {error}") from error
