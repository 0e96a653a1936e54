"""All scores of one representation, for worker processes that need no TensorFlow."""

import numpy as np

from tfrwc.disentangle import scores

# Boosted trees learn from half of them; on all of the images they would take minutes.
_BOOSTED = 1000


def all_scores(codes: np.ndarray, factors: np.ndarray) -> dict[str, float]:
    """Each score of `tfrwc.disentangle.scores`; DCI's is disentanglement."""
    return {
        "mig": scores.mig(codes, factors),
        "sap": scores.sap(codes, factors),
        "dci": scores.dci(codes[:_BOOSTED], factors[:_BOOSTED]).disentanglement,
        "modularity": scores.modularity(codes, factors),
        "factor_vae": scores.factor_vae(codes, factors),
        "beta_vae": scores.beta_vae(codes, factors),
    }
