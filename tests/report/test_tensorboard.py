"""Trends in TensorBoard, read back by TensorBoard itself."""

import io
import re
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
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.util.tensor_util import make_ndarray

from tfrwc import RWCCallback
from tfrwc.dynamics import OnlineTrends, diagnose
from tfrwc.report.tensorboard import TrendsToTensorBoard
from tfrwc.report.trend_picture import pixels, trend_curves

RUN = "net"
COUNT, MEDIAN = "change by trend/number of layers", "change by trend/median change"


def network(hidden=4, name="net"):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, "tanh") for _ in range(hidden)]
    layers = [keras.layers.Input((4,)), *layers, keras.layers.Dense(1)]
    model = keras.Sequential(layers, name=name)
    model.compile(keras.optimizers.SGD(0.05), "mse", jit_compile=False)
    return model


def fit(model, callbacks, epochs=6, **options):
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = x.sum(axis=1)
    model.fit(x, y, 16, epochs, verbose=0, callbacks=callbacks, **options)


def read(log_dir, run=RUN):
    """What TensorBoard reads of a model.

    Returns:
        Scalars by tag, or by tag and line where a chart has several, as (steps,
        values); and the rest by plugin, as (tag, steps, values).
    """
    scalars, others = {}, {}
    for folder in [log_dir / run, *(log_dir / run).glob("*/")]:
        events = EventAccumulator(str(folder), {"tensors": 0})
        events.Reload()
        for tag in events.Tags()["tensors"]:
            plugin = events.SummaryMetadata(tag).plugin_data.plugin_name
            found = [
                (e.step, make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)
            ]
            steps, values = zip(*found, strict=True)
            if plugin == "scalars":
                name = tag if folder.name == run else (tag, folder.name)
                scalars[name] = list(steps), np.array(values)
            else:
                others.setdefault(plugin, (tag, list(steps), values))
                others[tag] = list(steps), values
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
        steps, values = scalars[f"layer change of Dense/{row['name']}"]
        assert steps == [0, 1, 2, 3, 4, 5]
        np.testing.assert_allclose(values, recorded[:, i])
    # Every layer is in one trend or in none, at each record.
    counts = [found for name, found in scalars.items() if COUNT in name]
    total = np.zeros(6)
    for steps, values in counts:
        total[steps] += values
    assert total.tolist() == [5.0] * 6
    # A picture and a table after 4 records, and at the end.
    assert others["images"][:2] == ("change by trend/curves", [3, 5])
    assert others["change by trend/table"][0] == [3, 5]
    assert others["diagnosis"][0] == [3, 5]
    said = others["diagnosis"][1][-1].item().decode()
    assert said == diagnose(change.recording).to_markdown()
    width, height, png = others["images"][2][-1]
    assert Image.open(io.BytesIO(png)).size == (int(width), int(height)) == (350, 210)
    table = others["change by trend/table"][1][-1].item().decode()
    assert all(name in table for name in change.recording.layers["name"])


def test_medians_are_those_of_the_trends(tmp_path):
    change = RWCCallback()
    shown = TrendsToTensorBoard(tmp_path, change, trends=OnlineTrends(n_clusters=2))
    fit(network(7), [change, shown])
    scalars, _ = read(tmp_path)
    last = change.recording.values()[-1]
    for trend in shown.trends.trends_:
        members = shown.trends.labels_ == trend
        line = f"trend {trend + 1}"
        steps, values = scalars[MEDIAN, line]
        assert steps[-1] == 5
        assert values[-1] == pytest.approx(np.median(last[members]))
        assert scalars[COUNT, line][1][-1] == members.sum()


def test_the_line_of_a_trend_that_went_out_is_broken(tmp_path, monkeypatch):
    change = RWCCallback()
    shown = TrendsToTensorBoard(tmp_path, change)
    names = iter([[0, 1], [0, 1], [0], [0], [0, 1], [0, 1]])

    def partial_fit(self, values):
        self.trends_ = next(names)
        self.labels_ = np.arange(len(values)) % len(self.trends_)
        return self

    monkeypatch.setattr(OnlineTrends, "partial_fit", partial_fit)
    monkeypatch.setattr(shown, "_picture", lambda: None)
    fit(network(), [change, shown])
    scalars, _ = read(tmp_path)
    steps, medians = scalars[MEDIAN, "trend 2"]
    assert steps == [0, 1, 2, 4, 5]
    assert np.isnan(medians).tolist() == [False, False, True, False, False]
    assert scalars[COUNT, "trend 2"][1].tolist() == [2, 2, 0, 0, 2, 2]


