"""Roles of weights, by names and shapes."""

import pytest

from tfrwc.recording.roles import keras_role, named_role, shaped_role

KERNELS = [
    (["W"], (4, 1)),
    (["w"], (1, 8)),
    (["position_embedding"], (1, 16, 8)),
    (["lora_kernel_a"], (4, 2)),
    (["weight_ih_l0"], (12, 4)),
    (["variable_3"], (4, 8)),
    (["register_tokens"], (1, 4, 8)),
]
OTHERS = [
    (["cls_token"], (1, 1, 8)),
    (["class_embedding"], (1, 1, 8)),
    (["relative_position_bias_table"], (49, 4)),
    (["b"], (2, 12)),
    (["gamma"], (8, 8)),
    (["weight"], (8,)),
    (["kernel_scale"], (4, 8)),
    (["variable"], (1, 8)),
]


@pytest.mark.parametrize(("names", "shape"), KERNELS)
def test_kernels_of_strangers(names, shape):
    assert (named_role(names, shape) or shaped_role(shape)).is_kernel


@pytest.mark.parametrize(("names", "shape"), OTHERS)
def test_what_is_no_kernel(names, shape):
    assert not (named_role(names, shape) or shaped_role(shape)).is_kernel


def test_layers_of_keras_go_by_their_names():
    assert keras_role(["_kernel", "kernel"]).is_kernel
    assert keras_role(["recurrent_kernel"]).name == "recurrent kernel"
    for name in ("bias", "alpha", "gamma", "vector_u", "scale", "kernel_scale"):
        assert not keras_role([name]).is_kernel
