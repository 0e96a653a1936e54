"""Sizes and hashes of all files of an output, by which damage is noticed."""

from pathlib import Path

from tfrwc.datasets.files import all_files, is_data
from tfrwc.datasets.fingerprint import contents

Manifest = dict[str, list[int | str]]  # size in bytes and SHA-256, by path below


def manifest(folder: str | Path) -> Manifest:
    """Sizes and hashes of the files below a folder.

    Raises:
        OSError: if one cannot be read.
    """
    return {
        name: [path.stat().st_size, contents(path)]
        for name, path in _files(folder).items()
    }


def damage(folder: str | Path, made: Manifest) -> str:
    """What is wrong with a folder that was made with these files; empty if nothing is.

    Files that programs leave, such as .DS_Store, may have been added.
    """
    if not Path(folder).is_dir():
        return "its folder is gone"
    try:
        files = _files(folder)
        for name, (size, digest) in made.items():
            if name not in files:
                return f"{name} is missing"
            if files[name].stat().st_size != size or contents(files[name]) != digest:
                return f"{name} was altered"
    except OSError as error:
        return str(error)
    for name in files.keys() - made.keys():
        if all(map(is_data, name.split("/"))):
            return f"{name} was added"
    return ""


def _files(folder: str | Path) -> dict[str, Path]:
    root = Path(folder)
    found = [path for path in all_files(root) if path.is_file()]
    return {path.relative_to(root).as_posix(): path for path in found}
