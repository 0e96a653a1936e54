"""What readers of the page call measures and worlds."""

from typing import Any

_MEASURES = {
    "mig": "MIG",
    "sap": "SAP",
    "dci": "DCI disentanglement",
    "factor_vae": "FactorVAE score",
    "beta_vae": "β-VAE score",
    "distortion": "squared error",
    "disentanglement": "mean disentanglement",
    "recognition": "recognition, held out",
    "recognition_of_draws": "recognition from draws",
    "recognised_from_100": "recognition from 100 labels",
}

_BASELINES = {
    "pca": "PCA",
    "ica": "ICA",
    "random": "random encoder",
    "autoencoder": "autoencoder, β = 0",
    "supervised": "told all shapes",
}


def baseline_name(name: str) -> str:
    """Of a baseline of models of images."""
    return _BASELINES[name]


def measure_name(name: str) -> str:
    """Of a measure of models of images."""
    return _MEASURES.get(name, name.replace("_", " "))


def world_name(world: dict[str, Any]) -> str:
    """Of a world, by its formula."""
    if "formula" in world:
        return str(world["formula"])
    return f"x = A s, cosine {world['cosine']:g}"
