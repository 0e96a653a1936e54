"""Recognising objects from latents: whether a shape is known wherever it is seen.

>>> import numpy as np
>>> from tfrwc.disentangle import recognition
>>> factors = np.indices((3, 4, 8)).reshape(3, -1).T    # of shape, scale and place
>>> split = recognition.combinations(factors, target=0, others=[2])
>>> recognition.accuracy(factors + 0.0, factors[:, 0], split)
1.0

A readout is linear: scikit-learn's logistic regression from the codes to the shape, or
whichever factor is the target. It learns from some points and is tested on others: at
values of another factor that it did not see, between those it saw (`interpolation`) or
beyond (`extrapolation`), or at combinations that it did not see of values that it did
(`combinations`). `few_labels` has it learn from few points. `held_out` is all of that
for each factor.

Codes may be means of q(z|x) or draws from it (`tfrwc.disentangle.BetaSweep.codes` gives
both), floats (n, latents); factors are whole numbers (n, factors), of the same points
in the same order.
"""

from tfrwc.disentangle.recognition.readout import (
    accuracy,
    few_labels,
    held_out,
)
from tfrwc.disentangle.recognition.splits import (
    Split,
    combinations,
    extrapolation,
    interpolation,
    random_half,
)

__all__ = [
    "Split",
    "accuracy",
    "combinations",
    "extrapolation",
    "few_labels",
    "held_out",
    "interpolation",
    "random_half",
]
