"""Results of a study that nobody ran."""

import math


def arm_of(name, kind, epsilon, auc, **more):
    test = {
        m: {"value": auc, "low": auc - 0.01, "high": min(1, auc + 0.01)}
        for m in ("accuracy", "balanced_accuracy", "auc")
    }
    row = {"value": 0.02, "low": -0.1, "high": 0.1, "bound": None}
    if epsilon != "infinity":
        row["bound"] = math.tanh(epsilon)
    return {
        "name": name,
        "kind": kind,
        "epsilon": epsilon,
        "delta": 1e-5,
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
    arms = [
        arm_of("non_private", "non-private", "infinity", 0.95),
        arm_of("gaussian_image_10", "local-dp", 10.0, 0.6, mechanism="PixelGaussian"),
        arm_of("laplace_value_16", "local-dp", 1500.0, 0.9, mechanism="PixelLaplace"),
        arm_of("dp_sgd_1", "dp-sgd", 1.0, 0.8),
        arm_of("dp_sgd_8", "dp-sgd", 8.0, 0.9),
        arm_of("dp_sgd_inf", "dp-sgd", "infinity", 0.93),
    ]
    for arm in arms[1:3]:
        arm["test_released"] = arm["test"]
    return {"data": {"origin": "Things", "majority": 0.7}, "arms": arms}
