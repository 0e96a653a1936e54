"""The command `tfrwc`.

tfrwc study dynamics --out runs/digits
"""

import argparse
import importlib
import json
import sys
from typing import Any

from tfrwc._version import __version__

STUDIES = {
    "dynamics": ("learning_dynamics", "how the layers of networks learn"),
    "privacy": ("private_pneumonia", "what privacy costs on X-rays"),
    "beta": ("optimal_beta", "which β a β-VAE should have"),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command.

    Args:
        arguments: of the command line; None for those that Python was started with.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if len(arguments) > 1 and arguments[0] == "study" and arguments[1] in STUDIES:
        # What follows is read by the study, --help too.
        name = arguments[1]
        module = importlib.import_module(f"tfrwc.commands.{STUDIES[name][0]}")
        module.main(arguments[2:], command=f"tfrwc study {name}")
        return
    options = parse(arguments)
    list_datasets(options.json)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tfrwc",
        description="See which layers of a Keras model learn, and run the studies.",
        epilog="example: tfrwc study dynamics --out runs/digits",
    )
    parser.add_argument("--version", action="version", version=f"tfrwc {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    study = commands.add_parser(
        "study",
        help="run a study, and report it",
        description="Run a study, and report it; each has a --help of its own.",
        epilog="example: tfrwc study privacy --out runs/private --seeds 0",
    )
    studies = study.add_subparsers(required=True, metavar="STUDY")
    for name, (_, text) in STUDIES.items():
        studies.add_parser(name, help=text)
    datasets = commands.add_parser(
        "datasets",
        help="list the named data sets",
        description="List the named data sets, and where each would be read from.",
        epilog="example: tfrwc datasets --json",
    )
    datasets.add_argument("--json", action="store_true", help="as JSON")
    return parser.parse_args(arguments)


def list_datasets(as_json: bool) -> None:
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
        print(json.dumps(rows, indent=1))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(f"{row['name']:{width}}  {row['description']} {row['place']}")


if __name__ == "__main__":
    main()
