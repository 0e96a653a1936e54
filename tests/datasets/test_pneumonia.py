"""The X-ray builders: whole sets, bad files, private sets, Beam and its faults."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from conftest import ROOT
from PIL import Image

from tfrwc.datasets import xray_files
from tfrwc.datasets.pneumonia import Pneumonia
from tfrwc.datasets.private_pneumonia import PrivatePneumonia, PrivatePneumoniaConfig
from tfrwc.datasets.xray_files import BadFileError
from tfrwc.privacy import PixelLaplace, insecure_test_key
from tfrwc.privacy.keys import KEY_VARIABLE, secret_key

KEY = insecure_test_key("pneumonia")
NAMES = {
    "NORMAL": ["IM-0115-0001.jpeg", "NORMAL2-IM-0383-0001.jpeg", "IM-0117-0001.jpeg"],
    "PNEUMONIA": [
        "person1_bacteria_1.jpeg",
        "person1_bacteria_2.jpeg",
        "person3_virus_3.jpeg",
        "person1_virus_6_0.jpeg",
    ],
}
needs_data = pytest.mark.skipif(
    "TFRWC_DATA_DIR" not in os.environ, reason="TFRWC_DATA_DIR is not set"
)


@pytest.fixture
def folder(tmp_path):
    """A folder as Kaggle's, of small random pictures."""
    rng = np.random.default_rng(0)
    for split in xray_files.SPLITS:
        for label, names in NAMES.items():
            (tmp_path / "chest_xray" / split / label).mkdir(parents=True)
            for name in names:
                picture = Image.fromarray(rng.integers(0, 256, (70, 90), np.uint8))
                picture.save(tmp_path / "chest_xray" / split / label / name)
    (tmp_path / "chest_xray" / "train" / "NORMAL" / ".DS_Store").write_text("hidden")
    return tmp_path


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY.hex())


def download(folder, **options):
    return tfds.download.DownloadConfig(manual_dir=str(folder), **options)


def build(cls, folder, out, config="64", **options):
    builder = cls(config=config, data_dir=str(out), **options)
    builder.download_and_prepare(download_config=download(folder))
    return builder


def examples(builder, split):
    data = tfds.as_numpy(builder.as_dataset(split, read_config=_quiet()))
    return {example["name"].decode(): example for example in data}


def _quiet():
    return tfds.ReadConfig(try_autocache=False)


