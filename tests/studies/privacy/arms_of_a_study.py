"""Results of a study that nobody ran, with statements of trainings that were."""

import json
import math

from conftest import ROOT

from tfrwc.privacy.release.catalogue import standard_mechanism

STORED = ROOT / "benchmarks" / "private_pneumonia" / "results.json"


def stored():
    """Results from a file that an earlier version wrote."""
    return json.loads(STORED.read_text())


def arm_of(name, kind, epsilon, auc, **more):
    test = {
        m: {"value": auc, "low": auc - 0.01, "high": min(1, auc + 0.01)}
        for m in ("accuracy", "balanced_accuracy", "auc")
    }
    row = {"value": 0.02, "low": -0.1, "high": 0.1, "bound": None}
    if epsilon != "infinity":
        # As earlier versions had it: what epsilon and delta alone allow.
        row["bound"] = math.tanh(epsilon)
    return {
        "name": name,
        "kind": kind,
        "epsilon": epsilon,
        "delta": 1e-5,
        "statement": None,
        "seconds": [1.0, 2.0],
        "test": test,
        "membership": {
            "advantage": [row | {"null_low": -0.1, "null_high": 0.1}] * 2,
        },
        "layers": {"name": ["a/kernel", "b/kernel"], "depth": [0, 1], "size": [9, 9]},
        "change": [0.1 * (1 if epsilon == "infinity" else epsilon), 0.2],
        "change_per_seed": [[0.1, 0.2]] * 2,
    } | more


def study():
    statements = {arm["name"]: arm["statement"] for arm in stored()["training"]["arms"]}
    gaussian, laplace = (
        standard_mechanism(name, (8, 8)).statement((8, 8)).to_dict()
        for name in ("gaussian_image_10", "laplace_value_16")
    )
    arms = [
        arm_of("non_private", "non-private", "infinity", 0.95),
        arm_of(
            *("gaussian_image_10", "local-dp", 10.0, 0.6),
            mechanism="PixelGaussian",
            statement=gaussian,
        ),
        arm_of(
            *("laplace_value_16", "local-dp", 1500.0, 0.9),
            mechanism="PixelLaplace",
            statement=laplace,
        ),
        arm_of("dp_sgd_1", "dp-sgd", 1.0, 0.8, statement=statements["dp_sgd_1"]),
        arm_of("dp_sgd_8", "dp-sgd", 8.0, 0.9, statement=statements["dp_sgd_8"]),
        arm_of(
            *("dp_sgd_inf", "dp-sgd", "infinity", 0.93),
            statement=statements["dp_sgd_1"] | {"epsilon": "infinity"},
        ),
    ]
    for arm in arms[1:3]:
        arm["test_released"] = arm["test"]
    return {"data": {"origin": "Things", "majority": 0.7}, "arms": arms}


def study_of_one_epsilon():
    """Without releases: no privacy and DP-SGD at one epsilon."""
    results = study()
    results["arms"] = [results["arms"][0], results["arms"][4]]
    return results
