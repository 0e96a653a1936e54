"""Trained models that are kept, with their versions: ``<folder>/<name>/<version>/``.

Each version is a SavedModel, as TensorFlow Serving takes it, with beside it
model.keras, manifest.json (data, settings, metrics, privacy, and hashes of all files)
and README.md, the model card made from it.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.json_files import read_object
from tfrwc._common.paths import local_path
from tfrwc.models.keras_file import load_keras_file
from tfrwc.models.model_card import model_card
from tfrwc.models.saved import KERAS_FILE, SERVING

if TYPE_CHECKING:
    import keras

MANIFEST, CARD = "manifest.json", "README.md"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def push(
    model: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    name: str,
    manifest: Mapping[str, Any],
) -> Path:
    """Add a model as the next version of its name, unless it is the latest already.

    Args:
        model: its folder, as `tfrwc.models.saved.write_model` writes it.
        folder: of all models.
        name: of the model.
        manifest: what is known of the model, as plain data.

    Returns:
        The folder of the version. A process that is killed leaves a whole one or none.

    Raises:
        ValueError: as of `home_of`.
    """
    home, model = home_of(folder, name), local_path(model, "model")
    home.mkdir(parents=True, exist_ok=True)
    latest = max(_versions(home), default=0)
    version = latest + 1
    partial = home / f".{version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(model / SERVING, partial)
    contents = {"name": name, "version": version} | dict(manifest)
    (partial / CARD).write_text(model_card(contents), encoding="utf-8")
    contents["sha256"] = _hashes(partial, contents)
    if latest and _same(contents, _manifest(home / str(latest))):
        shutil.rmtree(partial)  # as after a kill, when it was pushed already
        return home / str(latest)
    (partial / MANIFEST).write_text(json.dumps(contents, indent=1), encoding="utf-8")
    os.replace(partial, home / str(version))
    return home / str(version)


def load_saved_model(
    name: str,
    version: int | None = None,
    folder: str | os.PathLike[str] = "saved_models",
) -> "keras.Model":
    """Load a model, after a check that its files are those that were pushed.

    The check finds damage and mistakes. It is no signature: whoever alters a file on
    purpose can alter its hash too.

    Args:
        name: of the model.
        version: of the model, a whole number; None for the latest.
        folder: of all models, by default that in the working directory.

    Returns:
        A Keras model, uncompiled, with the attribute `manifest`, a dict.

    Raises:
        FileNotFoundError: if there is no such model or version.
        ValueError: if a file is missing, added or altered, or the folder holds another
            model than its name says.
    """
    home = home_of(folder, name)
    versions = _versions(home)
    if not versions:
        raise FileNotFoundError(
            f"There is no model {name!r} in {home.parent.resolve()}. There are: "
            f"{', '.join(_names(folder)) or 'none'}. Give the folder of all models as "
            "folder=."
        )
    version = max(versions) if version is None else version
    if version not in versions:
        raise FileNotFoundError(
            f"The model {name!r} has the versions {', '.join(map(str, versions))}. "
            f"Received: {version!r}."
        )
    path = home / str(version)
    manifest = _checked(path, name, version)
    model = load_keras_file(path / KERAS_FILE)
    model.manifest = manifest
    return model


def not_served(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    name: str,
    own: Iterable[str | os.PathLike[str]],
) -> str:
    """Why a version that was pushed is not what is served now, in words; or empty.

    Args:
        path: of the version, as `push` returned it.
        folder, name: as of `push`.
        own: paths of all versions that the same pipeline pushed.

    Raises:
        ValueError: if the latest version is none of these: whoever pushed it, and this
            pipeline, would replace each other's models at every run.
    """
    home, version = home_of(folder, name), Path(path).name
    if not (home / version).is_dir():
        return f"pushed {home / version}, which is gone"
    latest = max(_versions(home))
    if version != str(latest):
        pushed = {Path(one).parts[-2:] for one in own}
        if (name, str(latest)) not in pushed:
            raise ValueError(
                f"This pipeline pushed version {version} of {name}, and somebody else "
                f"version {latest}, in {home}: by turns each would replace the other's "
                "model. Give one another name. To push this one once more, delete the "
                "outputs of its step."
            )
        return f"pushed version {version} of {name}, and {latest} is the latest"
    try:
        _checked(home / version, name, latest)
    except ValueError as error:
        return f"pushed a model that was altered: {error}"
    return ""


def home_of(folder: str | os.PathLike[str], name: str) -> Path:
    """The folder of the versions of a model.

    Args:
        folder: of all models.
        name: of the model.

    Raises:
        ValueError: if the name is not one of letters, digits, and ``_``, ``.``, ``-``,
            or the folder is not on this machine, such as ``gs://bucket/models``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            "A model's name has letters, digits, '_', '.' and '-', and begins with "
            f"one of the first two. Received: {name!r}."
        )
    return local_path(folder, "The folder of models") / name


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether manifests are of the same model, whatever its version and card."""

    def without_version(manifest: Mapping[str, Any]) -> dict[str, Any]:
        hashes = dict(manifest["sha256"])
        for file in (CARD, MANIFEST):
            hashes.pop(file, None)
        return dict(manifest) | {"sha256": hashes, "version": None}

    return without_version(one) == without_version(other)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = read_object(path / MANIFEST, "a manifest", {"sha256": dict})
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path} has no readable {MANIFEST}: it is damaged, or not a model that "
            f"was pushed ({error})."
        ) from error
    return manifest


def _checked(path: Path, name: str, version: int) -> dict[str, Any]:
    """The manifest of a version whose files are as it says."""
    manifest = _manifest(path)
    own = manifest.get("name"), manifest.get("version")
    if own != (name, version):
        raise ValueError(
            f"{path} holds {own[0]!r}, version {own[1]}, by its {MANIFEST}. Move it "
            "to where it belongs, or load it by its own name."
        )
    hashes, pushed = _hashes(path, manifest), manifest["sha256"]
    wrong = sorted(
        file
        for file in hashes.keys() | pushed.keys()
        if hashes.get(file) != pushed.get(file)
    )
    if wrong:
        raise ValueError(
            f"{path} is not what was pushed: {', '.join(wrong)} missing, added or "
            f"altered, by its {MANIFEST}. Push the model again, or restore the files."
        )
    return manifest


def _hashes(path: Path, manifest: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of each file, and of what the manifest says beside the hashes."""
    hashes = {
        file.relative_to(path).as_posix(): _sha256(file.read_bytes())
        for file in sorted(path.rglob("*"))
        if file.is_file() and file != path / MANIFEST
    }
    # Links belong to no model that was pushed.
    hashes |= {
        file.relative_to(path).as_posix(): "a link"
        for file in path.rglob("*")
        if file.is_symlink()
    }
    facts = {key: value for key, value in manifest.items() if key != "sha256"}
    text = json.dumps(facts, sort_keys=True)
    return hashes | {MANIFEST: _sha256(text.encode())}


def _versions(home: Path) -> list[int]:
    if not home.is_dir():
        return []
    return sorted(
        int(path.name)
        for path in home.iterdir()
        if path.is_dir() and re.fullmatch("[1-9][0-9]*", path.name)
    )


def _names(folder: str | os.PathLike[str]) -> list[str]:
    folder = local_path(folder)
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _versions(path))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
