"""Releases side by side, and the page of them."""

import json

import numpy as np
import pytest
from PIL import Image

from tfrwc import datasets
from tfrwc.privacy import insecure_test_key
from tfrwc.studies.privacy.page import write_report
from tfrwc.studies.privacy.release_comparison import (
    ImageSample,
    compare_releases,
    likeness,
    stand_ins,
)

KEY = insecure_test_key("comparison")


def test_likeness_of_known_pairs():
    x = np.random.default_rng(0).integers(0, 246, (2, 16, 16), np.uint8)
    ssim, psnr = likeness(x, x + 10)
    assert ssim > 0.95
    assert psnr == pytest.approx(20 * np.log10(255 / 10))


def test_stand_ins_are_public_digits():
    digits = datasets.load("digits").x_train[:3, ..., 0]
    np.testing.assert_array_equal(stand_ins((8, 8), 3), digits)
    larger = stand_ins((16, 24), 3)
    np.testing.assert_array_equal(larger, digits.repeat(2, axis=1).repeat(3, axis=2))


def of(x, may_be_shown):
    assumptions = ("That.",)
    return ImageSample("X-rays", x, range(len(x)), 3, assumptions, may_be_shown)


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
        # The numbers beside the rows differ; the images, right of them, do not.
        assert drawn.shape == other.shape
        np.testing.assert_array_equal(drawn[:, 300:], other[:, 300:])


def test_public_images_are_shown_and_said_to_be(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (4, 16, 16), np.uint8)
    results, pictures = compare_releases(of(x, True), KEY)
    np.testing.assert_array_equal(pictures["original"], x)
    write_report(results, pictures, tmp_path)
    text = (tmp_path / "report.html").read_text()
    assert "Keep this page" not in text
    assert "The images are public." in text
