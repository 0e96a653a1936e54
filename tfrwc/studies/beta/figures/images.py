"""Models of images: scores, latents and traversals against β."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.beta.figures._axes import beta_axis
from tfrwc.studies.beta.findings import scores_of_images
from tfrwc.studies.beta.names import measure_name
from tfrwc.studies.beta.verdicts import score_has_best

TRAINED, BEST = TREND_COLOURS[:2]
SCORES = ("mig", "sap", "dci", "modularity", "factor_vae", "beta_vae")
_UNITS = {
    "live_latents": "number of latents",
    "log_likelihood": "nats for an image",
    "distortion": "sum over an image",
}


def caption(results: Results) -> str:
    return (
        f"{' '.join(scores_of_images(results))} Points: a model each; line: mean over "
        "seeds; orange: the best β of a measure, where one was found. A live latent "
        "has a rate above 0.1 nats. A score that is best just where latents die tells "
        "of fewer latents, not of better ones."
    )


@register(
    "optimal_beta",
    "images",
    caption=caption,
    alt="Scores of disentanglement, live latents and likelihood against β",
    section="images",
)
def images(results: Results) -> Figure:
    """Scores, latents and reconstructions of the images' models against β."""
    models = results["images"]
    rows = models["rows"]
    betas = sorted({row["beta"] for row in rows})
    figure, axes = subplots(9.6, 6.4, 3, 3, sharex=True)
    kinds = {v["measure"]: v for v in models["verdicts"]}
    panels = [*SCORES, "live_latents", "log_likelihood", "distortion"]
    for axis, name in zip(axes.flat, panels, strict=True):
        values = array([[r[name] for r in rows if r["beta"] == beta] for beta in betas])
        axis.plot(betas, values, ".", color=TRAINED, alpha=0.5)
        axis.plot(betas, values.mean(axis=1), color=TRAINED)
        axis.set_title(measure_name(name), fontsize=10)
        axis.set_ylabel(_UNITS.get(name, "score, at most 1"), fontsize=8)
        if name in kinds and score_has_best(kinds[name]):
            axis.axvline(kinds[name]["best_beta"], color=BEST, linewidth=1)
        if name == "live_latents":
            axis.yaxis.set_major_locator(MaxNLocator(integer=True))
        beta_axis(axis)
    for axis in axes[-1]:
        axis.set_xlabel("β")
    return figure


def traversals_caption(results: Results) -> str:
    rows = results["images"]["rows"]
    betas = sorted({row["beta"] for row in rows})
    live = " and ".join(
        f"{_mean_live(rows, beta):.1f} latents are live at β = {beta:g}"
        for beta in (betas[0], betas[-1])
    )
    return (
        f"On average over seeds {live}. Traversals: reconstructions of one image while "
        "one latent goes from −2 to 2. Rows: the latents with the highest rates, seed "
        f"{results['trial']['seeds'][0]}."
    )


@register(
    "optimal_beta",
    "traversals",
    caption=traversals_caption,
    alt="Reconstructions of one image while one latent changes, a block for each β",
    section="traversals",
)
def traversals_of(results: Results) -> Figure | None:
    """The traversals among the pictures, which come with results but not in JSON."""
    pictures = results.get("pictures")
    return traversals(pictures) if pictures else None


def traversals(pictures: dict[str, np.ndarray]) -> Figure:
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
    figure.supxlabel("value of one latent, from −2 to 2", fontsize=10)
    figure.supylabel("a row for each latent, the highest rate on top", fontsize=10)
    return figure


def _mean_live(rows, beta):
    return np.mean([row["live_latents"] for row in rows if row["beta"] == beta])
