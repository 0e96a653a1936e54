"""Both ways to the gradient of a convolution."""

import numpy as np
from keras import layers
from privacy.sgd.oracles import fast, images, of_layer

from tfrwc.privacy.sgd import per_example


def test_both_forms_of_a_product_agree(monkeypatch):
    layer = layers.Conv2D(5, 3, padding="same")
    model, x = of_layer(layer, (4, 4, 3)), images(4, 4, 3)
    results = {}
    for ghost in (True, False):
        monkeypatch.setattr(per_example, "is_ghost_cheaper", lambda *a, g=ghost: g)
        results[ghost] = fast(model, x, 0.5)
    np.testing.assert_allclose(results[True][1], results[False][1], rtol=1e-4)
    for one, other in zip(results[True][0], results[False][0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
