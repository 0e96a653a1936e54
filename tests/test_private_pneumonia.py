"""The pipeline of private images: as a person runs it, and its page in a browser."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from tfrwc.privacy import insecure_test_key
from tfrwc.privacy.catalogue import standard_mechanisms
from tfrwc.privacy.keys import KEY_VARIABLE
from tfrwc.studies import private_pneumonia

SCRIPT = ROOT / "pipelines" / "private_pneumonia.py"
KEY = insecure_test_key("pipeline")


def start(*arguments):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {KEY_VARIABLE: KEY.hex()},
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("private") / "run"
    done = start("--out", out)
    assert done.returncode == 0, done.stderr
    assert KEY.hex() not in done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def results(out):
    return json.loads((out / "results.json").read_text())


def test_results_hold_a_statement_for_every_release(out, results):
    mechanisms = standard_mechanisms((32, 32))
    assert [r["name"] for r in results["releases"]] == list(mechanisms)
    for release in results["releases"]:
        statement = mechanisms[release["name"]].statement((32, 32), delta=1e-5)
        assert release["statement"] == statement.to_dict()
        assert release["explanation"] == statement.explain()
        assert -1 <= release["ssim"] <= 1
    for path in out.rglob("*"):
        assert path.is_dir() or KEY.hex().encode() not in path.read_bytes()


def test_more_budget_leaves_more_of_the_images(results):
    found = {r["name"]: r["ssim"] for r in results["releases"]}
    for kind in ("laplace_value", "gaussian_image", "dppix", "response_value"):
        row = [value for name, value in found.items() if name.startswith(kind)]
        assert len(row) == 3
        assert row == sorted(row)


def test_likeness_of_known_pairs():
    x = np.random.default_rng(0).integers(0, 246, (2, 16, 16), np.uint8)
    ssim, psnr = private_pneumonia.likeness(x, x + 10)
    assert ssim > 0.95
    assert psnr == pytest.approx(20 * np.log10(255 / 10))


def test_the_page_in_a_browser(browser, out, results, tmp_path):
    browser.set_window_size(1200, 900)
    page = shutil.copy(out / "report.html", tmp_path)
    browser.get(f"file://{page}")
    assert browser.title.startswith("Private images")
    text = browser.find_element("tag name", "body").text
    for finding in results["findings"]:
        assert finding in text
    rows = browser.find_elements("css selector", "tbody tr")
    assert len(rows) == len(results["releases"])
    assert rows[0].text.split()[:2] == ["laplace_value_1", "1"]
    details = browser.find_elements("tag name", "details")
    assert len(details) == len(rows)
    details[0].find_element("tag name", "summary").click()
    assert "A whole image (any two images of this shape)" in details[0].text
    widths = browser.execute_script(
        "return [...document.images].map(i => i.complete ? i.naturalWidth : 0)"
    )
    assert len(widths) == 6
    assert min(widths) > 500
    for width in (400, 1200):
        browser.set_window_size(width, 900)
        overflow = browser.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )
        assert overflow <= 0
    assert browser.get_log("browser") == []


def test_sets_are_built_from_a_folder(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for label, name in (("NORMAL", "IM-1-1"), ("PNEUMONIA", "person1_virus_1")):
            folder = tmp_path / "chest_xray" / split / label
            folder.mkdir(parents=True)
            for i in range(4):
                image = Image.fromarray(rng.integers(0, 256, (64, 64), np.uint8))
                image.save(folder / f"{name}{i}.jpeg")
    done = start(
        "--out", tmp_path / "out", "--xrays", tmp_path, "--build", "dppix_4,shift_1"
    )
    assert done.returncode == 0, done.stderr
    for name in ("dppix_4", "shift_1"):
        built = tmp_path / "out" / "data" / "private_pneumonia" / name / "1.0.0"
        assert json.loads((built / "privacy_statement.json").read_text())
    (tmp_path / "chest_xray" / "val" / "NORMAL" / "IM-9-9.jpeg").write_bytes(b"")
    done = start("--out", tmp_path / "2", "--xrays", tmp_path, "--build", "dppix_4")
    assert done.returncode == 1
    assert "val/NORMAL/IM-9-9.jpeg is empty" in done.stderr
    assert "Traceback" not in done.stderr
    (tmp_path / "chest_xray" / "train" / "NORMAL" / "IM-8-8.jpeg").write_bytes(b"")
    done = start(
        *("--out", tmp_path / "3", "--xrays", tmp_path, "--build", "dppix_4"),
        *("--bad-files", "skip"),
    )
    assert done.returncode == 0, done.stderr
    assert "not in the report: train/NORMAL/IM-8-8.jpeg is empty" in done.stdout
    built = tmp_path / "3" / "data" / "private_pneumonia" / "dppix_4" / "1.0.0"
    assert json.loads((built / "build_report.json").read_text())["skipped"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--build", "all"), "--build needs --xrays"),
        (("--runner", "Flink"), "without --engine beam"),
        (("--xrays", ".", "--build", "laplace"), "There is no release laplace"),
        (("--xrays", "."), "There are no X-rays in"),
    ],
)
def test_mistakes_are_named(arguments, message, tmp_path):
    done = start("--out", tmp_path / "out", *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
