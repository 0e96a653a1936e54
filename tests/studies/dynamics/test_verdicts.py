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
