"""Images of two classes."""

import numpy as np
import pytest
from PIL import Image
from studies.privacy.xrays import xray_folder

from tfrwc.studies.privacy import data
from tfrwc.studies.privacy.runs import members_of


def test_digits_are_split_once_and_for_all():
    task = data.load("digits")
    sizes = [len(part.y) for part in (task.train, task.held_out, task.test)]
    assert sum(sizes) == 1797
    assert sizes[1] == pytest.approx(sizes[0] / 9, abs=1)
    for part in (task.train, task.held_out, task.test):
        assert 0.45 < part.y.mean() < 0.55
    again = data.load("digits")
    np.testing.assert_array_equal(task.held_out.x, again.held_out.x)
    chosen = members_of(task)
    assert len(set(chosen)) == len(chosen) == 2 * sizes[1]
    assert sorted(chosen) != list(range(len(chosen)))


def test_no_patient_is_both_trained_on_and_held_out(tmp_path):
    task = data.load("xrays", xray_folder(tmp_path, 30))
    trained, held_out = set(task.train.patients), set(task.held_out.patients)
    assert len(trained) + len(held_out) == 60
    assert not trained & held_out
    assert len(held_out) == 6
    assert task.classes == ("NORMAL", "PNEUMONIA")
    assert task.images_per_patient >= 2
    assert task.shape == (64, 64, 1)


