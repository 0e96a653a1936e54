"""The parts of a ``.keras`` file, which is a ZIP archive."""

import zipfile

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
_BLOCK = 1 << 20


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
