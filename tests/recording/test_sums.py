"""Values and flags from sums."""

import numpy as np
from recording.networks import fit, small

from tfrwc import RWCCallback
from tfrwc.dynamics import MEASURES
from tfrwc.recording import Flag


def test_zero_denominators_are_flagged():
    callback = RWCCallback(measures=MEASURES, watch="trainable")
    fit(small(), callback)
    bias = callback.recording.layers["path"].str.endswith("bias").to_numpy()
    for measure in MEASURES:
        flags, values = (
            callback.recording.flags(measure),
            callback.recording.values(measure),
        )
        if measure == "still_units":  # a share of units
            assert (flags == Flag.OK).all()
            continue
        assert (flags[0, bias] == Flag.ZERO_DENOMINATOR).all()
        assert np.isnan(values[0, bias]).all()
        assert not np.isinf(values).any()
        assert (flags[:, ~bias] == Flag.OK).all()
