"""The trials of the two papers, as published and in a form for two processor cores."""

from tfrwc import models
from tfrwc.studies.dynamics.trial import Trial

SEEDS = (0, 42, 123, 1000, 1234)
_FIRST = ("resnet18", "vgg19", "alexnet")
_FIRST_SETS = ("mnist", "fashion_mnist", "cifar10", "cifar100")
_SECOND = ("resnet34", "efficientnetb4")
_SECOND_SETS = ("cifar10", "cifar100", "svhn_cropped")

# The papers' networks on the papers' sets. The first paper names the seeds; the second
# names none, and gets the same. arXiv:2011.06735 is trials 1 to 12, arXiv:2107.07005
# trials 13 to 18. They need a GPU, and TFDS' downloads.
PUBLISHED = tuple(
    Trial(dataset, model, models.published_settings(model, dataset).epochs, SEEDS)
    for networks, sets in ((_FIRST, _FIRST_SETS), (_SECOND, _SECOND_SETS))
    for model in networks
    for dataset in sets
)

# A quarter of the width, equal numbers of images and steps for each task, and one
# learning rate for each network, so that tasks differ in nothing but their images.
REDUCED = (
    *(
        Trial(dataset, model, epochs, SEEDS[:3], images=4000, learning_rate=rate)
        for model, epochs, rate in (
            ("resnet18_narrow", 10, 0.1),
            ("vgg19_narrow", 10, 0.05),
            ("alexnet_narrow", 20, 0.1),
        )
        for dataset in ("mnist", "fashion_mnist", "pneumoniamnist", "cifar10")
    ),
    Trial("cifar10", "resnet34_narrow", 8, SEEDS[:2], images=4000),
    Trial("cifar10", "efficientnetb4", 8, SEEDS[:2], images=4000),
)

STUDIES = {"published": PUBLISHED, "reduced": REDUCED}

# Test accuracy that the first paper reports, by network and set.
ACCURACY = {
    (model, dataset): accuracy
    for model, row in {
        "resnet18": (0.99, 0.92, 0.91, 0.64),
        "vgg19": (0.985, 0.916, 0.905, 0.636),
        "alexnet": (0.985, 0.895, 0.81, 0.53),
    }.items()
    for dataset, accuracy in zip(_FIRST_SETS, row, strict=True)
}
