"""Linear worlds in which the decoder is learned too."""

from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.beta.figures._axes import beta_axis
from tfrwc.studies.beta.findings import learned_decoder


def caption(results: Results) -> str:
    return (
        f"{learned_decoder(results)} Lines: the exact global optimum. Points: trained "
        "models. With its own decoder a linear β-VAE finds principal components, not "
        "the factors."
    )


@register(
    "optimal_beta",
    "learned",
    caption=caption,
    alt="Objective, rate and distortion against β",
    section="learned_decoder",
)
def learned(results: Results) -> Figure:
    """Objective, rate and distortion where the decoder is learned too."""
    worlds = results["learned_decoder"]
    figure, axes = subplots(9.6, 3.2, 1, 3)
    for axis, name in zip(axes, ("objective", "rate", "distortion"), strict=True):
        for world, colour in zip(worlds, TREND_COLOURS, strict=False):
            betas = [row["beta"] for row in world["exact"]]
            exact = array([row[name] for row in world["exact"]])
            axis.plot(betas, exact, color=colour, linewidth=1.2)
            trained = world["trained"]
            axis.plot(
                [row["beta"] for row in trained],
                array([row[name] for row in trained]),
                ".",
                color=colour,
                label=f"cosine {world['cosine']:g}",
            )
        axis.set_xlabel("β")
        axis.set_title(name, fontsize=10)
        beta_axis(axis)
    axes[0].set_ylabel("nats; squared error")
    axes[1].legend(frameon=False, fontsize=8)
    return figure


def collapse_caption(results: Results) -> str:
    last = ", ".join(
        f"{max(world['collapse_betas']):.3g} at cosine {world['cosine']:g}"
        for world in results["learned_decoder"]
    )
    return (
        f"The last latent dies at β = {last}. Collapse diagram: a latent is dead from "
        "β = λ / η² on (dotted), λ the variance of the data along its principal "
        "component. Lines: exact; points: trained models."
    )


@register(
    "optimal_beta",
    "collapse_diagram",
    caption=collapse_caption,
    alt="Rate of each latent against β, a panel for each mixing",
    section="learned_decoder",
)
def collapse_diagram(results: Results) -> Figure:
    """Rate of each latent against β, and where each collapses."""
    worlds = results["learned_decoder"]
    figure, axes = subplots(9.6, 3.2, 1, len(worlds), sharey=True, squeeze=False)
    for axis, world in zip(axes[0], worlds, strict=True):
        betas = [row["beta"] for row in world["exact"]]
        exact = array([row["rates"] for row in world["exact"]])
        trained = array([row["rates"] for row in world["trained"]])
        for i, colour in zip(range(exact.shape[1]), TREND_COLOURS, strict=False):
            axis.axvline(
                world["collapse_betas"][i], color=colour, linestyle=":", linewidth=1
            )
            axis.plot(betas, exact[:, i], color=colour, linewidth=1.2)
            axis.plot(
                [row["beta"] for row in world["trained"]],
                trained[:, i],
                ".",
                color=colour,
                label=f"latent {i + 1}",
            )
        axis.set_title(f"mixing of cosine {world['cosine']:g}", fontsize=10)
        axis.set_xlabel("β")
        beta_axis(axis)
    axes[0, 0].set_ylabel("rate of a latent, nats")
    axes[0, -1].legend(frameon=False, fontsize=8)
    return figure
