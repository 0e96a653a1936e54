"""Contact sheets: the same images, released in several ways, one way a row."""

from matplotlib.figure import Figure


def contact_sheet(pictures, captions) -> Figure:
    """Rows of images.

    Args:
        pictures: rows of uint8 images, each (n, height, width).
        captions: one text per row.
    """
    rows, columns = len(pictures), len(pictures[0])
    figure = Figure(figsize=(2.1 + 1.15 * columns, 1.2 * rows), dpi=110)
    axes = figure.subplots(rows, columns, squeeze=False)
    for row, images, caption in zip(axes, pictures, captions, strict=True):
        for axis, image in zip(row, images, strict=True):
            axis.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axis.set_axis_off()
        row[0].text(
            -0.12,
            0.5,
            caption,
            transform=row[0].transAxes,
            ha="right",
            va="center",
            fontsize=8.5,
        )
    figure.subplots_adjust(
        left=2.0 / figure.get_figwidth(),
        right=0.995,
        top=0.99,
        bottom=0.01,
        wspace=0.04,
        hspace=0.06,
    )
    return figure
