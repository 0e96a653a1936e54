"""What is said of a diagnosis while a training goes on, and when it ends."""

import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc import RWCCallback
from tfrwc._common import doors
from tfrwc.dynamics import diagnose
from tfrwc.dynamics.diagnosis.finding import SURE, Finding
from tfrwc.dynamics.diagnosis.names import NAMES
from tfrwc.recording.findings import Findings

KINDS = ("dying_relu", "lr_too_high", "no_progress")


class Growing:
    """As much of a recording as is asked for: its steps."""

    def __init__(self, step):
        self.steps = np.array([step])

    def __len__(self):
        return 1


def said(findings, recording, ended=False):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        findings.say(recording, ended)
    return [str(one.message) for one in told]


def story(rounds):
    """What is said in a training in which so much is found at each of its epochs."""
    findings, told = Findings(), []

    def found(recording):
        kinds = rounds[int(recording.steps[-1]) // 10 - 1]
        return [
            Finding(kind, "So it is.", "Mend it.", sure) for kind, sure in kinds.items()
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(doors._LOADERS, "diagnose", lambda: found)
        for number in range(1, len(rounds) + 1):
            told.append(said(findings, Growing(10 * number)))
        told[-1] += said(findings, Growing(10 * len(rounds)), ended=True)
    return told


ROUND = st.dictionaries(st.sampled_from(KINDS), st.sampled_from(SURE))


@settings(deadline=None)
@given(st.lists(ROUND, min_size=1, max_size=12))
def test_what_stands_at_the_end_is_what_is_found(rounds):
    standing = []
    for text in [one for told in story(rounds) for one in told]:
        first = text.split(".")[0].lower()
        kind = next(k for k in KINDS if NAMES[k].lower() in first)
        if "no longer holds" in text:
            standing.remove(kind)  # it was told before
        else:
            assert kind not in standing  # once while it stands
            standing.append(kind)
    assert set(standing) == set(rounds[-1])


def test_what_passes_soon_is_not_told_and_what_is_certain_at_once():
    dying, certain = {"dying_relu": "likely"}, {"lr_too_high": "certain"}
    told = story([{}, dying, {}, certain, certain])
    assert [len(one) for one in told] == [0, 0, 0, 1, 0]
    told = story([dying, dying, {}, {}])
    assert [len(one) for one in told] == [0, 1, 1, 0]
    assert told[2] == [
        "What was said before no longer holds at step 30: dying ReLU units."
    ]
    told = story([certain, dying, dying])
    assert told[1] == [
        "What was said before no longer holds at step 20: the learning rate is too "
        "high. What is found now: dying ReLU units."
    ]


def test_a_plateau_that_passes_ends_with_nothing_standing():
    # A yes or no of two signs' product is learned after a while in which all stands.
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).choice([-1.0, 1.0], (400, 6))
    hidden = keras.layers.Dense(
        32, "relu", bias_initializer=keras.initializers.Constant(-1.5)
    )
    model = keras.Sequential(
        [keras.Input((6,)), hidden, keras.layers.Dense(1, "sigmoid")]
    )
    model.compile(
        keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"]
    )
    callback = RWCCallback(every=5, diagnose=True)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(
            x,
            x[:, 0] * x[:, 1] > 0,
            epochs=20,
            batch_size=16,
            verbose=0,
            callbacks=[callback],
        )
    texts = [str(one.message) for one in told]
    standing = sum("is said once" in t for t in texts)
    standing -= sum("no longer holds" in t for t in texts)
    assert standing == len(diagnose(callback.recording))
