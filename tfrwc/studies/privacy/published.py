"""The published study (arXiv:2005.13099) as configurations, with what its code did.

The recorded accuracies are those in the outputs that its released code comes with.
They are kept as numbers to be explained; running the configurations takes a GPU.
"""

import math
from dataclasses import dataclass
from typing import Any

from tfrwc.privacy import ScalarShift
from tfrwc.privacy.accounting import sgd

TRAINING_IMAGES, MAJORITY = 5216, 3875 / 5216


@dataclass(frozen=True)
class Published:
    """One training of the published study.

    All: ResNet-18 with batch normalisation, from ImageNet, 224 x 224 x 3; SGD with rate
    0.01 and weight decay 0.001, batches of 128, 50 epochs, seed 42; trained on 5,216
    chest X-rays and tested on 624 clean ones.

    Attributes:
        number: in the list.
        method: as it was called.
        claimed_epsilon: as published; None without privacy.
        really: what the code did.
        noise_multiplier: over the clipping norm of 1, for DP-SGD.
        train_accuracy, test_accuracy: recorded; None if not.
    """

    number: int
    method: str
    claimed_epsilon: float | None
    really: str
    noise_multiplier: float | None
    train_accuracy: float | None
    test_accuracy: float
    learning_rate: float = 0.01
    weight_decay: float = 0.001
    batch_size: int = 128
    epochs: int = 50
    seed: int = 42
    microbatch: int = 4
    delta: float = 1e-4

    @property
    def mechanism(self) -> ScalarShift | None:
        """What the training images were released by, for Local-DP."""
        if self.method == "Local-DP":
            return ScalarShift(self.claimed_epsilon)
        return None

    @property
    def implied_accuracy(self) -> float | None:
        """Accuracy on images that are not blank, by `blanked_accuracy`."""
        if self.mechanism is None:
            return None
        blank = math.exp(-self.claimed_epsilon)
        return (self.train_accuracy - blank * MAJORITY) / (1 - blank)

    @property
    def accounted_epsilon(self) -> float | None:
        """Epsilon of its noise, had the batches been Poisson samples.

        The mean of a microbatch is clipped, so that one image replaced by another moves
        it by up to twice the norm: half the noise multiplier counts. Batch
        normalisation, in which images of a batch meet, breaks even this.
        """
        if self.noise_multiplier is None:
            return None
        steps = self.epochs * math.ceil(TRAINING_IMAGES / self.batch_size)
        rate = self.batch_size / TRAINING_IMAGES
        return sgd.sampled_gaussian(
            self.noise_multiplier / 2, rate, steps, self.delta
        ).epsilon


_SHIFT = (
    "One Laplace number per image, of scale 255 / epsilon, added to every value, then "
    "saturated: a change of brightness, which guarantees nothing for an image."
)
_MICROBATCH = (
    "Means of microbatches of 4 clipped to 1 (which doubles the sensitivity), shuffled "
    "batches accounted as Poisson samples, batch normalisation in training mode (which "
    "breaks the guarantee)."
)
STUDY = (
    Published(0, "non-private", None, "As said.", None, 0.999, 0.893),
    Published(1, "Local-DP", 1.0, _SHIFT, None, 0.893, 0.881),
    Published(2, "Local-DP", 0.5, _SHIFT, None, 0.837, 0.896),
    Published(3, "Local-DP", 0.25, _SHIFT, None, 0.789, 0.880),
    Published(4, "DP-SGD", 1.0, _MICROBATCH, 5.002, None, 0.787),
    Published(5, "DP-SGD", 0.5, _MICROBATCH, 9.7, None, 0.720),
    Published(6, "DP-SGD", 0.25, _MICROBATCH, 19.55, None, 0.696),
)


def blanked_accuracy(a: float, epsilon: float, majority: float = MAJORITY) -> float:
    """Accuracy on images released by `ScalarShift`: (1 - exp(-ε)) a + exp(-ε) majority.

    A shift beyond 255, of probability exp(-ε), turns a whole image black or white. All
    that can be said of it is the commoner class.

    Args:
        a: accuracy on images that are not blank.
        epsilon: of the mechanism.
        majority: share of the commoner class.
    """
    blank = math.exp(-epsilon)
    return (1 - blank) * a + blank * majority


def table() -> list[dict[str, Any]]:
    """Plain data of the study, a row for each configuration."""
    names = ("number", "method", "claimed_epsilon", "really", "noise_multiplier")
    names += ("accounted_epsilon", "train_accuracy", "implied_accuracy")
    names += ("test_accuracy",)
    return [{name: getattr(one, name) for name in names} for one in STUDY]
