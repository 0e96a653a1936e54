"""Ordinary networks, trained or changed in unusual ways."""

import keras
from keras import layers
from recording.real_models.architectures import chain, dense, graph
from recording.real_models.table import model
from recording.real_models.training import compiled

FACTORS = "files hold kernels with their LoRA factors added, and no factors"


def language():
    def function(x):
        h = layers.Embedding(7, 4)(x)
        h = layers.EinsumDense("abc,cd->abd", (5, 6), bias_axes="d")(h)
        return layers.Dense(2)(layers.Conv1D(4, 3)(h))

    return graph((5,), function, dtype="int32")


@model(other_kernels=FACTORS, refused_by_model="lacks tensors of shapes")
def lora():
    adapted = language()
    for layer in adapted.layers[1:]:
        layer.enable_lora(2, lora_alpha=3)
    return compiled(adapted)


@model(other_kernels=FACTORS, refused_by_model="lacks tensors of shapes")
def lora_of_some_layers():
    adapted = language()
    adapted.layers[2].enable_lora(2)
    return compiled(adapted)


EIGHT_BITS = "is quantised to int8"


@model(
    no_kernels="selects none of the 6 weights",
    refused=EIGHT_BITS,
    refused_by_model="selects none of the 6 weights",
)
def eight_bits():
    quantised = graph((4,), lambda x: layers.Dense(2)(layers.Dense(6)(x)))
    for layer in quantised.layers[1:]:
        layer.quantize("int8")
    return compiled(quantised)


@model(refused=EIGHT_BITS)
def eight_bits_in_one_layer():
    quantised = graph((4,), lambda x: layers.Dense(2)(layers.Dense(6)(x)))
    quantised.layers[1].quantize("int8")
    return compiled(quantised)


@model()
def frozen_base():
    base = dense(6, 5)
    base.trainable = False
    x = layers.Input((4,))
    return compiled(keras.Model(x, layers.Dense(2)(base(x))))


def with_optimizer(optimizer, **options):
    plain = chain((4,), layers.Dense(6, "tanh"), layers.Dense(2))
    return compiled(plain, optimizer, **options)


@model()
def adam():
    return with_optimizer(keras.optimizers.AdamW(0.01, use_ema=True, clipnorm=1.0))


@model(needs=hasattr(keras.optimizers, "MultiOptimizer"))
def several_optimizers():
    sgd, adam = keras.optimizers.SGD(0.05), keras.optimizers.Adam(0.01)
    chosen = keras.optimizers.OptimizerMap(sgd, {".*/kernel": adam})
    return with_optimizer(keras.optimizers.MultiOptimizer(chosen))


@model(needs=hasattr(keras.optimizers, "Muon"))
def muon():
    return with_optimizer(keras.optimizers.Muon(0.01))


@model()
def gradient_accumulation():
    return with_optimizer(keras.optimizers.SGD(0.05, gradient_accumulation_steps=2))


@model()
def scaled_loss():
    inner = keras.optimizers.SGD(0.05)
    return with_optimizer(keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0))


def of_low_precision(policy):
    return chain(
        (4,),
        layers.Dense(6, "tanh", dtype=policy),
        layers.BatchNormalization(dtype=policy),
        layers.Dense(2, dtype=policy),
    )


@model()
def mixed_precision():
    return of_low_precision("mixed_bfloat16")


@model()
def weights_of_sixteen_bits():
    return of_low_precision("bfloat16")


@model()
def weights_of_double_precision():
    return of_low_precision("float64")
