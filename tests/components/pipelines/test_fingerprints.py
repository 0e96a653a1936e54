"""A data file that was replaced is read again by each pipeline."""

import os

import numpy as np
import pytest

from tfrwc.components.engine import local
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path))
    return tmp_path


def write(path, seed):
    """An archive of which each is as long, and of the same time, as any other."""
    x = np.random.default_rng(seed).integers(0, 256, (30, 28, 28), np.uint8)
    y = np.arange(30) % 3
    grid = np.zeros((30, 5), np.int64)
    np.savez(
        path,
        **{"x_train": x, "y_train": y, "x_test": x, "y_test": y},
        **{"imgs_grid": x, "latents_classes_grid": grid},
    )
    os.utime(path, ns=(0, 10**18))


def test_of_learning_dynamics(folder):
    from tfrwc.components.pipelines.dynamics import steps
    from tfrwc.studies.dynamics.trial import Trial

    def first():
        return steps(Trial(dataset="mnist", seeds=(0,), epochs=2))[0]

    ran = []
    for seed in (0, 0, 1, 1):
        write(folder / "mnist.npz", seed)
        lines = []
        made = local.run([first()], folder / "root", say=lines.append)
        ran.append(any("running" in line for line in lines))
        examples = made["ImageExampleGen"]["examples"]
    assert ran == [True, False, True, False]
    from tfrwc.studies.example_sets import read_image_set

    with np.load(folder / "mnist.npz") as file:
        images = read_image_set(examples.uri)
        np.testing.assert_array_equal(images.x_train[..., 0], file["x_train"])


def fingerprints(steps):
    return {
        step.id: step.parameters["fingerprint"]
        for step in steps
        if step.parameters.get("fingerprint")
    }


def test_of_private_studies(folder):
    from tfrwc.components.pipelines.privacy import steps
    from tfrwc.studies.privacy.trial import Trial

    trial = Trial(dataset="chest_xray_64", public="mnist", seeds=(0,))
    for name in ("chest_xray_64.npz", "mnist.npz"):
        write(folder / name, 0)
    before = fingerprints(steps(trial, folder))
    assert set(before) == {"ImageExampleGen", "ImageExampleGen-public"}
    write(folder / "mnist.npz", 1)
    after = fingerprints(steps(trial, folder))
    assert after["ImageExampleGen"] == before["ImageExampleGen"]
    assert after["ImageExampleGen-public"] != before["ImageExampleGen-public"]
    write(folder / "chest_xray_64.npz", 1)
    again = fingerprints(steps(trial, folder))
    assert again["ImageExampleGen"] != before["ImageExampleGen"]


def test_a_table_of_patients_is_read_again(folder):
    from tfrwc.components.pipelines.privacy import steps
    from tfrwc.studies.privacy.trial import Trial

    trial = Trial(dataset="chest_xray_64", public="none", seeds=(0,))
    write(folder / "chest_xray_64.npz", 0)
    table = folder / "patients.csv"
    of_tables = set()
    for text in ("file,patient\na,b\n", "file,patient\na,c\n"):
        table.write_text(text)
        [data, *_] = steps(trial, folder, None, table, 3)
        assert data.parameters["patients"] == str(table)
        assert data.parameters["images_per_patient"] == 3
        of_tables.add(data.parameters["fingerprint"])
    assert len(of_tables) == 2


def test_images_are_released_again_by_another_key(tmp_path, monkeypatch):
    from tfrwc.components import ImageExampleGen, PrivateExampleGen
    from tfrwc.components.pipelines.privacy import steps
    from tfrwc.privacy import insecure_test_key
    from tfrwc.privacy.keys import KEY_VARIABLE
    from tfrwc.studies.privacy.trial import Trial

    trial = Trial(seeds=(0,), mechanisms=("laplace_value_4",), epsilons=())

    def released(name):
        """What the pipeline releases by a key, and which of its steps ran."""
        monkeypatch.setenv(KEY_VARIABLE, insecure_test_key(name).hex())
        all_steps = steps(trial, tmp_path / "saved_models")
        kinds = (ImageExampleGen, PrivateExampleGen)
        some = [step for step in all_steps if step.component in kinds]
        lines = []
        made = local.run(some, tmp_path / "root", say=lines.append)
        ran = [line.split()[1] for line in lines if line.endswith(": running")]
        [private] = [one["private"] for one in made.values() if "private" in one]
        report = all_steps[-1].parameters["key_fingerprint"]
        return private.uri, ran, report

    first, ran, report = released("one")
    assert len(ran) == 2
    assert released("one") == (first, [], report)
    other, ran, another = released("other")
    assert ran == ["PrivateExampleGen-laplace_value_4-seed-0:"]
    assert other != first
    assert another != report
    assert released("one") == (first, [], report)
    lineage = (tmp_path / "root" / "metadata.sqlite").read_bytes()
    assert insecure_test_key("one").hex().encode() not in lineage


def test_a_release_refuses_another_key_than_it_was_made_for(tmp_path, monkeypatch):
    from tfrwc.components import PrivateExampleGen
    from tfrwc.privacy import insecure_test_key
    from tfrwc.privacy.keys import KEY_VARIABLE, fingerprint_under

    monkeypatch.setenv(KEY_VARIABLE, insecure_test_key("one").hex())
    other = fingerprint_under(insecure_test_key("other"))
    with pytest.raises(ValueError, match="is another key than that which this step"):
        PrivateExampleGen.function(None, None, None, "shift_1", 0, other)


def test_of_the_study_of_beta(folder):
    from tfrwc.components.pipelines.beta import steps
    from tfrwc.studies.beta.trial import Trial

    write(folder / "dsprites.npz", 0)
    before = fingerprints(steps(Trial(dataset="dsprites"), folder))
    assert set(before) == {"BetaVAEStudy-images", "BetaVAEStudy-collapse"}
    write(folder / "dsprites.npz", 1)
    after = fingerprints(steps(Trial(dataset="dsprites"), folder))
    assert not set(before.values()) & set(after.values())
    assert not fingerprints(steps(Trial(), folder))
