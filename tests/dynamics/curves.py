"""Curves whose trends are planted."""

import numpy as np


def planted(layers=60, records=40, spikes=0.02, strays=0.0, seed=0):
    """Three shapes over two decades of level, with noise and spikes."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, records)
    shapes = np.array([-2 * t, -2 * (1 - t), -2 * (2 * t - 1) ** 2])
    truth = rng.integers(3, size=layers)
    logs = shapes[truth] + rng.uniform(-2, 0, (layers, 1))
    logs += 0.05 * rng.normal(size=logs.shape)
    stray = rng.random(layers) < strays
    logs[stray] = rng.normal(size=(stray.sum(), records))
    logs += (rng.random(logs.shape) < spikes) * rng.choice([-1.5, 1.5], logs.shape)
    return 10**logs, np.where(stray, -1, truth)
