"""Every layer of Keras with weights, trained by one step of `fit`.

Without a clip the step is that of plain Keras; with one, that of each example's
gradient alone, clipped in NumPy.
"""

import inspect

import keras
import numpy as np
import pytest
from keras import layers
from privacy.sgd.layer_rules.fit_cases import CASES
from privacy.sgd.steps import (
    assert_equal_steps,
    by_fit,
    clipped_step,
    norms_of,
    one_by_one,
    private,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*pfor.*"),
]
# Of each kind: the others take minutes, and are left to the slow tests.
FAST = ("conv, groups", "separable", "depthwise, strides", "rms norm", "multi-head")
# Keras' layers with weights that no case trains.
LEFT_OUT = {
    "BatchNormalization": "mixes the examples; frozen, it is in a case",
    "SpectralNormalization": "assigns the weights of its layer in the forward pass",
    "ReversibleEmbedding": "not in every version of Keras; an Embedding otherwise",
    "FlaxLayer": "of the JAX backend",
    "JaxLayer": "of the JAX backend",
    "TorchModuleWrapper": "of the PyTorch backend",
    "TFSMLayer": "of a SavedModel, whose weights it does not train",
}
# Bases, and folders of layers that have no weights.
ABSTRACT = {"Layer", "Wrapper", "InputLayer", "Identity", "Lambda", "Masking"}
WITHOUT_WEIGHTS = ("merging", "pooling", "preprocessing", "reshaping", "regularization")
ALSO_WITHOUT = {"UnitNormalization"}


def check(name):
    case, loss = CASES[name], keras.losses.MeanSquaredError()
    rng = np.random.default_rng(len(name))
    model, other, plain = case.model(), case.model(), case.model()
    x = case.inputs(4)
    shape = plain(x[:1]).shape
    model(x[:1]), other(x[:1])
    y = rng.normal(size=(4, *shape[1:])).astype(np.float32)
    for variable in plain.trainable_variables:
        variable.assign(rng.normal(0.0, 0.5, variable.shape))
    start = plain.get_weights()
    gradients = one_by_one(plain, x, y, loss)
    # Keras divides by a count over the batch where a mask leaves words out.
    masked = name == "words to leave out"
    expected = clipped_step(gradients, 1e9) if masked else by_fit(plain, x, y, loss)
    model.set_weights(start)
    assert_equal_steps(by_fit(private(model, 4), x, y, loss), expected)
    clip = float(np.median(norms_of(gradients)))
    other.set_weights(start)
    step = by_fit(private(other, 4, clip), x, y, loss)
    assert_equal_steps(step, clipped_step(gradients, clip))


@pytest.mark.parametrize("name", FAST)
def test_a_step_is_right(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CASES if name not in FAST])
def test_a_step_of_every_other_layer_is_right(name):
    check(name)


def test_every_layer_with_weights_is_in_a_case():
    tested = set()
    for case in CASES.values():
        tested |= {type(layer) for layer in case.model()._flatten_layers()}
    missing = {
        kind.__name__
        for kind in vars(layers).values()
        if inspect.isclass(kind)
        and issubclass(kind, keras.Layer)
        and kind not in tested
        and not _has_no_weights(kind)
    }
    assert missing - set(LEFT_OUT) == set()


def _has_no_weights(kind):
    folder = kind.__module__.removeprefix("keras.src.layers.").split(".")[0]
    if kind.__name__ in ABSTRACT | ALSO_WITHOUT:
        return True
    return folder in WITHOUT_WEIGHTS or (
        folder == "activations" and kind is not layers.PReLU
    )
