"""Parts of ``.keras`` files, read here and there."""

import io
import os
import zipfile

import numpy as np
import pytest

from tfrwc._common.keras_archive import open_part

DATA = np.random.default_rng(0).bytes(100_000)


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_part_is_a_file_of_its_own(tmp_path, kind):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("first", "something before")
        archive.writestr("ü/part", DATA)
        archive.writestr("last", "something after")
    with zipfile.ZipFile(path) as archive, open_part(archive, "ü/part") as part:
        assert part.read() == DATA
        assert part.read(1) == b""
        for at in (99_990, 5, 50_000):
            assert part.seek(at) == at
            assert part.read(20) == DATA[at : at + 20]
        assert part.seek(-3, os.SEEK_END) == len(DATA) - 3
        assert part.read() == DATA[-3:]
        # The archive is read beside it.
        assert archive.read("last") == b"something after"
        assert part.seek(7) == part.tell() == 7
        assert part.read(2) == DATA[7:9]


def test_steps_back_do_not_read_from_the_beginning(tmp_path):
    class Counting(io.FileIO):
        total = 0

        def readinto(self, buffer):
            count = super().readinto(buffer)
            self.total += count
            return count

    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("part", 20 * DATA)
    with (
        Counting(path) as file,
        zipfile.ZipFile(io.BufferedReader(file)) as archive,
        open_part(archive, "part") as part,
    ):
        for at in range(19 * len(DATA), 0, -len(DATA)):
            part.seek(at)
            assert part.read(8) == DATA[:8]
    assert file.total < 10 * len(DATA)
