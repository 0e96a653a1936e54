"""Releases side by side, and the page of them."""

import json

import numpy as np
import pytest
from PIL import Image

from tfrwc import datasets
from tfrwc.datasets.patients import assuming
from tfrwc.privacy import insecure_test_key
from tfrwc.privacy.release.catalogue import standard_mechanisms
from tfrwc.studies.privacy.page import write_report
from tfrwc.studies.privacy.release_comparison import (
    ImageSample,
    compare_releases,
    likeness,
    stand_ins,
)

KEY = insecure_test_key("comparison")
TITLE = 60  # rows of pixels above a figure


def test_likeness_of_known_pairs():
    x = np.random.default_rng(0).integers(0, 246, (2, 16, 16), np.uint8)
    ssim, psnr = likeness(x, x + 10)
    assert ssim > 0.95
    assert psnr == pytest.approx(20 * np.log10(255 / 10))


@pytest.mark.filterwarnings("error")
def test_an_image_that_came_out_unchanged_does_not_make_the_likeness_infinite():
    x = np.random.default_rng(0).integers(0, 246, (4, 16, 16), np.uint8)
    released = x + np.uint8(10)
    released[1] = x[1]
    _, psnr = likeness(x, released)
    assert psnr == pytest.approx(20 * np.log10(255 / 10) + 10 * np.log10(4 / 3))
    assert likeness(x, x) == (1, np.inf)


def test_stand_ins_are_public_digits():
    digits = datasets.load("digits").x_train[:3, ..., 0]
    np.testing.assert_array_equal(stand_ins((8, 8), 3), digits)
    larger = stand_ins((16, 24), 3)
    np.testing.assert_array_equal(larger, digits.repeat(2, axis=1).repeat(3, axis=2))


def of(x, may_be_shown):
    assumptions = ("That.",)
    return ImageSample("X-rays", x, range(len(x)), 3, assumptions, may_be_shown)


@pytest.fixture(scope="module")
def compared():
    """All releases of digits, enlarged."""
    digits = datasets.load("digits").x_train[:32, ..., 0]
    return compare_releases(of(digits.repeat(4, axis=1).repeat(4, axis=2), True), KEY)


def test_every_mechanism_is_compared_with_its_statement(compared):
    results, _ = compared
    mechanisms = standard_mechanisms((32, 32))
    assert [r["name"] for r in results["releases"]] == list(mechanisms)
    for release in results["releases"]:
        statement = mechanisms[release["name"]].statement((32, 32), 1e-5, 3)
        assert release["statement"] == assuming(statement, ("That.",)).to_dict()
        assert -1 <= release["ssim"] <= 1


def test_more_budget_leaves_more_of_the_images(compared):
    found = {r["name"]: r["ssim"] for r in compared[0]["releases"]}
    for kind in ("laplace_value", "gaussian_image", "dppix", "response_value"):
        row = [value for name, value in found.items() if name.startswith(kind)]
        assert len(row) == 3
        assert row == sorted(row)


@pytest.mark.parametrize(
    "names", [[], ["shift_1"], ["laplace_value_4"], ["gaussian_image_10", "shift_1"]]
)
def test_only_what_was_asked_for_is_released(names, tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (4, 16, 16), np.uint8)
    results, pictures = compare_releases(of(x, True), KEY, names)
    assert [release["name"] for release in results["releases"]] == names
    assert set(pictures) == {"original", *names}
    assert bool(results["findings"]) == bool(names)
    page = write_report(results, pictures, tmp_path).read_text()
    assert ("Images released with noise" in page) == bool(names)
    assert page.count("<img") == len(names)


def test_no_private_image_is_among_the_pictures(tmp_path):
    """Two sets of private images give the same pictures, byte by byte."""
    rng = np.random.default_rng(0)
    pages = []
    for name in ("one", "other"):
        x = rng.integers(0, 256, (4, 16, 16), np.uint8)
        results, pictures = compare_releases(of(x, False), KEY)
        write_report(results, pictures, tmp_path / name)
        pages.append((pictures, results))
        text = (tmp_path / name / "report.html").read_text()
        assert "Keep this page." in text
        assert "No image of a patient is on it" in text
        assert "Not promised: That." in text
        assert results["releases"][0]["statement"]["not_promised"][0] == "That."
        json.dumps(results)
    (first, results), (second, others) = pages
    assert first.keys() == second.keys()
    for name, pixels in first.items():
        np.testing.assert_array_equal(pixels, second[name])
    assert results["releases"][0]["psnr"] != others["releases"][0]["psnr"]
    for path in (tmp_path / "one" / "figures").iterdir():
        drawn = np.asarray(Image.open(path))
        other = np.asarray(Image.open(tmp_path / "other" / "figures" / path.name))
        # The numbers in the title and beside the rows differ; the images do not.
        # A longer title may take a line more.
        rows = min(len(drawn), len(other)) - TITLE
        assert rows > 200
        np.testing.assert_array_equal(drawn[-rows:, 300:], other[-rows:, 300:])


def test_public_images_are_shown_and_said_to_be(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (4, 16, 16), np.uint8)
    results, pictures = compare_releases(of(x, True), KEY)
    np.testing.assert_array_equal(pictures["original"], x)
    write_report(results, pictures, tmp_path)
    text = (tmp_path / "report.html").read_text()
    assert "Keep this page" not in text
    assert "The images are public." in text
