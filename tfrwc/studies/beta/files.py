"""The results of a part on disk: JSON, pictures and a model."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfrwc._common.files import write_text
from tfrwc._common.json_files import read_object
from tfrwc._common.npz import read_npz
from tfrwc._version import __version__
from tfrwc.models.saved import write_model
from tfrwc.studies.beta.parts import PartResult

_RESULTS, _PICTURES = "evaluation.json", "pictures.npz"


def write_part(name: str, result: PartResult, folder: str, model: str) -> None:
    """Write the result of a part.

    Args:
        name: of the part.
        result: a `tfrwc.studies.beta.parts.PartResult`.
        folder: for its results and pictures.
        model: folder for the model, if there is one.
    """
    text = json.dumps({"part": name, "results": result.results}, indent=1)
    write_text(Path(folder) / _RESULTS, text)
    if result.pictures is not None:
        np.savez(Path(folder) / _PICTURES, **result.pictures)
    if result.model is not None:
        write_model(result.model, model, _training(result), result.model.shape)


def read_part(
    folder: str,
) -> tuple[str, dict[str, Any], dict[str, np.ndarray] | None]:
    """Name, results, and pictures or None, as `write_part` wrote them.

    Raises:
        ValueError: if a file is damaged, or holds something else.
        OSError: if one is missing.
    """
    part = read_object(
        Path(folder) / _RESULTS, "results of a part", {"part": str, "results": dict}
    )
    pictures = None
    if (Path(folder) / _PICTURES).exists():
        pictures = read_npz(Path(folder) / _PICTURES)
    return part["part"], part["results"], pictures


def _training(result):
    """What is known of the training of the model, for its manifest."""
    results, model = result.results, result.model
    [row] = [
        row
        for row in results["rows"]
        if (row["beta"], row["seed"]) == (model.beta, result.training["seed"])
    ]
    metrics = ("mig", "rate", "distortion", "log_likelihood", "live_latents")
    betas = sorted({row["beta"] for row in results["rows"]})
    return {
        "network": f"β-VAE with {results['encoder']} networks",
        "chosen_by": f"largest MIG, mean over seeds, of β = {betas}",
        "beta": model.beta,
        **result.training,
        "data": {key: results[key] for key in ("origin", "count", "shape", "factors")},
        "metrics": {name: row[name] for name in metrics},
        "versions": {"tfrwc": __version__, "keras": keras.__version__},
    }
