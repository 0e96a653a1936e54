"""What is said of a study."""

import json

from studies.privacy.arms_of_a_study import study

from tfrwc.studies.privacy import findings


def test_findings_say_what_was_found():
    said = "\n".join(findings.findings(study()))
    for words in (
        "Things: always naming the commoner class is right on 70.0 %",
        "Without privacy: accuracy 95.0 % (94.0 % to 96.0 %)",
        "mean of 2 seeds",
        "DP-SGD, epsilon 1 for an image (delta 1e-05): accuracy 80.0 %",
        "With gradients clipped and no noise: accuracy 93.0 %",
        "images with Gaussian noise, epsilon 10 for an image, the same kind of "
        "guarantee (epsilon 10",
        "takes Laplace noise, epsilon 16 for a value: epsilon 1,500 for an image, "
        "which protects nobody's",
        "advantage of at most 0.020",
        "of 8 runs with a guarantee none is above",
        "changes 2.0 times as much as the one that changes least; at epsilon 1 2.0",
        "Most so b/kernel (1.0 times), least a/kernel (0.1)",
    ):
        assert words in said, words


def test_a_bound_that_is_broken_is_said():
    """Above what the noise allows (0.209), below what epsilon and delta alone do."""
    results = study()
    row = results["arms"][3]["membership"]["advantage"][0] | {
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
    }
    assert row["low"] < row["bound"]
    results["arms"][3]["membership"]["advantage"] = [row, row]
    said = "\n".join(findings.findings(results))
    assert "of at most 0.500 (0.400 to 0.600" in said
    assert "2 are above the most that the noise allows" in said


def test_results_are_plain_json():
    json.dumps(study(), allow_nan=False)
