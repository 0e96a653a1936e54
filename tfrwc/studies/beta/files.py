"""Files of a part of the study of β."""

import json
from pathlib import Path

import keras
import numpy as np

from tfrwc._version import __version__
from tfrwc.models.saved import write_model

_RESULTS, _PICTURES = "evaluation.json", "pictures.npz"


def write_part(name, made, folder, model):
    """Write what came of a part.

    Args:
        name: of the part.
        made: a `tfrwc.studies.beta.study.Made`.
        folder: for its results and pictures.
        model: folder for the model, if there is one.
    """
    folder = Path(folder)
    text = json.dumps({"part": name, "results": made.results}, indent=1)
    (folder / _RESULTS).write_text(text, encoding="utf-8")
    if made.pictures is not None:
        np.savez(folder / _PICTURES, **made.pictures)
    if made.model is not None:
        write_model(made.model, model, _known(made), made.model.shape)


def read_part(folder) -> tuple:
    """Name, results, and pictures or None, as `write_part` wrote them."""
    folder = Path(folder)
    found = json.loads((folder / _RESULTS).read_text(encoding="utf-8"))
    pictures = None
    if (folder / _PICTURES).exists():
        with np.load(folder / _PICTURES) as file:
            pictures = dict(file)
    return found["part"], found["results"], pictures


def _known(made):
    results, found = made.results, (made.model.beta, made.training["seed"])
    [row] = [r for r in results["rows"] if (r["beta"], r["seed"]) == found]
    kept = ("mig", "rate", "distortion", "log_likelihood", "live_latents")
    betas = sorted({r["beta"] for r in results["rows"]})
    return {
        "network": f"β-VAE with {results['encoder']} networks",
        "chosen_by": f"largest MIG, mean over seeds, of β = {betas}",
        "beta": made.model.beta,
        **made.training,
        "data": {key: results[key] for key in ("origin", "count", "shape", "factors")},
        "metrics": {name: row[name] for name in kept},
        "versions": {"tfrwc": __version__, "keras": keras.__version__},
    }
