"""The parts of a ``.keras`` file, which is a ZIP archive."""

import io
import zipfile
from typing import IO, Any

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
_BLOCK = 1 << 20
_HEAD = 30  # bytes before the name in the head of a part


def check_parts(archive: zipfile.ZipFile) -> set[str]:
    """Check that an archive has what Keras puts in, and all parts their checksums.

    Returns:
        The names of its parts.

    Raises:
        ValueError: if a part is missing or there twice.
        zipfile.BadZipFile: if a part is damaged; `zipfile` raises others as well.
    """
    names = archive.namelist()
    if {CONFIG, WEIGHTS} - set(names) or len(set(names)) < len(names):
        raise ValueError(
            f"an archive of Keras has one {CONFIG} and one {WEIGHTS}; this one has "
            f"{', '.join(names[:5]) or 'nothing'}"
        )
    for name in names:
        with archive.open(name) as part:
            while part.read(_BLOCK):  # at its end the checksum is compared
                pass
    return set(names)


def open_part(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a checked part of an archive, to read here and there in it.

    Keras does not compress parts, so they are read where they are. `zipfile` reads a
    part from its beginning again for each step back, which takes minutes for a network
    of 100 megabytes.
    """
    part = archive.getinfo(name)
    file = archive.fp
    if part.compress_type != zipfile.ZIP_STORED or part.flag_bits & 1 or file is None:
        return archive.open(name)
    file.seek(part.header_offset)
    head = file.read(_HEAD)
    # The name and what follows it may be of other lengths than in the directory.
    more = sum(int.from_bytes(head[at : at + 2], "little") for at in (26, 28))
    start = part.header_offset + _HEAD + more
    return io.BufferedReader(_Window(file, start, part.file_size))


class _Window(io.RawIOBase):
    """Some bytes of a file, as a file."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        self._at = origin[whence] + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._start + self._at)
        data = self._file.read(max(min(len(buffer), self._size - self._at), 0))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
