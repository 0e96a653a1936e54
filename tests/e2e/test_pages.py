"""The Python examples of the pages: those of a page are one program, run as it is."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from conftest import ROOT
from house import texts

import tfrwc


@dataclass(frozen=True)
class Expected:
    """What the examples of a page lead to.

    Args:
        printed: texts that are among what is printed.
        files: patterns of files that are left.
    """

    printed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


PAGES = {
    "README.md": Expected(("dense_4/kernel",), ("run.parquet", "report.html")),
    "docs/quickstart.md": Expected(
        ("dense_7/kernel",), ("run.parquet", "depth.png", "report.html")
    ),
    "docs/recording.md": Expected(files=("log.csv", "change.csv")),
    "docs/trends.md": Expected(("0 0 0 0 0 0", "1 1 1 1 1 1")),
    "docs/guides/beta.md": Expected(("active_latents=2", "best beta: 1.21")),
    "docs/guides/compare.md": Expected(
        ("late_share", "p_adjusted", "tasks in general"),
        ("slow-3.parquet", "fast-3.parquet", "comparison.png"),
    ),
    "docs/guides/diagnose.md": Expected(
        (
            "1. Vanishing gradients or signals in dense/kernel",
            "10 sigmoid layers follow each other",
        )
    ),
    "docs/guides/pipelines.md": Expected(("epsilon",)),
    "docs/guides/private-images.md": Expected(
        ("A patient with 3 images", "for an image")
    ),
    "docs/guides/private-training.md": Expected(
        (
            *("EpsilonDelta(epsilon=2.99", "120 steps on 1,400 images", "advantage"),
            "for a patient",
        )
    ),
    "docs/guides/read.md": Expected(
        ("(20, 12)", "SET_FROM_OUTSIDE", "depth given size", "low_records")
    ),
    "docs/guides/record.md": Expected(
        ("dense_4/kernel", "False"),
        ("checkpoints/5.keras", "logs/sequential*/events.out.tfevents.*"),
    ),
}


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page(page, tmp_path):
    (tmp_path / "saved_models").symlink_to(ROOT / "saved_models")
    done = subprocess.run(
        [sys.executable, "-c", texts.program(ROOT / page)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"MPLBACKEND": "agg"},
    )
    assert done.returncode == 0, done.stderr
    for part in PAGES[page].printed:
        assert part in done.stdout
    for pattern in PAGES[page].files:
        assert list(tmp_path.glob(pattern)), pattern
    if page == "README.md":
        assert len(tfrwc.load_recording(tmp_path / "run.parquet")) == 10


def test_no_page_is_left_out():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    with_examples = {str(p.relative_to(ROOT)) for p in pages if texts.blocks(p)}
    assert with_examples == set(PAGES)
