"""Results of many trials from a file."""

import json

import pytest
from conftest import ROOT

from tfrwc.studies.dynamics.page import write_claims_report
from tfrwc.studies.dynamics.stored import decided_again

OLD = ("adjusted_low", "adjusted_high", "p_opposite")


@pytest.fixture
def results():
    path = ROOT / "benchmarks" / "learning_dynamics" / "results.json"
    return json.loads(path.read_text())


@pytest.fixture
def old(results):
    """As an earlier version wrote them, which decided by intervals as they were."""
    for claim in results["claims"]:
        for case in claim["cases"]:
            for name in OLD:
                case.pop(name, None)
    easy = results["claims"][1]
    assert easy["claim"].startswith("On easy tasks")
    easy["verdict"] = "supported"
    return results


def test_claims_of_earlier_versions_get_adjusted_intervals(old):
    found = decided_again(old)
    assert len(found["claims"]) == len(old["claims"])
    later, easy, *_ = found["claims"]
    for claim in (later, easy):
        for case in claim["cases"]:
            if case["shows"] != "not testable":
                assert case["adjusted_low"] < case["value"] < case["adjusted_high"]
    # Nothing that was decided by a test of its own is decided otherwise.
    assert later["verdict"] == old["claims"][0]["verdict"]
    for claim, before in zip(found["claims"][4:], old["claims"][4:], strict=True):
        assert claim["cases"] == before["cases"]
    assert easy["verdict"] == "not supported"


def test_claims_that_were_decided_so_stay(old):
    once = decided_again(old)
    assert decided_again(once)["claims"] == once["claims"]


def test_the_page_says_that_its_file_is_of_an_earlier_version(old, tmp_path):
    words = "is of an earlier version"
    assert words in write_claims_report(old, tmp_path / "old").read_text()
    page = write_claims_report(decided_again(old), tmp_path / "new").read_text()
    assert words not in page
    # Names are those of readers.
    for name in ("resnet18_narrow", "fashion_mnist", "l1_ratio"):
        assert name not in page
