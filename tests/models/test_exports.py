"""The kept models in other formats, and by other backends: the same answers."""

import json

import keras
import numpy as np
import pytest
from conftest import ROOT, slow_but
from missing import OF_EXTRAS, run_without

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
sys.path.insert(0, {root!r})
import numpy as np, keras, tfrwc
answers = [keras.backend.backend(), "tensorflow" in sys.modules]
for name in {names!r}:
    model = tfrwc.load_saved_model(name, folder={kept!r})
    x = np.load(name + ".npy")
    answers.append(keras.ops.convert_to_numpy(model(x, training=False)).tolist())
print(json.dumps(answers))
"""


@pytest.mark.e2e
@pytest.mark.parametrize("backend", slow_but(["jax"], ["jax", "torch"]))
def test_networks_on_other_backends_without_tensorflow(backend, tmp_path):
    """What a β-VAE says there is in `tests/test_without_extras.py`."""
    pytest.importorskip(backend)
    names, expected = NAMES[:2], []
    for name in names:
        model = tfrwc.load_saved_model(name, folder=KEPT)
        rng = np.random.default_rng(0)
        x = rng.uniform(0, 255, (4, *model.input_shape[1:])).astype(np.float32)
        np.save(tmp_path / f"{name}.npy", x)
        expected.append(keras.ops.convert_to_numpy(model(x, training=False)))
    code = ELSEWHERE.format(root=str(ROOT), names=names, kept=str(KEPT))
    done = run_without(OF_EXTRAS, code, tmp_path, backend)
    assert done.returncode == 0, done.stderr
    used, has_tensorflow, *found = json.loads(done.stdout)
    assert (used, has_tensorflow) == (backend, False)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)
