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
