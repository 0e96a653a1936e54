"""The pages of an account in checkpoints, and the files beside these."""

import numpy as np
import pytest

from tfrwc.privacy.sgd.account.book import PAGE_BYTES, Journal, Page, journals
from tfrwc.privacy.sgd.account.history import Counts, Run, steps

RUNS = {"a": Run(1.5, 0.1, Counts(3, 2, 1)), "b": Run(2.0, 0.25, Counts(fixed=7))}
PAGE = Page("own", (1.5, 0.1), RUNS, ("A sentence.",), ("/a/folder",))


def test_a_page_comes_back_from_a_weight():
    array = PAGE.to_array()
    assert array.shape == (PAGE_BYTES,)
    assert Page.from_array(array) == PAGE
    assert Page.from_array(np.zeros(PAGE_BYTES, np.uint8)) is None
    history = PAGE.history(Counts(poisson=4))
    assert history == RUNS | {"own": Run(1.5, 0.1, Counts(poisson=4))}


def test_a_page_of_too_many_runs_sums_them_up():
    rng = np.random.default_rng(0)
    runs = {
        rng.bytes(6).hex(): Run(1.0 + i % 3, 0.1, Counts(*counts))
        for i, counts in enumerate(rng.integers(0, 1e6, (400, 5)).tolist())
    }
    page = Page.from_array(PAGE._replace(runs=runs).to_array())
    assert len(page.runs) == 3
    assert steps(page.runs) == steps(runs)
    assert page.notes == PAGE.notes
    runs = {name: run._replace(rate=rng.random()) for name, run in runs.items()}
    with pytest.raises(ValueError, match="too many different settings"):
        PAGE._replace(runs=runs).to_array()


def test_a_damaged_page_is_refused():
    array = PAGE.to_array()
    array[20:40] ^= 255
    with pytest.raises(ValueError, match="is damaged: what was done"):
        Page.from_array(array)


def test_a_journal_is_up_to_date(tmp_path):
    journal = Journal(tmp_path / "folder", "own")
    for count in (10_000, 9, 10):  # shorter text over longer text
        journal.write(PAGE.text(), Counts(poisson=count))
        [history] = journals([tmp_path / "folder", tmp_path / "folder"])
        assert history == PAGE.history(Counts(poisson=count))
    journal.path.unlink()
    journal.write(PAGE.text(), Counts(poisson=11))
    [history] = journals([tmp_path / "folder"])
    assert history["own"].counts.poisson == 11
    journal.path.write_text("[1, 2")
    with pytest.raises(ValueError, match="counts the private steps"):
        list(journals([tmp_path / "folder"]))
