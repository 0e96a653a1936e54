"""The kept models in other formats, and by other backends: the same answers."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import ROOT

import tfrwc

NAMES = ("digits-resnet10_tiny", "private-digits", "beta_vae-sprites")
KEPT = ROOT / "saved_models"
# In float32, of another order of sums.
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module", params=NAMES)
def asked(request):
    """A model, some inputs, and what it answers to them, by name of the output."""
    model = tfrwc.load_saved_model(request.param, folder=KEPT)
    is_vae = request.param.startswith("beta_vae")
    shape = model.shape if is_vae else model.input_shape[1:]
    rng = np.random.default_rng(0)
    x = rng.random((4, *shape), np.float32) * (1 if is_vae else 255)
    found = model.reconstruct(x) if is_vae else {"": model(x, training=False)}
    answers = {k: keras.ops.convert_to_numpy(v) for k, v in found.items()}
    return model, x, answers


def is_same(found, answers):
    """Whether arrays are all those of answers: formats have names of their own."""
    assert len(found) == len(answers)
    for answer in answers.values():
        alike = [one for one in found if one.shape == answer.shape]
        assert any(np.allclose(one, answer, **CLOSE) for one in alike)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of tf2onnx on NumPy 2
def test_as_onnx(asked, tmp_path):
    pytest.importorskip("tf2onnx")
    runtime = pytest.importorskip("onnxruntime")
    model, x, answers = asked
    path = tmp_path / "model.onnx"
    model.export(path, format="onnx", verbose=False)
    session = runtime.InferenceSession(path)
    [name] = [one.name for one in session.get_inputs()]
    is_same(session.run(None, {name: x}), answers)
    fewer = session.run(None, {name: x[:1]})
    is_same(fewer, {key: answer[:1] for key, answer in answers.items()})


def test_as_lite_rt(asked, tmp_path):
    interpreters = pytest.importorskip("ai_edge_litert.interpreter")
    model, x, answers = asked
    path = tmp_path / "model.tflite"
    model.export(path, format="litert", verbose=False)
    interpreter = interpreters.Interpreter(str(path))
    [input_] = interpreter.get_input_details()
    interpreter.resize_tensor_input(input_["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(input_["index"], x)
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    is_same([interpreter.get_tensor(one["index"]) for one in outputs], answers)


ELSEWHERE = """
import json, sys
sys.path.insert(0, sys.argv[1])
sys.modules["tensorflow"] = None
import numpy as np, keras, tfrwc
model = tfrwc.load_saved_model(sys.argv[2], folder=sys.argv[3])
answers = keras.ops.convert_to_numpy(model(np.load(sys.argv[4]), training=False))
print(json.dumps([keras.backend.backend(), answers.tolist()]))
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_without_tensorflow(backend, asked, tmp_path):
    pytest.importorskip(backend)
    model, x, answers = asked
    np.save(tmp_path / "x.npy", x)
    name = model.manifest["name"]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, ROOT, name, KEPT, tmp_path / "x.npy"],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    if name.startswith("beta_vae"):  # whose distributions are TensorFlow's
        assert done.returncode == 1
        assert "BetaVAE needs Keras' TensorFlow backend" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    used, found = json.loads(done.stdout)
    assert used == backend
    np.testing.assert_allclose(found, answers[""], **CLOSE)
