"""Files of a sweep that are damaged, or are no files of a sweep: told, or right."""

import json
import random
import shutil

import numpy as np
import pytest
from fuzz.mutations import BYTES, bytewise

from tfrwc.disentangle import BetaSweep, BetaVAE
from tfrwc.disentangle.sweep.ensemble import Ensemble
from tfrwc.disentangle.sweep.training import digest_of, read_training, settings_of

BETAS, EPOCHS = [0.5, 2.0], 3


def build(seed):
    return BetaVAE(4, 3, encoder="linear", noise=0.5, seed=seed)


def sweep():
    return BetaSweep(BETAS, [0], build, epochs=EPOCHS, batch_size=64)


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(128, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def files(x, tmp_path_factory):
    """A training that is done, and the same one stopped after two epochs."""
    folder = tmp_path_factory.mktemp("sweep")
    done, stopped = folder / "done.npz", folder / "stopped.npz"
    sweep().fit(x, done)
    epoch = Ensemble.epoch

    def stops(ensemble, number, training):
        if number == 2:
            raise KeyboardInterrupt
        return epoch(ensemble, number, training)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ensemble, "epoch", stops)
        with pytest.raises(KeyboardInterrupt):
            sweep().fit(x, stopped)
    return {"done": done, "stopped": stopped}


@pytest.fixture(scope="module")
def settings(x):
    members = [(beta, 0) for beta in BETAS]
    return settings_of(build(0), members, digest_of(x), sweep())


def reads(path, settings):
    """The arrays of a file, or None if it is refused, by an error that names it."""
    try:
        return read_training(path, settings, 3)
    except ValueError as error:
        message = str(error)
    assert path.name in message
    assert "another path" in message
    return None


@pytest.mark.parametrize("which", ["done", "stopped"])
@pytest.mark.parametrize("change", BYTES, ids=lambda change: change.__name__)
def test_damaged_bytes_are_told_or_do_no_harm(files, settings, which, change, tmp_path):
    whole = read_training(files[which], settings, 3)
    mutate, refused = bytewise(change), 0
    for seed in range(40):
        path = shutil.copy(files[which], tmp_path / "sweep.npz")
        mutate(path, random.Random(f"{change.__name__} {seed}"))
        found = reads(path, settings)
        refused += found is None
        if found is not None:
            assert found.keys() == whole.keys()
            for name, array in whole.items():
                np.testing.assert_array_equal(found[name], array)
    # Zip allows for bytes behind an archive.
    assert refused or change.__name__ == "append"


def forged(path, file, **changes):
    """A copy of a file with other arrays; None for none of that name."""
    arrays = dict(np.load(file)) | changes
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})
    return path


WRONG = {
    "a float for many": lambda a: np.float64(1),
    "text": lambda a: np.array(["a"] * max(a.size, 1)),
    "whole numbers": lambda a: a.astype(np.int32),
    "more of them": lambda a: np.concatenate([np.atleast_1d(a)] * 2),
    "none of them": lambda a: np.atleast_1d(a)[:0],
    "another axis": lambda a: a[None],
    "bools": lambda a: a > 0,
}


@pytest.mark.parametrize("which", ["done", "stopped"])
def test_each_array_must_be_there_and_be_what_it_should(
    files, settings, which, tmp_path
):
    path = tmp_path / "sweep.npz"
    names = list(np.load(files[which]))
    assert len(names) > 8
    for name in names:
        forged(path, files[which], **{name: None})
        assert reads(path, settings) is None, name
        forged(path, files[which], **{name: None, f"{name}_": np.zeros(3)})
        assert reads(path, settings) is None, name
    weights = [name for name in names if name[:-1] in ("weight_", "state_")][:4]
    for name in ["history", "loss", "rates", *weights]:
        for change in WRONG.values():
            if name in names:
                array = change(np.load(files[which])[name])
                forged(path, files[which], **{name: array})
                assert reads(path, settings) is None, name
    forged(path, files[which], stranger=np.zeros(3))
    assert reads(path, settings) is None


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1, "text", [], {}, ["a"] * 7, [[1.0]], [None] * 7, True, 1e400),
        {"a": 1},
    ],
)
def test_each_setting_may_be_anything(files, settings, value, tmp_path):
    path = tmp_path / "sweep.npz"
    for name in settings:
        if value is None and settings[name] is None:
            continue
        text = json.dumps(json.loads(json.dumps(settings)) | {name: value})
        assert (
            reads(forged(path, files["done"], settings=np.array(text)), settings)
            is None
        )


@pytest.mark.parametrize(
    "settings_array",
    [
        *(np.array("[]"), np.array("{"), np.array("{}"), np.zeros(3), np.array(3)),
        *(np.array(b"{}"), np.array(["{}", "{}"]), np.array("[" * 9999)),
    ],
)
def test_settings_may_be_anything(files, settings, settings_array, tmp_path):
    path = forged(tmp_path / "sweep.npz", files["done"], settings=settings_array)
    assert reads(path, settings) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"PK\x03\x04", b"\x89PNG\r\n", b"\x93NUMPY\x01\x00", b"PAR1PAR1"],
)
def test_files_of_others_are_told(content, settings, tmp_path, x):
    path = tmp_path / "sweep.npz"
    path.write_bytes(content)
    assert reads(path, settings) is None
    with pytest.raises(ValueError, match=r"sweep\.npz holds no state of a sweep"):
        sweep().fit(x, path)
    assert path.read_bytes() == content


def test_archives_of_others_and_folders_are_told(settings, tmp_path):
    path = tmp_path / "sweep.npz"
    np.savez(path, images=np.zeros((3, 3)))
    assert reads(path, settings) is None
    path.unlink()
    path.mkdir()
    assert reads(path, settings) is None


@pytest.mark.parametrize("place", [-1, "another", "float"])
def test_what_the_optimizer_knows_must_fit_it(files, x, place, tmp_path):
    arrays = np.load(files["stopped"])
    names = [name for name in arrays if name.startswith("state_")]
    last = max(names, key=lambda name: int(name[6:]))
    change = {
        -1: {last: None},
        "another": {last: np.zeros((2, 9, 9), np.float32)},
        "float": {last: arrays[last].astype(int)},
    }[place]
    path = forged(tmp_path / "sweep.npz", files["stopped"], **change)
    with pytest.raises(ValueError, match=r"sweep\.npz holds no state of a sweep"):
        sweep().fit(x, path)


@pytest.mark.parametrize("version", ["this", "an earlier one"])
def test_a_stopped_training_goes_on_to_the_same_end(files, x, version, tmp_path):
    path = shutil.copy(files["stopped"], tmp_path / "sweep.npz")
    if version == "an earlier one":  # whose files did not say what they hold
        said = json.loads(str(np.load(path)["settings"]))
        assert said.pop("arrays")
        forged(path, files["stopped"], settings=np.array(json.dumps(said)))
    found, expected = sweep().fit(x, path), sweep().fit(x, files["done"])
    np.testing.assert_array_equal(found.to_frame(), expected.to_frame())
    np.testing.assert_array_equal(found.rates_, expected.rates_)
