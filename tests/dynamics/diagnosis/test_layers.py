"""What a diagnosis says of the layers of a model: frozen, normalised, fading."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers as L

from tfrwc.dynamics import diagnose
from tfrwc.dynamics.diagnosis.from_layers import fading
from tfrwc.dynamics.diagnosis.look import Look
from tfrwc.dynamics.diagnosis.thresholds import LIMITS

CLASSES = "sparse_categorical_crossentropy"
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(64, 12)).astype("float32"), RNG.integers(3, size=64)


def backbone():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((12,)),
            *(L.Dense(16), L.BatchNormalization(), L.ReLU()),
            *(L.Dense(16), L.BatchNormalization(), L.ReLU()),
        ]
    )


def with_head(base, *more):
    model = keras.Sequential([keras.Input((12,)), base, *more, L.Dense(3, "softmax")])
    model.compile("adam", CLASSES)
    return model


def kinds(model, **options):
    return [one.kind for one in diagnose(None, model, (X, Y), **options)]


def test_a_model_all_of_which_is_frozen_is_told():
    model = with_head(backbone())
    model.trainable = False
    found = diagnose(None, model, (X, Y))
    assert (found[0].kind, found[0].sure) == ("frozen_layers", "certain")
    assert "None of the layers with weights (3)" in found[0].evidence


def test_averages_that_move_between_frozen_layers_are_told():
    base = backbone()
    for layer in base.layers:
        layer.trainable = not isinstance(layer, L.Dense)
    [one] = diagnose(None, with_head(base), (X, Y))
    assert (one.kind, one.layer) == ("moving_averages", base.layers[1].name)
    assert "(1 in all)" in one.evidence


@pytest.mark.parametrize("more", [(), (L.BatchNormalization(),)])
def test_a_frozen_backbone_is_no_fault_nor_is_a_norm_of_the_head(more):
    base = backbone()
    base.trainable = False
    assert kinds(with_head(base, *more)) == []


def test_a_model_that_trains_all_has_no_frozen_layers():
    assert kinds(with_head(backbone())) == []


def stack(depth, activation, start, norms=False):
    keras.utils.set_random_seed(0)
    hidden = []
    for _ in range(depth):
        hidden.append(L.Dense(24, activation, kernel_initializer=start))
        hidden += [L.BatchNormalization()] if norms else []
    return with_head(keras.Sequential([keras.Input((12,)), *hidden]))


@pytest.mark.parametrize(
    ("activation", "start", "kind"),
    [
        ("relu", keras.initializers.RandomUniform(seed=1), "wrong_initializer"),
        ("tanh", keras.initializers.RandomNormal(0.01, seed=1), "wrong_initializer"),
        ("sigmoid", "glorot_uniform", "vanishing"),
    ],
)
def test_differences_that_get_lost_on_the_way_are_told(activation, start, kind):
    found = list(fading(Look.at(stack(8, activation, start), (X, Y)), LIMITS))
    assert [one.kind for one in found] == [kind]
    assert "Differences between examples" in found[0].evidence


@pytest.mark.parametrize(
    ("depth", "activation", "start", "norms"),
    [
        (8, "relu", "glorot_uniform", False),
        (16, "relu", "he_normal", False),
        (16, "tanh", "glorot_uniform", False),
        (8, "relu", keras.initializers.RandomUniform(seed=1), True),
    ],
)
def test_initialisers_that_keep_them_are_no_fault(depth, activation, start, norms):
    assert kinds(stack(depth, activation, start, norms)) == []


def test_numbers_of_words_have_no_size():
    layers = [L.Embedding(500, 8), L.Flatten(), L.Dense(8, "relu"), L.Dense(3)]
    model = keras.Sequential([keras.Input((6,)), *layers, L.Softmax()])
    model.compile("adam", CLASSES)
    words = RNG.integers(500, size=(64, 6))
    assert list(diagnose(None, model, (words, Y))) == []


def test_sigmoids_of_one_class_of_several_are_told():
    model = keras.Sequential([keras.Input((12,)), L.Dense(3, "sigmoid")])
    model.compile("adam", CLASSES)
    [one] = diagnose(None, model, (X, Y))
    assert (one.kind, one.sure) == ("wrong_last_activation", "possible")
    assert "3 sigmoids answer for each class" in one.evidence


def test_targets_that_are_all_alike_are_told():
    model = with_head(backbone())
    [one] = diagnose(None, model, (X, np.ones_like(Y)))
    assert (one.kind, one.sure) == ("wrong_labels", "possible")


@pytest.mark.parametrize(("rate", "is_told"), [(0.65, True), (0.55, False)])
def test_dropout_has_one_limit(rate, is_told):
    model = with_head(backbone(), L.Dropout(rate))
    assert kinds(model) == ["dropout_too_high"] * is_told
    assert kinds(model, limits=replace(LIMITS, dropout=0.5)) == ["dropout_too_high"]
    assert kinds(model, limits=replace(LIMITS, dropout=0.7)) == []
