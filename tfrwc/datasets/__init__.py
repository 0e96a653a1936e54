"""Images to train and test on: by name, from folders, and from TensorFlow Datasets.

>>> from tfrwc import datasets
>>> datasets.load("digits").image_shape
(8, 8, 1)

`load` reads images with classes, `table` lists the sets that are known by name,
`sprites` has images whose factors are known, and `mixing` draws data from known
factors. The modules `pneumonia` and `private_pneumonia` are builders of TensorFlow
Datasets. Importing this package does not import TensorFlow.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.datasets import mixing, sprites
    from tfrwc.datasets.catalogue import table
    from tfrwc.datasets.image_set import ImageSet
    from tfrwc.datasets.sources import load, load_factors

__all__ = ["ImageSet", "load", "load_factors", "mixing", "sprites", "table"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submodules=["mixing", "sprites"],
    submod_attrs={
        "catalogue": ["table"],
        "image_set": ["ImageSet"],
        "sources": ["load", "load_factors"],
    },
)
