"""How well shapes are recognised from codes, and what the codes are invariant to.

For worker processes that need no TensorFlow.
"""

from dataclasses import dataclass

import numpy as np

from tfrwc.disentangle import invariance, recognition, scores
from tfrwc.studies.beta.measures import LABELS, PARTS
from tfrwc.studies.beta.scoring import all_scores

_DRAWS = 5
_KINDS = {
    "random half": "recognised_half",
    "interpolation": "recognised_between",
    "extrapolation": "recognised_beyond",
    "combinations": "recognised_combined",
}
_HELD_OUT = tuple(_KINDS.values())[1:]


@dataclass(frozen=True, eq=False)
class Grid:
    """The factors of all images.

    Attributes:
        factors: (n, factors), a full grid.
        seen: the same, with one value for angles at which a shape looks the same.
        names: of the factors: shape, scale, orientation, x and y.
    """

    factors: np.ndarray
    seen: np.ndarray
    names: tuple[str, ...]

    def place(self, name: str) -> int:
        """The index of a factor."""
        return self.names.index(name)


def measured(
    codes: np.ndarray,
    drawn: np.ndarray,
    live: np.ndarray,
    grid: Grid,
    some: np.ndarray,
) -> dict[str, float]:
    """All that is measured of a model by its codes.

    Args:
        codes, drawn, live, grid: as of `objects`.
        some: indices of the images for the scores of disentanglement.
    """
    return all_scores(codes[some], grid.factors[some], live) | objects(
        codes, drawn, grid, live
    )


def objects(
    codes: np.ndarray, drawn: np.ndarray, grid: Grid, live: np.ndarray
) -> dict[str, float]:
    """What live latents know of shapes, and what moves them.

    Args:
        codes: of all images, (n, latents).
        drawn: from q(z|x), (n, latents); the codes, where there is no q.
        grid: the images' factors.
        live: bools (latents,).

    Returns:
        recognised_half, recognised_between, recognised_beyond, recognised_combined:
        `tfrwc.disentangle.recognition` of a random half, and of values and combinations
        held out, means over factors; recognition: the mean of the last three, and
        recognition_of_draws that from draws; recognised_from_10, and so on, labels;
        from_shape, and so on, shares of the variance; irs. NaN for codes that are not
        finite.
    """
    if not (np.isfinite(codes).all() and np.isfinite(drawn).all()):
        return dict.fromkeys(MEASURED, np.nan)
    shapes = grid.factors[:, grid.place("shape")]
    of_means, of_draws = (_held_out(c, grid, live) for c in (codes, drawn))
    few = {
        f"recognised_from_{count}": float(
            recognition.few_labels(codes, shapes, count, _DRAWS, live=live).mean()
        )
        for count in LABELS
    }
    return (
        of_means
        | {
            "recognition": _mean(of_means),
            "recognition_of_draws": _mean(of_draws),
            "irs": scores.irs(codes, grid.seen, live=live).score,
        }
        | few
        | _shares(codes, grid, live)
    )


MEASURED = (
    *_KINDS.values(),
    *("recognition", "recognition_of_draws", "irs"),
    *(f"recognised_from_{count}" for count in LABELS),
    *(f"from_{part}" for part in PARTS),
)
"""The names of what `objects` returns."""


def _held_out(codes, grid, live):
    """Accuracies by kind, means over factors."""
    angle = [grid.place("orientation")]
    found = recognition.held_out(
        codes, grid.factors, grid.place("shape"), circular=angle, live=live
    )
    means = found.groupby("kind").accuracy.mean()
    return {name: float(means[kind]) for kind, name in _KINDS.items()}


def _mean(accuracies):
    return float(np.mean([accuracies[name] for name in _HELD_OUT]))


def _shares(codes, grid, live):
    """Shares of the variance of the codes, which add up to 1, or to 0 if there is
    none. Rotation is within shapes: their angles have nothing to do with each other."""
    found = invariance.variance_shares(codes, grid.factors, live)
    shape, scale, turn, x, y = map(
        grid.place, ("shape", "scale", "orientation", "x", "y")
    )
    shares = {
        "shape": found.of([shape]),
        "position": found.of([x, y]),
        "scale": found.of([scale]),
        "rotation": found.of([turn], within=[shape]),
    }
    shares["several"] = found.shares.sum(axis=0) - sum(shares.values())
    return {f"from_{part}": found.overall(share) for part, share in shares.items()}
