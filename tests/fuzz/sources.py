"""Doors of data sets: archives, images, folders of images, and examples."""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fuzz.door import Door, Mutation
from fuzz.mutations import anywhere
from tfrwc.datasets.archives import read_archive
from tfrwc.datasets.catalogue import DataSet
from tfrwc.datasets.decode import decode
from tfrwc.datasets.folders import read_folder
from tfrwc.datasets.image_set import ImageSet
from tfrwc.datasets.xray_archives import Archive

ROW = DataSet(
    name="own",
    description="One's own.",
    size=6,
    uses=("classification",),
    reader="tfrwc.datasets.archives:read_archive",
    file="own.npz",
)


def _arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (30, 6, 6), np.uint8)
    y = np.arange(30) % 3
    return {"x_train": x, "y_train": y, "x_test": x[:9], "y_test": y[:9]}


def archive(folder: Path) -> Path:
    path = folder / "own.npz"
    np.savez(path, **_arrays())
    return path


def compressed(folder: Path) -> Path:
    path = folder / "own.npz"
    np.savez_compressed(path, **_arrays())
    return path


def load_archive(path: Path) -> ImageSet:
    return read_archive(ROW, path)


def same_set(images: ImageSet, original: ImageSet) -> str:
    pairs = [
        (getattr(images, name), getattr(original, name))
        for name in ("x_train", "y_train", "x_test", "y_test")
    ]
    alike = all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)
    return "right" if alike and images.class_names == original.class_names else "wrong"


def _strange(array: np.ndarray, rng: random.Random) -> Any:
    """An array that is not what it was, and what it is called."""
    changes = {
        "one too many": lambda a: np.concatenate([a, a[:1]]),
        "one too few": lambda a: a[:-1],
        "none": lambda a: a[:0],
        "real": lambda a: a / 255,
        "not a number": lambda a: np.where(a == a.flat[0], np.nan, a),
        "infinite": lambda a: np.where(a == a.flat[0], np.inf, a),
        "text": lambda a: a.astype(str),
        "huge": lambda a: a.astype(np.int64) * 10**12,
        "below 0": lambda a: a.astype(np.int64) - 1,
        "true": lambda a: a > 1,
        "one-hot": lambda a: np.eye(300, dtype=np.uint8)[a],
        "another axis": lambda a: a[..., None, None],
        "flat": lambda a: a.ravel()[: len(a)],
        "a number": lambda a: a.flat[0],
        "complex": lambda a: a * 1j,
        "dates": lambda a: a.astype("M8[s]"),
        "16 bits": lambda a: a.astype(np.uint16) * 257,
        "half": lambda a: a.astype(np.float16) / 3,
        "a gap": lambda a: a.astype(np.int64) * 2,
        "records": lambda a: np.zeros(len(a), "i4,f8"),
        "of 32 bits": lambda a: a.astype(">i4"),
    }
    name = rng.choice(sorted(changes))
    try:
        return changes[name](array), name
    except (TypeError, ValueError, IndexError):  # text is no number
        return array[::-1], "reversed"


def _in_arrays(path: Path, rng: random.Random) -> str:
    with np.load(path) as file:
        arrays = dict(file)
    name = rng.choice(sorted(arrays))
    kind = rng.randrange(5)
    what = "removed"
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        other = rng.choice(sorted(arrays))
        arrays[name], arrays[other] = arrays[other], arrays[name]
        what = f"changed for {other}"
    else:
        arrays[name], what = _strange(arrays[name], rng)
    np.savez(path, **arrays)
    return f"{name}: {what}"


def judge_arrays(images: ImageSet, original: ImageSet) -> str:
    """What was changed on purpose is another set, if it is one: then all fits."""
    if same_set(images, original) == "right":
        return "right"
    fits = (
        images.x_train.dtype == images.x_test.dtype == np.uint8
        and len(images.x_train) == len(images.y_train) > 0
        and len(images.x_test) == len(images.y_test) > 0
        and images.x_train.shape[1:] == images.x_test.shape[1:]
        and images.y_train.min() >= 0
        and images.y_train.max() < len(images.class_names) <= 30
    )
    return "another set" if fits else "wrong"


ARCHIVE = Door(archive, load_archive, same_set, anywhere())
COMPRESSED = Door(compressed, load_archive, same_set, anywhere())
ARRAYS = Door(archive, load_archive, judge_arrays, [_in_arrays])


def xrays(folder: Path) -> Path:
    """As chest_xray_224_jpeg.npz, of four images a split."""
    rng = np.random.default_rng(0)
    names = ["IM-0001-0001.jpeg", "IM-0002-0001.jpeg"]
    names += ["person1_bacteria_1.jpeg", "person2_virus_3.jpeg"]
    arrays: dict[str, Any] = {}
    for split in ("train", "val", "test"):
        files = []
        for _ in names:
            buffer = io.BytesIO()
            pixels = rng.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(buffer, "JPEG")
            files.append(buffer.getvalue())
        arrays |= {
            f"names_{split}": np.array(names, "S"),
            f"patient_{split}": np.array([n.split("_")[0][:7] for n in names], "S"),
            f"subtype_{split}": np.array([0, 0, 1, 2]),
            f"y_{split}": np.array([0, 0, 1, 1]),
            f"jpeg_{split}": np.frombuffer(b"".join(files), np.uint8),
            f"offset_{split}": np.cumsum([0, *map(len, files)]),
        }
    path = folder / "xrays.npz"
    np.savez(path, **arrays)
    return path


