"""The order and epochs of checkpoints, by templates of `ModelCheckpoint`."""

import itertools
import random
from pathlib import Path

import pytest

from tfrwc.recording.checkpoint_order import in_order
from tfrwc.recording.natural import natural

TEMPLATES = [
    "{epoch}",
    "{epoch:02d}",
    "weights.{epoch:02d}-{val_loss:.2f}",
    "weights-improvement-{epoch:02d}-{acc:.3f}",
    "acc{acc:.3f}-ep{epoch:02d}",
    "{val_loss:.4f}-{epoch:03d}",
    "model_e{epoch}_loss{val_loss:.3e}",
    "resnet50_v2-epoch{epoch:04d}",
    "run3/e{epoch}-b{batch}",
    "cp-{epoch:04d}-acc{percent}",
    "conv2d_epoch_{epoch}_step_{batch}",
    "best-val_loss{val_loss:.2f}-my_epoch={epoch}",
    "{epoch:02d}-{elbo:.2f}",
    "vae_{elbo:.3f}_{epoch}",
    "{elbo:+.1e}-e{epoch}-loss={elbo:.2f}",
    "weights.{epoch:04d}.{val_loss:.2f}",
    "epoch{epoch}.{elbo:.2f}",
    "run-20240501123000123456-{epoch:03d}",
]

# What tells of no moment in a training, before a number.
WORDS = ["size", "beta", "layers", "part", "acc", "lr", "px", "gpu", "site", "v", "exp"]


def name(template, epoch, rng, suffix):
    return Path(
        template.format(
            epoch=epoch,
            val_loss=rng.choice([rng.random(), 10 * rng.random(), 1.0, 0.0]),
            acc=0.5 + 0.01 * epoch,
            percent=rng.randrange(100),
            elbo=rng.choice([-3 * rng.random(), rng.random(), -1.0, -0.0]),
            batch=100 * epoch,
        )
        + suffix
    )


def folder(paths, steps):
    pairs = sorted(zip(paths, steps, strict=True), key=lambda p: natural(p[0].name))
    return in_order([p for p, _ in pairs], [s for _, s in pairs], False)


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
@pytest.mark.parametrize("moves", ["moves", "zero", "none"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_templates(template, moves, suffix):
    rng = random.Random(0)
    for count, start in itertools.product((2, 3, 15), (0, 1, 7, 95)):
        epochs = [*range(start, start + count)]
        paths = [name(template, epoch, rng, suffix) for epoch in epochs]
        steps = {
            "moves": [10 * epoch for epoch in epochs],
            "zero": [0] * count,
            "none": [None] * count,
        }[moves]
        assert folder(paths, steps) == (paths, epochs)


@pytest.mark.parametrize("word", [word for word in WORDS if word != "v"])
def test_other_numbers_are_no_epochs_where_counts_tell_the_order(word):
    paths = [Path(f"{word}{n}.keras") for n in (64, 128)]
    assert folder(paths, [20, 10]) == (paths[::-1], [0, 1])


def test_epochs_with_gaps_as_of_save_best_only():
    paths = [Path(f"acc0.{800 + e}-ep{e:02d}.keras") for e in (1, 12, 2, 45)]
    assert folder(paths, [None] * 4)[1] == [1, 2, 12, 45]


def test_epochs_in_names_tell_the_order_where_another_optimizer_trains():
    paths = [Path(f"gan-epoch{i}.keras") for i in (2, 9, 10)]
    assert folder(paths, [100] * 3) == (paths, [2, 9, 10])


def test_a_copy_of_the_last_is_left_out_with_a_warning():
    paths = [Path(f"ep{i}.keras") for i in (1, 2, 3)]
    for extra, step in (("final.keras", 30), ("best.keras", 20)):
        with pytest.warns(UserWarning, match=f"{extra}: left out"):
            assert folder([*paths, Path(extra)], [10, 20, 30, step]) == (
                paths,
                [1, 2, 3],
            )


def test_a_start_without_a_number_comes_first():
    paths = [Path("start.keras"), *(Path(f"ep{i}.keras") for i in (1, 2))]
    assert folder(paths, [0, 10, 20]) == (paths, [0, 1, 2])


def test_counts_order_names_without_numbers():
    paths = [Path("zebra.keras"), Path("middle.keras"), Path("ape.keras")]
    assert folder(paths, [1, 2, 3]) == (paths, [0, 1, 2])
    paths = [Path(f"loss{loss}.keras") for loss in ("0.9", "0.7", "0.8")]
    assert folder(paths, [1, 2, 3]) == (paths, [0, 1, 2])


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        (["loss0.9", "loss0.7"], [0, 0]),
        (["loss0.9", "loss0.7"], [None, None]),
        (["acc81", "acc90"], [None, None]),
        (["ep1", "ep2", "final"], [0, 0, 0]),
        (["ep1", "ep2", "final"], [10, 20, 35]),
        (["ep1", "ep2", "ep3"], [30, 20, 10]),
        (["3-9", "4-1"], [None, None]),
        (["a", "b"], [None, None]),
        (["a", "b", "c"], [1, 2, 2]),
        (["a", "b"], [None, 2]),
        (["seed1", "seed2"], [None, None]),
        (["fold1", "fold2"], [100, 120]),
        (["kfold1_ep1", "kfold2_ep1", "kfold1_ep2"], [7, 8, 14]),
        (["net-cv1-ep1", "net-cv2-ep1"], [7, 8]),
        (["run1-ep1", "run1-ep2", "run2-ep3"], [10, 20, 30]),
        (["model-v1", "model-v2"], [None, None]),
        (["model1", "model2"], [100, 100]),
        *((([f"{word}{n}" for n in (16, 32, 64)], [0] * 3)) for word in WORDS),
        *(([f"vgg-{word}_{n}" for n in (1, 2)], [None] * 2) for word in WORDS),
    ],
)
def test_what_is_not_certain_is_refused_with_the_files(names, steps):
    paths = [Path(f"{name}.keras") for name in names]
    with pytest.raises(ValueError, match=r"not certain.*Give .* a list") as error:
        in_order(paths, steps, False)
    assert all(path.name in str(error.value) for path in paths)


