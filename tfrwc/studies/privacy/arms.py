"""The ways of training that a private study compares, as a numbered list."""

import math
from dataclasses import dataclass

from tfrwc.privacy.release.catalogue import standard_mechanisms

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


# Of each kind of release, those whose images still show something, for a short study.
FEW = (
    "laplace_value_4",
    "laplace_value_16",
    "gaussian_image_10",
    "gaussian_image_1000",
)
FEW += ("dppix_4", "response_value_2", "dpsvd_0p1", "shift_0p25", "shift_1")

# Chosen on held-out images of PneumoniaMNIST.
PLAIN = Recipe(0.02, batch_size=64, passes=0.5, momentum=0.9, averaging=0.9)
PRIVATE = Recipe(
    2.0, batch_size=256, passes=1, momentum=0.0, averaging=0.9, clip=1.0, views=2
)


@dataclass(frozen=True)
class Arm:
    """One way of training.

    Attributes:
        number: in the list.
        name: of the arm.
        kind: one of `KINDS`.
        mechanism: that the training images are released by, for "local-dp".
        epsilon: of one image, for "dp-sgd"; infinity clips and adds no noise.
    """

    number: int
    name: str
    kind: str
    mechanism: object = None
    epsilon: float | None = None


def arms(shape, mechanisms=None, epsilons=(1.0, 3.0, 8.0)) -> list[Arm]:
    """The list: without privacy, on released images, with private steps.

    Args:
        shape: of the images, (height, width).
        mechanisms: names of releases, of `standard_mechanisms`; None for all.
        epsilons: budgets of DP-SGD.

    Raises:
        ValueError: if there is no such release.
    """
    known = standard_mechanisms(shape)
    chosen = list(known) if mechanisms is None else list(mechanisms)
    if unknown := sorted(set(chosen) - set(known)):
        raise ValueError(
            f"There is no release {', '.join(unknown)}. Choose from {', '.join(known)}."
        )
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"Releases must differ from each other. Received: {chosen}.")
    rows = [("non_private", KINDS[0], None, None)]
    rows += [(name, KINDS[1], known[name], None) for name in chosen]
    rows += [
        (f"dp_sgd_{e:g}".replace(".", "p"), KINDS[2], None, float(e)) for e in epsilons
    ]
    names = [name for name, *_ in rows]
    if len(set(names)) < len(names):
        raise ValueError(
            f"epsilons must differ in six digits. Received: {tuple(epsilons)}."
        )
    return [Arm(number, *row) for number, row in enumerate(rows)]
