"""Histories of runs: merged without counting twice or forgetting."""

from hypothesis import given
from hypothesis import strategies as st

from tfrwc.privacy.accounting.sgd import Stage
from tfrwc.privacy.sgd.account.history import (
    Counts,
    Run,
    fewer_runs,
    from_plain,
    merged,
    stages,
    stages_without_order,
    steps,
    to_plain,
)

COUNTS = st.builds(Counts, *[st.integers(0, 50)] * 5)
RUNS = st.builds(
    Run,
    st.sampled_from([0.5, 2.0]),
    st.sampled_from([0.1, 1.0]),
    COUNTS,
    st.sampled_from(["example", "patient"]),
)


@st.composite
def copies_of_one_history(draw):
    """Two histories, in which the runs of the same name are the same runs."""
    runs = draw(st.dictionaries(st.sampled_from("abcde"), RUNS))
    copies = [{}, {}]
    for copy in copies:
        for name, run in runs.items():
            if draw(st.booleans()):
                copy[name] = run._replace(counts=draw(COUNTS))
    return copies


@given(copies_of_one_history())
def test_merging_neither_forgets_nor_counts_twice(copies):
    one, other = copies
    both = merged(one, other)
    assert both == merged(other, one)
    assert merged(both, one) == merged(both, other) == both
    for name, run in both.items():
        for i in range(5):
            of_each = [c[name].counts[i] for c in copies if name in c]
            assert run.counts[i] == max(of_each)
    assert steps(both) >= max(steps(one), steps(other))


@given(copies_of_one_history())
def test_stages_hold_all_steps(copies):
    history = copies[0]
    assert from_plain(to_plain(history)) == history
    shortened = fewer_runs(history, "short")
    assert len(shortened) <= 8  # pairs of noise and rate, for each unit
    assert steps(shortened) == steps(history)
    sampled = sum(run.counts.poisson + run.counts.fixed for run in history.values())
    assert sum(s.steps for s in stages(history)) >= sampled
    poisson = sum(run.counts.poisson for run in history.values())
    assert sum(s.steps for s in stages_without_order(history)) >= poisson
    assert {s.noise_multiplier for s in stages(history)} <= {0.5, 2.0}


def test_what_order_is_worth():
    """An example in every batch of a known order was used as often as there are any."""
    history = {"a": Run(2.0, 0.1, Counts(poisson=5, fixed=10, fixed_uses=3))}
    assert stages(history) == [Stage(2.0, 0.1, 15)]
    assert stages_without_order(history) == [Stage(2.0, 0.1, 5), Stage(2.0, 1.0, 3)]
    history = {"a": Run(2.0, 0.1, Counts(ordered=4, ordered_uses=9))}
    assert stages(history) == stages_without_order(history) == [Stage(2.0, 1.0, 4)]
