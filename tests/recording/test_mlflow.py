"""Numbers of a recording in MLflow, where it is installed."""

import keras
import numpy as np
import pytest
from recording.networks import compiled, small

from tfrwc import RWCCallback

# MLflow and what it is made of warn of their own next versions.
pytestmark = pytest.mark.filterwarnings("default")

NAMES = [f"rwc_l1_ratio_{name}" for name in ("mean", "median", "largest")]


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    module = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    module.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    module.set_experiment("changes")
    yield module
    module.keras.autolog(disable=True)
    module.end_run()


def fitted(callbacks):
    keras.utils.set_random_seed(0)
    model = compiled(small())
    x = np.random.default_rng(0).normal(size=(32, *model.input_shape[1:]))
    y = np.zeros((32, *model.output_shape[1:]))
    return model.fit(x, y, 8, epochs=3, verbose=0, callbacks=callbacks).history


def logged(mlflow, name):
    """Values of a metric of the only run, by step."""
    (run,) = mlflow.search_runs(output_format="list")
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, name)
    return [metric.value for metric in sorted(history, key=lambda metric: metric.step)]


@pytest.mark.parametrize("by", ["callback", "autolog"])
def test_mlflow_gets_them(mlflow, by):
    recorder = RWCCallback(to_logs=True)
    if by == "autolog":
        mlflow.keras.autolog(log_models=False)
        history = fitted([recorder])
    else:
        with mlflow.start_run():
            history = fitted([recorder, mlflow.keras.MlflowCallback()])
    for name in ("loss", *NAMES):
        np.testing.assert_allclose(logged(mlflow, name), history[name], rtol=1e-6)


def test_mlflow_takes_the_table_of_layers(mlflow):
    recorder = RWCCallback()
    fitted([recorder])
    frame = recorder.recording.to_frame()
    with mlflow.start_run():
        mlflow.log_table(frame, "change.json")
    back = mlflow.load_table("change.json")
    assert len(back) == len(frame)
    np.testing.assert_allclose(back["value"], frame["value"], rtol=1e-6)
