"""Recordings as they are, and arrays that came without `.T`."""

import numpy as np
import pytest
from answers.made import made
from dynamics.curves import planted

from tfrwc.dynamics import TrendClusterer


@pytest.fixture(scope="module")
def recording():
    return made(planted(24, 16)[0])


@pytest.fixture(scope="module")
def labels(recording):
    return TrendClusterer().fit(recording.values().T).labels_


def test_a_recording_is_taken(recording, labels):
    fitted = TrendClusterer().fit(recording)
    assert fitted.n_features_in_ == 16
    np.testing.assert_array_equal(fitted.labels_, labels)
    np.testing.assert_array_equal(fitted.predict(recording), labels)


@pytest.mark.parametrize(
    "part",
    [
        lambda values: values,
        lambda values: values.T,
        lambda values: values[:],
        lambda values: values.T.T,
        lambda values: values.T[:, ::-1][:, ::-1],
    ],
)
def test_what_is_certain_to_be_values_is_turned(recording, labels, part):
    values = recording.values()
    np.testing.assert_array_equal(TrendClusterer().fit(part(values)).labels_, labels)


def test_what_was_computed_is_taken_as_it_is(recording):
    copied = recording.values().astype(float)
    assert TrendClusterer().fit(copied).n_features_in_ == 24
    part = recording.values()[::2, 1:]  # still records first
    assert TrendClusterer().fit(part).n_features_in_ == 8


def test_what_holds_no_layers_by_records_is_refused(recording):
    with pytest.raises(TypeError, match=r"Received: a list of 2\. Fit one of them"):
        TrendClusterer().fit([recording, recording])
    with pytest.raises(TypeError, match=r"a tidy table.*Fit the recording itself"):
        TrendClusterer().fit(recording.to_frame())


def test_it_is_shown(recording):
    fitted = TrendClusterer()
    assert "TrendClusterer()" in fitted._repr_html_()
    fitted.fit(recording)
    assert "24 layers fall into 3 trends of shape" in fitted._repr_html_()
    assert fitted._repr_mimebundle_()["text/html"] == fitted._repr_html_()


def test_layers_of_trends_have_names_where_they_are_known(recording, labels):
    page = TrendClusterer().fit(recording)._repr_html_()
    mine = recording.layers["name"][labels == 1]
    assert f"<td>{', '.join(mine[:5])}" in page
    assert "kernel" not in TrendClusterer().fit(recording.values().T)._repr_html_()
