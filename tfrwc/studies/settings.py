"""How a network is trained, as components are told: a recipe, and a network.

The ways of training, by name:

- ``published``: as in arXiv:2011.06735 and arXiv:2107.07005;
- ``public``: on public images, for others to start from;
- ``plain``: of two classes, without privacy;
- ``dp_sgd``: of two classes, by DP-SGD;
- ``clipped``: the same with no noise, which guarantees nothing;
- ``run_fn``: by a function of the user, see `tfrwc.studies.run_fn`.
"""

import math
from dataclasses import dataclass

from tfrwc import models
from tfrwc.studies.user_code import place, short

RUN_FN = "run_fn"
RECIPES = ("published", "public", "plain", "dp_sgd", "clipped", RUN_FN)


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Attributes:
        recipe: one of `RECIPES`.
        network: one of `tfrwc.models.NAMES`, or a function that builds a network, see
            `tfrwc.studies.networks`; for ``run_fn`` the function that trains one.
        epochs: passes over the training images, of which ``plain`` takes a part;
            ``public`` knows its own.
        seed: of the first weights, and of the order of images where privacy does not
            draw it.
        epsilon: of one image, for ``dp_sgd``; infinity for all others.
        learning_rate: for ``published``; 0 is the published one.
    """

    recipe: str
    network: str
    epochs: int
    seed: int = 0
    epsilon: float = math.inf
    learning_rate: float = 0.0

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise ValueError(
                f"There is no recipe {self.recipe!r}. Choose one of "
                f"{', '.join(RECIPES)}."
            )
        self._check_network()
        if (self.epochs < 1) != (self.recipe == "public"):
            raise ValueError(
                "epochs must be 1 or more; the recipe public has its own, and takes 0. "
                f"Received: {self.recipe}, {self.epochs}."
            )
        if self.learning_rate < 0 or (
            self.learning_rate and self.recipe != "published"
        ):
            raise ValueError(
                "A learning rate is 0 or above, and for the recipe published alone. "
                f"Received: {self.recipe}, {self.learning_rate}."
            )
        if (self.recipe == "dp_sgd") != (0 < self.epsilon < math.inf):
            raise ValueError(
                "The recipe dp_sgd needs a finite epsilon above 0, and no other takes "
                f"one. Received: {self.recipe}, {self.epsilon}."
            )

    def _check_network(self) -> None:
        if self.network in models.NAMES and self.recipe != RUN_FN:
            return
        is_run_fn = self.network.endswith(f".py:{RUN_FN}")
        if ":" not in self.network or is_run_fn != (self.recipe == RUN_FN):
            raise ValueError(
                f"There is no network {self.network!r} for the recipe {self.recipe}. "
                f"Choose one of {', '.join(models.NAMES)}; or give build, a function "
                "that builds one, and a recipe; or module_file alone, for the recipe "
                f"{RUN_FN}."
            )
        if self.recipe == "published":
            raise ValueError(
                "The recipe published is for the networks of the papers. Train your "
                f"own by another, or by module_file. Received: {self.network}."
            )
        place(self.network)

    @property
    def name(self) -> str:
        """Of the network, as it may be published."""
        return short(self.network) if ":" in self.network else self.network


def network_of(network: str, build: str, module_file: str) -> str:
    """The network of `Settings`, of which one kind is given, and two are empty.

    Args:
        network: its name.
        build: name of a function that builds one.
        module_file: path of a file with a function ``run_fn`` that trains one.

    Raises:
        ValueError: if none or several are given.
    """
    given = [text for text in (network, build, module_file) if text]
    if len(given) != 1:
        raise ValueError(
            "Give one of network, build and module_file. Received: "
            f"{network!r}, {build!r} and {module_file!r}."
        )
    return f"{module_file}:{RUN_FN}" if module_file else given[0]
