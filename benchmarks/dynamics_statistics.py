"""Coverage of intervals and level of tests of `depth_effect` and `block_effect`.

    python benchmarks/dynamics_statistics.py [--networks 300]

Networks are drawn whose truth is known, and the share of intervals at 95 % that hold
it is counted, and of tests at 0.05 that reject though there is no effect. Depths and
sizes are those of a narrow ResNet-18 (21 layers), or drawn (12 and 37).
"""

import argparse
import json
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from tfrwc import Recording
from tfrwc.dynamics import block_effect, depth_effect
from tfrwc.dynamics.depth import EFFECTS
from tfrwc.dynamics.statistics import rank_correlations

RESNET = [144] + [2304] * 4 + [4608, 9216, 512, 9216, 9216]
RESNET += [18432, 36864, 2048, 36864, 36864, 73728, 147456, 8192, 147456, 147456, 1280]


def layout(n):
    if n == len(RESNET):
        return np.arange(n), np.array(RESNET)
    rng = np.random.default_rng(n)
    depth = np.arange(n)
    return depth, np.exp(5 + 0.2 * depth + 1.5 * rng.normal(size=n)).astype(int)


@cache
def layer_table(n):
    sizes = layout(n)[1]
    layers = pd.DataFrame({"name": [f"l{i}" for i in range(n)], "kind": "Dense"})
    layers = layers.assign(path="", shape=[(int(s),) for s in sizes], size=sizes)
    return layers.assign(depth=np.arange(n))


def recordings(log_change):
    """One for each row of log_change (seeds, layers)."""
    result = []
    for row in log_change:
        one = Recording(layer_table(len(row)), ["l1_ratio"])
        one.append(1, 1, np.exp(row)[None], np.zeros((1, len(row))), {})
        result.append(one)
    return result


def standard(values):
    ranks = rankdata(values)
    return (ranks - ranks.mean()) / ranks.std()


def correlation_coverage(n, by_depth, by_size, seeds, noise, networks, rng):
    depth, size = layout(n)
    mean = by_depth * standard(depth) + by_size * standard(size)

    def draw(count):
        layer = mean + rng.normal(size=(count, 1, n))
        return layer + noise * rng.normal(size=(count, seeds, n))

    many = draw(4000).mean(axis=1)
    truth = rank_correlations(
        many, np.broadcast_to(depth, many.shape), np.broadcast_to(size, many.shape)
    )
    truth = np.nanmean(truth, axis=0)
    covered = np.zeros(len(EFFECTS))
    for log_change in draw(networks):
        found = depth_effect(recordings(log_change), n_bootstrap=500, n_permutations=1)
        covered += ((found["low"] <= truth) & (truth <= found["high"])).to_numpy()
    return dict(zip(EFFECTS, (covered / networks).tolist(), strict=True))


def block_coverage(n, seeds, noise, slope, networks, rng):
    depth, _ = layout(n)
    covered = np.zeros(3)
    for _ in range(networks):
        layer = rng.normal(size=n)
        tilt = slope * rng.normal(size=(seeds, 1)) * standard(depth)
        log_change = layer + tilt + noise * rng.normal(size=(seeds, n))
        found = block_effect(recordings(log_change))
        covered += ((found["low"] <= 1) & (found["high"] >= 1)).to_numpy()
    return dict(zip(found["comparison"], (covered / networks).tolist(), strict=True))


def level(n, kind, networks, rng):
    """Share of rejections; null effects are those that `kind` leaves without one."""
    depth, size = layout(n)
    rejected = np.zeros(len(EFFECTS))
    for _ in range(networks):
        change = rng.normal(size=n)
        if kind == "small layers vary more":
            change = change / np.sqrt(size)
        elif kind == "follows size":
            change = 1.5 * standard(size) + change
        elif kind == "follows depth":
            change = 1.5 * standard(depth) + change
        elif kind == "neighbours alike (0.3)":
            for i in range(1, n):
                change[i] = 0.3 * change[i - 1] + np.sqrt(1 - 0.09) * change[i]
        found = depth_effect(
            recordings(0.1 * change[None] / np.abs(change).max()),
            n_bootstrap=2,
            n_permutations=499,
            random_state=rng.integers(2**32),
        )
        rejected += found["p_value"].to_numpy() <= 0.05
    return dict(zip(EFFECTS, (rejected / networks).tolist(), strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", type=int, default=300)
    networks = parser.parse_args().networks
    rng = np.random.default_rng(0)
    began = time.monotonic()
    result = {"networks": networks, "correlations": [], "blocks": [], "levels": []}
    for n in (12, 21, 37):
        for by_depth, by_size in ((0, 0), (1, 0), (0, 1.5)):
            for seeds, noise in ((1, 0), (3, 0.5), (3, 2)):
                setting = {
                    "layers": n,
                    "by_depth": by_depth,
                    "by_size": by_size,
                    "seeds": seeds,
                    "noise_of_seeds": noise,
                }
                found = correlation_coverage(*setting.values(), networks, rng)
                result["correlations"].append(setting | {"coverage": found})
        for seeds, noise, slope in ((1, 0, 0), (3, 0.3, 0), (3, 1.5, 0), (3, 0.3, 0.5)):
            setting = {"layers": n, "seeds": seeds, "noise_of_seeds": noise}
            setting["slope_of_seeds"] = slope
            found = block_coverage(*setting.values(), networks, rng)
            result["blocks"].append(setting | {"coverage": found})
        for kind in (
            "no effect",
            "small layers vary more",
            "follows size",
            "follows depth",
            "neighbours alike (0.3)",
        ):
            found = level(n, kind, 2 * networks, rng)
            result["levels"].append({"layers": n, "kind": kind, "rejected": found})
        print(n, "layers done", flush=True)
    result["seconds"] = round(time.monotonic() - began)
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
