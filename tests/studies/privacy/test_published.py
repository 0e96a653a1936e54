"""The published study."""

import pytest

from tfrwc.privacy import ScalarShift
from tfrwc.studies.privacy import published
from tfrwc.studies.privacy.published import STUDY, blanked_accuracy


def test_the_published_study():
    assert [one.number for one in STUDY] == list(range(len(STUDY)))
    for one in STUDY[1:4]:
        assert one.mechanism == ScalarShift(one.claimed_epsilon)
        # One accuracy on what is not blank explains all three, about.
        assert 0.94 < one.implied_accuracy < 0.99
        assert blanked_accuracy(
            one.implied_accuracy, one.claimed_epsilon
        ) == pytest.approx(one.train_accuracy)
    for one in STUDY[4:]:
        # The doubled sensitivity makes more of it than was claimed.
        assert 1.2 < one.accounted_epsilon / one.claimed_epsilon < 2
    rows = published.table()
    assert [row["test_accuracy"] for row in rows] == [s.test_accuracy for s in STUDY]
    assert rows[0]["accounted_epsilon"] is rows[0]["implied_accuracy"] is None
