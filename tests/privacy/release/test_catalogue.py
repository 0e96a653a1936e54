"""One battery over all mechanisms that are registered, by their names."""

import dataclasses
import json

import numpy as np
import pytest
from conftest import ROOT
from privacy.release.cases import ALL, KEY, pictures

from tfrwc.privacy.release import catalogue
from tfrwc.privacy.release.guaranteed import Guaranteed

NAMES = catalogue.standard_names()
# Names of TFDS configurations and of arms of studies, which files on disk have.
PUBLISHED = (
    *("laplace_value_1", "laplace_value_4", "laplace_value_16"),
    *("gaussian_image_10", "gaussian_image_1000", "gaussian_image_10000"),
    *("dppix_1", "dppix_4", "dppix_16"),
    *("response_value_1", "response_value_2", "response_value_4"),
    *("dpsvd_0p1", "shift_0p25", "shift_0p5", "shift_1"),
)


@pytest.fixture(scope="module")
def mechanisms():
    return catalogue.standard_mechanisms((8, 9))


def test_names_of_files_on_disk_stay_in_their_order():
    assert tuple(name for name in NAMES if name in PUBLISHED) == PUBLISHED


def test_names_are_told_without_calibrating_noise(monkeypatch):
    def calibrate(*arguments, **options):
        raise AssertionError("noise was calibrated for a name")

    monkeypatch.setattr(Guaranteed, "for_budget", calibrate)
    assert catalogue.standard_names() == NAMES
    assert catalogue.table()
    with pytest.raises(ValueError, match=r"no release laplace\. Choose from"):
        catalogue.standard_mechanism("laplace", (8, 8))
    with pytest.raises(AssertionError):
        catalogue.standard_mechanism("laplace_value_1", (8, 8))


@pytest.mark.parametrize("name", NAMES)
def test_a_mechanism_is_made_alone_as_with_the_others(name, mechanisms):
    assert catalogue.standard_mechanism(name, (8, 9)) == mechanisms[name]


@pytest.mark.parametrize("name", NAMES)
def test_images_keep_their_shape(name, mechanisms):
    for shape in ((8, 9), (8, 9, 3)):
        released = mechanisms[name].privatize(pictures(3, *shape), KEY)
        assert released.shape == (3, *shape)
        assert released.dtype == np.float32
        assert np.isfinite(released).all()


@pytest.mark.parametrize("name", NAMES)
def test_statements_name_the_mechanism_and_explain_it(name, mechanisms):
    mechanism = mechanisms[name]
    statement = mechanism.statement((8, 9), catalogue.DELTA)
    assert statement.mechanism in catalogue.MECHANISMS
    assert statement.mechanism in statement.explain()
    assert json.loads(statement.to_json())["kind"] == "release"
    for field in dataclasses.fields(mechanism):
        assert field.name in statement.explain()


def test_the_more_private_come_first_in_each_kind(mechanisms):
    for item in catalogue.MECHANISMS.values():
        epsilons = [
            mechanisms[name].statement((8, 9)).guarantee.epsilon
            for name in item.budgets
        ]
        assert epsilons == sorted(epsilons)


def test_figures_tell_mechanisms_apart():
    styles = [catalogue.style_of(name) for name in catalogue.MECHANISMS]
    assert len({style.marker for style in styles}) == len(styles)
    assert len({style.colour for style in styles}) == len(styles)
    with pytest.raises(ValueError, match=r"no mechanism 'Blur'\. Choose from: "):
        catalogue.style_of("Blur")


def test_matplotlib_draws_every_marker_hollow():
    from matplotlib.lines import Line2D

    from tfrwc.privacy.release.registry import MARKERS

    assert set(MARKERS) == set(Line2D.filled_markers) - {"o", "."}


def test_the_table_has_a_row_for_each_mechanism():
    rows = catalogue.table()
    assert rows[0][0] == "PixelLaplace(scale)"
    assert len({row[0] for row in rows}) == len(catalogue.MECHANISMS)
    assert all(text for row in rows for text in row)


def test_the_guide_has_the_row_of_each_mechanism():
    page = (ROOT / "docs" / "guides" / "private-images.md").read_text()
    for name, noise, guarantee in catalogue.table():
        assert f"| `{name}` | {noise} | {guarantee} |" in page


def test_every_mechanism_is_attacked():
    assert set(catalogue.MECHANISMS) == {type(mechanism).__name__ for mechanism in ALL}
