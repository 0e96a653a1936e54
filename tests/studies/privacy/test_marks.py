"""What may be published of a study, and what is to be kept."""

import json

import pytest

from tfrwc.models.saved_models import MANIFEST
from tfrwc.privacy import PixelGaussian, PixelLaplace, ScalarShift
from tfrwc.privacy.sgd.statement import NoPrivacy, TrainingStatement
from tfrwc.privacy.statement import write_statement
from tfrwc.studies.privacy.marks import KEEP, MARKS, write_marks

SHAPE = (8, 8)
SETS = {
    "strict": PixelGaussian.for_budget(5.0, per="image", shape=SHAPE, delta=1e-5),
    "loose": PixelLaplace(scale=20.0),
    "none": ScalarShift(epsilon=1.0),
}


def trained(epsilon):
    numbers = (1e-5, "PLD", "poisson", 9.0, 10, 1.0, 1.0, 10, 100, 5, 99.0)
    return TrainingStatement(epsilon, *numbers)


MODELS = {"strict": trained(3.0), "loose": trained(30.0), "none": NoPrivacy()}


@pytest.fixture
def out(tmp_path):
    """Results as a study and a build leave them, without their contents."""
    for name in ("report.html", "results.json", "figures/a.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "recordings").mkdir()
    for step in ("ImageExampleGen/examples", "RWCTrainer-a/model_run", "New/thing"):
        (tmp_path / "pipeline" / step / "1").mkdir(parents=True)
    for name, mechanism in SETS.items():
        home = tmp_path / "data" / "private_pneumonia" / name / "1.0.0"
        home.mkdir(parents=True)
        write_statement(mechanism.statement(SHAPE, images_per_patient=4), home)
    for name, statement in MODELS.items():
        home = tmp_path / "saved_models" / name / "1"
        home.mkdir(parents=True)
        manifest = {"privacy": {"statement": statement.to_dict()}}
        (home / MANIFEST).write_text(json.dumps(manifest))
    return tmp_path


def marks(out):
    """Mark and reason by path."""
    text = (out / MARKS).read_text()
    rows = [line for line in text.splitlines() if line[8:9] == " " and line[0] in "pk"]
    rows = [row for row in rows if not row.startswith(("publish:", "keep:"))]
    return {
        row[9:].split(": ")[0]: (row[:9].strip(), row.split(": ", 1)[1]) for row in rows
    }


def test_only_what_hides_an_image_may_be_published(out):
    write_marks(out, "chest X-rays", may_be_shown=False)
    found = marks(out)
    assert {path for path, (mark, _) in found.items() if mark == "publish"} == {
        *("data/private_pneumonia/strict/1.0.0/", "saved_models/strict/1/", MARKS)
    }
    reason = found["saved_models/strict/1/"][1]
    assert "epsilon 3," in reason
    assert "epsilon 99 for a patient with 5 images, which hides no patient" in reason
    for kind in ("data/private_pneumonia/{}/1.0.0/", "saved_models/{}/1/"):
        assert "which hides no image" in found[kind.format("loose")][1]
        assert "no guarantee for an image" in found[kind.format("none")][1]
    assert "as they are" in found["pipeline/ImageExampleGen/examples/"][1]
    assert "logs of a training" in found["pipeline/RWCTrainer-a/model_run/"][1]
    assert found["notes.txt"] == ("keep", "not known to this study")
    assert "What is not in this list is to be kept." in (out / MARKS).read_text()
    assert (out / "pipeline" / KEEP).read_text().startswith("Keep this folder")


def test_everything_is_marked(out):
    for _ in range(2):  # with what the first time wrote
        write_marks(out, "chest X-rays", may_be_shown=False)
    found = marks(out)
    for path in out.iterdir():
        name = f"{path.name}/" if path.is_dir() else path.name
        assert any(marked.startswith(name) for marked in found), name
    for path in out.glob("pipeline/*/*/"):
        assert f"{path.relative_to(out)}/" in found


def test_of_public_images_all_may_be_published(tmp_path):
    (tmp_path / "pipeline").mkdir()
    write_marks(tmp_path, "digits", may_be_shown=True)
    (tmp_path / "report.html").touch()
    (tmp_path / "pipeline" / "ImageExampleGen").mkdir()
    write_marks(tmp_path, "digits", may_be_shown=True)
    found = marks(tmp_path)
    assert found.keys() == {"report.html", "pipeline/", MARKS}
    assert {mark for mark, _ in found.values()} == {"publish"}
    assert not (tmp_path / "pipeline" / KEEP).exists()


@pytest.mark.parametrize("marked", [True, False])
def test_a_folder_that_had_private_images_stays_private(out, marked):
    if marked:
        write_marks(out, "chest X-rays", may_be_shown=False)
    write_marks(out, "digits", may_be_shown=True)
    assert marks(out)["pipeline/"][0] == "keep"
    assert (out / "pipeline" / KEEP).exists()


def test_marks_are_there_before_anything_else(tmp_path):
    write_marks(tmp_path / "a" / "b", "chest X-rays", may_be_shown=False)
    assert list(marks(tmp_path / "a" / "b")) == [MARKS]
    assert "is to be kept" in (tmp_path / "a" / "b" / MARKS).read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"privacy": {"statement": 3}}'])
def test_what_cannot_be_read_is_kept(out, text):
    (out / "saved_models" / "strict" / "1" / MANIFEST).write_text(text)
    home = out / "data" / "private_pneumonia" / "strict" / "1.0.0"
    (home / "privacy_statement.json").write_text(text)
    write_marks(out, "chest X-rays", may_be_shown=False)
    found = marks(out)
    for path in ("saved_models/strict/1/", "data/private_pneumonia/strict/1.0.0/"):
        assert found[path][0] == "keep"
        assert "cannot be read" in found[path][1]
