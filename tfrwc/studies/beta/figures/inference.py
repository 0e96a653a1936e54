"""Inference performance against β, in worlds with a known answer."""

from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.beta.figures._axes import beta_axis
from tfrwc.studies.beta.verdicts import best_of_world, has_best

EXACT, TRAINED, BEST = "0.25", *TREND_COLOURS[:2]


def caption(results: Results) -> str:
    best = "; ".join(
        f"exact {world['optimum']['exact']:.3f}, trained {best_of_world(world)} at "
        f"cosine {world['cosine']:g}"
        for world in results["true_decoder"]
    )
    return (
        f"The best β: {best}. Line: exact. Points: encoders trained "
        "by Adam, one for each seed, on held-out data. Dotted: the exact best β; "
        "orange: the 95 % interval of that of the trained ones, where one was found. "
        "The squared error of the mean, below, is best at exactly β = 1: the measure "
        "decides the answer."
    )


@register(
    "optimal_beta",
    "inference",
    caption=caption,
    alt="Inference performance and squared error of the mean against β, a column for "
    "each mixing",
    section="true_decoder",
)
def inference(results: Results) -> Figure:
    """Inference performance against β: exact curves, trained models on them."""
    worlds = results["true_decoder"]
    figure, axes = subplots(9.6, 5.2, 2, len(worlds), sharex=True, squeeze=False)
    for (top, bottom), world in zip(axes.T, worlds, strict=True):
        _world(top, world)
        top.set_title(f"mixing of cosine {world['cosine']:g}", fontsize=10)
        _curve(bottom, world, "mse")
        bottom.axvline(1, color=EXACT, linestyle=":", linewidth=1)
        bottom.set_ylim(0, 1.05)
        beta_axis(bottom)
        bottom.set_xlabel("β")
    axes[0, 0].set_ylabel("log q(s|x), nats per latent\n(higher is better)")
    axes[1, 0].set_ylabel("squared error of the mean\n(lower is better)")
    for axis in axes[0]:
        _legend(axis)
    return figure


def nonlinear_caption(results: Results) -> str:
    best = "; ".join(
        f"{world['formula']}: ideal {world['optimum']['exact']:.3f}, trained "
        f"{best_of_world(world)}"
        for world in results["nonlinear"]
    )
    return (
        f"The best β: {best}. Line: the ideal diagonal Gaussian "
        "encoder for each x, by integration. Points: trained networks, which are "
        "smooth in x; where the true posterior has several modes, the ideal encoder "
        "jumps between them and a network cannot. The ideal encoder is best in the "
        "objective, not in log q: a network can be above the line."
    )


@register(
    "optimal_beta",
    "nonlinear",
    caption=nonlinear_caption,
    alt="Inference performance against β, a panel for each world that is not linear",
    section="nonlinear",
)
def nonlinear(results: Results) -> Figure | None:
    """Inference performance where the data are not linear in the factors."""
    worlds = results["nonlinear"]
    if not worlds:
        return None
    figure, axes = subplots(9.6, 3.2, 1, len(worlds), squeeze=False)
    for axis, world in zip(axes[0], worlds, strict=True):
        _world(axis, world, "ideal encoder")
        axis.set_title(world["formula"], fontsize=10)
        axis.set_xlabel("β")
        beta_axis(axis)
        _legend(axis)
    axes[0, 0].set_ylabel("log q(s|x), nats per latent")
    return figure


def _world(axis, world, reference="exact"):
    """The curve of log_q, and its best β, of the reference and trained."""
    best = world["optimum"]
    _curve(axis, world, "log_q", reference)
    if has_best(world):
        axis.axvspan(
            best["low"],
            best["high"],
            color=BEST,
            alpha=0.35,
            linewidth=0,
            label=f"best β, trained: {best['trained']:.2f}",
        )
    else:
        axis.plot([], [], " ", label=f"best β, trained: {best_of_world(world)}")
    axis.axvline(
        best["exact"],
        color=EXACT,
        linestyle=":",
        linewidth=1,
        label=f"best β, {reference}: {best['exact']:.2f}",
    )
    # From the peak to the level of a large β, and as far again below: on the left the
    # curve falls out of the picture.
    values = array(world["reference"]["log_q"])
    top = max(values.max(), max(row["log_q"] for row in world["trained"]))
    span = max(top - values[-1], 0.05)
    axis.set_ylim(values[-1] - 1.4 * span, top + 0.25 * span)


def _curve(axis, world, name, label="exact"):
    reference = world["reference"]
    axis.plot(reference["beta"], array(reference[name]), color=EXACT, label=label)
    trained = world["trained"]
    axis.plot(
        [row["beta"] for row in trained],
        array([row[name] for row in trained]),
        ".",
        color=TRAINED,
        label="trained",
        alpha=0.7,
    )


def _legend(axis):
    """On a ground of its own: the curve falls through the lower left."""
    axis.legend(fontsize=8, loc="lower right", framealpha=0.9, edgecolor="none")
