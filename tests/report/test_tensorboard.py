"""Trends in TensorBoard, read back by TensorBoard itself."""

import io
import socket
import subprocess
import sys
import time
import warnings

import keras
import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from tfrwc import RWCCallback
from tfrwc.dynamics import OnlineTrends
from tfrwc.report.tensorboard import TrendsToTensorBoard, pixels, trend_curves


def network(hidden=4):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, "tanh") for _ in range(hidden)]
    model = keras.Sequential([keras.layers.Input((4,)), *layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse", jit_compile=False)
    return model


def fit(model, callbacks, epochs=6, **options):
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = x.sum(axis=1)
    model.fit(x, y, 16, epochs, verbose=0, callbacks=callbacks, **options)


def read(log_dir):
    """What TensorBoard reads: scalars by tag as (steps, values), and the rest."""
    events = EventAccumulator(str(log_dir / "trends"), {"tensors": 0})
    events.Reload()
    scalars, others = {}, {}
    for tag in events.Tags()["tensors"]:
        plugin = events.SummaryMetadata(tag).plugin_data.plugin_name
        found = [(e.step, make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)]
        steps, values = zip(*found, strict=True)
        if plugin == "scalars":
            scalars[tag] = list(steps), np.array(values)
        else:
            others[plugin] = list(steps), values
    return scalars, others


def test_tensorboard_reads_what_was_recorded(tmp_path):
    change = RWCCallback()
    shown = TrendsToTensorBoard(tmp_path, change, picture_every=4)
    model = network()
    fit(model, [change, shown])
    scalars, others = read(tmp_path)
    recorded = change.recording.values()
    assert recorded.shape == (6, 5)
    for i, row in change.recording.layers.iterrows():
        steps, values = scalars[f"change of Dense/{row['name']}"]
        assert steps == [0, 1, 2, 3, 4, 5]
        np.testing.assert_allclose(values, recorded[:, i])
    # Every layer is in one trend or in none, at each record.
    counts = {tag: s for tag, s in scalars.items() if tag.startswith("layers in/")}
    total = np.zeros(6)
    for steps, values in counts.values():
        total[steps] += values
    assert total.tolist() == [5.0] * 6
    # A picture and a table after 4 records, and at the end.
    assert others["images"][0] == others["text"][0] == [3, 5]
    width, height, png = others["images"][1][-1]
    assert Image.open(io.BytesIO(png)).size == (int(width), int(height))
    table = others["text"][1][-1].item().decode()
    assert all(name in table for name in change.recording.layers["name"])


def test_medians_are_those_of_the_trends(tmp_path):
    change = RWCCallback()
    shown = TrendsToTensorBoard(tmp_path, change, trends=OnlineTrends(n_clusters=2))
    fit(network(7), [change, shown])
    scalars, _ = read(tmp_path)
    last = change.recording.values()[-1]
    for trend in shown.trends.trends_:
        members = shown.trends.labels_ == trend
        steps, values = scalars[f"median change/trend {trend + 1}"]
        assert steps[-1] == 5
        assert values[-1] == pytest.approx(np.median(last[members]))
        assert scalars[f"layers in/trend {trend + 1}"][1][-1] == members.sum()


def test_records_of_steps_and_of_several_fits(tmp_path):
    change = RWCCallback(every=2)
    shown = TrendsToTensorBoard(tmp_path, change, picture_every=1)
    model = network()
    fit(model, [change, shown], epochs=2)
    fit(model, [change, shown], epochs=1)
    scalars, others = read(tmp_path)
    assert scalars["layers in/no trend"][0] == [2, 4, 6, 8, 10, 12]
    assert others["images"][0] == [4, 8, 12]
    assert shown.trends.n_records_ == 6


def test_in_front_of_its_callback_nothing_is_lost(tmp_path):
    change = RWCCallback()
    fit(network(), [TrendsToTensorBoard(tmp_path, change), change])
    assert read(tmp_path)[0]["layers in/no trend"][0] == [0, 1, 2, 3, 4, 5]


def test_a_resumed_recording_is_shown_from_its_beginning(tmp_path):
    model, path = network(), tmp_path / "run.parquet"
    fit(model, [RWCCallback(path)], epochs=3)
    change = RWCCallback(path)
    shown = TrendsToTensorBoard(tmp_path, change)
    fit(model, [change, shown], epochs=5, initial_epoch=3)
    assert read(tmp_path)[0]["layers in/no trend"][0] == [0, 1, 2, 3, 4]


def test_of_many_layers_only_trends_are_written(tmp_path):
    change = RWCCallback()
    fit(network(60), [change, TrendsToTensorBoard(tmp_path, change)], epochs=2)
    scalars, others = read(tmp_path)
    assert not any(tag.startswith("change of") for tag in scalars)
    assert len(scalars) <= 22
    assert others["images"][0] == [1]


@pytest.mark.parametrize(
    ("hidden", "rate", "spoil", "epochs", "every"),
    [
        *[(3, 0.05, True, 2, "epoch"), (3, 0.0, False, 2, "epoch")],
        *[(0, 0.05, False, 2, "epoch"), (0, 0.05, True, 2, "epoch")],
        *[(3, 1e30, False, 2, "epoch"), (3, 0.05, False, 0, "epoch")],
        (1, 0.05, False, 1, 100),
    ],
)
def test_nothing_to_show_is_no_error(tmp_path, hidden, rate, spoil, epochs, every):
    model = network(hidden)
    model.optimizer.learning_rate = rate
    if spoil:
        model.set_weights([np.full(w.shape, np.nan) for w in model.get_weights()])
    change = RWCCallback(every=every)
    shown = TrendsToTensorBoard(tmp_path, change, picture_every=1)
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        fit(model, [change, shown], epochs=epochs)
    assert not any("could not show" in str(m.message) for m in messages)
    if epochs and every == "epoch":
        scalars, others = read(tmp_path)
        assert scalars["layers in/no trend"][0] == [0, 1]
        assert others["images"][0] == [0, 1]


def test_a_folder_that_cannot_be_written_is_told_once_and_training_goes_on(tmp_path):
    change = RWCCallback()
    (tmp_path / "file").touch()
    shown = TrendsToTensorBoard(tmp_path / "file", change, picture_every=1)
    with pytest.warns(RuntimeWarning, match="could not show all in .*file") as messages:
        fit(network(), [change, shown], epochs=3)
    # Libraries may warn of other things at the same time.
    assert sum("could not show" in str(m.message) for m in messages) == 1
    assert len(change.recording) == 3


def test_wrong_settings(tmp_path):
    with pytest.raises(TypeError, match="Received: str"):
        TrendsToTensorBoard(tmp_path, "run.parquet")
    with pytest.raises(ValueError, match=r"whole number of 1 or more\. Received: 0"):
        TrendsToTensorBoard(tmp_path, RWCCallback(), picture_every=0)


def test_the_picture_shows_each_trend_in_its_colour():
    t = np.linspace(0, 1, 20)
    rng = np.random.default_rng(0)
    logs = np.array([-2 * t] * 10 + [2 * t - 2] * 10) + rng.normal(0, 0.02, (20, 20))
    trends = OnlineTrends().partial_fit(10**logs)
    figure = trend_curves(trends)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["trend 1: 10 layers", "trend 2: 10 layers"]
    image = pixels(figure)
    assert image.dtype == np.uint8
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        assert (image == colour).all(axis=-1).sum() > 200


@pytest.mark.slow
def test_tensorboard_shows_the_trends(tmp_path, browser):
    """The page itself has cards for all groups of tags."""
    from selenium.common.exceptions import WebDriverException

    change = RWCCallback()
    fit(network(), [change, TrendsToTensorBoard(tmp_path, change)])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path)]
    command += ["--port", str(port), "--load_fast=false"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        page = ""
        for _ in range(60):
            time.sleep(2)
            try:
                browser.get(f"http://127.0.0.1:{port}/#timeseries")
            except WebDriverException:  # the server is not up yet
                continue
            time.sleep(3)
            page = browser.find_element("tag name", "body").text
            if "median change" in page:
                break
        assert "median change" in page
        assert "change of Dense" in page
    finally:
        server.terminate()
        server.wait()
