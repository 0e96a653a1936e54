"""Trained models to be kept: ``<folder>/<name>/<version>/``.

Each version is a SavedModel, as TensorFlow Serving takes it, with beside it
model.keras, manifest.json (data, settings, metrics, privacy, and hashes of all files)
and README.md, the model card made from it.
"""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

from tfrwc.models.model_card import model_card
from tfrwc.models.saved import KERAS_FILE, SERVING, load_keras_file

MANIFEST, CARD = "manifest.json", "README.md"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def push(model, folder, name, manifest) -> Path:
    """Add a model as the next version of a name, unless it is the latest already.

    Args:
        model: folder of it, of `tfrwc.models.saved.write_model`.
        folder: of all models.
        name: of the model.
        manifest: plain data, of what is known.

    Returns:
        The folder of the version, whole from the moment it is there.

    Raises:
        ValueError: if the name is not one of letters, digits, and ``_``, ``.``, ``-``.
    """
    home = _home(folder, name)
    home.mkdir(parents=True, exist_ok=True)
    latest = max(_versions(home), default=0)
    version = latest + 1
    partial = home / f".{version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(Path(model) / SERVING, partial)
    manifest = {"name": name, "version": version} | manifest
    (partial / CARD).write_text(model_card(manifest), encoding="utf-8")
    manifest["sha256"] = _hashes(partial, manifest)
    if latest and _same(manifest, _manifest(home / str(latest))):
        shutil.rmtree(partial)  # as after a kill, when it was pushed already
        return home / str(latest)
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    os.replace(partial, home / str(version))
    return home / str(version)


def load_saved_model(name, version=None, folder="saved_models"):
    """Load a model, if its files are those that were pushed.

    The hashes tell damage and mistakes. They are no signature: who alters a file on
    purpose can alter its hash too.

    Args:
        name: of the model.
        version: whole number; None for the latest.
        folder: of all models, by default that in the working directory.

    Returns:
        A Keras model, uncompiled, with the attribute `manifest`, a dict.

    Raises:
        FileNotFoundError: if there is no such model or version.
        ValueError: if a file is missing, added or altered, or the folder holds another
            model than its name says.
    """
    home = _home(folder, name)
    versions = _versions(home)
    if not versions:
        raise FileNotFoundError(
            f"There is no model {name!r} in {Path(folder).resolve()}. There are: "
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


def _home(folder, name):
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            "A model's name has letters, digits, '_', '.' and '-', and begins with "
            f"one of the first two. Received: {name!r}."
        )
    return Path(folder) / name


def _same(one, other):
    """Whether manifests are of the same model, whatever its version and card."""

    def kept(manifest):
        hashes = dict(manifest["sha256"])
        for file in (CARD, MANIFEST):
            hashes.pop(file, None)
        return manifest | {"sha256": hashes, "version": None}

    return kept(one) == kept(other)


def _manifest(path):
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        dict(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} has no readable {MANIFEST}: it is damaged, or not a model that "
            "was pushed."
        ) from error
    return manifest


def _checked(path, name, version):
    manifest = _manifest(path)
    said = manifest.get("name"), manifest.get("version")
    if said != (name, version):
        raise ValueError(
            f"{path} holds {said[0]!r}, version {said[1]}, by its {MANIFEST}. Move it "
            "to where it belongs, or load it by its own name."
        )
    found, wanted = _hashes(path, manifest), manifest["sha256"]
    wrong = sorted(
        file
        for file in found.keys() | wanted.keys()
        if found.get(file) != wanted.get(file)
    )
    if wrong:
        raise ValueError(
            f"{path} is not what was pushed: {', '.join(wrong)} missing, added or "
            "altered. Push the model again, or restore the files."
        )
    return manifest


def _hashes(path, manifest):
    """SHA-256 of each file, and of what the manifest says besides."""
    found = {
        file.relative_to(path).as_posix(): _sha256(file.read_bytes())
        for file in sorted(path.rglob("*"))
        if file.is_file() and file != path / MANIFEST
    }
    # Links belong to no model that was pushed.
    found |= {
        file.relative_to(path).as_posix(): "a link"
        for file in path.rglob("*")
        if file.is_symlink()
    }
    said = {key: value for key, value in manifest.items() if key != "sha256"}
    text = json.dumps(said, sort_keys=True)
    return found | {MANIFEST: _sha256(text.encode())}


def _versions(home):
    if not home.is_dir():
        return []
    return sorted(
        int(path.name)
        for path in home.iterdir()
        if path.is_dir() and re.fullmatch("[1-9][0-9]*", path.name)
    )


def _names(folder):
    folder = Path(folder)
    return (
        sorted(p.name for p in folder.iterdir() if _versions(p))
        if folder.is_dir()
        else []
    )


def _sha256(data):
    return hashlib.sha256(data).hexdigest()
