"""One network on one task, with several seeds."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from tfrwc import datasets, models


@dataclass(frozen=True)
class Trial:
    """One network on one task.

    Attributes:
        dataset: as in `tfrwc.datasets.load`.
        model: one of `tfrwc.models.NAMES`.
        epochs: passes over the training images.
        seeds: one training run for each.
        images: how many training images to take, and a quarter as many test images,
            drawn once for all seeds; None takes all.
        learning_rate: constant; None is the published one of network and set.
    """

    dataset: str
    model: str
    epochs: int
    seeds: tuple
    images: int | None = None
    learning_rate: float | None = None

    def __post_init__(self):
        if self.model not in models.NAMES:
            raise ValueError(
                f"There is no network {self.model!r}. Choose one of "
                f"{', '.join(models.NAMES)}."
            )
        if self.epochs < 2:
            raise ValueError(
                f"Curves of change need 2 or more epochs. Received: {self.epochs}."
            )
        whole = all(0 <= seed < 2**32 for seed in self.seeds)
        if not self.seeds or not whole or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                "A trial needs one or more different seeds in 0..2**32 - 1. "
                f"Received: {self.seeds}."
            )
        if self.images is not None and self.images < 1:
            raise ValueError(
                "A trial trains on 1 image or more, or on all with images=None. "
                f"Received: {self.images}."
            )

    @property
    def name(self) -> str:
        return f"{Path(self.dataset).name}-{self.model}"

    @property
    def training(self) -> models.Settings:
        """How the network is trained: as published, but for the trial's own values."""
        published = models.published_settings(self.model, self.dataset)
        rate = self.learning_rate or published.learning_rate
        return replace(published, learning_rate=rate, epochs=self.epochs)

    def settings(self) -> dict:
        return json.loads(json.dumps(asdict(self) | asdict(self.training)))

    def to_json(self) -> str:
        """What it was made of, for `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text) -> "Trial":
        """The trial of a text of `to_json`."""
        found = json.loads(text)
        return cls(**found | {"seeds": tuple(found["seeds"])})


def load_images(dataset, images=None) -> datasets.ImageSet:
    """A set, or as many of its training images and a quarter as many test images.

    Args:
        dataset: as in `tfrwc.datasets.load`.
        images: how many training images, drawn once for all; None takes all.

    Raises:
        ValueError: if the set has fewer.
    """
    found = datasets.load(dataset)
    if images is None:
        return found
    if images < 1:
        raise ValueError(f"Take 1 image or more. Received: images={images}.")
    if images > len(found.x_train):
        raise ValueError(
            f"{dataset} has {len(found.x_train)} training images. Received: "
            f"images={images}. Ask for fewer, or for all with None."
        )
    rng = np.random.default_rng(0)
    train = rng.permutation(len(found.x_train))[:images]
    test = rng.permutation(len(found.x_test))[: -(-images // 4)]
    return replace(
        found,
        x_train=found.x_train[train],
        y_train=found.y_train[train],
        x_test=found.x_test[test],
        y_test=found.y_test[test],
    )
