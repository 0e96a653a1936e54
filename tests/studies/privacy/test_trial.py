"""The training study of private images: its parts, one by one."""

import json
import math

import keras
import numpy as np
import pytest
from PIL import Image

from tfrwc import load_recording
from tfrwc.privacy import ScalarShift, insecure_test_key
from tfrwc.privacy.release.catalogue import standard_mechanisms
from tfrwc.report import private_figures
from tfrwc.studies.privacy import arms as private_arms
from tfrwc.studies.privacy import data, findings, release, runs
from tfrwc.studies.privacy import start as private_start
from tfrwc.studies.privacy.evaluation import membership
from tfrwc.studies.privacy.runs import members_of
from tfrwc.studies.privacy.trial import Trial

KEY = insecure_test_key("training")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "mnist"}, "no dataset 'mnist'. Choose one of digits"),
        ({"model": "resnet"}, "no network 'resnet'. Choose one of resnet18"),
        ({"public": "cifar10"}, "no public set 'cifar10'. Choose one of none"),
        ({"epochs": 0}, "epochs must be 1 or more. Received: 0"),
        ({"seeds": ()}, "different seeds"),
        ({"seeds": (1, 1)}, "different seeds"),
        ({"epsilons": (0.0,)}, "above 0"),
        ({"epsilons": (1.0, 1.0)}, "different"),
        ({"epsilons": (math.nan,)}, "above 0"),
        ({"epsilons": (1.0, 1.0000001)}, "differ in six digits"),
        ({"mechanisms": ("shift_1", "shift_1")}, "Releases must differ"),
        ({"mechanisms": ("laplace",)}, "no release laplace. Choose from laplace_value"),
    ],
)
def test_trials_are_checked_when_made(settings, message):
    with pytest.raises(ValueError, match=message):
        Trial(**settings)


def test_the_list_of_arms():
    found = private_arms.arms((28, 28), epsilons=(0.5, 3.0, math.inf))
    assert [arm.number for arm in found] == list(range(len(found)))
    assert len({arm.name for arm in found}) == len(found)
    assert found[0].kind == "non-private"
    mechanisms = standard_mechanisms((28, 28))
    assert {a.name: a.mechanism for a in found if a.kind == "local-dp"} == mechanisms
    assert [(a.name, a.epsilon) for a in found[-3:]] == [
        ("dp_sgd_0p5", 0.5),
        ("dp_sgd_3", 3.0),
        ("dp_sgd_inf", math.inf),
    ]
    assert [a.mechanism for a in private_arms.arms((8, 8), private_arms.FEW)[1:-3]]


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


def xray_folder(root, patients):
    rng = np.random.default_rng(0)
    for split, count in (("train", patients), ("val", 2), ("test", 4)):
        for label, name in (("NORMAL", "IM-{}-1"), ("PNEUMONIA", "person{}_virus_1")):
            folder = root / "chest_xray" / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                for copy in range(2):
                    image = Image.fromarray(rng.integers(0, 256, (64, 64), np.uint8))
                    image.save(folder / f"{name.format(i)}{copy}.jpeg")
    return root


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


def test_pneumonia_mnist_is_split_as_published(data_dir):
    task = data.load("pneumoniamnist", data_dir)
    sizes = [len(part.y) for part in (task.train, task.held_out, task.test)]
    assert sizes == [4708, 524, 624]
    assert task.test.y.mean() == pytest.approx(0.625)
    assert task.shape == (28, 28, 1)


def test_rates_rise_and_fall():
    rates = private_start.rates(2.0, 40)
    found = [float(rates(step)) for step in range(40)]
    assert 0 < found[0] < found[1] < found[4] == max(found) == pytest.approx(2.0)
    assert found[4:] == sorted(found[4:], reverse=True)
    assert 0.2 <= found[-1] < 0.25


