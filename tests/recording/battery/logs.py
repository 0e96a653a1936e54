"""Whatever may be in the logs."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from recording.battery.helpers import case, compiled, fit
from recording.loops import stack

from tfrwc import RWCCallback, load_recording


class Raises:
    def __float__(self):
        raise RuntimeError("not today")


def odd():
    return {
        "vector": np.arange(3),
        "one": np.ones(1),
        "tensor": keras.ops.ones((2,)),
        "scalar": keras.ops.ones(()),
        "bfloat16": keras.ops.ones((2,), "bfloat16"),
        "numpy": np.float16(0.5),
        "bool": True,
        "huge": 10**400,
        "none": None,
        "text": "0.5",
        "text in an array": np.array("0.5"),
        "number in an array": np.array(0.5),
        "bytes": b"0.5",
        "matrix": np.ones((2, 2)),
        "complex": 1j,
        "complexes": np.ones(3, complex),
        "dict": {"a": 1, "b": {"c": [2, 3]}},
        "ragged": [[1], [1, 2]],
        "raises": Raises(),
        "long": np.ones(1000),
        "": 7,
        "\ud800": 8,
        "a.b/ä": 9,
        3: 10,
        "learning_rate": "fast",
        "vector_1": 11,
        "nan": float("nan"),
    }


EXPECTED = {
    **{"vector_0": 0, "vector_1": 11, "vector_1#2": 1, "vector_2": 2, "one": 1},
    **{"tensor_0": 1, "tensor_1": 1, "scalar": 1, "bfloat16_0": 1, "bfloat16_1": 1},
    **{
        "numpy": 0.5,
        "number in an array": 0.5,
        "bool": 1,
        "dict_a": 1,
        "dict_b_c_0": 2,
        "dict_b_c_1": 3,
    },
    **{"": 7, "\\ud800": 8, "a.b/ä": 9, "3": 10, "nan": np.nan},
}


class Logs(keras.callbacks.Callback):
    def __init__(self, logs):
        super().__init__()
        self.logs = logs

    def on_epoch_end(self, epoch, logs=None):
        logs.update(self.logs)

    def on_train_batch_end(self, batch, logs=None):
        logs.update(self.logs)


@case()
def odd_logs():
    for every in ("epoch", 2):
        with TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as w:
            warnings.simplefilter("always")
            callback = RWCCallback(Path(folder) / "run.parquet", every=every)
            fit(compiled(stack()), Logs(odd()), callback, epochs=2)
            logs = load_recording(callback.path).logs
        left_out = [str(m.message) for m in w if "Left out" in str(m.message)]
        assert len(left_out) == 1
        last = logs.iloc[-1].to_dict()
        np.testing.assert_allclose(last.pop("learning_rate"), 0.05, rtol=1e-6)
        assert np.isfinite(last.pop("loss"))
        assert last.keys() == EXPECTED.keys()
        np.testing.assert_array_equal(
            [last[name] for name in EXPECTED], list(EXPECTED.values())
        )


@case()
def a_metric_that_is_a_vector():
    for every in ("epoch", 1, 2):
        callback = RWCCallback(every=every)
        model = compiled(stack(), metrics=[keras.metrics.F1Score()])
        x, y = np.ones((8, 4), "f4"), np.eye(2, dtype="f4")[[0, 1] * 4]
        fit_on = {"validation_data": (x, y), "batch_size": 4, "verbose": 0}
        model.fit(x, y, callbacks=[callback], **fit_on)
        names = {"f1_score_0", "f1_score_1", "loss", "learning_rate"}
        if every == "epoch":
            names |= {"val_f1_score_0", "val_f1_score_1"}
        assert names <= set(callback.recording.logs)
        assert np.isfinite(callback.recording.logs[sorted(names)]).all(axis=None)


@case("jax", "torch")  # TensorFlow has no such names
def names_that_no_file_can_hold():
    for every in ("epoch", 1, 5):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "run.parquet"
            metrics = [keras.metrics.MeanAbsoluteError(n) for n in ("a\0b", "a\udc80c")]
            model = compiled(stack(), metrics=metrics)
            fit(model, RWCCallback(path, every=every))
            logs = load_recording(path).logs
        assert {"ab", "a\\udc80c"} <= set(logs)


@case()
def logs_that_are_no_dict():
    callback = RWCCallback(every=1)
    callback.set_model(compiled(stack()))
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    for batch, logs in enumerate(([0.1, 0.2], 0.5, "text", np.ones(2), None)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            callback.model.train_on_batch(np.ones((8, 4)), np.ones((8, 2)))
            callback.on_train_batch_end(batch, logs)
    callback.on_epoch_end(0, None)
    assert len(callback.recording) == 5
    # The loss is what the step returned, whatever the loop makes of it.
    assert set(callback.recording.logs) <= {"loss", "learning_rate"}
