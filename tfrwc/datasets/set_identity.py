"""What a set was built from, beside its records: another input is another set.

A set is built once. What is asked for again under the same name is that set, or an
error, and never the set of another folder, key or option.
"""

import json
from typing import Any

from tfrwc._common.json_files import parse_json

IDENTITY = "built_from.json"

Identity = dict[str, str]


def write_identity(identity: Identity, folder: Any) -> None:
    """Write what a set was built from.

    Args:
        identity: text by name, such as the fingerprint of the input. Nothing in it may
            tell what must not be published.
        folder: of the set, a path of pathlib or of TFDS.
    """
    (folder / IDENTITY).write_text(json.dumps(identity, indent=1))


def check_identity(identity: Identity, folder: Any) -> None:
    """Check that the set in a folder is the one that is asked for.

    Args:
        identity: of the set that is asked for.
        folder: of the set that is there, as of `write_identity`.

    Raises:
        FileExistsError: if it is another, or does not say what it was built from.
    """
    path = folder / IDENTITY
    remedy = "Give another folder (data_dir=, --out), or remove this set first."
    try:
        known = parse_json(path.read_bytes()) if path.exists() else None
    except ValueError as error:
        raise FileExistsError(f"{path} is damaged: {error}. {remedy}") from error
    if not isinstance(known, dict):
        raise FileExistsError(
            f"The set in {folder} does not say what it was built from, so that it may "
            f"be another than the one asked for. {remedy}"
        )
    others = sorted(
        name
        for name in identity.keys() | known.keys()
        if identity.get(name) != known.get(name)
    )
    if "key" in others:  # under which the fingerprint of the input is another, too
        others = [name for name in others if name != "input"]
    if others:
        raise FileExistsError(
            f"The set in {folder} was built with another {' and another '.join(others)}"
            f" than is asked for. {remedy}"
        )
