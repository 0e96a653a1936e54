"""Networks by name, and the published settings to train each on each task."""

from dataclasses import dataclass

from tfrwc.models.alexnet import alexnet
from tfrwc.models.efficientnet import efficientnetb4
from tfrwc.models.resnet import resnet
from tfrwc.models.vgg import vgg19

_BUILDERS = {
    "resnet18": lambda **kwargs: resnet((2, 2, 2, 2), 64, **kwargs),
    "resnet34": lambda **kwargs: resnet((3, 4, 6, 3), 64, **kwargs),
    "vgg19": lambda **kwargs: vgg19(64, **kwargs),
    "alexnet": lambda **kwargs: alexnet(64, **kwargs),
    "efficientnetb4": efficientnetb4,
    # At a quarter of their width, for a laptop.
    "resnet18_narrow": lambda **kwargs: resnet((2, 2, 2, 2), 16, **kwargs),
    "resnet34_narrow": lambda **kwargs: resnet((3, 4, 6, 3), 16, **kwargs),
    "vgg19_narrow": lambda **kwargs: vgg19(16, **kwargs),
    "alexnet_narrow": lambda **kwargs: alexnet(16, **kwargs),
    # For images of a few pixels.
    "resnet10_tiny": lambda **kwargs: resnet((1, 1, 1, 1), 4, **kwargs),
}
NAMES = tuple(_BUILDERS)


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

    def optimizer(self):
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


def build(name, image_shape, classes, weight_decay=0.0):
    """Build a network.

    Args:
        name: one of `NAMES`.
        image_shape: (height, width, channels); any height and width.
        classes: number of classes.
        weight_decay: factor λ of the penalty λ/2 ‖w‖² on every trained weight.

    Raises:
        ValueError: for an unknown name.
    """
    _check(name)
    return _BUILDERS[name](
        image_shape=tuple(image_shape), classes=classes, weight_decay=weight_decay
    )


def published_settings(name, dataset) -> Settings:
    """The settings of arXiv:2011.06735 or arXiv:2107.07005 for a network on a set.

    The second is of ResNet-34 and EfficientNet-B4 on any set. The first is of the
    other networks, on CIFAR-10, CIFAR-100, MNIST and Fashion-MNIST; other sets get
    the settings of CIFAR-10, narrow networks those of the full ones.

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


def _check(name):
    if name not in _BUILDERS:
        raise ValueError(
            f"There is no network {name!r}. Choose one of {', '.join(NAMES)}."
        )
