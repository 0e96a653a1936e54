"""Trainings that are several seeds, and one that is given twice."""

import numpy as np
import pandas as pd
import pytest

from tfrwc import Recording
from tfrwc.dynamics import block_effect, depth_effect


def of_checkpoints(last):
    """A recording of two files of a network of five layers.

    Args:
        last: change of each layer in its last record.
    """
    layers = pd.DataFrame(
        {
            "name": [f"l{i}" for i in range(5)],
            "path": [f"l{i}" for i in range(5)],
            "kind": "Dense",
            "shape": [(i,) for i in range(1, 6)],
            "size": range(1, 6),
            "depth": range(5),
        }
    )
    result = Recording(layers, ["l1_ratio"])
    result.settings["checkpoints"] = ["1.keras", "2.keras"]
    for step, change in enumerate((range(1, 6), [last] * 5), 1):
        result.append(step, step, np.array([change], float), np.zeros((1, 5)), {})
    return result


def test_one_folder_of_checkpoints_is_no_two_seeds():
    """They have no logs to tell one training from another by."""
    two = depth_effect([of_checkpoints(1), of_checkpoints(2)])
    assert set(two["seeds"]) == {2}
    for effect in (depth_effect, block_effect):
        with pytest.raises(ValueError, match="one twice, as numbers 0 and 1"):
            effect([of_checkpoints(1), of_checkpoints(1)])
