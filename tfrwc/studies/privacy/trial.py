"""What privacy costs: images with noise to train on, or noise on the gradients.

One network, from one start, is trained without privacy; on images released by each
mechanism (Local-DP); and by DP-SGD at several budgets. All are tested on clean images,
those of Local-DP on released ones too. The question is that of arXiv:2005.13099.
"""

from dataclasses import asdict, dataclass
from typing import Any

from tfrwc._common.checks import whole_number
from tfrwc._common.plain import plain
from tfrwc.studies import trial as study_trial
from tfrwc.studies.trial import (
    NUMBERS,
    WHOLE,
    WHOLE_NUMBERS,
    Kind,
    check_seeds,
    names,
    network,
    option,
)

# Of each kind of release, those whose images still show something, for a short study.
FEW = (
    *("laplace_value_4", "laplace_value_16", "gaussian_image_10"),
    *("gaussian_image_1000", "dppix_4", "response_value_2", "dpsvd_0p1"),
    *("shift_0p25", "shift_1"),
)


def datasets() -> tuple[str, ...]:
    """Names of the data sets of two classes."""
    from tfrwc.studies.privacy import data

    return data.NAMES


def public_sets() -> tuple[str, ...]:
    """Names of the public sets to start from."""
    from tfrwc.studies.privacy import start

    return start.PUBLIC


def releases(text: str) -> tuple[str, ...] | None:
    """Names of releases: few, all, none, or their names separated by commas."""
    sets = {"few": FEW, "all": None, "none": ()}
    return sets[text] if text in sets else names(text)


@dataclass(frozen=True)
class Trial(study_trial.Trial):
    """One study.

    Attributes:
        dataset: one of `tfrwc.studies.privacy.data.NAMES`.
        model: one of `tfrwc.models.NAMES`; its batch normalisation becomes group
            normalisation.
        epochs: passes of DP-SGD over the training images; the other arms take a part
            of them, see `tfrwc.studies.privacy.arms`. None becomes 20 for digits and 8
            for X-rays.
        seeds: one training of every arm for each.
        epsilons: budgets of DP-SGD for one image; infinity clips and adds no noise.
        mechanisms: names of standard mechanisms; None for all.
        public: what the network is trained on before, one of
            `tfrwc.studies.privacy.start.PUBLIC`. None becomes ``"none"`` for digits
            and ``"fashion_mnist"`` for X-rays.
    """

    dataset: str = option(
        "digits", "digits, pneumoniamnist or chest_xray_64", choices=datasets
    )
    model: str = network("resnet18_narrow")
    epochs: int | None = option(
        None, "of DP-SGD; default: 20 for digits, 8 for X-rays", WHOLE
    )
    seeds: tuple[int, ...] = option(
        (0, 1), "one training of every arm for each, separated by commas", WHOLE_NUMBERS
    )
    epsilons: tuple[float, ...] = option(
        (1.0, 3.0, 8.0),
        "budgets of DP-SGD, separated by commas; inf clips and adds no noise",
        NUMBERS,
    )
    mechanisms: tuple[str, ...] | None = option(
        FEW,
        "that images to train on are released by: few, all, none, or names separated "
        "by commas; default: few",
        Kind(releases, tuple),
    )
    public: str | None = option(
        None,
        "images to train on before: fashion_mnist (default for X-rays), mnist, or none "
        "(default for digits)",
        choices=public_sets,
        noun="public set",
    )

    def __post_init__(self) -> None:
        digits = self.dataset == "digits"
        if self.epochs is None:
            object.__setattr__(self, "epochs", 20 if digits else 8)
        if self.public is None:
            object.__setattr__(self, "public", "none" if digits else "fashion_mnist")
        super().__post_init__()
        whole_number(self.epochs, "epochs")
        check_seeds(self.seeds, bits=31)
        positive = all(epsilon > 0 for epsilon in self.epsilons)
        if not positive or len(set(self.epsilons)) < len(self.epsilons):
            raise ValueError(
                f"epsilons must be different and above 0. Received: {self.epsilons}."
            )
        from tfrwc.studies.privacy import arms

        # A mistyped name is found now and not after hours.
        arms.arms(self.mechanisms, self.epsilons)

    @property
    def name(self) -> str:
        """Of the private model that is pushed."""
        return f"private-{self.dataset}"

    def settings(self) -> dict[str, Any]:
        """The trial, and the recipes of its trainings, as plain data."""
        from tfrwc.studies.privacy import arms

        recipes = {"plain": asdict(arms.PLAIN), "private": asdict(arms.PRIVATE)}
        return plain(asdict(self) | {"recipes": recipes})
