"""Networks by name, and the published settings to train each on each task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


Builder = Callable[..., "keras.Model"]

# Each network is imported when it is built, so that naming it does not import Keras.


def _resnet(blocks: tuple[int, ...], width: int) -> Builder:
    def build(**options: Any) -> "keras.Model":
        from tfrwc.models.resnet import resnet

        return resnet(blocks=blocks, width=width, **options)

    return build


def _vgg19(width: int) -> Builder:
    def build(**options: Any) -> "keras.Model":
        from tfrwc.models.vgg import vgg19

        return vgg19(width=width, **options)

    return build


def _alexnet(width: int) -> Builder:
    def build(**options: Any) -> "keras.Model":
        from tfrwc.models.alexnet import alexnet

        return alexnet(width=width, **options)

    return build


def _efficientnetb4(**options: Any) -> "keras.Model":
    from tfrwc.models.efficientnet import efficientnetb4

    return efficientnetb4(**options)


_NETWORKS: dict[str, Builder] = {
    "resnet18": _resnet((2, 2, 2, 2), 64),
    "resnet34": _resnet((3, 4, 6, 3), 64),
    "vgg19": _vgg19(64),
    "alexnet": _alexnet(64),
    "efficientnetb4": _efficientnetb4,
    # At a quarter of their width, for a laptop.
    "resnet18_narrow": _resnet((2, 2, 2, 2), 16),
    "resnet34_narrow": _resnet((3, 4, 6, 3), 16),
    "vgg19_narrow": _vgg19(16),
    "alexnet_narrow": _alexnet(16),
    # For images of a few pixels.
    "resnet10_tiny": _resnet((1, 1, 1, 1), 4),
}
NAMES = tuple(_NETWORKS)


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Attributes:
        learning_rate: constant.
        weight_decay: factor λ of the penalty λ/2 ‖w‖² on every trained weight.
        momentum: of SGD; None trains by Adam.
        batch_size: images per step.
        epochs: passes over the training images.
    """

    learning_rate: float
    weight_decay: float
    momentum: float | None = 0.9
    batch_size: int = 128
    epochs: int = 150

    def optimizer(self) -> "keras.optimizers.Optimizer":
        """A new Keras optimizer; the weight decay is in the network."""
        import keras

        if self.momentum is None:
            return keras.optimizers.Adam(self.learning_rate)
        return keras.optimizers.SGD(self.learning_rate, momentum=self.momentum)


_ALEXNET_RATES = {
    "cifar10": 0.001,
    "cifar100": 0.01,
    "mnist": 0.1,
    "fashion_mnist": 0.1,
}


def build(
    name: str,
    image_shape: tuple[int, int, int],
    classes: int,
    weight_decay: float = 0.0,
) -> "keras.Model":
    """Build a network, untrained and uncompiled.

    Args:
        name: one of `NAMES`.
        image_shape: (height, width, channels); any height and width.
        classes: number of classes.
        weight_decay: factor λ of the penalty λ/2 ‖w‖² on every trained weight.

    Raises:
        ValueError: for an unknown name.
    """
    _check(name)
    return _NETWORKS[name](
        image_shape=tuple(image_shape), classes=classes, weight_decay=weight_decay
    )


def published_settings(name: str, dataset: str) -> Settings:
    """The settings of arXiv:2011.06735 or arXiv:2107.07005 for a network on a data set.

    ResNet-34 and EfficientNet-B4 have those of the second, on any data set. The other
    networks have those of the first, which are of CIFAR-10, CIFAR-100, MNIST and
    Fashion-MNIST; other data sets get the settings of CIFAR-10, and narrow networks
    those of the full ones.

    Args:
        name: one of `NAMES`.
        dataset: name of the data set.

    Raises:
        ValueError: for an unknown network.
    """
    _check(name)
    network = name.removesuffix("_narrow")
    if network in ("resnet34", "efficientnetb4"):
        return Settings(1e-3, weight_decay=0.0, momentum=None, epochs=25)
    epochs = 20 if dataset in ("mnist", "fashion_mnist") else 150
    if network == "alexnet":
        rate = _ALEXNET_RATES.get(dataset, _ALEXNET_RATES["cifar10"])
        return Settings(rate, weight_decay=1e-4, epochs=epochs)
    if network == "vgg19":
        return Settings(0.05, weight_decay=5e-4, epochs=epochs)
    return Settings(0.1, weight_decay=1e-4, epochs=epochs)


def _check(name: str) -> None:
    if name not in _NETWORKS:
        raise ValueError(
            f"There is no network {name!r}. Choose one of {', '.join(NAMES)}."
        )
