"""Measures by name, and those that users register."""

import doctest

import keras
import numpy as np
import pytest
from conftest import ROOT
from recording.networks import fit, small

from tfrwc import Recording, RWCCallback
from tfrwc.dynamics import MEASURES, relative_change
from tfrwc.recording import measures
from tfrwc.recording.device import DeviceMeasures
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.measures import REGISTRY, Measure


@pytest.fixture
def sign_changes():
    """The measure of the example in the documentation, registered by it."""
    [example] = doctest.DocTestFinder(recurse=False).find(measures, "measures")
    # The functions of the example need its names when they are called.
    result = doctest.DocTestRunner().run(example, clear_globs=False)
    assert result.failed == 0
    assert result.attempted > 5
    yield "sign_changes"
    REGISTRY.unregister("sign_changes")


def test_tables_begin_in_the_order_of_the_documentation():
    names = ["l1_ratio", "l2_ratio", "elementwise_mean", "elementwise_median"]
    names += ["cosine", "still_units"]
    # Measures that have no place of their own come after these, by name.
    assert list(REGISTRY)[: len(names)] == names
    assert list(REGISTRY)[len(names) :] == sorted(set(REGISTRY) - set(names))
    assert tuple(REGISTRY) == MEASURES
    told = [line.split()[0] for line in measures.describe().splitlines()]
    assert told == list(REGISTRY)


def test_the_page_on_recording_lists_every_measure():
    page = (ROOT / "docs" / "recording.md").read_text()
    for name in MEASURES:
        assert f"| `{name}` |" in page


@pytest.mark.parametrize("kind", [HostMeasures, DeviceMeasures])
def test_a_registered_measure_is_taken_wherever_weights_are(sign_changes, kind):
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=(2, 300, 500)).astype("float32")
    variable = keras.Variable(before)
    names = ("l1_ratio", sign_changes, "cosine", "elementwise_median")
    weights = kind([variable], names)
    weights.snapshot()
    variable.assign(now)
    [values], _ = weights.finish([weights.measure()])
    expected = [relative_change(before, now, name) for name in names]
    np.testing.assert_allclose(values[:, 0], expected, rtol=1e-5)
    assert values[1, 0] == pytest.approx(0.5, abs=0.01)


def test_a_registered_measure_is_recorded_saved_and_read(sign_changes, tmp_path):
    model, callback = small(), RWCCallback(tmp_path / "run", measures=sign_changes)
    model.save_weights(tmp_path / "0.weights.h5")
    fit(model, callback, epochs=1)
    model.save_weights(tmp_path / "1.weights.h5")
    files = [tmp_path / "0.weights.h5", tmp_path / "1.weights.h5"]
    for given in (None, model):
        other = Recording.from_checkpoints(files, given, measures=sign_changes)
        np.testing.assert_array_equal(
            np.sort(other.values(sign_changes)),
            np.sort(callback.recording.values(sign_changes)),
        )
    ratios = callback.recording.per_learning_rate(sign_changes)
    np.testing.assert_allclose(
        ratios, callback.recording.values(sign_changes) / 0.05, rtol=1e-6
    )


def test_what_is_no_measure_is_refused():
    l1_ratio = REGISTRY["l1_ratio"]
    with pytest.raises(TypeError, match=r"takes a .*Measure. Received: function"):
        measures.register(lambda old, change: 0.0)
    parts = {name: getattr(l1_ratio, name) for name in Measure.__dataclass_fields__}
    with pytest.raises(ValueError, match="already a measure 'l1_ratio'"):
        measures.register(Measure(**parts))
    with pytest.raises(ValueError, match="neither block_sums nor tensor_sums"):
        Measure(**parts | {"block_sums": None})
    with pytest.raises(ValueError, match=r"each of its sums. Received: \(\)"):
        Measure(**parts | {"sums": ()})
