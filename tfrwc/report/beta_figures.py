"""Figures of a study of the optimal β, drawn with Matplotlib.

Each function takes the results of `tfrwc.studies.beta.study` as they stand in
results.json, and returns a `matplotlib.figure.Figure`.
"""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from tfrwc.report.figures import TREND_COLOURS, array, subplots

EXACT, TRAINED, BEST = "0.25", *TREND_COLOURS[:2]
SCORES = ("mig", "sap", "dci", "modularity", "factor_vae", "beta_vae")


def inference(results) -> Figure:
    """Inference performance against β: exact curves, trained models on them."""
    worlds = results["true_decoder"]
    figure, axes = subplots(9.6, 5.2, 2, len(worlds), sharex=True, squeeze=False)
    for (top, bottom), world in zip(axes.T, worlds, strict=True):
        _world(top, world)
        top.set_title(f"cosine {world['cosine']:g}", fontsize=10)
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


def nonlinear(results) -> Figure:
    """Inference performance where the data are not linear in the factors."""
    worlds = results["nonlinear"]
    figure, axes = subplots(9.6, 3.2, 1, max(len(worlds), 1), squeeze=False)
    for axis, world in zip(axes[0], worlds, strict=False):
        _world(axis, world, "ideal encoder")
        axis.set_title(world["formula"], fontsize=10)
        axis.set_xlabel("β")
        beta_axis(axis)
        _legend(axis)
    axes[0, 0].set_ylabel("log q(s|x), nats per latent")
    return figure


def learned(results) -> Figure:
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


def collapse_diagram(results) -> Figure:
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
        axis.set_title(f"cosine {world['cosine']:g}", fontsize=10)
        axis.set_xlabel("β")
        beta_axis(axis)
    axes[0, 0].set_ylabel("rate of a latent, nats")
    axes[0, -1].legend(frameon=False, fontsize=8)
    return figure


def images(results) -> Figure:
    """Scores, latents and reconstructions of the images' models against β."""
    found = results["images"]
    rows = found["rows"]
    betas = sorted({row["beta"] for row in rows})
    figure, axes = subplots(9.6, 6.4, 3, 3, sharex=True)
    kinds = {v["measure"]: v for v in found["verdicts"]}
    panels = [*SCORES, "live_latents", "log_likelihood", "distortion"]
    for axis, name in zip(axes.flat, panels, strict=True):
        values = array([[r[name] for r in rows if r["beta"] == beta] for beta in betas])
        axis.plot(betas, values, ".", color=TRAINED, alpha=0.5)
        axis.plot(betas, values.mean(axis=1), color=TRAINED)
        axis.set_title(name.replace("_", " "), fontsize=10)
        if name in kinds:
            axis.axvline(kinds[name]["best_beta"], color=BEST, linewidth=1)
        if name == "live_latents":
            axis.yaxis.set_major_locator(MaxNLocator(integer=True))
        beta_axis(axis)
    for axis in axes[-1]:
        axis.set_xlabel("β")
    return figure


def collapse(results) -> Figure:
    """Rates of the latents, and change of the kernels, while β rises."""
    found = results["collapse"]
    epochs = found["epochs"]
    figure, axes = subplots(9.6, 6.4, 3, 1, sharex=True, height_ratios=(0.6, 1.1, 1.1))
    axes[0].plot(epochs, found["beta"], color=EXACT)
    axes[0].set_yscale("log", base=2)
    axes[0].yaxis.set_major_formatter(FuncFormatter(_plain))
    axes[0].set_ylabel("β")
    rates = array(found["rates"])
    axes[1].plot(epochs, rates, linewidth=1.2)
    axes[1].set_ylabel("rate of a latent, nats")
    change = array(found["change"])
    shown = np.where(change > 0, change, np.nan)
    image = axes[2].imshow(
        shown,
        aspect="auto",
        norm=LogNorm(np.nanmin(shown), np.nanmax(shown)),
        cmap="viridis",
        interpolation="nearest",
        extent=(epochs[0] - 0.5, epochs[-1] + 0.5, len(shown), 0),
    )
    axes[2].set_yticks(np.arange(len(shown)) + 0.5, found["layers"], fontsize=8)
    axes[2].set_xlabel("epoch")
    axes[2].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.colorbar(image, ax=axes[2], label="relative change", pad=0.02)
    return figure


def traversals(pictures) -> Figure:
    """What each latent does to one image: a block for each β, a row for each latent.

    Args:
        pictures: of `tfrwc.studies.beta.images.sweep`.
    """
    names = [name for name in pictures if name != "original"]
    height, width = pictures["original"].shape
    columns = 3
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(9.6, 0.5 + 2.75 * rows), layout="constrained", dpi=130)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, names, strict=False):
        latents, steps = pictures[name].shape[:2]
        # A grey line between the images.
        sheet = np.full((latents * (height + 1), steps * (width + 1)), 110, np.uint8)
        for i, row in enumerate(pictures[name]):
            for j, picture in enumerate(row):
                y, x = i * (height + 1), j * (width + 1)
                sheet[y : y + height, x : x + width] = picture
        axis.imshow(sheet[:-1, :-1], cmap="gray", vmin=0, vmax=255)
        axis.set_title(f"β = {name}", fontsize=10)
    return figure


def beta_axis(axis):
    """Powers of two, written plainly."""
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_locator(LogLocator(base=4))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(_plain))


def _plain(value, _position):
    return f"{value:g}"


def _legend(axis):
    """On a ground of its own: the curve falls through the lower left."""
    axis.legend(fontsize=8, loc="lower right", framealpha=0.9, edgecolor="none")


def _world(axis, world, reference="exact"):
    """The curve of log_q, and its best β, of the reference and trained."""
    best = world["optimum"]
    _curve(axis, world, "log_q", reference)
    axis.axvspan(
        best["low"],
        best["high"],
        color=BEST,
        alpha=0.35,
        linewidth=0,
        label=f"best β, trained: {best['trained']:.2f}",
    )
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
