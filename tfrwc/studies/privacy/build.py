"""Build TFDS sets of private X-rays, one for each release."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.datasets import xray_files
from tfrwc.privacy.release.catalogue import standard_names
from tfrwc.studies.privacy.release import check_names
from tfrwc.studies.privacy.release_comparison import ImageSample

_SIZE = 64


def names_to_build(text: str) -> list[str]:
    """Names of releases: all, or their names separated by commas.

    Raises:
        ValueError: if there is no such release.
    """
    if text == "all":
        return list(standard_names())
    names = [name for name in text.split(",") if name]
    check_names(names)
    return names


def sample_of_files(folder: Path, count: int = 64) -> ImageSample:
    """Some of the X-rays in a folder, without those that cannot be read.

    Raises:
        ValueError: if none can be read.
    """
    source = xray_files.find(folder, _SIZE)
    keys = source.keys("train")
    images = {}
    for key in keys[:: max(1, len(keys) // count)][:count]:
        try:
            images[key] = source.read(key)["image"][..., 0]
        except xray_files.BadFileError as error:
            # A build names all of them, and stops or goes on as asked.
            print(f"not in the report: {key} {error}")
    if not images:
        raise ValueError(f"None of the files in {folder} can be read.")
    return ImageSample(
        f"chest X-rays in {folder.name}",
        np.stack(list(images.values())),
        list(images),
        xray_files.most_images_of_a_patient(source),
    )


def build(
    names: Sequence[str],
    xrays: Path,
    data_dir: Path,
    bad_files: str = "stop",
    beam_options: Any = None,
) -> None:
    """Build a TFDS set for each release, with its privacy statement.

    Args:
        names: of releases.
        xrays: folder with the X-rays.
        data_dir: folder for the sets.
        bad_files: ``"stop"`` at files that cannot be read, or ``"skip"`` them.
        beam_options: of Apache Beam; None to build in this process.
    """
    with extra("datasets"):
        import tensorflow_datasets as tfds

    from tfrwc.datasets.private_pneumonia import PrivatePneumonia

    for i, name in enumerate(names, start=1):
        print(f"building {name} ({i} of {len(names)})", flush=True)
        builder = PrivatePneumonia(
            config=name,
            data_dir=str(data_dir),
            engine="local" if beam_options is None else "beam",
            bad_files=bad_files,
        )
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=str(xrays), beam_options=beam_options
            )
        )
        print(f"  {builder.data_dir}")
