"""BetaSweep on Beam: parts by the number of workers, weights that stay in files."""

import json
import random
import shutil

import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from fuzz.mutations import BYTES, bytewise

from tfrwc.disentangle import BetaSweep, BetaVAE
from tfrwc.disentangle.sweep.on_beam import _size_of_parts, read_examples, workers
from tfrwc.disentangle.sweep.training import digest_of

BETAS, SEEDS = [0.5, 2.0, 8.0], [0, 3]
THREE = ["--direct_num_workers=3"]


def build(seed):
    return BetaVAE(4, 3, encoder="linear", noise=0.5, seed=seed)


def sweep():
    return BetaSweep(BETAS, SEEDS, build, epochs=2, batch_size=64, learning_rate=0.01)


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(256, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def here(x):
    return sweep().fit(x)


@pytest.fixture(scope="module")
def trained(x, tmp_path_factory):
    """A sweep in parts of four, and its folder."""
    folder = tmp_path_factory.mktemp("sweep")
    return sweep().fit_on_beam(x, folder, members_at_once=4), folder


def assert_same(one, other):
    frames = [sweep.to_frame().astype(float) for sweep in (one, other)]
    np.testing.assert_allclose(*frames, rtol=1e-5)
    np.testing.assert_allclose(one.history_, other.history_, rtol=1e-5)
    np.testing.assert_allclose(one.rates_, other.rates_, rtol=1e-5)


def test_it_is_what_it_would_be_here(trained, here, x):
    there, folder = trained
    names = ["part-00000.npz", "part-00004.npz", "parts.json", "x.npz"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert_same(there, here)
    np.testing.assert_allclose(there.codes(x), here.codes(x), rtol=1e-4, atol=1e-6)


def test_weights_stay_in_files_but_for_one_part(trained, x, tmp_path):
    there, folder = trained
    assert not any("weight" in name for name in there._trained.numbers)
    for member in ((0.5, 0), (8.0, 3), (0.5, 3)):
        there.member(*member)
        place, weights = there._trained._held
        members = {0: 4, 1: 2}[place]
        assert {len(array) for array in weights} == {members}
    moved = shutil.move(folder / "part-00004.npz", tmp_path)
    there.member(2.0, 3)
    with pytest.raises(ValueError, match=r"part-00004.npz .* is no file"):
        there.member(8.0, 0)
    assert len(there.to_frame()) == 6  # which needs no weights
    shutil.move(moved, folder)
    there.member(8.0, 0)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ([], 1),
        (THREE, 3),
        (["--num_workers=2", "--max_num_workers=9"], 9),
        (["--parallelism=4"], 4),
        (["--dask_npartitions=5"], 5),  # known to Beam once its runner is loaded
    ],
)
def test_workers_that_options_ask_for(options, count):
    assert workers(PipelineOptions(options)) == count


def test_workers_without_options_or_one_for_each_processor(monkeypatch):
    assert workers(None) == 1
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert workers(PipelineOptions(["--direct_num_workers=0"])) == 7


def test_members_are_dealt_to_all_workers_and_go_on_as_begun(x, here, tmp_path):
    first = sweep().fit_on_beam(x, tmp_path, options=PipelineOptions(THREE))
    parts = sorted(path.name for path in tmp_path.glob("part-*"))
    assert parts == ["part-00000.npz", "part-00002.npz", "part-00004.npz"]
    assert_same(first, here)
    # With another number of workers the parts stay those that were begun.
    again = sweep().fit_on_beam(x, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("part-*")) == parts
    assert_same(again, first)
    with pytest.raises(ValueError, match="begun with 2 members in a part"):
        sweep().fit_on_beam(x, tmp_path, members_at_once=3)


@pytest.mark.parametrize("members_at_once", [0, 1.5, True])
def test_members_at_once_are_counted(x, tmp_path, members_at_once):
    with pytest.raises(ValueError, match="members_at_once must be"):
        sweep().fit_on_beam(x, tmp_path, members_at_once)


@pytest.mark.parametrize(
    "plan", ["", "[]", "{}", '{"members_at_once": 0}', '{"members_at_once": 2.5}']
)
def test_a_damaged_plan_is_told(x, tmp_path, plan):
    (tmp_path / "parts.json").write_text(plan)
    with pytest.raises(ValueError, match=r"parts\.json"):
        sweep().fit_on_beam(x, tmp_path)


def test_another_plan_does_not_fit_the_files(trained, x, tmp_path):
    folder = shutil.copytree(trained[1], tmp_path / "copy")
    (folder / "parts.json").write_text(json.dumps({"members_at_once": 5}))
    with pytest.raises(ValueError, match=r"part-00000.npz .* settings \(members"):
        sweep().fit_on_beam(x, folder)


def test_a_damaged_part_is_told_before_anything_is_trained(trained, x, tmp_path):
    folder = shutil.copytree(trained[1], tmp_path / "copy")
    (folder / "part-00000.npz").unlink()
    (folder / "part-00004.npz").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"part-00004.npz holds no state of a sweep"):
        sweep().fit_on_beam(x, folder)
    assert not (folder / "part-00000.npz").exists()


def test_workers_read_the_examples_that_were_written(trained, x, tmp_path):
    path = trained[1] / "x.npz"
    np.testing.assert_array_equal(read_examples(path, digest_of(x)), x)
    with pytest.raises(ValueError, match=r"x.npz holds other examples"):
        read_examples(path, digest_of(x + 1))
    np.savez(tmp_path / "x.npz", y=x)
    with pytest.raises(ValueError, match=r"x.npz .* no array x"):
        read_examples(tmp_path / "x.npz", digest_of(x))


@pytest.mark.parametrize("change", BYTES, ids=lambda change: change.__name__)
def test_damaged_examples_are_told_or_do_no_harm(trained, x, change, tmp_path):
    mutate = bytewise(change)
    for seed in range(20):
        path = shutil.copy(trained[1] / "x.npz", tmp_path / "x.npz")
        mutate(path, random.Random(f"{change.__name__} {seed}"))
        try:
            found = read_examples(path, digest_of(x))
        except ValueError as error:
            message = str(error)
        else:
            message = "x.npz"
            np.testing.assert_array_equal(found, x)
        assert "x.npz" in message


@pytest.mark.parametrize("other", [3, "text", ["a", "b"], b"bytes", [True], [[2.0]]])
def test_examples_of_another_kind_are_others(x, other, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.array(other))
    with pytest.raises(ValueError, match=r"x.npz holds other examples"):
        read_examples(tmp_path / "x.npz", digest_of(x))


@pytest.mark.parametrize("change", BYTES, ids=lambda change: change.__name__)
def test_a_damaged_plan_is_told_or_does_no_harm(trained, x, change, tmp_path):
    folder = shutil.copytree(trained[1], tmp_path / "copy")
    mutate = bytewise(change)
    for seed in range(10):
        shutil.copy(trained[1] / "parts.json", folder)
        mutate(folder / "parts.json", random.Random(f"{change.__name__} {seed}"))
        try:
            size = _size_of_parts(folder, None, 6, None)
        except ValueError as error:
            size, message = 4, str(error)
        else:
            message = "parts.json"
        assert "parts.json" in message
        if size != 4:  # the files tell
            with pytest.raises(ValueError, match=r"part-00000\.npz"):
                sweep().fit_on_beam(x, folder)
