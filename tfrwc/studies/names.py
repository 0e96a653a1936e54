"""What readers of pages call networks, data sets and measures."""

from pathlib import Path

from tfrwc.datasets.catalogue import DATA_SETS

_NETWORKS = {
    "resnet10": "ResNet-10",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "vgg19": "VGG-19",
    "alexnet": "AlexNet",
    "efficientnetb4": "EfficientNet-B4",
}
# Of published trials, which TensorFlow Datasets has; others say it in their row.
_SETS = {"cifar100": "CIFAR-100", "svhn_cropped": "SVHN"}
_MEASURES = {
    "l1_ratio": "relative change",
    "elementwise_mean": "mean ratio of elements (the papers' code)",
}


def network_name(name: str) -> str:
    """Of one of `tfrwc.models.NAMES`, such as "narrow ResNet-18"."""
    network, _, size = name.partition("_")
    return f"{size} {_NETWORKS.get(network, network)}".replace("_", " ").strip()


def set_name(name: str) -> str:
    """Of a data set, of a file of one, or of a folder of images."""
    last = Path(name).name
    stem = last.removesuffix(".npz")
    row = DATA_SETS.get(stem)
    return (row.title if row else _SETS.get(stem)) or last


def measure_name(name: str) -> str:
    """Of a measure of change."""
    return _MEASURES.get(name, name.replace("_", " "))
