"""The seal of a recording's file."""

import io
import random

import pandas as pd
import pytest
from recording.examples import make

from tfrwc import load_recording
from tfrwc.recording.seal import is_sealed


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("sealed") / "run.parquet"
    make().save(path)
    return path.read_bytes()


def test_a_file_that_was_written_is_sealed(whole):
    file = io.BytesIO(whole)
    assert is_sealed(file)
    assert file.tell() == 0


def test_any_flipped_bit_is_noticed_or_harms_nothing(whole, tmp_path):
    """Also in the footer, in names of layers, and in the seal."""
    path, rng, refused = tmp_path / "run.parquet", random.Random(0), 0
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << rng.randrange(8)
        try:
            sealed = is_sealed(io.BytesIO(damaged))
        except ValueError:
            refused += 1
            continue
        # The seal was not recognised: the claim to have one is in the description.
        assert not sealed
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"run\.parquet is not a readable"):
            load_recording(path)
    assert refused > 0.9 * len(whole)


def test_a_file_without_a_seal_is_told(tmp_path):
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "table.parquet")
    for file in (b"", b"x", b"PAR1" * 20, (tmp_path / "table.parquet").read_bytes()):
        assert not is_sealed(io.BytesIO(file))
