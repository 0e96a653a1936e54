"""Private sets: whose images they are, what they were built from, one at a time."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfrwc._common.locks import Lock, LockedError
from tfrwc.datasets import xray_files
from tfrwc.datasets.pneumonia import Pneumonia
from tfrwc.datasets.private_pneumonia import PrivatePneumonia, PrivatePneumoniaConfig
from tfrwc.datasets.set_identity import IDENTITY
from tfrwc.privacy import PixelLaplace, insecure_test_key
from tfrwc.privacy.keys import KEY_VARIABLE, fingerprint_under

KEY = insecure_test_key("private sets")
CONFIG = PrivatePneumoniaConfig(name="own", mechanism=PixelLaplace(30.0), size=64)
OF_VERSION_3 = {
    "NORMAL": ["NORMAL-28501-0001", "NORMAL-28501-0002"],
    "PNEUMONIA": ["BACTERIA-1008087-0001", "VIRUS-1008087-0002"],
}


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY.hex())


def write(root, names, seed=0):
    rng = np.random.default_rng(seed)
    for split in xray_files.SPLITS:
        for label, stems in names.items():
            home = root / "chest_xray" / split / label
            home.mkdir(parents=True)
            for stem in stems:
                image = Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8))
                image.save(home / f"{stem}.png")
    return root


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "in", OF_VERSION_3)


def build(folder, out, cls=PrivatePneumonia, **options):
    config = CONFIG if cls is PrivatePneumonia else "64"
    builder = cls(config=config, data_dir=str(out), **options)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=str(folder))
    )
    return builder


def statement_of(builder):
    return json.loads((builder.data_path / "privacy_statement.json").read_text())


def left_in(out):
    """Files but those that TFDS keeps for itself."""
    return [
        path
        for path in Path(out).rglob("*")
        if path.is_file() and not {".config", "downloads"} & set(path.parts)
    ]


def test_patients_of_version_3_have_all_their_images(folder, tmp_path):
    builder = build(folder, tmp_path / "out")
    statement = statement_of(builder)
    assert statement["images_per_patient"] == 6
    assert statement["patient_epsilon"] == 6 * statement["image_epsilon"]
    for example in tfds.as_numpy(builder.as_dataset("test")):
        number = "28501" if b"NORMAL" in example["name"] else "1008087"
        assert example["patient"].decode() == number


def test_patients_that_names_do_not_tell_are_asked_for(folder, tmp_path):
    home = folder / "chest_xray" / "train" / "NORMAL"
    for name in ("aug_0_1234.png", "x.jpeg"):
        Image.new("L", (8, 8)).save(home / name)
    with pytest.raises(ValueError, match="tell no patient") as raised:
        build(folder, tmp_path / "out")
    for word in ("2 have", "aug_0_1234.png", "x.jpeg", "patients=", "images_per_pa"):
        assert word in str(raised.value)
    with pytest.raises(ValueError, match=r"images_per_patient is 5, but .* has 6 im"):
        build(folder, tmp_path / "out", images_per_patient=5)
    with pytest.raises(ValueError, match="whole number"):
        build(folder, tmp_path / "out", images_per_patient=0)
    assert left_in(tmp_path / "out") == []
    statement = statement_of(build(folder, tmp_path / "out", images_per_patient=7))
    assert statement["images_per_patient"] == 7
    assert "7 images: the number was given" in statement["not_promised"][0]


def test_a_table_of_patients_counts(folder, tmp_path):
    path = tmp_path / "patients.csv"
    rows = ["file,patient"]
    for stem in OF_VERSION_3["PNEUMONIA"]:
        rows += [f"{split}/PNEUMONIA/{stem}.png,a" for split in xray_files.SPLITS]
    path.write_text("\n".join(rows))
    with pytest.raises(ValueError, match="lacks 6 of the files") as raised:
        build(folder, tmp_path / "out", patients=path)
    assert "val/NORMAL/NORMAL-28501-0002.png" in str(raised.value)
    assert "PNEUMONIA" not in str(raised.value)
    path.write_text("\n".join([*rows, "NORMAL-28501-0001.png,a"]))
    with pytest.raises(ValueError, match="lacks 3 of the files"):
        build(folder, tmp_path / "out", patients=path)
    rows += [f"NORMAL-28501-000{i}.png,{name}" for i, name in ((1, "a"), (2, "b"))]
    path.write_text("\n".join(rows))
    builder = build(folder, tmp_path / "out", patients=path)
    statement = statement_of(builder)
    assert statement["images_per_patient"] == 9
    told = {
        example["name"].decode(): example["patient"]
        for example in tfds.as_numpy(builder.as_dataset("val"))
    }
    assert told["NORMAL-28501-0002.png"] == b"b"
    assert told["VIRUS-1008087-0002.png"] == b"a"


def test_pneumonia_mnist_says_what_it_assumes():
    source = xray_files.MedMNIST("nowhere")
    images = xray_files.images_of_a_patient(source)
    assert images.number == xray_files.most_images_of_a_patient(source) == 31
    assert "does not say whose its images are" in images.assumptions[0]


def other_folder(folder, tmp_path):
    return {"folder": write(tmp_path / "other", OF_VERSION_3, seed=1)}


def one_more(folder, tmp_path):
    home = folder / "chest_xray" / "val" / "NORMAL"
    Image.new("L", (8, 8)).save(home / "NORMAL-28501-0009.png")
    return {"folder": folder}


def other_name(folder, tmp_path):
    home = folder / "chest_xray" / "val" / "NORMAL"
    (home / "NORMAL-28501-0001.png").rename(home / "NORMAL-28501-0009.png")
    return {"folder": folder}


def other_table(folder, tmp_path):
    stems = [f"{s}.png" for stems in OF_VERSION_3.values() for s in stems]
    path = tmp_path / "patients.csv"
    path.write_text("file,patient\n" + "".join(f"{s},{s}\n" for s in stems))
    return {"folder": folder, "patients": path}


OTHERS = {
    "another folder": (other_folder, "input"),
    "a file more": (one_more, "input"),
    "a file of another name": (other_name, "input"),
    "a table": (other_table, "input"),
    "bad files": (lambda f, _: {"folder": f, "bad_files": "skip"}, "policy for bad"),
    "number": (lambda f, _: {"folder": f, "images_per_patient": 8}, "number of images"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_set_is_never_given_for_the_one_asked_for(folder, tmp_path, what):
    out = tmp_path / "out"
    built = build(folder, out)
    before = {path: path.read_bytes() for path in left_in(out)}
    build(folder, out)
    options, said = OTHERS[what]
    with pytest.raises(FileExistsError, match=f"built with another {said}.*--out"):
        build(**{"out": out} | options(folder, tmp_path))
    assert {path: path.read_bytes() for path in left_in(out)} == before
    # Read without asking for anything, it is what it is.
    again = PrivatePneumonia(config=CONFIG, data_dir=str(out))
    again.download_and_prepare()
    assert statement_of(again) == statement_of(built)


def test_another_key_is_another_set(folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    builder = build(folder, out)
    with monkeypatch.context() as patched:
        patched.setenv(KEY_VARIABLE, insecure_test_key("other").hex())
        with pytest.raises(FileExistsError, match="built with another key than"):
            build(folder, out)
    identity = (builder.data_path / IDENTITY).read_text()
    assert KEY.hex() not in identity
    assert json.loads(identity)["key"] == fingerprint_under(KEY)
    # A bare hash would let others try whether they have guessed the images.
    assert xray_files.find(folder, 64).fingerprint() not in identity


def test_a_copy_of_the_files_is_the_same_input(folder, tmp_path):
    out = tmp_path / "out"
    build(folder, out)
    build(write(tmp_path / "copy", OF_VERSION_3), out)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_set_that_does_not_say_what_it_is_is_refused(folder, tmp_path, text):
    builder = build(folder, tmp_path / "out", Pneumonia)
    path = Path(builder.data_dir) / IDENTITY
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(FileExistsError, match="Give another folder"):
        build(folder, tmp_path / "out", Pneumonia)
    Pneumonia(config="64", data_dir=str(tmp_path / "out")).download_and_prepare()


def test_a_set_can_be_built_anew_if_asked(folder, tmp_path):
    build(folder, tmp_path / "out", Pneumonia)
    other = write(tmp_path / "other", OF_VERSION_3, seed=1)
    builder = Pneumonia(config="64", data_dir=str(tmp_path / "out"))
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=str(other),
            download_mode=tfds.download.GenerateMode.REUSE_CACHE_IF_EXISTS,
        )
    )
    build(other, tmp_path / "out", Pneumonia)


def test_links_stand_in_the_report(folder, tmp_path):
    away = tmp_path / "away.png"
    Image.new("L", (8, 8)).save(away)
    home = folder / "chest_xray" / "train" / "NORMAL"
    (home / "NORMAL-28501-0003.png").symlink_to(away)
    builder = build(folder, tmp_path / "out", Pneumonia)
    report = json.loads((builder.data_path / "build_report.json").read_text())
    assert report["linked"] == 1
    assert report["links"] == ["train/NORMAL/NORMAL-28501-0003.png"]


def test_one_builds_at_a_time(folder, tmp_path):
    out = tmp_path / "out"
    home = out / "private_pneumonia" / "own" / "1.0.0"
    home.parent.mkdir(parents=True)
    lock = Lock(home)
    with pytest.raises(LockedError, match="is being written by process"):
        build(folder, out)
    assert left_in(out) == [home.with_name("1.0.0.lock")]
    lock.release()
    build(folder, out)
    assert not list(home.parent.glob("*.lock"))


def _build_slowly(folder, out, flag):
    read = xray_files.Folder.read

    def slowly(source, key):
        Path(flag).touch()
        time.sleep(60)
        return read(source, key)

    xray_files.Folder.read = slowly
    os.environ[KEY_VARIABLE] = KEY.hex()
    build(folder, out)


@pytest.mark.slow
def test_what_a_killed_build_left_goes_with_the_next(folder, tmp_path):
    out, flag = tmp_path / "out", tmp_path / "flag"
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_build_slowly, args=(folder, out, flag))
    process.start()
    while not flag.exists():
        assert process.is_alive()
        time.sleep(0.1)
    with pytest.raises(LockedError, match="Wait for it or end it"):
        build(folder, out)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    home = out / "private_pneumonia" / "own"
    assert list(home.glob("incomplete.*"))
    build(folder, out)
    assert [path.name for path in home.iterdir()] == ["1.0.0"]
