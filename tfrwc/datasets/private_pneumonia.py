"""Pediatric chest X-rays, released with noise, and the statement of what it protects.

The secret key of the noise is read from the environment variable TFRWC_PRIVACY_KEY
(hexadecimal; make one by ``python -c "import secrets; print(secrets.token_hex(32))"``)
where an image is noised, and written nowhere. Images are rounded to 0..255 after the
noise, which costs nothing.

>>> import tfrwc.datasets.private_pneumonia, tensorflow_datasets as tfds
>>> config = tfds.download.DownloadConfig(manual_dir="folder")  # doctest: +SKIP
>>> tfds.load(
...     "private_pneumonia/laplace_value_4",
...     download_and_prepare_kwargs={"download_config": config},
... )  # doctest: +SKIP
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfrwc._common.checks import whole_number
from tfrwc._version import __version__
from tfrwc.compat.extras import extra
from tfrwc.datasets import xray_files
from tfrwc.datasets.patients import assuming
from tfrwc.datasets.set_identity import Identity
from tfrwc.datasets.xray_builder import CITATION, XRayBuilder
from tfrwc.privacy import to_uint8
from tfrwc.privacy.keys import fingerprint_under, secret_key
from tfrwc.privacy.release.catalogue import DELTA, standard_mechanisms
from tfrwc.privacy.statement import write_statement

with extra("datasets"):
    import tensorflow_datasets as tfds

STATEMENT = "privacy_statement"


@dataclass(kw_only=True)
class PrivatePneumoniaConfig(tfds.core.BuilderConfig):
    """A mechanism, for images of one size.

    Attributes:
        mechanism: one of `tfrwc.privacy`.
        size: height and width of the images before the noise: 28, 64 or 224.
    """

    mechanism: Any = None
    size: int = 64


class PrivatePneumonia(XRayBuilder):
    """Chest X-rays with noise; `privacy_statement` is beside the records.

    Args:
        images_per_patient: the greatest number of images of one patient; None to count
            them by the table of patients or the names of files.
        **kwargs: as of `XRayBuilder`.

    Raises:
        ValueError: if that is no whole number of 1 or more.
    """

    BUILDER_CONFIGS = [  # noqa: RUF012 (so TFDS reads it)
        PrivatePneumoniaConfig(
            name=name, mechanism=mechanism, description=repr(mechanism)
        )
        for name, mechanism in standard_mechanisms((64, 64)).items()
    ]

    def __init__(self, *, images_per_patient: int | None = None, **kwargs: Any) -> None:
        if images_per_patient is not None:
            whole_number(images_per_patient, "images_per_patient")
        self._images_per_patient = images_per_patient
        super().__init__(**kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        return self.dataset_info_from_configs(
            description="Pediatric chest X-rays, normal or with pneumonia, of "
            f"{config.size} x {config.size}, released by {config.mechanism!r}.",
            features=self._features(config.size),
            supervised_keys=("image", "label"),
            homepage="https://data.mendeley.com/datasets/rscbjbr9sj/3",
            citation=CITATION,
            metadata=tfds.core.MetadataDict(),
        )

    def _identity(self, digits: str) -> Identity:
        # Beside a set that is published: a bare fingerprint would let others try
        # whether an image was in the input.
        key, config = secret_key(), self.builder_config
        return super()._identity(fingerprint_under(key, digits)) | {
            "key": fingerprint_under(key),
            "mechanism": repr(config.mechanism),
            "size": str(config.size),
            "version of tfrwc": __version__,
            "number of images per patient": str(self._images_per_patient or "counted"),
        }

    def _generators(self, source: xray_files.Source) -> dict[str, Any]:
        config = self.builder_config
        images = xray_files.images_of_a_patient(source, self._images_per_patient)
        statement = config.mechanism.statement(
            (config.size, config.size), delta=DELTA, images_per_patient=images.number
        )
        statement = assuming(statement, images.assumptions)
        self.info.metadata[STATEMENT] = statement.to_dict()
        write_statement(statement, self.data_path)
        return super()._generators(source)

    def _reader(self, source: xray_files.Source) -> Callable[[str], xray_files.Example]:
        return _PrivateReader(source, self.builder_config.mechanism)


@dataclass(frozen=True)
class _PrivateReader:
    source: xray_files.Source
    mechanism: Any

    def __call__(self, key: str) -> xray_files.Example:
        example = self.source.read(key)
        # The id is the file's place in the set, and so the same in any build.
        noisy = self.mechanism.privatize(example["image"][None], secret_key(), [key])
        return {**example, "image": to_uint8(noisy[0])}
