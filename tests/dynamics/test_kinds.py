"""Trends per kind of layer; the kinds of EfficientNet's convolutions."""

import numpy as np
import pandas as pd
import pytest

from tfrwc.dynamics import TrendClusterer, conv_kinds, trends_by_kind


def curves(layers=30):
    rng = np.random.default_rng(0)
    return 10 ** (np.linspace(-1, -3, 12) + rng.normal(0, 0.05, (layers, 12)))


def test_each_kind_is_clustered_by_itself_and_small_kinds_are_announced():
    kinds = np.array(["dense"] * 3 + ["conv", "depthwise"] * 12 + ["conv"] * 3)
    with pytest.warns(UserWarning, match=r"left out.*dense \(3 of 3\)"):
        fitted = trends_by_kind(curves(), kinds, random_state=1)
    assert list(fitted) == ["conv", "depthwise"]
    alone = TrendClusterer(random_state=1).fit(curves()[kinds == "conv"])
    np.testing.assert_array_equal(fitted["conv"].labels_, alone.labels_)
    assert fitted["depthwise"].labels_.shape == (12,)


def test_kinds_that_do_not_fit():
    with pytest.raises(ValueError, match=r"shape \(29,\)"):
        trends_by_kind(curves(), ["conv"] * 29)
    with pytest.raises(ValueError, match="kinds=None"):
        trends_by_kind(curves())
    with pytest.raises(ValueError, match=r"No kind has enough.*a \(3 of 3\)"):
        trends_by_kind(curves(3), ["a"] * 3)


def test_kinds_of_efficientnet():
    table = pd.DataFrame(
        [
            ("stem_conv/kernel", "Conv2D", (3, 3, 3, 32)),
            ("block2a_expand_conv/kernel", "Conv2D", (1, 1, 16, 96)),
            ("block2a_dwconv/kernel", "DepthwiseConv2D", (3, 3, 96, 1)),
            ("block2a_se_reduce/kernel", "Conv2D", (1, 1, 96, 4)),
            ("block2a_se_expand/kernel", "Conv2D", (1, 1, 4, 96)),
            ("block2a_project_conv/kernel", "Conv2D", (1, 1, 96, 24)),
            ("conv2d_7/kernel", "Conv2D", (1, 1, 24, 144)),
            ("conv2d_8/kernel", "Conv2D", (1, 1, 144, 24)),
            ("top_conv/kernel", "Conv2D", (1, 1, 320, 1280)),
            ("predictions/kernel", "Dense", (1280, 10)),
        ],
        columns=["name", "kind", "shape"],
    )
    assert conv_kinds(table).tolist() == [
        *("Conv2D", "pointwise_expand", "depthwise", "squeeze_excite"),
        *("squeeze_excite", "pointwise_project", "pointwise_expand"),
        *("pointwise_project", "Conv2D", "Dense"),
    ]
