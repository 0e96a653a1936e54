"""The reports of the studies."""

import pytest

from tfrwc.studies import reports
from tfrwc.studies.report_registry import REPORTS


def test_every_study_has_a_report(tmp_path):
    with pytest.raises(ValueError, match="no report 'x'"):
        reports.write_report("x", "{}", tmp_path)
    assert set(REPORTS) == {*("learning_dynamics", "optimal_beta", "private_pneumonia")}


def test_a_report_needs_what_it_is_made_of(tmp_path):
    with pytest.raises(ValueError, match="learning_dynamics needs trends"):
        reports.write_report("learning_dynamics", "{}", tmp_path, trends=None)
