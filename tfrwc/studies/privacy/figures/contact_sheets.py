"""The same images, released in several ways: a sheet for each mechanism."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tfrwc.report.figures import Results, register
from tfrwc.studies.privacy.names import mechanism_name, release_name


def caption(results: Results, mechanism: str) -> str:
    releases = _by_mechanism(results)[mechanism]
    clearest = max(releases, key=lambda release: release["ssim"])
    which, rows = f"Released with {mechanism_name(mechanism)}, images have", ""
    if len(releases) > 1:
        which = (
            f"The clearest of these, {release_name(clearest['name'], mechanism)}, has"
        )
        rows = " One release a row, with less noise from row to row."
    data = results["data"]
    shown = (
        "The images are public."
        if data.get("images_are_shown")
        else f"Digits, which are public, in place of {data['origin']}, of which no "
        "image is shown; the numbers are measured on those."
    )
    return (
        f"{which} a structural similarity of {clearest['ssim']:.2f} to the original."
        f"{rows} {shown}"
    )


def alt(results: Results, mechanism: str) -> str:
    name = mechanism_name(mechanism)
    return f"The same images as they are, and released with {name}"


@register(
    "private_pneumonia",
    "{item}",
    caption=caption,
    alt=alt,
    section="releases",
)
def contact_sheets(results: Results) -> dict[str, Figure]:
    """A sheet for each mechanism, of its releases.

    Args:
        results: of `tfrwc.studies.privacy.release_comparison`, with its images as
            ``results["pictures"]``; none of them is of a patient. Without images, as
            of results from a file, there is no sheet.
    """
    pictures = results["pictures"]
    if not pictures:
        return {}
    public = results["data"].get("images_are_shown")
    first = "original" if public else "public digits"
    return {
        mechanism: contact_sheet(
            [pictures["original"], *(pictures[r["name"]] for r in releases)],
            [first, *map(_row, releases)],
        )
        for mechanism, releases in _by_mechanism(results).items()
    }


def _row(release: dict[str, Any]) -> str:
    """The name of a release, and what it leaves, in lines."""
    name = release_name(release["name"], release["statement"]["mechanism"])
    likeness = f"SSIM {release['ssim']:.2f}, PSNR {release['psnr']:.1f} dB"
    return "\n".join([*name.split(", "), likeness])


def contact_sheet(pictures: Sequence[np.ndarray], captions: Sequence[str]) -> Figure:
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


def _by_mechanism(results: Results) -> dict[str, list[dict[str, Any]]]:
    kinds: dict[str, list[dict[str, Any]]] = {}
    for release in results["releases"]:
        kinds.setdefault(release["statement"]["mechanism"], []).append(release)
    return kinds
