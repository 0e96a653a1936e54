"""How far something is, and how long it may still take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrwc._common import activity, status_line
from tfrwc._common.activity import doing
from tfrwc._common.status_line import parts_of_line

SECONDS = {"read": 1.0, "train": 100.0, "write": 5.0}


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    one = Clock()
    monkeypatch.setattr(activity, "time", one)
    monkeypatch.setattr(status_line, "time", one)
    return one


def test_parts_of_a_kind_take_as_long_as_each_other(clock):
    kinds = ["read", "train", "train", "train", "write", "write"]
    total = sum(SECONDS[kind] for kind in kinds)
    with doing("study", kinds=kinds) as study:
        assert study.remaining() is None
        for number, kind in enumerate(study.each(kinds)):
            if number in (2, 3, 5):  # all kinds that are left are known, but for one
                known = study.remaining()
                left = total - clock.now
                unknown = 10 if number < 4 else 0  # the kind write, taken as typical
                assert known == pytest.approx(left, abs=10 * unknown)
            clock.now += SECONDS[kind]
        assert study.remaining() == 0


@given(st.integers(2, 500), st.floats(0.01, 1000), st.data())
def test_alike_parts_are_foreseen_exactly(count, seconds, data):
    done = data.draw(st.integers(1, count - 1))
    share = data.draw(st.floats(0, 0.99))
    time, activity.time = activity.time, Clock()
    try:
        with doing("epoch", of=count) as epochs:
            activity.time.now = done * seconds
            epochs.reach(done)
            activity.time.now += share * seconds
            left = (count - done - share) * seconds
            assert epochs.remaining() == pytest.approx(left, rel=1e-6)
            epochs.reach(done + share)
            assert epochs.remaining() == pytest.approx(left, rel=1e-6)
            assert epochs.label == f"epoch {done + 1} of {count}"
    finally:
        activity.time = time


def test_a_part_is_foreseen_by_what_is_within_it(clock):
    with (
        doing("study", kinds=["train"] * 3) as study,
        doing("seed 0"),
        doing("epoch", of=10) as epochs,
    ):
        clock.now = 4
        epochs.advance()
        assert epochs.remaining() == 36
        assert study.remaining() == 36 + 2 * 40


def test_a_part_that_takes_longer_than_others_did_is_not_foreseen(clock):
    with doing("study", kinds=["train"] * 3) as study:
        clock.now = 8
        study.advance()
        clock.now = 15
        assert study.remaining() == 1 + 8
        clock.now = 17
        assert study.remaining() is None
        with doing("epoch", of=3) as epochs:
            assert study.remaining() is None
            clock.now = 27
            epochs.advance()
            assert study.remaining() == 20 + 8


def test_what_was_done_before_tells_nothing_of_the_rest(clock):
    with doing("trial", of=4) as trials:
        for number in trials.each(range(4)):
            with doing("pipeline", kinds=["read", "train"]) as steps:
                for _ in steps.each("rt"):
                    with doing("step") as step:
                        clock.now += 0.1 if number < 2 else 30
                        if number < 2:
                            step.skip()
            if number == 0:
                assert trials.remaining() is None
            if number == 1:
                clock.now += 1
        # Two trials of a minute were all there was to learn from.
        assert trials._seconds["trial"] == pytest.approx(120)
        assert trials._taken["trial"] == 2


def test_epochs_of_an_earlier_process_do_not_count(clock):
    with doing("epoch", of=100) as epochs:
        epochs.skip()
        epochs.reach(90)
        clock.now = 5
        epochs.advance()
        assert epochs.remaining() == 45


def test_what_is_shown_of_several(clock):
    with doing("study") as study:
        clock.now = 3
        assert "".join(parts_of_line(study)) == "study: 0:03"
        with (
            doing("", kinds=["Trainer"]),
            doing("[2/8] Trainer"),
            doing("epoch", of=20) as epochs,
        ):
            clock.now = 63
            epochs.advance()
            epochs.note = "loss 0.2"
            assert "".join(parts_of_line(study)) == (
                "[2/8] Trainer, epoch 2 of 20, loss 0.2: 1:00, about 20 min left in all"
            )
    assert activity._NOW.get() is None


def test_an_error_leaves_nothing_behind():
    with doing("study") as study:
        with pytest.raises(ValueError, match="x"), doing("step"):
            raise ValueError("x")
        assert study.within is None
    assert activity._NOW.get() is None


@given(st.floats(0, 1e8), st.floats(0, 1e8))
def test_estimates_are_round_and_right(one, other):
    unit = {"min": 60, "h": 3600, "days": 86400}
    for seconds in (one, other):
        words = status_line.about(seconds).split()
        if words[-1] in unit:
            number = int(words[-2])
            assert number == float(f"{number:.2g}") or number > 48
            assert abs(number * unit[words[-1]] - seconds) <= max(0.34 * seconds, 40)
        else:
            assert seconds < 90
