"""The ways of training that a private study compares, as a numbered list."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tfrwc.privacy.release.catalogue import standard_names
from tfrwc.privacy.sgd.settings import TrainingSettings
from tfrwc.studies.privacy.release import check_names

KINDS = ("non-private", "local-dp", "dp-sgd")


@dataclass(frozen=True)
class Recipe:
    """Settings of SGD; its rate rises for a tenth of the steps, then falls.

    Attributes:
        learning_rate: the greatest.
        batch_size: images in a step, expected ones where they are drawn; at most a
            quarter of all.
        passes: over the training images, in proportion to those asked for.
        momentum: of SGD.
        averaging: decay of the moving average of the weights, which is what is tested;
            for what is private it costs nothing.
        clip: greatest norm of the gradient of an image; infinity for none.
        views: shifted views of an image in a step, whose mean gradient is clipped.
    """

    learning_rate: float
    batch_size: int
    passes: float
    momentum: float
    averaging: float
    clip: float = math.inf
    views: int = 1

    def plan(self, epochs: int, images: int) -> tuple[int, int, int]:
        """Epochs, batch size, and the number of steps that makes.

        Args:
            epochs: that are asked for.
            images: to train on.
        """
        epochs = max(1, math.ceil(self.passes * epochs))
        batch = max(1, min(self.batch_size, images // 4))
        return epochs, batch, epochs * math.ceil(images / batch)


# Chosen on held-out images of PneumoniaMNIST.
PLAIN = Recipe(0.02, batch_size=64, passes=0.5, momentum=0.9, averaging=0.9)
PRIVATE = Recipe(
    2.0, batch_size=256, passes=1, momentum=0.0, averaging=0.9, clip=1.0, views=2
)


def private_settings(epochs: int, images: int, epsilon: float) -> TrainingSettings:
    """Settings of `PRIVATE`.

    Args:
        epochs, images: as of `Recipe.plan`.
        epsilon: of one image; infinity clips and adds no noise.
    """
    epochs, batch, _ = PRIVATE.plan(epochs, images)
    noise = math.isfinite(epsilon)
    return TrainingSettings(
        epsilon=epsilon if noise else None,
        noise_multiplier=None if noise else 0.0,
        clip=PRIVATE.clip,
        batch_size=batch,
        epochs=epochs,
        train_size=images,
        augmentation_multiplicity=PRIVATE.views,
    )


@dataclass(frozen=True)
class Arm:
    """One way of training.

    Attributes:
        number: in the list.
        name: of the arm; for "local-dp" that of the standard mechanism which releases
            the training images.
        kind: one of `KINDS`.
        epsilon: of one image, that "dp-sgd" is to keep; infinity for all others, and
            where gradients are clipped and no noise is added.
    """

    number: int
    name: str
    kind: str
    epsilon: float = math.inf


def arms(
    mechanisms: Sequence[str] | None = None,
    epsilons: Sequence[float] = (1.0, 3.0, 8.0),
) -> list[Arm]:
    """The list: without privacy, on released images, with private steps.

    Args:
        mechanisms: names of standard mechanisms; None for all.
        epsilons: budgets of DP-SGD.

    Raises:
        ValueError: if there is no such release.
    """
    chosen = list(standard_names() if mechanisms is None else mechanisms)
    check_names(chosen)
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"Releases must differ from each other. Received: {chosen}.")
    rows = [("non_private", KINDS[0], math.inf)]
    rows += [(name, KINDS[1], math.inf) for name in chosen]
    rows += [(f"dp_sgd_{e:g}".replace(".", "p"), KINDS[2], float(e)) for e in epsilons]
    if len({name for name, *_ in rows}) < len(rows):
        raise ValueError(
            f"epsilons must differ in six digits. Received: {tuple(epsilons)}."
        )
    return [Arm(number, *row) for number, row in enumerate(rows)]
