"""What a pipeline reads outside of it is known to the cache, by its contents."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from tfrwc.components import ImageExampleGen
from tfrwc.components.engine import local
from tfrwc.components.engine.identity import identity
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


def examples(root, dataset="mnist"):
    """Images of a step alone, and whether it ran."""
    from tfrwc.studies.example_sets import read_image_set

    lines = []
    step = ImageExampleGen(dataset=str(dataset), purpose="classes")
    made = local.run([step], root, say=lines.append)
    ran = any(line.endswith(": running") for line in lines)
    return read_image_set(made["ImageExampleGen"]["examples"].uri), ran, lines


def test_a_named_set_that_was_replaced(folder):
    ran = []
    for seed in (0, 0, 1, 1, 0):
        write(folder / "mnist.npz", seed)
        images, again, lines = examples(folder / "root")
        ran.append(again)
        with np.load(folder / "mnist.npz") as file:
            np.testing.assert_array_equal(images.x_train[..., 0], file["x_train"])
        if (seed, again) == (1, True):
            assert "other than in execution 1: what it reads" in lines[0]
    assert ran == [True, False, True, False, False]


def test_another_folder_of_named_sets(folder, monkeypatch):
    other = folder / "other"
    other.mkdir()
    write(folder / "mnist.npz", 0)
    write(other / "mnist.npz", 1)
    before, *_ = examples(folder / "root")
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(other))
    after, ran, _ = examples(folder / "root")
    assert ran
    assert (after.x_train != before.x_train).any()


def picture(path, level):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), level).save(path)
    os.utime(path, ns=(0, 10**18))


def add(root):
    picture(root / "a" / "9.png", 9)


def remove(root):
    (root / "a" / "0.png").unlink()


def rename_a_class(root):
    (root / "b").rename(root / "c")


def move_to_another_class(root):
    (root / "a" / "0.png").rename(root / "b" / "9.png")


def alter(root):
    picture(root / "a" / "0.png", 200)


def alter_behind_a_link(root):
    picture(root.parent / "behind.png", 201)


def leave_another_behind_a_link(root):
    picture(root.parent / "other.png", 202)
    (root / "a" / "link.png").unlink()
    (root / "a" / "link.png").symlink_to(root.parent / "other.png")


CHANGES = (
    *(add, remove, rename_a_class, move_to_another_class, alter, alter_behind_a_link),
    leave_another_behind_a_link,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_folder_that_was_changed(tmp_path, change):
    root = tmp_path / "images"
    for i in range(5):
        picture(root / "a" / f"{i}.png", i)
        picture(root / "b" / f"{i}.png", 100 + i)
    picture(tmp_path / "behind.png", 50)
    (root / "a" / "link.png").symlink_to(tmp_path / "behind.png")
    ran = [examples(tmp_path / "root", root)[1] for _ in range(2)]
    (root / "a" / ".DS_Store").touch()
    ran.append(examples(tmp_path / "root", root)[1])
    change(root)
    ran += [examples(tmp_path / "root", root)[1] for _ in range(2)]
    assert ran == [True, False, False, True, False]


def test_a_file_that_changes_while_it_is_read(folder, monkeypatch):
    from tfrwc.studies import example_sets

    def slow(*arguments):
        made = generate(*arguments)
        write(folder / "mnist.npz", 1)
        return made

    write(folder / "mnist.npz", 0)
    generate = example_sets.generate
    with monkeypatch.context() as patch:
        patch.setattr(example_sets, "generate", slow)
        with pytest.raises(OSError, match=r"What ImageExampleGen reads .* was changed"):
            examples(folder / "root")
    images, ran, _ = examples(folder / "root")
    assert ran
    with np.load(folder / "mnist.npz") as file:
        np.testing.assert_array_equal(images.x_train[..., 0], file["x_train"])


def grey_builder():
    """The class of a TFDS set of ten images of one grey level."""
    tfds = pytest.importorskip("tensorflow_datasets")

    class GreyOfOneLevel(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")
        level = 7

        def _info(self):
            features = {
                "image": tfds.features.Image(shape=(4, 4, 1)),
                "label": tfds.features.ClassLabel(names=["a", "b"]),
            }
            return self.dataset_info_from_configs(
                features=tfds.features.FeaturesDict(features),
                supervised_keys=("image", "label"),
            )

        def _split_generators(self, manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            image = np.full((4, 4, 1), self.level, np.uint8)
            for i in range(10):
                yield i, {"image": image, "label": i % 2}

    return GreyOfOneLevel, tfds.core.Version("1.1.0")


def test_a_set_of_tfds(tmp_path, monkeypatch):
    from tfrwc.datasets import tfds_sets

    builder, another_version = grey_builder()
    data = tmp_path / "data"
    monkeypatch.setattr(tfds_sets, "_builder", lambda name: builder(data_dir=data))

    def prepared():
        images, ran, _ = examples(tmp_path / "root", "grey")
        return int(images.x_train.max()), ran

    assert prepared() == (7, True)
    monkeypatch.setattr(builder, "level", 8)
    assert prepared() == (7, False)  # it was prepared already
    shutil.rmtree(data)
    assert prepared() == (8, True)
    monkeypatch.setattr(builder, "VERSION", another_version)
    assert prepared() == (8, True)
    assert prepared() == (8, False)


def test_a_set_that_ships_with_a_package(tmp_path, monkeypatch):
    from tfrwc.datasets import sources

    assert [examples(tmp_path, "digits")[1] for _ in range(2)] == [True, False]
    monkeypatch.setattr(sources, "version", lambda name: f"{name} of tomorrow")
    assert examples(tmp_path, "digits")[1]


def reads(steps):
    return {step.id: known for step in steps if (known := identity(step)["reads"])}


@pytest.fixture
def key(monkeypatch):
    from tfrwc.privacy import insecure_test_key
    from tfrwc.privacy.keys import KEY_VARIABLE

    monkeypatch.setenv(KEY_VARIABLE, insecure_test_key("one").hex())


def test_of_private_studies(folder, key):
    from tfrwc.components.pipelines.privacy import steps
    from tfrwc.studies.privacy.trial import Trial

    trial = Trial(dataset="chest_xray_64", public="mnist", seeds=(0,), mechanisms=())
    for name in ("chest_xray_64.npz", "mnist.npz"):
        write(folder / name, 0)
    before = reads(steps(trial, folder))
    assert set(before) == {"ImageExampleGen", "ImageExampleGen-public", "ReportGen"}
    write(folder / "mnist.npz", 1)
    after = reads(steps(trial, folder))
    assert after["ImageExampleGen"] == before["ImageExampleGen"]
    assert after["ImageExampleGen-public"] != before["ImageExampleGen-public"]
    write(folder / "chest_xray_64.npz", 1)
    again = reads(steps(trial, folder))
    assert again["ImageExampleGen"] != before["ImageExampleGen"]


def test_a_table_of_patients_is_read_again(tmp_path):
    from tfrwc.datasets.xray_files import LABELS
    from tfrwc.studies.privacy.data import identity

    for split in ("train", "val", "test"):
        for number, label in enumerate(LABELS):
            picture(tmp_path / "chest_xray" / split / label / f"{split}.png", number)
    table = tmp_path / "patients.csv"
    root = tmp_path / "chest_xray"
    names = [path.relative_to(root).as_posix() for path in root.rglob("*.png")]
    known = set()
    for patient in "bc":
        lines = [f"{name},{patient}\n" for name in names]
        table.write_text("file,patient\n" + "".join(lines))
        known.add(identity("xrays", tmp_path, table))
    assert len(known) == 2


def test_images_are_released_again_by_another_key(tmp_path, monkeypatch):
    from tfrwc.components import PrivateExampleGen
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
        return private.uri, ran, reads(all_steps[-1:])["ReportGen"]

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


def test_of_the_study_of_beta(folder):
    from tfrwc.components.pipelines.beta import steps
    from tfrwc.studies.beta.trial import Trial

    write(folder / "dsprites.npz", 0)
    before = reads(steps(Trial(dataset="dsprites"), folder))
    assert set(before) == {"BetaVAEStudy-images", "BetaVAEStudy-collapse"}
    write(folder / "dsprites.npz", 1)
    after = reads(steps(Trial(dataset="dsprites"), folder))
    assert not set(before.values()) & set(after.values())
    assert not reads(steps(Trial(), folder))
