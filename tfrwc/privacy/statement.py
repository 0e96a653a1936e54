"""Privacy statements on disk: for machines in JSON, for people in words."""

import json
import math
from pathlib import Path

_NAME = "privacy_statement"


def write_statement(statement, folder) -> str:
    """Write privacy_statement.json and .txt; returns the guarantee in few words.

    Args:
        statement: with to_json, to_dict and explain.
        folder: which is there.
    """
    folder = Path(folder)
    (folder / f"{_NAME}.json").write_text(statement.to_json(), encoding="utf-8")
    (folder / f"{_NAME}.txt").write_text(statement.explain() + "\n", encoding="utf-8")
    epsilon, delta = image_guarantee(statement.to_dict())
    if math.isinf(epsilon):
        return "none"
    return f"epsilon {epsilon:.4g}, delta {delta:.2g}, for an image"


def read_statement(folder) -> tuple:
    """The statement in a folder, as plain data, and in words."""
    folder = Path(folder)
    data = json.loads((folder / f"{_NAME}.json").read_text(encoding="utf-8"))
    return data, (folder / f"{_NAME}.txt").read_text(encoding="utf-8").rstrip("\n")


def image_guarantee(statement) -> tuple:
    """Epsilon and delta of one image: of released images for the image replaced by any
    other, of DP-SGD for an image that is there or not; infinity without a guarantee.

    Args:
        statement: plain data, of `read_statement`.
    """
    found = statement.get("image_epsilon_delta", statement)
    epsilon = found["epsilon"]
    return (math.inf if epsilon == "infinity" else epsilon), found["delta"]
