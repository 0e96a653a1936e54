"""Component: images of a data set, as Examples."""

import json
from typing import Any

from tfrwc._common.paths import local_path
from tfrwc.components.engine.artifacts import Examples
from tfrwc.components.engine.component import OutputArtifact, Parameter, component


@component
def ImageExampleGen(
    examples: OutputArtifact[Examples],
    dataset: Parameter[str],
    purpose: Parameter[str],
    images: Parameter[int] = 0,
    size: Parameter[int] = 0,
    folder: Parameter[str] = "",
    patients: Parameter[str] = "",
    images_per_patient: Parameter[int] = 0,
) -> None:
    """Write a data set as Examples.

    Args:
        examples: the data set.
        dataset, purpose, images, size, folder, patients, images_per_patient: as of
            `tfrwc.studies.example_sets.generate`; 0 images are all, and 0 images per
            patient are counted. A data set may be a folder of one's own.
    """
    from tfrwc.studies.example_sets import generate

    splits = generate(
        dataset,
        purpose,
        examples.uri,
        folder or None,
        images or None,
        size,
        patients or None,
        images_per_patient or None,
    )
    examples.split_names = json.dumps(splits)


@ImageExampleGen.checks
def _are_local(dataset: str, folder: str, patients: str, **_: Any) -> None:
    paths = {"dataset": dataset, "folder": folder, "patients": patients}
    for name, path in paths.items():
        if path:
            local_path(path, name)


@ImageExampleGen.reads
def _data_set(dataset: str, purpose: str, folder: str, patients: str, **_: Any) -> str:
    from tfrwc.studies.example_sets import identity

    return identity(dataset, purpose, folder or None, patients or None)