def test_a_damaged_x_ray_is_named(tmp_path):
    root = xray_folder(tmp_path, 2)
    (root / "chest_xray" / "train" / "NORMAL" / "IM-9-9.jpeg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"train/NORMAL/IM-9-9.jpeg is empty. Replace"):
        data.load("xrays", root)


def test_x_rays_need_a_folder(monkeypatch):
    monkeypatch.delenv("TFRWC_DATA_DIR", raising=False)
    with pytest.raises(ValueError, match="Set it, or take the data set digits"):
        data.load("pneumoniamnist")
    with pytest.raises(ValueError, match="no task 'mnist'"):
        data.load("mnist")


def own_folder(root, classes=("cat", "dog"), images=20):
    rng = np.random.default_rng(0)
    for name in classes:
        (root / name).mkdir(parents=True)
        for i in range(images):
            pixels = rng.integers(0, 256, (6, 6, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


def test_a_folder_of_ones_own(tmp_path):
    root = own_folder(tmp_path / "pets")
    task = data.load(str(root), images_per_patient=1)
    sizes = [len(part.y) for part in (task.train, task.held_out, task.test)]
    assert sizes == [28, 4, 8]
    assert task.shape == (6, 6, 3)
    assert task.classes == ("cat", "dog")
    assert not task.may_be_shown
    assert task.assumptions == (
        "That no patient has more than 1 image: the number was given, not counted.",
    )
    several = data.load(str(root), images_per_patient=3)
    assert several.images_per_patient == 3
    assert "can have images among those trained on" in several.assumptions[1]
    known = {data.identity(str(root)) for _ in range(2)}
    (root / "cat" / "0.png").write_bytes((root / "cat" / "1.png").read_bytes())
    assert len(known | {data.identity(str(root))}) == 2


def test_what_is_not_known_of_a_folder_of_ones_own_is_asked_for(tmp_path):
    root = str(own_folder(tmp_path / "pets"))
    for call in (data.load, data.check):
        with pytest.raises(ValueError, match="It is not known whose images"):
            call(root)
        with pytest.raises(ValueError, match="folder and patients are for X-rays"):
            call(root, patients="table.csv", images_per_patient=1)
    more = own_folder(tmp_path / "more", "abc", 5)
    with pytest.raises(ValueError, match=r"two classes\. Found a, b, c"):
        data.load(str(more), images_per_patient=1)


def test_a_folder_here_is_not_taken_for_a_task(tmp_path, monkeypatch):
    own_folder(tmp_path / "xrays")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TFRWC_DATA_DIR", raising=False)
    with pytest.raises(ValueError, match="is read from the folder TFRWC_DATA_DIR"):
        data.load("xrays")


def test_pneumonia_mnist_is_split_as_published(data_dir):
    task = data.load("pneumoniamnist", data_dir)
    sizes = [len(part.y) for part in (task.train, task.held_out, task.test)]
    assert sizes == [4708, 524, 624]
    assert task.test.y.mean() == pytest.approx(0.625)
    assert task.shape == (28, 28, 1)


def test_patients_who_are_trained_on_are_not_held_out(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "_FEWEST", 1)
    root = xray_folder(tmp_path, 30)
    for label, name in (("NORMAL", "IM-{}-5"), ("PNEUMONIA", "person{}_virus_5")):
        home = root / "chest_xray"
        first = next((home / "test" / label).iterdir()).read_bytes()
        for i in (0, 70, 71):
            (home / "val" / label / f"{name.format(i)}.jpeg").write_bytes(first)
    task = data.load("xrays", root)
    assert len(task.train.y) == 120
    assert set(task.held_out.patients) == {
        *("IM-0070", "IM-0071", "person70", "person71")
    }
    assert task.assumptions == ()


def unnamed(root):
    home = root / "chest_xray" / "train" / "NORMAL"
    (home / "IM-3-10.jpeg").rename(home / "aug_0_1234.jpeg")
    return root


def test_patients_that_names_do_not_tell_are_asked_for(tmp_path):
    root = unnamed(xray_folder(tmp_path, 6))
    for ask in (data.load, data.check):
        with pytest.raises(ValueError, match=r"aug_0_1234.jpeg. What is guaranteed"):
            ask("xrays", root)
    task = data.load("xrays", root, images_per_patient=9)
    assert task.images_per_patient == 9
    assert task.train.patients is None
    given, anybody = task.assumptions
    assert "the number was given" in given
    assert "not known" in anybody


def test_a_table_tells_who_is_held_out(tmp_path):
    root = unnamed(xray_folder(tmp_path, 6))
    files = sorted((root / "chest_xray").rglob("*.jpeg"))
    table = tmp_path / "patients.csv"
    rows = [
        f"{path.relative_to(root).as_posix()},p{i // 5}" for i, path in enumerate(files)
    ]
    table.write_text("\n".join(["file,patient", *rows]))
    task = data.load("xrays", root, table)
    assert task.images_per_patient == 5
    assert not set(task.train.patients) & set(task.held_out.patients)


def test_all_bad_files_are_named_and_links_are_counted(tmp_path):
    root = xray_folder(tmp_path, 6)
    home = root / "chest_xray" / "train" / "NORMAL"
    (home / "IM-8-1.dcm").touch()
    (home / "IM-9-1.jpeg").touch()
    with pytest.raises(ValueError, match="2 of the files to train with") as raised:
        data.load("xrays", root)
    for said in ("IM-8-1.dcm is a DICOM file", "IM-9-1.jpeg is empty", "remove them"):
        assert said in str(raised.value)
    (home / "IM-8-1.dcm").unlink()
    away = (home / "IM-0-10.jpeg").rename(tmp_path / "away.jpeg")
    (home / "IM-9-1.jpeg").unlink()
    (home / "IM-9-1.jpeg").symlink_to(away)
    assert "(1 of them by links)" in data.load("xrays", root).origin


def test_a_set_without_images_to_validate_on(tmp_path):
    root = xray_folder(tmp_path, 12)
    for path in (root / "chest_xray" / "val").rglob("*.jpeg"):
        path.unlink()
    assert len(data.load("xrays", root).held_out.y) > 0
    for path in (root / "chest_xray" / "test").rglob("*.jpeg"):
        path.unlink()
    with pytest.raises(ValueError, match="no X-rays to test with"):
        data.load("xrays", root)


def test_pneumonia_mnist_says_what_it_assumes(data_dir):
    task = data.load("pneumoniamnist", data_dir)
    assert task.images_per_patient == 31
    assert len(task.assumptions) == 2
    task = data.load("pneumoniamnist", data_dir, images_per_patient=1)
    assert task.images_per_patient == 1
    assert len(task.assumptions) == 1


def test_digits_have_no_patients(tmp_path):
    assert data.load("digits").may_be_shown
    for options in ({"images_per_patient": 2}, {"patients": tmp_path / "p.csv"}):
        with pytest.raises(ValueError, match="is for X-rays"):
            data.load("digits", **options)