def test_a_list_is_taken_as_it_is():
    paths = [Path("loss0.9.keras"), Path("final.keras"), Path("a1.keras")]
    assert in_order(paths, [None] * 3, True) == (paths, [0, 1, 2])
    paths = [Path(f"acc0.{900 - e}-ep{e:02d}.keras") for e in (3, 5)]
    assert in_order(paths, [None] * 2, True) == (paths, [3, 5])
    with pytest.raises(ValueError, match="in order of training"):
        in_order(paths, [20, 10], True)


def test_a_number_that_may_belong_to_the_next_is_no_order():
    """1.0.53 is epoch 1 and 0.53, or 1.0 and 53; the losses fall."""
    paths = [Path(f"weights.{e}.0.{60 - 9 * e}.keras") for e in (1, 2, 3)]
    assert folder(paths, [10, 20, 30]) == (paths, [1, 2, 3])
    for steps in ([None] * 3, [0] * 3):
        with pytest.raises(ValueError, match=r"not certain.*Give .* a list"):
            in_order(paths, steps, False)


@pytest.mark.parametrize("time", ["1714566600", "20240501123000123456"])
def test_times_are_no_epochs(time):
    paths = [Path(f"model-{int(time) + 60 * i}.keras") for i in range(3)]
    assert folder(paths, [30, 10, 20])[1] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"not certain.*Give .* a list"):
        in_order(paths, [0] * 3, False)


def test_several_files_of_one_epoch_have_its_number_where_counts_order_them():
    names = ["ep01-batch0100", "ep01-batch0200", "ep02-batch0100", "ep12-batch0100"]
    paths = [Path(f"{name}.keras") for name in names]
    assert folder(paths, [100, 200, 300, 2300]) == (paths, [1, 1, 2, 12])
    for steps in ([None] * 4, [100] * 4, [100, 200, 200, 300]):
        with pytest.raises(ValueError, match=r"not certain.*Give .* a list"):
            in_order(paths, steps, False)