def test_a_network_starts_from_public_images(data_dir, monkeypatch, tmp_path):
    monkeypatch.setattr(private_start, "IMAGES", 256)
    monkeypatch.setattr(private_start, "_EPOCHS", 1)
    images = private_start.public_images("mnist", 8)
    assert images.x_train.shape == (256, 8, 8, 1)
    assert images.x_test.shape == (10_000, 8, 8, 1)
    recorded = tmp_path / "recording.parquet"
    start, facts = private_start.pretrain("resnet18_narrow", images, recorded)
    assert facts["images"] == 256
    assert facts["public"] == "mnist.npz"
    assert 0 <= facts["accuracy"] <= 1
    assert len(load_recording(recorded)) == 1
    network = private_start.build("resnet18_narrow", (8, 8, 1), 2, start)
    for layer, before in zip(network.layers[:-1], start.layers, strict=False):
        for weight, kept in zip(layer.get_weights(), before.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, kept)
    assert start.output_shape == (None, 10)
    assert network.output_shape == (None, 2)
    assert not any(
        isinstance(layer, keras.layers.BatchNormalization) for layer in network.layers
    )


def test_images_of_another_size_are_made_grey_and_resized():
    x = np.zeros((2, 32, 32, 3), np.uint8)
    x[1, :, 16:] = (30, 60, 90)
    found = private_start._resized(x, (8, 8))
    assert found.shape == (2, 8, 8, 1)
    assert found.dtype == np.uint8
    assert not found[0].any()
    np.testing.assert_array_equal(
        found[1, 0, :, 0],
        [0, 0, 0, found[1, 0, 3, 0], found[1, 0, 4, 0], 60, 60, 60],
    )


def test_a_run_leaves_nothing_for_the_next(tmp_path):
    """Compiled once, trained three times: the same seed twice gives the same."""
    task = data.load("digits")
    shifted = release.release(ScalarShift(1.0), task, 3, KEY)

    def trained(task, number):
        path = tmp_path / f"{number}.parquet"
        run = runs.train_plain("resnet10_tiny", task, 1, 3, path)
        assert (run.epochs, run.batch_size, run.statement) == (1, 64, None)
        return run.network

    before = runs.predictions(trained(task, 1), task)
    assert set(before) == {
        *("test", "members", "held_out"),
        *("test_label", "members_label", "held_out_label"),
    }
    other = runs.predictions(trained(shifted, 2), task, shifted)
    assert {"test_released", "members_released", "blank"} < set(other)
    assert 0.2 < other["blank"].mean() < 0.6
    after = runs.predictions(trained(task, 3), task)
    for name, p in before.items():
        np.testing.assert_allclose(after[name], p, atol=1e-4)
    for kind, bound in (("local-dp", math.tanh(0.5)), ("dp-sgd", math.tanh(1.0))):
        found = membership(kind, 1.0, 1e-5, before, task)
        assert found["advantage"]["bound"] == pytest.approx(bound, abs=1e-4)
    for kind, epsilon in (("local-dp", math.inf), ("non-private", math.inf)):
        assert membership(kind, epsilon, 0, before, task)["auc"]["bound"] is None


def test_a_release_names_no_patients(tmp_path):
    task = data.load("xrays", xray_folder(tmp_path, 30))
    first, again, other = (
        release.release(ScalarShift(1.0), task, seed, KEY) for seed in (0, 0, 1)
    )
    for name in ("train", "held_out", "test"):
        split = getattr(first, name)
        assert split.patients is None
        np.testing.assert_array_equal(split.x, getattr(again, name).x)
        assert (split.x != getattr(task, name).x).any()
        assert (split.x != getattr(other, name).x).any()


