"""What is said of a study of β."""

from tfrwc.studies.beta.findings import collapsing, optimum


def test_findings_say_what_was_found():
    best = {
        "exact": 1.2,
        "trained": 1.25,
        "low": 1.1,
        "high": 1.15,
        "contains_exact": False,
        "non_monotonic": False,
    }
    said = optimum(best, "the exact")
    assert "is monotonic" in said
    assert "does not contain the exact 1.200" in said
    collapse = {
        "beta": [1, 2, 4],
        "rates": [[1, 1], [1, 1], [0.5, 0.05]],
        "layers": ["a", "b"],
        "change": [[9, 0.1, 0.2], [0, 0.01, 0.02]],
    }
    said = collapsing(collapse)
    assert (
        "from 2 to 4 and live latents fell from 2 to 1, a changed most (15.0%" in said
    )
