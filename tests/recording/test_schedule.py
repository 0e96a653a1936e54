"""When a record is due."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrwc.recording import AtSteps, EveryEpochs, EverySteps, LogarithmicSteps


@pytest.mark.parametrize("base", [1, 0.5, float("nan"), float("inf"), "2", True])
def test_a_logarithmic_schedule_checks_its_base(base):
    with pytest.raises(ValueError, match="base of"):
        LogarithmicSteps(base)


@given(
    st.one_of(
        st.sets(st.integers(1, 300), min_size=1).map(lambda s: AtSteps(tuple(s))),
        st.floats(1.01, 10).map(LogarithmicSteps),
        st.integers(1, 50).map(EverySteps),
    ),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_a_record_is_due_where_a_step_that_asks_for_one_is_passed(schedule, a, b):
    last, now = sorted((a, b))
    asked = [step for step in range(1, 301) if schedule.due(step - 1, step)]
    assert schedule.due(last, now) == any(last < step <= now for step in asked)
    if isinstance(schedule, LogarithmicSteps):
        assert 1 in asked
        # One step on, or no further than by the base.
        for one, other in pairwise(asked):
            assert other <= max(one + 1, np.ceil(one * schedule.base))


@pytest.mark.parametrize("schedule", [EveryEpochs, EverySteps])
def test_schedules_check_their_number(schedule):
    with pytest.raises(ValueError, match=r"Received: 1\.5"):
        schedule(1.5)
