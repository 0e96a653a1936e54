"""Why this many trends."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register


def caption(results: Results) -> str:
    trends = results["trends"]
    return (
        f"{trends['robust']['n_clusters']} trends were taken. Left: the largest number "
        "is taken whose trends are separate (0.7 or more) and stable (0.85), or else "
        "the stable one with the largest product of silhouette (0.5 or more) and "
        "stability; trends of too few layers are dropped. Right: the published "
        f"pipeline, which takes the elbow ({trends['weightscale']['n_clusters']}) and "
        "clusters the raw curves. Dotted: what was taken."
    )


@register(
    "learning_dynamics",
    "number_of_trends",
    caption=caption,
    alt="Silhouette, separation, stability and inertia against the number of trends",
    section="number_of_trends",
)
def number_of_trends(results: Results) -> Figure:
    """Why this many trends: the scan of k for both presets."""
    figure, axes = subplots(9, 3, 1, 2)
    robust = results["trends"]["robust"]
    k = array([row["k"] for row in robust["scan"]])
    for column in ("silhouette", "separation", "stability"):
        if column not in robust["scan"][0]:  # results of early versions
            continue
        values = array([row[column] for row in robust["scan"]])
        axes[0].plot(k, values, "o-", label=column, markersize=4)
    axes[0].axvline(robust["n_clusters"], color="grey", linestyle=":")
    axes[0].set(xlabel="number of trends", title="this project: shape of the curves")
    axes[0].legend(frameon=False)
    published = results["trends"]["weightscale"]
    k = array([row["k"] for row in published["scan"]])
    inertia = array([row["inertia_embedding"] for row in published["scan"]])
    axes[1].plot(k, inertia, "o-", color=TREND_COLOURS[2], markersize=4)
    axes[1].axvline(published["n_clusters"], color="grey", linestyle=":")
    axes[1].set(
        xlabel="number of clusters",
        ylabel="inertia, 2 components",
        title="the published pipeline",
    )
    for axis in axes:
        axis.title.set_fontsize(10)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
