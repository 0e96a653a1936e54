"""All scores of one representation, for worker processes that need no TensorFlow."""

import numpy as np

from tfrwc.disentangle import scores

SCORES = ("mig", "sap", "dci", "modularity", "factor_vae", "beta_vae")
"""The scores of disentanglement, all of them within 0..1."""

# Boosted trees learn from half of them; on all of the images they would take minutes.
_BOOSTED = 1000


def all_scores(
    codes: np.ndarray, factors: np.ndarray, live: np.ndarray
) -> dict[str, float]:
    """Each score of the live latents, see `tfrwc.disentangle.scores`; DCI's is
    disentanglement. NaN for codes that are not finite.

    Returns:
        `SCORES`; disentanglement, their mean; explicitness.
    """
    if not np.isfinite(codes).all():  # of a training that diverged
        return dict.fromkeys((*SCORES, "disentanglement", "explicitness"), np.nan)
    some = scores.dci(codes[:_BOOSTED], factors[:_BOOSTED], live=live)
    found = {
        "mig": scores.mig(codes, factors, live),
        "sap": scores.sap(codes, factors, live=live),
        "dci": some.disentanglement,
        "modularity": scores.modularity(codes, factors, live),
        "factor_vae": scores.factor_vae(codes, factors, live=live),
        "beta_vae": scores.beta_vae(codes, factors, live=live),
    }
    return found | {
        "disentanglement": float(np.mean(list(found.values()))),
        "explicitness": scores.explicitness(codes, factors, live=live),
    }


def ranked(codes: np.ndarray, live: np.ndarray) -> np.ndarray:
    """UDR of models that differ by their seed alone.

    Args:
        codes: (models, n, latents).
        live: bools (models, latents).

    Returns:
        (models,); NaN where one model alone is there, or is not finite.
    """
    if len(codes) < 2 or not np.isfinite(codes).all():
        return np.full(len(codes), np.nan)
    return scores.udr(list(codes), live=list(live)).scores
