"""Names of files, and whose they are."""

import pytest
from datasets.named_xrays import NAMELESS, files
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.datasets.patient_names import patient_of, subtypes_of
from tfrwc.datasets.xray_images import BadFileError, subtype_and_patient


@pytest.mark.parametrize(
    ("name", "patient", "subtypes"),
    [
        ("person1_bacteria_1.jpeg", "person1", {"bacteria"}),
        ("person0001_VIRUS_6_0.JPEG", "person1", {"virus"}),
        ("IM-0115-0001.jpeg", "IM-0115", {"normal"}),
        ("IM-0429-0001-0002.jpeg", "IM-0429", {"normal"}),
        ("NORMAL2-IM-0027-0001.jpeg", "NORMAL2-IM-0027", {"normal"}),
        ("BACTERIA-1008087-0001.jpeg", "1008087", {"bacteria"}),
        ("normal-1008087-0002 (1).jpeg", "1008087", {"normal"}),
        ("00000001_000.png", "00000001", set()),
        ("patient00001/study1/view1_frontal.jpg", "patient00001", set()),
        ("Patient000001_Study2_View1.PNG", "patient00001", set()),
        ("p10/p10000032/s50414267/02aa804e.jpg", "p10000032", set()),
        ("p10000032_s50414267_02aa804e.jpg", "p10000032", set()),
        ("sub-S03047_ses-E07985_run-1_dx.png", "sub-s03047", set()),
        ("augmented/IM-0115-0001.jpeg", "IM-0115", {"normal"}),
        ("resized person7_virus_1.png", "person7", {"virus"}),
        ("train_IM-0115-0001.jpeg", "IM-0115", {"normal"}),
        ("smith/IM-0001-0001.jpeg", None, set()),
        ("smith/IM-0002-0001.jpeg", None, set()),
        ("x", None, set()),
        ("", None, set()),
    ],
)
def test_published_names(name, patient, subtypes):
    assert patient_of(name) == patient
    assert subtypes_of(name) == subtypes


@pytest.mark.parametrize("stem", NAMELESS)
@pytest.mark.parametrize("suffix", [".png", ""])
def test_other_names_tell_nobody(stem, suffix):
    assert patient_of(stem + suffix) is None
    assert patient_of(f"a/{stem}{suffix}") is None


@given(st.lists(files(), min_size=2, max_size=40))
@settings(max_examples=100, deadline=None)
def test_two_files_are_of_one_patient_if_they_are(made):
    """Never more patients than there are, never fewer: whatever copies are called."""
    told = [patient_of(path) for _, path, _ in made]
    assert None not in told
    people = [person for *_, person in made]
    pairs = set(zip(told, people, strict=True))
    assert len(pairs) == len(set(told))
    assert len(pairs) == len(set(people))


@given(files())
@settings(max_examples=200, deadline=None)
def test_a_file_lies_in_the_class_of_its_name(made):
    label, path, _ = made
    _, patient = subtype_and_patient(path, label)
    assert patient == patient_of(path)
    if subtypes_of(path):
        other = "NORMAL" if label == "PNEUMONIA" else "PNEUMONIA"
        with pytest.raises(BadFileError, match=f"lies in {other}, but its name"):
            subtype_and_patient(path, other)


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_is_a_name(name):
    assert patient_of(name) is None or patient_of(name)
    patient_of(f"aug_{name}_person{'9' * 300}_virus_1")
