"""What the watched weights were when a training was seen last.

Between two calls of `fit`, or two loops by hand, something else than training may set
the weights: `load_weights`, a callback that restores the best ones at the end, pruning.
That is no change to record.
"""

import warnings
from collections.abc import Iterable
from typing import Any

from tfrwc.recording import backends
from tfrwc.recording.device import DeviceMeasures
from tfrwc.recording.digests import Digests, differ, digests
from tfrwc.recording.host import HostMeasures

Weights = HostMeasures | DeviceMeasures


class LastSeen:
    """Tells weights that were set from outside from weights that were trained.

    Attributes:
        is_recorded: whether the weights seen last are those of the last record.
    """

    def __init__(self) -> None:
        self.is_recorded = False
        self._at_start: Digests = []
        self._trained: list[int] = []
        self._last: Digests | None = None
        self._in_epoch = False
        self._told = False

    def start(self, weights: Weights) -> None:
        """Begin a training with the weights as they are now."""
        self._weights = weights
        self._at_start = self._last = digests(_tensors(weights))
        variables = weights.variables
        self._trained = [i for i, v in enumerate(variables) if v.trainable]
        self.is_recorded = False

    def start_epoch(self) -> None:
        """Begin an epoch."""
        self._in_epoch, self.is_recorded = True, False

    def end_epoch(self, weights: Weights, is_recorded: bool) -> None:
        """End an epoch.

        Args:
            weights: that are watched.
            is_recorded: whether they are now the weights' snapshots.
        """
        # The snapshots need no digest before they are compared.
        self._last = None if is_recorded else digests(_tensors(weights))
        self.is_recorded, self._in_epoch = is_recorded, False

    def trained(self) -> bool:
        """Whether trained weights have changed since the training began."""
        tensors = _tensors(self._weights)
        now = digests(tensors[i] for i in self._trained)
        return differ([self._at_start[i] for i in self._trained], now)

    def keep(self, weights: Weights) -> None:
        """Keep what is known of them beyond the snapshots that these weights have."""
        if self._last is None:
            self._last = digests(weights.snapshots)

    def were_set(self, weights: Weights, present: Iterable[int], rewound: bool) -> bool:
        """Whether weights were set from outside since they were seen last.

        An epoch that was left in the middle has trained them further, unseen: unless
        their optimizer is `rewound` to before it, that is taken for all.

        Args:
            weights: that were watched, or as many of another model.
            present: numbers of those that the model still has.
            rewound: whether the optimizer's count has fallen.
        """
        if self._in_epoch and not rewound:
            return False
        tensors, present = _tensors(weights), list(present)
        now = digests(tensors[i] for i in present)
        return differ([(self._last or [])[i] for i in present], now)

    def warn(self, reference: str) -> None:
        """Say once that weights were set.

        Warns:
            RuntimeWarning: the first time.
        """
        if self._told:
            return
        self._told = True
        effect = (
            "It compares with the weights at the start of this training"
            if reference == "previous"
            else "As all, it compares with the initial weights, and holds that change"
        )
        warnings.warn(
            "The weights are not those at which the last epoch ended that this "
            "callback saw: something else set or trained them since, such as "
            "load_weights, set_weights, or a callback that restores the best. The next "
            f"record is marked by Flag.SET_FROM_OUTSIDE. {effect}. This is said once.",
            RuntimeWarning,
            stacklevel=5,
        )


def _tensors(weights: Weights) -> list[Any]:
    tensors = [read() for read in weights.readers]
    if isinstance(weights, HostMeasures):
        return [backends.host_array(tensor) for tensor in tensors]
    return tensors
