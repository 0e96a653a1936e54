"""Which recordings are seeds of one setting."""

import numpy as np
import pytest
from answers.networks import network

from tfrwc import Recording
from tfrwc.answers.page.conditions import are_repeats, conditions, mean_recording


def names(found):
    return [(one.name, len(one.recordings)) for one in found]


def seeds(count, first=0, **made):
    return [network(8, 6, seed=first + i, **made) for i in range(count)]


def test_one_recording():
    assert names(conditions(network(8, 6))) == [("this run", 1)]


def test_seeds_are_one_condition():
    assert names(conditions(seeds(3))) == [("these 3 runs", 3)]


def test_seeds_against_others():
    found = conditions(seeds(3), seeds(2, 5, level=2))
    assert names(found) == [("these 3 runs", 3), ("the other 2 runs", 2)]


def test_other_learning_rates_are_other_conditions():
    found = conditions([network(8, 6), network(8, 6, seed=1, rate=0.1)])
    assert names(found) == [("run 1", 1), ("run 2", 1)]


def test_models_that_keras_numbered_are_seeds():
    runs = seeds(3)
    for i, run in enumerate(runs):
        run.settings["model"] = f"sequential_{i}" if i else "sequential"
    assert names(conditions(runs)) == [("these 3 runs", 3)]
    runs[1].settings["model"] = "functional"
    assert len(conditions(runs)) == 3


def test_files_of_a_side_keep_their_names():
    slow = {f"slow-{i}": run for i, run in enumerate(seeds(3))}
    fast = {f"fast-{i}": run for i, run in enumerate(seeds(2, 5, level=2))}
    assert names(conditions(slow, fast)) == [
        *(("slow-0 and 2 more", 3), ("fast-0 and 1 more", 2))
    ]


def test_names_of_a_dict_are_kept():
    found = conditions({"sgd": network(8, 6), "adam": network(8, 6, seed=1, rate=0.1)})
    assert names(found) == [("sgd", 1), ("adam", 1)]


def test_names_that_are_alike_when_short_are_numbered():
    long = "x" * 200
    found = conditions(
        {f"{long}{i}{long}": network(8, 6, seed=i, rate=0.1**i) for i in (1, 2)}
    )
    assert len({one.name for one in found}) == 2


@pytest.mark.parametrize(
    "other", [{"layers": 9}, {"records": 5, "rate": 1.0}, {"kinds": ("LSTM",)}]
)
def test_what_differs_is_no_repeat(other):
    made = {"layers": 8, "records": 6, "seed": 1}
    assert not are_repeats([network(8, 6), network(**(made | other))])


def test_a_shorter_run_is_a_repeat_and_the_mean_is_as_long():
    runs = [network(8, 6), network(8, 6, seed=1)]
    assert are_repeats(runs)
    runs[1].drop_after(400)
    mean = mean_recording(runs)
    assert len(mean) == 4
    expected = np.sqrt(runs[0].values()[:4, 0] * runs[1].values()[:4, 0])
    np.testing.assert_allclose(mean.values()[:, 0], expected, rtol=1e-5)
    both = [run.logs["loss"][:4] for run in runs]
    np.testing.assert_allclose(mean.logs["loss"], np.mean(both, axis=0))


def test_a_mean_of_runs_is_not_called_one_run():
    (alone,) = conditions(network(8, 6))
    (several,) = conditions(seeds(2))
    assert any("One run" in doubt for doubt in alone.uncertain)
    assert not any("One run" in doubt for doubt in several.uncertain)


def test_a_training_is_there_once():
    run = network(8, 6)
    with pytest.raises(ValueError, match="Received one twice, as numbers 1 and 2"):
        conditions(run, run)


def test_recordings_are_asked_for():
    with pytest.raises(ValueError, match="Received none"):
        conditions([])
    with pytest.raises(TypeError, match="Received: str"):
        conditions("run.parquet")
    with pytest.raises(TypeError, match="Received: int"):
        conditions([network(8, 6), 3])


def test_a_recording_without_records_is_named_before_any_work():
    empty = Recording(network(8, 6).layers, ["l1_ratio"])
    with pytest.raises(ValueError, match="Received “cut off” of 2 with 0 records"):
        conditions({"whole": network(8, 6), "cut off": empty})
    with pytest.raises(ValueError, match="Received number 2 of 2 with 0 records"):
        conditions(network(8, 6), empty)
