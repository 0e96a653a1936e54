"""How the members of a sweep are trained."""

from dataclasses import dataclass

import numpy as np

from tfrwc.disentangle.checks import count


@dataclass(eq=False, kw_only=True)
class TrainingOptions:
    """How the members of a sweep are trained.

    Args:
        epochs: passes over the examples.
        batch_size: examples per step; the rest of an epoch that fills no batch is left
            out of it.
        learning_rate: of Adam, decayed to 0 along a cosine.
        patience: None; or a member stops where its mean loss has not improved by 1e-4
            of itself for that many epochs.
        verbose: 1 for a line that says how far it is, and how long it may take.

    Raises:
        ValueError: if an argument is not as above.
    """

    epochs: int = 100
    batch_size: int = 64
    learning_rate: float = 1e-3
    patience: int | None = None
    verbose: int = 0

    def __post_init__(self) -> None:
        count(self.epochs, "epochs")
        count(self.batch_size, "batch_size")
        if self.patience is not None:
            count(self.patience, "patience")
        if not 0 < self.learning_rate < np.inf:
            raise ValueError(
                f"learning_rate must be above 0. Received: {self.learning_rate!r}."
            )
