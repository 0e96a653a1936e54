"""The data sets that are known by name: one row of a table for each.

>>> from tfrwc import datasets
>>> datasets.table().loc["digits", "uses"]
'classification, two_classes'

A new data set is a new row of `ROWS`. Only a set in a new format also needs a function
that reads it, which its row names. Everything else that depends on the set (what can be
loaded, trained on, released with noise or scored, and what an unknown name is answered
with) is taken from the row.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

DATA_DIR_VARIABLE = "TFRWC_DATA_DIR"
USES = ("classification", "two_classes", "factors", "public")


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set that is known by name.

    Attributes:
        name: what it is asked for by.
        description: one line for people.
        title: what pages and figures call it; None for its name.
        size: height and width of the images, in pixels.
        uses: what it is for, of `USES`. ``"classification"``: `tfrwc.datasets.load`
            reads it. ``"two_classes"``: the study of privacy tells two classes of it
            apart. ``"public"``: that study may train on it beforehand, without
            privacy. ``"factors"``: the factors its images were drawn from are known,
            and the study of β scores latents by them.
        reader: ``"module:function"``, which reads it. A set for classification is read
            by ``function(data_set, path)``, with the path of its file, or None if it
            has none; a set of factors by ``function()``. None for sets that only
            `tfrwc.datasets.xray_files` reads.
        classes: how many; None where images have no class.
        file: its name in the folder that the environment variable TFRWC_DATA_DIR
            names; None if it needs no file.
        ships_with: the package that brings it, where one does.
        sha256: of the file, in hexadecimal; None if the project does not know it.
        tfds: ``"builder"`` or ``"builder/configuration"`` of TensorFlow Datasets that
            makes the same images; None if there is none.
        xrays: whether it is made of chest X-rays, whose patients
            `tfrwc.datasets.xray_files` knows.
        may_be_shown: whether reports on privacy may show its images, since they are
            public and of nobody.
        note: what reports add to the name of the file.
        betas: weights of a β-VAE between which the latents of a set of factors come
            to life and collapse, in ascending order.
    """

    name: str
    description: str
    size: int
    title: str | None = None
    uses: tuple[str, ...] = ()
    reader: str | None = None
    classes: int | None = None
    file: str | None = None
    ships_with: str | None = None
    sha256: str | None = None
    tfds: str | None = None
    xrays: bool = False
    may_be_shown: bool = False
    note: str = ""
    betas: tuple[float, ...] = ()

    @property
    def path(self) -> Path | None:
        """The file, if TFRWC_DATA_DIR is set and the file is there; else None."""
        folder = os.environ.get(DATA_DIR_VARIABLE)
        if not folder or self.file is None:
            return None
        path = Path(folder) / self.file
        return path if path.exists() else None

    @property
    def available(self) -> bool:
        """Whether it can be read without a download."""
        if self.file is None:
            return self.reader is not None
        return self.path is not None


ROWS = (
    DataSet(
        name="digits",
        description="Handwritten digits that ship with scikit-learn.",
        size=8,
        uses=("classification", "two_classes"),
        reader="tfrwc.datasets.digits:read_digits",
        ships_with="scikit-learn",
        classes=10,
        may_be_shown=True,
    ),
    DataSet(
        name="mnist",
        description="Handwritten digits.",
        title="MNIST",
        size=28,
        uses=("classification", "public"),
        reader="tfrwc.datasets.archives:read_archive",
        classes=10,
        file="mnist.npz",
        tfds="mnist",
    ),
    DataSet(
        name="fashion_mnist",
        description="Pieces of clothing.",
        title="Fashion-MNIST",
        size=28,
        uses=("classification", "public"),
        reader="tfrwc.datasets.archives:read_archive",
        classes=10,
        file="fashion_mnist.npz",
        tfds="fashion_mnist",
    ),
    DataSet(
        name="cifar10",
        description="Colour photographs of animals and vehicles.",
        title="CIFAR-10",
        size=32,
        uses=("classification",),
        reader="tfrwc.datasets.archives:read_archive",
        classes=10,
        file="cifar10_lossless_subset.npz",
        tfds="cifar10",
        note="; the first images of each batch only",
    ),
    DataSet(
        name="pneumoniamnist",
        description="Chest X-rays of children, reduced, without patients (MedMNIST).",
        title="PneumoniaMNIST",
        size=28,
        uses=("classification", "two_classes"),
        reader="tfrwc.datasets.archives:read_medmnist_archive",
        classes=2,
        file="pneumoniamnist.npz",
        sha256="e1792d3f03751cb101e99f19a63b3c1941436c988665f47853417b05be250cd8",
        tfds="pneumonia/medmnist",
        xrays=True,
    ),
    DataSet(
        name="chest_xray_64",
        description="Chest X-rays of children, with patients.",
        title="chest X-rays",
        size=64,
        uses=("classification", "two_classes"),
        reader="tfrwc.datasets.archives:read_archive",
        classes=2,
        file="chest_xray_64.npz",
        tfds="pneumonia/64",
        xrays=True,
    ),
    DataSet(
        name="chest_xray_224",
        description="Chest X-rays of children, with patients, for the TFDS builders.",
        size=224,
        classes=2,
        file="chest_xray_224_jpeg.npz",
        tfds="pneumonia/224",
        xrays=True,
    ),
    DataSet(
        name="xrays",
        description="Chest X-rays of children in a folder of one's own.",
        title="chest X-rays",
        size=64,
        uses=("two_classes",),
        classes=2,
        tfds="pneumonia/64",
        xrays=True,
    ),
    DataSet(
        name="sprites",
        description="Small shapes, drawn when they are asked for.",
        size=16,
        uses=("factors",),
        reader="tfrwc.datasets.sprites:generate",
        betas=(0.25, 0.5, 1.0, 2.0, 4.0, 8.0),
    ),
    DataSet(
        name="sprites_32",
        description="The same shapes, drawn with four times as many pixels.",
        title="sprites of 32x32 pixels",
        size=32,
        uses=("factors",),
        reader="tfrwc.datasets.sprites:generate_32",
        betas=(2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0),
    ),
    DataSet(
        name="dsprites",
        description="A grid of the published dSprites.",
        title="dSprites",
        size=64,
        uses=("factors",),
        reader="tfrwc.datasets.sprites:dsprites",
        file="dsprites.npz",
        tfds="dsprites",
        betas=(1.0, 2.0, 4.0, 6.0, 8.0, 16.0),  # those published
    ),
)
DATA_SETS = {row.name: row for row in ROWS}


def for_use(use: str) -> dict[str, DataSet]:
    """The data sets for one of `USES`, by name, in the order of the table."""
    return {name: row for name, row in DATA_SETS.items() if use in row.uses}


def table() -> "pd.DataFrame":
    """The data sets that are known by name.

    Returns:
        A row per set, indexed by its name, with the columns description; uses,
        separated by commas; size; classes, missing where there are none; file, sha256
        and tfds, empty where there are none, all as of `DataSet`; and available,
        whether the set can be read here without a download.
    """
    import pandas as pd

    frame = pd.DataFrame(
        {
            "description": [row.description for row in ROWS],
            "uses": [", ".join(row.uses) for row in ROWS],
            "size": [row.size for row in ROWS],
            "classes": pd.array([row.classes for row in ROWS], "Int64"),
            "file": [row.file or "" for row in ROWS],
            "sha256": [row.sha256 or "" for row in ROWS],
            "tfds": [row.tfds or "" for row in ROWS],
            "available": [row.available for row in ROWS],
        },
        index=[row.name for row in ROWS],
    )
    return frame.rename_axis("name")
