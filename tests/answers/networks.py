"""Recordings of made-up networks, whose odd layers are known."""

import numpy as np
import pandas as pd

from tfrwc import Recording

PARTS = ("attention/query", "attention/key", "attention/value", "mlp/up", "mlp/down")
STILL, STOPPED, UNSEEN = 2, 4, 5
"""Layers that never change, stop in the middle, and have no value at first."""


def paths(layers):
    """Paths of a network of blocks with five layers each, a stem and a head."""
    inner = [f"encoder/layer_{i // 5}/{PARTS[i % 5]}/kernel" for i in range(layers - 2)]
    return ["stem/conv/kernel", *inner, "head/kernel"]


def network(
    layers=20,
    records=30,
    seed=0,
    names=None,
    logs=True,
    level=1.0,
    tilt=0.0,
    rate=0.001,
    odd=True,
    depth=True,
    kinds=("Dense", "Conv2D"),
):
    """A recording with three shapes of curve over two decades of level.

    `level` multiplies all values, `tilt` is by how many decades the last layer is
    raised over the first. `odd` makes the layers named above.
    """
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(7)
    made_up = names is None
    names = paths(layers) if made_up else names
    layers = len(names)
    t = np.linspace(0, 1, records)
    shapes = np.array(
        [-2 * t, -1.2 * np.clip(2 * t - 1, 0, None), -1.6 * (2 * t - 1) ** 2]
    )
    logs10 = shapes[fixed.integers(3, size=layers)]
    logs10 = logs10 + fixed.uniform(-3, -1.2, (layers, 1)) + np.log10(level)
    logs10 += tilt * np.linspace(-0.5, 0.5, layers)[:, None]
    values = 10 ** (logs10 + 0.1 * rng.normal(size=(layers, records)))
    if odd and layers > UNSEEN:
        values[STILL] = 0
        values[STOPPED, records // 2 :] = 0
        values[UNSEEN, : max(1, records // 5)] = np.nan
    sizes = fixed.integers(4, 512, (layers, 2))
    table = pd.DataFrame(
        {
            "name": [
                "/".join(name.split("/")[-2:]) if made_up else name for name in names
            ],
            "path": names,
            "kind": fixed.choice(list(kinds), layers),
            "shape": [(int(a), int(b)) for a, b in sizes],
            "size": sizes.prod(axis=1),
            "depth": np.arange(layers) if depth else np.full(layers, np.nan),
        }
    )
    settings = {"every": "epoch", "reference": "previous", "model": "made"}
    recording = Recording(table, ["l1_ratio"], settings)
    for i in range(records):
        row = values[None, :, i]
        said = {
            "loss": 0.1 + 2 * np.exp(-3 * t[i]) + 0.02 * rng.normal(),
            "val_accuracy": 0.95 - 0.8 * np.exp(-3 * t[i]),
            "learning_rate": rate,
        }
        flags = np.where(np.isnan(row), 3, 0)
        recording.append(100 * (i + 1), i + 1, row, flags, said if logs else {})
    return recording


ODD_NAMES = [
    "a" * 10_000,
    "<script>alert(1)</script>/kernel",
    "line\nbreak\r\u2028x/kernel",
    "שלום עולם/kernel",
    "مرحبا\u202eabc/kernel",
    "b\x00c\u200bd",
    "]]></title></svg><b>x",
    "'\"&amp;",
    "层" * 300 + "/kernel",
    "$x$ {{ 7*7 }} {% raw %}",
    "plain/kernel",
]
"""Names that would break a page if they were not escaped or shortened."""
