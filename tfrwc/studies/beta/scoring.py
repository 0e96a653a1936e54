"""All scores of one representation, for worker processes that need no TensorFlow."""

import numpy as np

from tfrwc.disentangle import scores

# Boosted trees learn from half of them; on all of the images they would take minutes.
_BOOSTED = 1000


def all_scores(
    codes: np.ndarray, factors: np.ndarray, live: np.ndarray
) -> dict[str, float]:
    """Each score of the live latents, see `tfrwc.disentangle.scores`; DCI's is
    disentanglement. NaN for codes that are not finite."""
    names = ("mig", "sap", "dci", "modularity", "factor_vae", "beta_vae")
    if not np.isfinite(codes).all():  # of a training that diverged
        return dict.fromkeys(names, np.nan)
    some = scores.dci(codes[:_BOOSTED], factors[:_BOOSTED], live=live)
    return {
        "mig": scores.mig(codes, factors, live),
        "sap": scores.sap(codes, factors, live=live),
        "dci": some.disentanglement,
        "modularity": scores.modularity(codes, factors, live),
        "factor_vae": scores.factor_vae(codes, factors, live=live),
        "beta_vae": scores.beta_vae(codes, factors, live=live),
    }