def test_models_in_one_folder_and_keras_own_logs_keep_apart(tmp_path):
    for name, hidden in (("small", 2), ("large", 5)):
        change = RWCCallback()
        shown = TrendsToTensorBoard(tmp_path, change)
        fit(
            network(hidden, name),
            [change, keras.callbacks.TensorBoard(tmp_path), shown],
        )
    assert {path.name for path in tmp_path.glob("*/")} == {*("small", "large", "train")}
    tags = {}
    for run, layers in (("small", 3), ("large", 6)):
        scalars, _ = read(tmp_path, run)
        of_layers = [tag for tag in scalars if str(tag).startswith("layer change of ")]
        assert len(of_layers) == layers
        assert scalars[COUNT, "no trend"][0] == [0, 1, 2, 3, 4, 5]
        tags[run] = {tag if isinstance(tag, str) else tag[0] for tag in scalars}
    keras_own = EventAccumulator(str(tmp_path / "train"), {"tensors": 0}).Reload()
    assert not set(keras_own.Tags()["tensors"]) & set.union(*tags.values())


def test_a_chart_of_all_layers_has_a_line_for_each(tmp_path):
    change = RWCCallback()
    fit(network(), [change, TrendsToTensorBoard(tmp_path, change)])
    scalars, others = read(tmp_path)
    tag, steps, [data] = others["custom_scalars"]
    assert (tag, steps) == ("custom_scalars__config__", [0])
    [category] = layout_pb2.Layout.FromString(data.item()).category
    charts = {chart.title: chart.multiline.tag for chart in category.chart}
    [of_trends], [of_layers] = charts.values()
    # TensorBoard takes them for regular expressions, from the first character on.
    several = [name for name in scalars if isinstance(name, tuple)]
    found = [name for name in several if re.match(of_trends, name[0])]
    assert found == [name for name in several if name[0] == MEDIAN]
    assert len(found) > 1
    tags = [tag for tag in scalars if isinstance(tag, str)]
    assert [tag for tag in tags if re.match(of_layers, tag)] == tags
    assert len(tags) == 5


def test_records_of_steps_and_of_several_fits(tmp_path):
    change = RWCCallback(every=2)
    shown = TrendsToTensorBoard(tmp_path, change, picture_every=1)
    model = network()
    fit(model, [change, shown], epochs=2)
    fit(model, [change, shown], epochs=1)
    scalars, others = read(tmp_path)
    assert scalars[COUNT, "no trend"][0] == [2, 4, 6, 8, 10, 12]
    assert others["images"][1] == [4, 8, 12]
    assert shown.trends.n_records_ == 6


def test_in_front_of_its_callback_nothing_is_lost(tmp_path):
    change = RWCCallback()
    fit(network(), [TrendsToTensorBoard(tmp_path, change), change])
    assert read(tmp_path)[0][COUNT, "no trend"][0] == [0, 1, 2, 3, 4, 5]


def test_a_resumed_recording_is_shown_from_its_beginning(tmp_path):
    model, path = network(), tmp_path / "run.parquet"
    fit(model, [RWCCallback(path)], epochs=3)
    change = RWCCallback(path)
    shown = TrendsToTensorBoard(tmp_path, change)
    fit(model, [change, shown], epochs=5, initial_epoch=3)
    assert read(tmp_path)[0][COUNT, "no trend"][0] == [0, 1, 2, 3, 4]


def test_of_many_layers_only_trends_are_written(tmp_path):
    change = RWCCallback()
    fit(network(60), [change, TrendsToTensorBoard(tmp_path, change)], epochs=2)
    scalars, others = read(tmp_path)
    assert not any(str(tag).startswith("layer change of") for tag in scalars)
    assert len(scalars) <= 22
    assert others["images"][1] == [1]


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
        assert scalars[COUNT, "no trend"][0] == [0, 1]
        assert others["images"][1] == [0, 1]


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
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["trend 1: 10 layers", "trend 2: 10 layers"]
    image = pixels(figure)
    assert image.dtype == np.uint8
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        assert (image == colour).all(axis=-1).sum() > 200


@pytest.mark.parametrize("records", [2, 3, 5, 10])
def test_records_have_whole_numbers(records):
    curves = 10 ** np.random.default_rng(0).normal(0, 0.1, (12, records))
    figure = trend_curves(OnlineTrends().partial_fit(curves))
    pixels(figure)
    assert [tick for tick in figure.axes[0].get_xticks() if tick % 1] == []


def test_the_picture_has_room_for_the_names_of_all_trends():
    """Also where there are as many trends as there can be."""
    t = np.linspace(0, 1, 30)
    shapes = np.array([np.sin((k + 1) * np.pi * t + k) for k in range(10)])
    curves = np.repeat(shapes, 120, axis=0)
    curves += np.random.default_rng(0).normal(0, 0.01, curves.shape)
    trends = OnlineTrends(n_clusters=10).partial_fit(10**curves)
    figure = trend_curves(trends)
    height, width, _ = pixels(figure).shape
    assert (width, height) == (350, 210)
    [legend] = figure.legends
    assert len(legend.get_texts()) >= 10
    axis = figure.axes[0].get_window_extent()
    assert axis.width > 0.6 * width
    assert axis.height > 0.25 * height
    for box in [legend.get_window_extent(), figure.axes[0].get_tightbbox()]:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height


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
        assert "layer change of Dense" in page
    finally:
        server.terminate()
        server.wait()
