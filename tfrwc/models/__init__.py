"""The networks of the papers, in Keras 3, and the settings they were trained with.

>>> from tfrwc import models
>>> model = models.build("resnet18", image_shape=(32, 32, 3), classes=10)
>>> settings = models.published_settings("resnet18", "cifar10")
>>> model.compile(settings.optimizer(), "sparse_categorical_crossentropy")

Every network takes images in 0..255 and gives class probabilities. Importing this
package, or asking for the names in `NAMES`, does not import Keras.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from tfrwc.models.registry import NAMES, Settings, build, published_settings

__all__ = ["NAMES", "Settings", "build", "published_settings"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={"registry": ["NAMES", "Settings", "build", "published_settings"]},
)
