"""Twelve kinds of codes of the factors of the sprites, drawn from one seed."""

import numpy as np

SIZES = (3, 4, 6, 8, 8)
_GRID = np.indices(SIZES).reshape(5, -1).T
ALL = len(_GRID)


def kinds(points):
    """Factors (points, 5), of all 4,608 or of some; and codes (points, latents) by
    name."""
    rng = np.random.default_rng(11)
    factors = _GRID[rng.permutation(len(_GRID))[:points]]
    # In units of the deviation of the prior, as means of q(z|x) are.
    units = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    noisy = 0.9 * units + rng.normal(size=units.shape) * [0.1, 0.2, 0.3, 0.4, 0.5]
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    dead = 0.01 * rng.normal(size=(points, 5))
    angles = 2 * np.pi * factors / np.array(SIZES)
    codes = {
        "perfect": units,
        "of other scales": units * [0.2, 5.0, 1.0, 0.5, 2.0],
        "noisy": noisy,
        "turned": units @ turn,
        "noisy and turned": noisy @ turn,
        "squeezed into three": noisy @ rng.normal(size=(5, 3)),
        "spread over eight": noisy @ rng.normal(size=(5, 8)) / 2,
        "each factor twice": np.column_stack([noisy, -noisy[:, ::-1]]),
        "squares": noisy**2,
        "circles": np.column_stack([np.cos(angles), np.sin(angles)]),
        "noise": rng.normal(size=(points, 6)),
        "beside dead latents": np.column_stack([noisy, dead]),
    }
    return factors, codes
