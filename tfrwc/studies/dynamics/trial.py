"""One network on one task, with several seeds."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.checks import whole_number
from tfrwc._common.plain import plain
from tfrwc.studies import trial as study_trial
from tfrwc.studies.trial import (
    NUMBER,
    WHOLE,
    WHOLE_NUMBERS,
    check_seeds,
    network,
    option,
)

if TYPE_CHECKING:
    from tfrwc.models import Settings


@dataclass(frozen=True)
class Trial(study_trial.Trial):
    """One network on one task.

    Attributes:
        dataset: as in `tfrwc.datasets.load`.
        model: one of `tfrwc.models.NAMES`.
        epochs: passes over the training images, 2 or more: one has no curve.
        seeds: one training run for each.
        images: how many training images to take, and a quarter as many test images,
            drawn once for all seeds; None takes all.
        learning_rate: constant; None is the published one of network and set.
    """

    dataset: str = option(
        "digits",
        "digits, mnist, fashion_mnist, cifar10, pneumoniamnist, chest_xray_64, another "
        "TFDS name, or a folder of class folders",
    )
    model: str = network("resnet18_narrow")
    epochs: int = option(15, "over the training images", WHOLE)
    seeds: tuple[int, ...] = option(
        (0, 42, 123), "one training for each, separated by commas", WHOLE_NUMBERS
    )
    images: int | None = option(
        None, "how many training images to take; default: all", WHOLE
    )
    learning_rate: float | None = option(
        None, "constant; default: the published one of network and data set", NUMBER
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number(self.epochs, "epochs", at_least=2)
        check_seeds(self.seeds, bits=32)
        if self.images is not None:
            whole_number(self.images, "images")

    @property
    def name(self) -> str:
        """Of the data set and the network."""
        return f"{Path(self.dataset).name}-{self.model}"

    @property
    def training(self) -> "Settings":
        """How the network is trained: as published, but for the trial's own values."""
        from tfrwc import models

        published = models.published_settings(self.model, self.dataset)
        rate = self.learning_rate or published.learning_rate
        return replace(published, learning_rate=rate, epochs=self.epochs)

    def settings(self) -> dict[str, Any]:
        """The trial, and how the network is trained, as plain data."""
        return plain(asdict(self) | asdict(self.training))
