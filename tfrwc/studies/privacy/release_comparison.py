"""What private images look like, and what is guaranteed for them.

Releases the same images by each mechanism and budget, and puts the privacy statement
beside how much of the images is left (SSIM and PSNR, scikit-image).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrwc import datasets
from tfrwc._common.plain import number
from tfrwc._common.timestamps import utc_now
from tfrwc._version import __version__
from tfrwc.compat.extras import extra
from tfrwc.datasets.patients import assuming
from tfrwc.privacy import to_uint8
from tfrwc.privacy.release.catalogue import (
    DELTA,
    standard_mechanism,
    standard_names,
)
from tfrwc.studies.privacy.answer import hides
from tfrwc.studies.privacy.data import Task
from tfrwc.studies.privacy.names import release_name

READING = {
    "releases": "One entry per mechanism and budget. statement is what is guaranteed, "
    "with its own fields explained in tfrwc.privacy.Statement; infinity means no "
    "guarantee. explanation is the same in words.",
    "ssim": "Structural similarity to the original, mean over the images: 1 for the "
    "same image, about 0 for an unrelated one.",
    "psnr": "Peak signal to noise ratio against the originals, in dB, of the squared "
    "error's mean over all pixels of all images; infinity where none was changed.",
}


@dataclass(frozen=True, eq=False)
class ImageSample:
    """What is to be released.

    Attributes:
        origin: for reports.
        x: uint8 (n, height, width).
        ids: n names.
        images_per_patient: the greatest number of images of one patient.
        assumptions: of that number, see `tfrwc.studies.privacy.data.Task`.
        may_be_shown: whether pictures may be of these images; else they are of
            `stand_ins`.
    """

    origin: str
    x: np.ndarray
    ids: Sequence[Hashable]
    images_per_patient: int
    assumptions: tuple[str, ...] = ()
    may_be_shown: bool = False


def sample(task: Task, count: int = 64) -> ImageSample:
    """Some training images of a `tfrwc.studies.privacy.data.Task`."""
    x = task.train.x[:: max(1, len(task.train.x) // count)][:count, ..., 0]
    if x.shape[1] < 16:
        # Larger, so that blocks and singular values have something to do.
        x = np.repeat(np.repeat(x, 4, axis=1), 4, axis=2)
    return ImageSample(
        task.origin,
        x,
        list(range(len(x))),
        *(task.images_per_patient, task.assumptions, task.may_be_shown),
    )


def stand_ins(shape: tuple[int, int], count: int) -> np.ndarray:
    """Digits that ship with scikit-learn, which are public, in the size of others.

    Args:
        shape: height and width.
        count: of the digits.

    Returns:
        uint8 (count, height, width).
    """
    from PIL import Image

    digits = datasets.load("digits").x_train[:count, ..., 0]
    size = shape[::-1]
    squares = (Image.fromarray(x).resize(size, Image.Resampling.BOX) for x in digits)
    return np.stack([np.asarray(square) for square in squares])


def compare_releases(
    images: ImageSample,
    key: bytes,
    names: Sequence[str] | None = None,
    measured: int = 64,
    pictured: int = 6,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Release images by standard mechanisms.

    Args:
        images: an `ImageSample`.
        key: secret key of the noise.
        names: of the mechanisms; None for all.
        measured: how many images SSIM and PSNR are the means of.
        pictured: how many images to keep for pictures.

    Returns:
        results: a dict of plain data, for results.json.
        pictures: uint8 (pictured, height, width) by name of release, and "original";
            of `stand_ins` unless the images may be shown: no image of a patient is in
            them, with noise or without.
    """
    x, ids = images.x[:measured], images.ids[:measured]
    shape = x.shape[1:]
    shown = x[:pictured] if images.may_be_shown else stand_ins(shape, pictured)
    shown_ids = [f"shown/{i}" for i in range(len(shown))]
    pictures, releases = {"original": shown}, []
    for name in standard_names() if names is None else names:
        mechanism = standard_mechanism(name, shape)
        released = to_uint8(mechanism.privatize(x, key, ids))
        pictures[name] = to_uint8(mechanism.privatize(shown, key, shown_ids))
        statement = mechanism.statement(
            shape, delta=DELTA, images_per_patient=images.images_per_patient
        )
        statement = assuming(statement, images.assumptions)
        ssim, psnr = likeness(x, released)
        releases.append(
            {
                "name": name,
                "ssim": ssim,
                "psnr": psnr,
                "statement": statement.to_dict(),
                "explanation": statement.explain(),
            }
        )
    results = {
        "study": "private_pneumonia",
        "reading": READING,
        "created": utc_now(),
        "versions": {"tfrwc": __version__, "numpy": np.__version__},
        "data": {
            "origin": images.origin,
            "image_shape": list(shape),
            "measured_images": len(x),
            "images_per_patient": images.images_per_patient,
            "assumptions": list(images.assumptions),
            "images_are_shown": images.may_be_shown,
        },
        "releases": releases,
    }
    results["findings"] = findings(results)
    return results, pictures


def likeness(originals: np.ndarray, released: np.ndarray) -> tuple[float, float]:
    """SSIM, mean over the images, and PSNR of all their pixels together.

    A mean of PSNR over images would be infinite as soon as one came out unchanged, as a
    shift of 0 leaves it.

    Args:
        originals, released: uint8 (n, height, width).
    """
    with extra("all"):
        from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    window = min(7, (min(originals.shape[1:]) - 1) // 2 * 2 + 1)
    pairs = list(zip(originals, released, strict=True))
    ssim = [structural_similarity(*p, data_range=255, win_size=window) for p in pairs]
    with np.errstate(divide="ignore"):  # infinite where nothing was changed
        psnr = peak_signal_noise_ratio(originals, released, data_range=255)
    return float(np.mean(ssim)), float(psnr)


def findings(results: dict[str, Any]) -> list[str]:
    """Say in sentences what the releases show; nothing where there are none."""
    releases = results["releases"]
    guaranteed = [r for r in releases if _image_epsilon(r) != float("inf")]
    strict = [r for r in guaranteed if hides(_image_epsilon(r))]
    lines = []
    if strict:
        lines.append(
            "Whole images are protected (epsilon of 10 or less, delta "
            f"{DELTA:g}) by {_names(strict)}; there, structural similarity to the "
            f"original is at most {max(r['ssim'] for r in strict):.2f}."
        )
    elif releases:
        lines.append(
            "No whole image is protected by any of these releases (epsilon of 10 or "
            f"less, delta {DELTA:g})."
        )
    if guaranteed:
        clearest = max(guaranteed, key=lambda r: r["ssim"])
        epsilon = _image_epsilon(clearest)
        much = "" if hides(epsilon) else ", which protects nobody's"
        lines.append(
            f"The clearest images with any guarantee are those of {_names([clearest])} "
            f"(similarity {clearest['ssim']:.2f}): an epsilon of {epsilon:,.0f} for a "
            f"whole image{much}."
        )
    none = [r for r in releases if r not in guaranteed]
    if none:
        lines.append(
            f"Nothing is guaranteed for an image by {_names(none)}, however noisy "
            "their images look."
        )
    return lines


def _image_epsilon(release):
    return number(release["statement"]["image_epsilon_delta"]["epsilon"])


def _names(releases):
    return "; ".join(
        release_name(r["name"], r["statement"]["mechanism"]) for r in releases
    )