def load_xrays(path: Path) -> list[Any]:
    source = Archive(str(path), 8)
    keys = [key for split in ("train", "val", "test") for key in source.keys(split)]
    return [source.read(key) for key in keys]


def same_examples(examples: list[Any], original: list[Any]) -> str:
    alike = len(examples) == len(original) and all(
        np.array_equal(a["image"], b["image"])
        and all(a[name] == b[name] for name in b if name != "image")
        for a, b in zip(examples, original, strict=True)
    )
    return "right" if alike else "wrong"


def judge_xrays(examples: list[Any], original: list[Any]) -> str:
    if same_examples(examples, original) == "right":
        return "right"
    # What was changed may be the name of a patient, or the pixels of an image.
    fits = all(
        e["image"].shape == (8, 8, 1)
        and (e["label"] == "NORMAL") == (e["subtype"] == "normal")
        and e["name"].startswith("IM" if e["label"] == "NORMAL" else "person")
        for e in examples
    )
    return "another set" if fits else "wrong"


XRAYS = Door(xrays, load_xrays, same_examples, anywhere())
XRAY_ARRAYS = Door(xrays, load_xrays, judge_xrays, [_in_arrays])


def _image(format: str, **options: Any) -> Door:
    """A door for image files of a format."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, 20, 3), np.uint8)

    def make(folder: Path) -> Path:
        exif = Image.Exif()
        exif[0x0112] = 6
        path = folder / f"image.{format.lower()}"
        Image.fromarray(pixels).save(path, format, exif=exif, **options)
        return path

    return Door(make, _load_image, _judge_image(format == "PNG"), anywhere())


def _load_image(path: Path) -> np.ndarray:
    """As a set of two classes reads it: with the name of the file in the error."""
    from tfrwc.datasets.folders import _read_image

    return _read_image(path)


def _judge_image(has_checksums: bool) -> Any:
    def judge(pixels: np.ndarray, original: np.ndarray) -> str:
        if np.array_equal(pixels, original):
            return "right"
        is_image = pixels.dtype == np.uint8 and pixels.ndim in (2, 3)
        return "wrong" if has_checksums or not is_image else "another image"

    return judge


PNG = _image("PNG")
PNG_STORED = _image("PNG", compress_level=0)
JPEG = _image("JPEG")
TIFF = _image("TIFF", compression="tiff_lzw")
TIFF_RAW = _image("TIFF")
WEBP = _image("WEBP", lossless=True)
GIF = _image("GIF")
BMP = _image("BMP")
PPM = _image("PPM")


def folder(where: Path) -> Path:
    root = where / "images"
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            (root / part / name).mkdir(parents=True)
            for i in range(5):
                pixels = rng.integers(0, 256, (5, 5), np.uint8)
                Image.fromarray(pixels).save(root / part / name / f"{i}.png")
    return root


def load_folder(path: Path) -> ImageSet:
    return read_folder(path, 8)


def _rename(path: Path, rng: random.Random) -> str:
    one = rng.choice(sorted(p for p in path.rglob("*")))
    names = [".hidden", "train", "Testing", "val", "0.png", "x.txt", "x", "é.PNG"]
    new = one.with_name(rng.choice([*names, "__MACOSX", "a" * 200, "9.jpg", "b\n.png"]))
    if new.exists():
        return "nothing"
    one.rename(new)
    return f"{one.relative_to(path)} is {new.name}"


def _remove(path: Path, rng: random.Random) -> str:
    import shutil

    one = rng.choice(sorted(p for p in path.rglob("*")))
    shutil.rmtree(one) if one.is_dir() else one.unlink()
    return f"no {one.relative_to(path)}"


def _link(path: Path, rng: random.Random) -> str:
    one = rng.choice(sorted(p for p in path.rglob("*") if p.is_dir()))
    target = rng.choice([path, one, one.parent, one / "nothing", "/dev/zero"])
    (one / rng.choice(["link", "link.png"])).symlink_to(target)
    return f"{one.name}/link to {target}"


def _move(path: Path, rng: random.Random) -> str:
    one, other = rng.sample(sorted(p for p in path.rglob("*.png")), 2)
    one.rename(other.with_name(f"moved-{one.name}"))
    return f"{one.relative_to(path)} to {other.relative_to(path)}"


def judge_folder(images: ImageSet, original: ImageSet) -> str:
    if same_set(images, original) == "right":
        return "right"
    every = {x.tobytes() for x in (*original.x_train, *original.x_test)}
    is_whole = all(x.tobytes() in every for x in (*images.x_train, *images.x_test))
    tested = {x.tobytes() for x in images.x_test}
    leaks = any(x.tobytes() in tested for x in images.x_train)
    no_part = not {"train", "test", "Testing", "val"} & set(images.class_names)
    return "another set" if is_whole and no_part and not leaks else "wrong"


TREE: list[Mutation] = [_rename, _remove, _link, _move]
FOLDER = Door(folder, load_folder, judge_folder, TREE)
FOLDER_BYTES = Door(folder, load_folder, same_set, anywhere())

_ = decode  # the door behind all of these images