def arm_of(name, kind, epsilon, auc, **more):
    test = {
        m: {"value": auc, "low": auc - 0.01, "high": min(1, auc + 0.01)}
        for m in ("accuracy", "balanced_accuracy", "auc")
    }
    row = {"value": 0.02, "low": -0.1, "high": 0.1, "bound": None}
    if epsilon:
        row["bound"] = math.tanh(epsilon)
    return {
        "name": name,
        "kind": kind,
        "epsilon": epsilon,
        "delta": 1e-5,
        "seconds": [1.0, 2.0],
        "test": test,
        "membership": {
            "advantage": [row | {"null_low": -0.1, "null_high": 0.1}] * 2,
        },
        "layers": {"name": ["a/kernel", "b/kernel"], "depth": [0, 1], "size": [9, 9]},
        "change": [0.1 * (epsilon or 1), 0.2],
        "change_per_seed": [[0.1, 0.2]] * 2,
    } | more


def study():
    arms = [
        arm_of("non_private", "non-private", None, 0.95),
        arm_of("gaussian_image_10", "local-dp", 10.0, 0.6, mechanism="PixelGaussian"),
        arm_of("laplace_value_16", "local-dp", 1500.0, 0.9, mechanism="PixelLaplace"),
        arm_of("dp_sgd_1", "dp-sgd", 1.0, 0.8),
        arm_of("dp_sgd_8", "dp-sgd", 8.0, 0.9),
        arm_of("dp_sgd_inf", "dp-sgd", None, 0.93),
    ]
    for arm in arms[1:3]:
        arm["test_released"] = arm["test"]
    return {"data": {"origin": "Things", "majority": 0.7}, "arms": arms}


def test_findings_say_what_was_found():
    said = "\n".join(findings.findings(study()))
    for words in (
        "Things: always naming the commoner class is right on 70.0%",
        "Without privacy: accuracy 95.0% (94.0% to 96.0%)",
        "mean of 2 seeds",
        "DP-SGD at epsilon 1 for an image (delta 1e-05): accuracy 80.0%",
        "With gradients clipped and no noise: accuracy 93.0%",
        "released by gaussian_image_10, the same kind of guarantee (epsilon 10",
        "takes laplace_value_16: epsilon 1,500 for an image, which protects nobody's",
        "advantage of at most 0.020",
        "of 8 runs with a guarantee none are above",
        "changes 2.0 times as much as the one that changes least; at epsilon 1 2.0",
        "Most so b/kernel (1.0 times), least a/kernel (0.1)",
    ):
        assert words in said, words


def test_a_bound_that_is_broken_is_said():
    results = study()
    row = results["arms"][3]["membership"]["advantage"][0] | {
        "value": 0.9,
        "low": 0.85,
        "high": 0.95,
    }
    results["arms"][3]["membership"]["advantage"] = [row, row]
    said = "\n".join(findings.findings(results))
    assert "of at most 0.900 (0.850 to 0.950" in said
    assert "2 are above what it allows" in said


def test_figures_show_the_numbers():
    results = study()
    figure = private_figures.trade_off(results)
    axis = figure.axes[2]
    found = {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in axis.lines
        if line.get_marker() != "None" and len(line.get_xdata())
    }
    assert {(1.0, 0.8), (8.0, 0.9), (10.0, 0.6), (1500.0, 0.9)} <= found
    [beyond] = [x for x, y in found if y == 0.93]
    assert beyond > 1500
    shown = private_figures.layer_arms(results["arms"])
    assert shown[0]["name"] == "dp_sgd_inf"
    assert [a["name"] for a in shown[1:3]] == ["dp_sgd_8", "dp_sgd_1"]
    left, right = private_figures.layer_change(results).axes
    lines = {line.get_label(): line for line in left.lines}
    np.testing.assert_allclose(lines["DP-SGD, epsilon 8"].get_ydata(), [0.8, 0.2])
    np.testing.assert_allclose(right.lines[0].get_ydata(), [8, 1])
    rows = private_figures.membership(results).axes[0]
    assert [t.get_text() for t in rows.get_yticklabels()] == [
        arm["name"] for arm in results["arms"]
    ]


def test_results_are_plain_json():
    json.dumps(study(), allow_nan=False)
