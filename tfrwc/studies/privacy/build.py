"""Build TFDS sets of private X-rays, one for each release."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc._common.activity import doing
from tfrwc.compat.extras import extra
from tfrwc.datasets import xray_files
from tfrwc.datasets.patients import shown
from tfrwc.privacy.release.catalogue import standard_names
from tfrwc.studies.privacy.release import check_names
from tfrwc.studies.privacy.release_comparison import ImageSample

_SIZE, _SAMPLE = 64, 64


@dataclass(frozen=True)
class BuildOptions:
    """What sets are built from, and how.

    Attributes:
        xrays: folder with the X-rays.
        bad_files: ``"stop"`` at files that cannot be read, or ``"skip"`` them.
        patients: CSV with the patient of every file, see `tfrwc.datasets.patients`;
            None where the names of files tell them.
        images_per_patient: the greatest number of images of one; None to count.
    """

    xrays: Path
    bad_files: str = "stop"
    patients: Path | None = None
    images_per_patient: int | None = None


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


def sample_of_files(source: xray_files.Source, options: BuildOptions) -> ImageSample:
    """Some of the X-rays of a source, without those that cannot be read.

    Args:
        source: of `find`.
        options: of the build.

    Raises:
        ValueError: if none can be read, or it is not known whose they are.
    """
    images = xray_files.images_of_a_patient(source, options.images_per_patient)
    keys = source.keys("train")
    x = {}
    for key in keys[:: max(1, len(keys) // _SAMPLE)][:_SAMPLE]:
        try:
            x[key] = source.read(key)["image"][..., 0]
        except xray_files.BadFileError as error:
            # A build names all of them, and stops or goes on as asked.
            print(_text(f"not in the report: {key} {error}"))
    if not x:
        raise ValueError(f"None of the files in {options.xrays} can be read.")
    return ImageSample(
        f"chest X-rays in {options.xrays.name}",
        np.stack(list(x.values())),
        list(x),
        *(images.number, images.assumptions),
    )


def find(options: BuildOptions) -> xray_files.Source:
    """The X-rays of a build; see `tfrwc.datasets.xray_files.find` for what it raises.

    Links are followed, and named on the screen.
    """
    source = xray_files.find(options.xrays, _SIZE, options.patients)
    if links := xray_files.links_of(source):
        print(_text(f"{len(links)} files are reached by links: {shown(links)}"))
    return source


def builders(
    names: Sequence[str], options: BuildOptions, data_dir: Path, engine: str = "local"
) -> list[Any]:
    """Builders of TFDS sets, one for each release.

    Args:
        names: of releases.
        options: of the build.
        data_dir: folder for the sets.
        engine: ``"local"``, or ``"beam"`` for Apache Beam.

    Raises:
        FileExistsError: if one of the sets is there, and was built from other files, by
            another key or with other options.
    """
    from tfrwc.datasets.private_pneumonia import PrivatePneumonia

    made = [
        PrivatePneumonia(
            config=name,
            data_dir=str(data_dir),
            engine=engine,
            bad_files=options.bad_files,
            patients=options.patients,
            images_per_patient=options.images_per_patient,
        )
        for name in names
    ]
    for builder in made:
        builder.check(_config(options))
    return made


def build(
    builders: Sequence[Any], options: BuildOptions, beam_options: Any = None
) -> None:
    """Build sets, each with its privacy statement, unless they are there.

    Args:
        builders: of `builders`.
        options: of the build.
        beam_options: of Apache Beam; None to build in this process.
    """
    with extra("datasets"):
        import tensorflow_datasets as tfds
    tfds.disable_progress_bar()  # a line of ours says how far it is
    with doing("set", of=len(builders)) as activity:
        for i, builder in enumerate(activity.each(builders), start=1):
            name = builder.builder_config.name
            print(f"building {name} ({i} of {len(builders)})")
            builder.download_and_prepare(download_config=_config(options, beam_options))
            print(f"  {builder.data_dir}")


def _config(options: BuildOptions, beam_options: Any = None) -> Any:
    with extra("datasets"):
        import tensorflow_datasets as tfds

    return tfds.download.DownloadConfig(
        manual_dir=str(options.xrays), beam_options=beam_options
    )


def _text(line: str) -> str:
    """A line that can be printed, though file names may have bytes that are no text."""
    return line.encode("utf-8", "backslashreplace").decode()