def hashes(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def data_files(out):
    """What is there but the folders that TFDS keeps for itself."""
    return [
        path
        for path in Path(out).rglob("*")
        if path.is_file() and not {".config", "downloads"} & set(path.parts)
    ]


def test_a_folder_of_files(folder, tmp_path):
    builder = build(Pneumonia, folder, tmp_path / "out")
    assert {n: s.num_examples for n, s in builder.info.splits.items()} == {
        "train": 7,
        "val": 7,
        "test": 7,
    }
    found = examples(builder, "train")
    assert set(found) == {name for names in NAMES.values() for name in names}
    first = found["person1_bacteria_2.jpeg"]
    assert (first["label"], first["subtype"], first["patient"]) == (1, 1, b"person1")
    normal = found["NORMAL2-IM-0383-0001.jpeg"]
    assert (normal["label"], normal["subtype"]) == (0, 0)
    assert normal["patient"] == b"NORMAL2-IM-0383"
    path = folder / "chest_xray/train/PNEUMONIA/person1_bacteria_2.jpeg"
    resized = Image.open(path).resize((64, 64), Image.Resampling.LANCZOS)
    assert (first["image"][..., 0] == np.asarray(resized)).all()
    report = json.loads((builder.data_path / "build_report.json").read_text())
    assert report == {
        "examples": {"train": 7, "val": 7, "test": 7},
        "skipped": 0,
        "bad_files": {},
    }


def test_colour_and_16_bits_become_grey(folder, tmp_path):
    train = folder / "chest_xray" / "train" / "NORMAL"
    deep = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(deep).save(train / "deep.png")
    colour = Image.fromarray(np.full((64, 64, 3), (200, 100, 0), np.uint8))
    colour.save(train / "colour.png")
    found = examples(build(Pneumonia, folder, tmp_path / "out"), "train")
    assert (found["deep.png"]["image"][..., 0] == deep >> 8).all()
    assert (found["colour.png"]["image"] == np.asarray(colour.convert("L"))[0, 0]).all()


def test_own_sizes(folder, tmp_path):
    builder = build(Pneumonia, folder, tmp_path / "out", "kaggle")
    assert examples(builder, "val")["IM-0115-0001.jpeg"]["image"].shape == (70, 90, 1)


BAD = {
    "train/NORMAL/IM-0001-0001.jpeg": "is empty",
    "train/NORMAL/notes.txt": "is no readable image",
    "train/NORMAL/person9_bacteria_9.jpeg": "lies in NORMAL",
    "train/PNEUMONIA/NORMAL2-IM-0001-0001.jpeg": "lies in PNEUMONIA",
    "test/PNEUMONIA/person7_virus_7.jpeg": "is no readable image",
}


@pytest.fixture
def bad_folder(folder):
    root = folder / "chest_xray"
    whole = (root / "test/PNEUMONIA/person3_virus_3.jpeg").read_bytes()
    contents = [b"", b"not an image", whole, whole, whole[: len(whole) // 2]]
    for name, content in zip(BAD, contents, strict=True):
        (root / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("cls", [Pneumonia, PrivatePneumonia])
def test_every_bad_file_is_named_and_nothing_is_left(cls, bad_folder, tmp_path, key):
    out, config = tmp_path / "out", "64" if cls is Pneumonia else "shift_1"
    with pytest.raises(BadFileError) as raised:
        build(cls, bad_folder, out, config)
    message = str(raised.value)
    assert message.startswith("5 files of")
    for name, reason in BAD.items():
        assert f"{name} {reason}" in message
    assert data_files(out) == []


def test_bad_files_are_skipped_as_asked(bad_folder, tmp_path):
    builder = build(Pneumonia, bad_folder, tmp_path / "out", bad_files="skip")
    report = json.loads((builder.data_path / "build_report.json").read_text())
    assert report["skipped"] == 5
    assert set(report["bad_files"]) == set(BAD)
    assert builder.info.splits["train"].num_examples == 7
    assert not list(builder.data_path.glob("bad-*"))


def test_the_checksum_of_the_download_is_registered():
    for cls in (Pneumonia, PrivatePneumonia):
        info = cls.url_infos[xray_files.MEDMNIST_URL]
        assert info.checksum == xray_files.MEDMNIST.sha256
        assert info.size == 4170669


def test_mistakes_are_named(folder, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="'stop', 'skip'"):
        Pneumonia(config="64", data_dir=str(tmp_path), bad_files="ignore")
    with pytest.raises(ValueError, match="'local', 'beam'"):
        Pneumonia(config="64", data_dir=str(tmp_path), engine="spark")
    with pytest.raises(FileNotFoundError, match="Put there the folder chest_xray"):
        build(Pneumonia, ROOT / "tests", tmp_path / "out")
    (tmp_path / xray_files.MEDMNIST.file).write_bytes(b"something else")
    with pytest.raises(BadFileError, match="not the published file"):
        build(Pneumonia, tmp_path, tmp_path / "out", "medmnist")
    (folder / "chest_xray/val").rename(folder / "chest_xray/validation")
    with pytest.raises(FileNotFoundError, match="Missing: val"):
        build(Pneumonia, folder, tmp_path / "out")
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(
        KeyError, match="secret key, or where it is, in the environment"
    ):
        secret_key()
    monkeypatch.setenv(KEY_VARIABLE, "no hexadecimal digits")
    with pytest.raises(ValueError, match="hexadecimal") as raised:
        secret_key()
    assert "no hex" not in str(raised.value)
    assert data_files(tmp_path / "out") == []


@pytest.mark.parametrize(
    "config", [c.name for c in PrivatePneumonia.BUILDER_CONFIGS], ids=str
)
def test_every_private_configuration_has_its_statement(config, folder, tmp_path, key):
    builder = build(PrivatePneumonia, folder, tmp_path / "out", config)
    mechanism = builder.builder_config.mechanism
    data = json.loads((builder.data_path / "privacy_statement.json").read_text())
    assert data == builder.info.metadata["privacy_statement"]
    statement = mechanism.statement((64, 64), delta=1e-5, images_per_patient=9)
    assert data == json.loads(statement.to_json())
    text = (builder.data_path / "privacy_statement.txt").read_text()
    assert text == statement.explain() + "\n"


def test_private_images_are_those_of_the_mechanism(folder, tmp_path, key):
    plain = examples(build(Pneumonia, folder, tmp_path / "out"), "test")
    config = PrivatePneumoniaConfig(
        name="own", mechanism=PixelLaplace(scale=30.0), size=64
    )
    private = examples(
        build(PrivatePneumonia, folder, tmp_path / "out", config), "test"
    )
    for label, names in NAMES.items():
        for name in names:
            image = plain[name]["image"]
            noisy = PixelLaplace(scale=30.0).privatize(
                image[None], KEY, [f"test/{label}/{name}"]
            )
            expected = np.rint(np.clip(noisy[0], 0, 255)).astype(np.uint8)
            assert (private[name]["image"] == expected).all()
            assert private[name]["patient"] == plain[name]["patient"]


def test_a_private_set_loads_in_a_fresh_process_without_the_key(folder, tmp_path, key):
    out = tmp_path / "out"
    build(PrivatePneumonia, folder, out, "laplace_value_4")
    script = (
        "import sys, tensorflow_datasets as tfds\n"
        "data, info = tfds.load('private_pneumonia/laplace_value_4', split='train', "
        f"data_dir={str(out)!r}, with_info=True)\n"
        "assert 'tfrwc' not in sys.modules\n"
        "print(len(list(data)), info.metadata['privacy_statement']['mechanism'])\n"
    )
    environment = {k: v for k, v in os.environ.items() if "PRIVACY_KEY" not in k}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.split() == ["7", "PixelLaplace"]
    for path in data_files(out):
        content = path.read_bytes()
        assert KEY not in content
        assert KEY.hex().encode() not in content


@needs_data
def test_real_x_rays(tmp_path):
    data_dir = Path(os.environ["TFRWC_DATA_DIR"])
    builder = build(Pneumonia, data_dir, tmp_path)
    counts = {n: s.num_examples for n, s in builder.info.splits.items()}
    assert counts == {"train": 5216, "val": 16, "test": 624}
    with np.load(data_dir / "chest_xray_64.npz") as archive:
        names = archive["names_test"].astype(str).tolist()
        found = examples(builder, "test")
        for i in (0, 300, 623):
            example = found[names[i]]
            assert (example["image"][..., 0] == archive["x_test"][i]).all()
            assert example["label"] == archive["y_test"][i]
            assert example["subtype"] == archive["subtype_test"][i]
            assert example["patient"] == archive["patient_test"][i]
    source = xray_files.find(data_dir, 224)
    assert xray_files.most_images_of_a_patient(source) == 31
    assert source.read(source.keys("val")[3])["image"].shape == (224, 224, 1)
    medmnist = build(Pneumonia, data_dir, tmp_path, "medmnist")
    assert medmnist.info.splits["train"].num_examples == 4708


# Beam: in processes of their own, since its workers start from the main module.

BEAM = """
import sys
import tensorflow_datasets as tfds
from apache_beam.options.pipeline_options import PipelineOptions
from tfrwc.datasets.private_pneumonia import PrivatePneumonia
from killed_worker import KillsOnce

if __name__ == "__main__":
    folder, out, flag = sys.argv[1:]
    options = PipelineOptions([
        "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
        "--direct_running_mode=multi_processing", "--direct_num_workers=2",
    ])
    source = KillsOnce(folder + "/chest_xray", 64, flag)
    PrivatePneumonia._source = lambda self, dl_manager: source
    builder = PrivatePneumonia(
        config="laplace_value_4", data_dir=out, engine="beam", bad_files="stop"
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=folder, beam_options=options
        )
    )
"""


def beam(folder, out, flag, tmp_path):
    script = tmp_path / "beam.py"
    script.write_text(BEAM)
    return subprocess.run(
        [sys.executable, str(script), str(folder), str(out), str(flag)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ
        | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'datasets'}"},
    )


@pytest.mark.slow
def test_a_killed_worker_leaves_nothing_and_a_retry_is_the_same(folder, tmp_path, key):
    pytest.importorskip("apache_beam")
    out, flag = tmp_path / "out", tmp_path / "killed"
    killed = beam(folder, out, flag, tmp_path)
    assert flag.exists()
    assert killed.returncode != 0
    assert data_files(out) == []
    again = beam(folder, out, flag, tmp_path)
    assert again.returncode == 0, again.stderr

    # The retry is a run by Beam like any other; it is the same as without Beam.
    build(PrivatePneumonia, folder, tmp_path / "local", "laplace_value_4")
    name = "private_pneumonia/laplace_value_4/1.0.0"
    assert hashes(out / name) == hashes(tmp_path / "local" / name)


@pytest.mark.slow
def test_bad_files_stop_beam_too(bad_folder, tmp_path, key):
    pytest.importorskip("apache_beam")
    done = beam(bad_folder, tmp_path / "out", __file__, tmp_path)
    assert done.returncode != 0
    for name, reason in BAD.items():
        assert f"{name} {reason}" in done.stderr
    assert data_files(tmp_path / "out") == []
