"""Recognition of shapes against β, and the best β by scores and by theory."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.beta.figures._axes import beta_axis
from tfrwc.studies.beta.measures import LABELS, PARTS
from tfrwc.studies.beta.names import baseline_name
from tfrwc.studies.beta.questions import NO, RECOGNITION, SCORES, YES, questions
from tfrwc.studies.beta.sayings import recognising
from tfrwc.studies.beta.verdicts import score_has_best

TRAINED, BEST, THEORY = TREND_COLOURS[0], TREND_COLOURS[1], "0.8"
_CHANCE = 1 / 3
_SHADES = {10: 0.4, 100: 0.65, 1000: 1.0}
_PARTS = {
    "shape": "#0072B2",
    "position": "#E69F00",
    "scale": "#009E73",
    "rotation": "#CC79A7",
    "several": "0.75",
}


def caption(results: Results) -> str:
    return (
        f"{' '.join(recognising(results))} Top: points are a model each, lines means "
        "over seeds; orange the best β with its interval, where one was found; grey "
        "the best β by the theory, from the least to the greatest of the seeds. "
        "Recognition is of shapes by a linear readout, at values and combinations of "
        "other factors that it did not learn from; dashed lines are baselines, each "
        "named, with their means; chance is one in three. Below: recognition by a "
        "readout that learnt from few labels, and where the variance of the codes is "
        "from."
    )


@register(
    "optimal_beta",
    "recognition",
    caption=caption,
    alt="Recognition of shapes, mean disentanglement, recognition from few labels and "
    "shares of variance against β",
    section="recognition",
)
def recognition(results: Results) -> Figure | None:
    """The answers in one picture; None for results that did not measure them."""
    images = results["images"]
    asked = questions(images)
    if not asked:
        return None
    figure, axes = subplots(11, 6.6, 2, 2, sharex=True)
    _answered(axes[0], images, asked)
    _baselines(axes[0, 0], images["baselines"])
    _few_labels(axes[1, 0], images["rows"])
    _variance(axes[1, 1], images["rows"])
    for axis in axes[:, 0]:
        axis.axhline(
            _CHANCE, color="0.5", linewidth=0.8, linestyle=":", label="chance: 0.33"
        )
        axis.set_ylabel("share of shapes recognised")
    for axis in axes.flat:
        axis.title.set_fontsize(9)
        axis.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        beta_axis(axis)
    for axis in axes[1]:
        axis.set_xlabel("β")
    return figure


def _answered(axes: Sequence[Axes], images: Results, asked: list[Results]) -> None:
    """Recognition and the scores against β, with the answers to the three questions."""
    verdicts = {v["measure"]: v for v in images["verdicts"]}
    whose = {RECOGNITION: "recognition", SCORES: "the scores"}
    for axis, (measure, name) in zip(axes, whose.items(), strict=True):
        if betas := [b for b in images["theory"]["betas"] if b is not None]:
            said = f"best β by the theory\n(the same? {_word(asked[2])})"
            _band(axis, min(betas), max(betas), THEORY, said)
        _curve(axis, images["rows"], measure, TRAINED)
        if score_has_best(verdicts[measure]):
            beta = verdicts[measure]["best_beta"]
            said = f"best β by {name}: {beta:g}"
            axis.axvline(beta, color=BEST, linewidth=1.5, label=said)
    if asked[0]["answer"] == YES:
        low, high = asked[0]["low"], asked[0]["high"]
        _band(axes[0], low, high, BEST, "best β, 95 % interval")
    axes[0].set_title(f"recognition of shapes: finite best β? {_word(asked[0])}")
    axes[1].set_title(f"mean of six scores: the same best β? {_word(asked[1])}")
    axes[1].set_ylabel("mean of six scores of disentanglement")


def _word(asked: Results) -> str:
    return asked["answer"] if asked["answer"] in (YES, NO) else "cannot tell"


def _band(axis: Axes, low: float, high: float, colour: str, name: str) -> None:
    """An interval of β, never too narrow to be seen."""
    middle = np.sqrt(low * high)
    half = max(high / middle, 1.01)
    axis.axvspan(
        middle / half, middle * half, color=colour, alpha=0.5, linewidth=0, label=name
    )


def _curve(axis: Axes, rows: list[Results], measure: str, colour: str) -> None:
    betas, values = _values(rows, measure)
    axis.plot(betas, values, ".", color=colour, alpha=0.5)
    axis.plot(betas, values.mean(axis=1), color=colour, label="mean over seeds")


def _values(rows: list[Results], measure: str) -> tuple[list[float], np.ndarray]:
    betas = sorted({row["beta"] for row in rows})
    return betas, array([[r[measure] for r in rows if r["beta"] == b] for b in betas])


def _baselines(axis: Axes, rows: list[Results]) -> None:
    """A line for each, the mean over its seeds."""
    names = dict.fromkeys(row["baseline"] for row in rows)
    for name, colour in zip(names, TREND_COLOURS[2:], strict=False):
        mine = [row[RECOGNITION] for row in rows if row["baseline"] == name]
        mean = array(mine).mean()
        axis.axhline(
            mean,
            color=colour,
            linestyle="--",
            linewidth=1,
            label=f"{baseline_name(name)}: {mean:.2f}",
        )


def _few_labels(axis: Axes, rows: list[Results]) -> None:
    for count in LABELS:
        betas, values = _values(rows, f"recognised_from_{count}")
        axis.plot(
            betas,
            values.mean(axis=1),
            "o-",
            markersize=3,
            color=TRAINED,
            alpha=_SHADES[count],
            label=f"{count:,} labels",
        )
    axis.set_title("recognition from few labels")


def _variance(axis: Axes, rows: list[Results]) -> None:
    betas = sorted({row["beta"] for row in rows})
    shares = [_values(rows, f"from_{part}")[1].mean(axis=1) for part in PARTS]
    axis.stackplot(betas, shares, labels=PARTS, colors=[_PARTS[part] for part in PARTS])
    axis.set_ylim(0, 1)
    axis.set_title("what the codes' variance is from")
    axis.set_ylabel("share of variance")
