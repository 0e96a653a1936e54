"""From cases to verdicts."""

import pytest

from tfrwc.studies.dynamics import verdicts


@pytest.mark.parametrize(
    ("shows", "verdict"),
    [
        (["claim", "claim", "unclear"], "supported"),
        (["claim", "unclear"], "not supported"),
        (["claim", "claim", "opposite"], "not supported"),
        (["claim", "not testable"], "supported"),
        (["not testable"], "not testable here"),
        ([], "not testable here"),
    ],
)
def test_rule_of_verdicts(shows, verdict):
    assert verdicts.verdict([{"shows": one} for one in shows]) == verdict


@pytest.mark.parametrize(
    ("shows", "said"),
    [
        (
            ["claim", "opposite", "unclear"],
            "of 3, 1 shows it, 1 shows the opposite, 1 ",
        ),
        (["unclear", "unclear"], "Not supported: of 2, 2 are unclear."),
        ([], "Not testable here: no trial can test it."),
    ],
)
def test_sentences_count_cases(shows, said):
    cases = [{"shows": one} for one in shows]
    claim = verdicts.decision("It is so.", "mine", "None.", cases)
    assert said in verdicts.sentence(claim)
    first, _ = verdicts.findings([claim])
    assert first.startswith("Of 1 claim, 0 are supported")
