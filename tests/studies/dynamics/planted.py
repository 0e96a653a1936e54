"""Trials with effects that were planted, to decide claims from."""

import numpy as np
import pandas as pd

from tfrwc import Recording
from tfrwc.dynamics import block_effect
from tfrwc.studies.dynamics.outcome import Outcome
from tfrwc.studies.dynamics.trial import Trial

LAYERS, EPOCHS, SEEDS = 24, 12, (0, 1, 2)
SIZES = np.geomspace(1e3, 1e6, LAYERS).astype(int)


def planted(rng, task="cifar10", late=0.0, error=0.3, shapes=True):
    """A trial whose late layers change exp(late) times as much as the early ones.

    Layers have one of two shapes of curve, the same for each seed if `shapes`.
    """
    trial = Trial(task, "resnet18_narrow", EPOCHS, SEEDS, images=100)
    layers = pd.DataFrame(
        {
            "name": [f"layer{i}/kernel" for i in range(LAYERS)],
            "path": "",
            "kind": "Conv2D",
            "shape": [(int(size), 1) for size in SIZES],
            "size": SIZES,
            "depth": np.arange(LAYERS),
        }
    )
    t = np.linspace(0, 1, EPOCHS)
    curves = np.array([-3 * t, -3 * (2 * t - 1) ** 2])
    kinds = rng.integers(2, size=LAYERS)
    recordings = []
    for _ in SEEDS:
        of_seed = kinds if shapes else rng.permutation(kinds)
        logs = curves[of_seed] + np.linspace(-late / 2, late / 2, LAYERS)[:, None]
        logs += 0.1 * rng.normal(size=logs.shape) - 3
        # What the coded measure reads of Gaussian weights.
        coded = logs + np.log(2 / np.pi * np.log(SIZES))[:, None]
        recording = Recording(layers, ["l1_ratio", "elementwise_mean"])
        for epoch in range(EPOCHS):
            values = np.exp([logs[:, epoch], coded[:, epoch]])
            recording.append(epoch, epoch + 1, values, np.zeros((2, LAYERS)), {})
        recordings.append(recording)
    results = {
        "accuracy": {"mean": 1 - error, "per_seed": {"0": 1 - error}},
        "data": {"majority_rate": 0.1},
        "block_effect": {"l1_ratio": block_effect(recordings).to_dict("records")},
        "trends": {"robust": {"n_clusters": 2}},
    }
    return Outcome(trial, results, recordings)


def tasks(rng, late):
    """Four tasks, from easy to hard, with so much of an effect of depth in each."""
    names = ("mnist", "fashion_mnist", "pneumoniamnist", "cifar10")
    return [
        planted(rng, name, effect, error)
        for name, effect, error in zip(names, late, (0.01, 0.1, 0.15, 0.5), strict=True)
    ]
