"""What privacy costs: images with noise to train on, or noise on the gradients.

One network, from one start, is trained without privacy; on images released by each
mechanism (Local-DP); and by DP-SGD at several budgets. All are tested on clean images,
those of Local-DP on released ones too. The question is that of arXiv:2005.13099.
"""

from dataclasses import asdict, dataclass

from tfrwc import models
from tfrwc._common.plain import plain
from tfrwc.studies.privacy import arms, data, start


@dataclass(frozen=True)
class Trial:
    """One study.

    Attributes:
        dataset: one of `tfrwc.studies.privacy.data.NAMES`.
        model: one of `tfrwc.models.NAMES`; its batch normalisation becomes group
            normalisation.
        epochs: passes of DP-SGD over the training images; the other arms take a part
            of them, see `tfrwc.studies.privacy.arms`.
        seeds: one training of every arm for each.
        epsilons: budgets of DP-SGD for one image; infinity clips and adds no noise.
        mechanisms: names of standard mechanisms; None for all.
        public: what the network is trained on before, one of
            `tfrwc.studies.privacy.start.PUBLIC`.
    """

    dataset: str = "digits"
    model: str = "resnet18_narrow"
    epochs: int = 8
    seeds: tuple = (0,)
    epsilons: tuple = (1.0, 3.0, 8.0)
    mechanisms: tuple | None = None
    public: str = "none"

    def __post_init__(self):
        for name, value, choices in (
            ("dataset", self.dataset, data.NAMES),
            ("network", self.model, models.NAMES),
            ("public set", self.public, start.PUBLIC),
        ):
            if value not in choices:
                raise ValueError(
                    f"There is no {name} {value!r}. Choose one of {', '.join(choices)}."
                )
        if self.epochs < 1:
            raise ValueError(f"epochs must be 1 or more. Received: {self.epochs}.")
        whole = all(0 <= seed < 2**31 for seed in self.seeds)
        if not self.seeds or not whole or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                "A trial needs one or more different seeds in 0..2**31 - 1. "
                f"Received: {self.seeds}."
            )
        positive = all(epsilon > 0 for epsilon in self.epsilons)
        if not positive or len(set(self.epsilons)) < len(self.epsilons):
            raise ValueError(
                f"epsilons must be different and above 0. Received: {self.epsilons}."
            )
        # A mistyped name is found now and not after hours.
        arms.arms((8, 8), self.mechanisms, self.epsilons)


def settings(trial) -> dict:
    """All settings of a trial, as plain data."""
    # Infinity has no place in JSON.
    epsilons = [f"{epsilon:g}" for epsilon in trial.epsilons]
    recipes = {
        name: asdict(recipe) | {"clip": f"{recipe.clip:g}"}
        for name, recipe in (
            ("plain", arms.PLAIN),
            ("private", arms.PRIVATE),
        )
    }
    return plain(asdict(trial) | {"epsilons": epsilons, "recipes": recipes})
