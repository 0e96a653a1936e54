"""Pediatric chest X-rays as a TensorFlow data set.

>>> import tfrwc.datasets.pneumonia, tensorflow_datasets as tfds  # doctest: +SKIP
>>> config = tfds.download.DownloadConfig(manual_dir="folder")  # doctest: +SKIP
>>> tfds.load(
...     "pneumonia/64",
...     download_and_prepare_kwargs={"download_config": config},
... )  # doctest: +SKIP
"""

from dataclasses import dataclass

from tfrwc.compat.extras import extra
from tfrwc.datasets.xray_builder import CITATION, XRayBuilder

with extra("datasets"):
    import tensorflow_datasets as tfds

with extra("datasets"):
    import tensorflow_datasets as tfds


@dataclass(kw_only=True)
class PneumoniaConfig(tfds.core.BuilderConfig):
    """Images of one size.

    Attributes:
        size: height and width; None for the files' own.
    """

    size: int | None = None


class Pneumonia(XRayBuilder):
    """Chest X-rays of children with and without pneumonia, with patient ids."""

    BUILDER_CONFIGS = [  # noqa: RUF012 (so TFDS reads it)
        PneumoniaConfig(name="64", size=64, description="64 x 64"),
        PneumoniaConfig(name="224", size=224, description="224 x 224"),
        PneumoniaConfig(name="kaggle", description="the files' own sizes"),
        PneumoniaConfig(name="medmnist", size=28, description="PneumoniaMNIST"),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            description="Pediatric chest X-rays, normal or with pneumonia: "
            f"{self.builder_config.description}.",
            features=self._features(self.builder_config.size),
            supervised_keys=("image", "label"),
            homepage="https://data.mendeley.com/datasets/rscbjbr9sj/3",
            citation=CITATION,
        )
