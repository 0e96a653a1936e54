"""Any order of calls by hand, against an account of the weights in NumPy."""

import warnings

import keras
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tfrwc import Recording, RWCCallback
from tfrwc.recording import Flag


class CallsByHand(RuleBasedStateMachine):
    """Each record holds the change since the record before, or since a start."""

    every: object = 1

    def __init__(self):
        super().__init__()
        self.model = keras.Sequential(
            [keras.layers.Input((2,)), keras.layers.Dense(2, use_bias=False)]
        )
        self.kernel = self.model.layers[0].kernel
        self.callback = RWCCallback(every=self.every)
        self.callback.set_model(self.model)
        self.states = [self.now()]
        self.records = 0

    def now(self):
        return keras.ops.convert_to_numpy(self.kernel).astype(np.float64)

    def call(self, name, *arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            getattr(self.callback, name)(*arguments)
        self.check()

    @rule(factor=st.sampled_from([0.5, 0.9, 1.25, 2.0]))
    def change(self, factor):
        self.kernel.assign(self.kernel * factor)
        self.states.append(self.now())

    @rule()
    def train_begin(self):
        self.call("on_train_begin")

    @rule(epoch=st.integers(0, 3))
    def epoch_begin(self, epoch):
        self.call("on_epoch_begin", epoch)

    @rule(batch=st.integers(0, 3), loss=st.sampled_from([None, {"loss": 1.0}]))
    def batch_end(self, batch, loss):
        if self.every != "epoch":
            self.call("on_train_batch_end", batch, loss)

    @rule(epoch=st.integers(0, 3), loss=st.sampled_from([None, {"loss": 1.0}]))
    def epoch_end(self, epoch, loss):
        self.call("on_epoch_end", epoch, loss)

    @rule()
    def train_end(self):
        self.call("on_train_end")

    @rule()
    def evaluate(self):
        self.call("on_test_begin")
        self.call("on_test_end")

    def check(self):
        if self.callback._recorder.recording is None:
            return
        recording = self.callback.recording
        for value in recording.values()[self.records :, 0]:
            # Relative change between the present weights and an earlier state.
            changes = [
                np.abs(self.states[-1] - old).sum() / np.abs(old).sum()
                for old in self.states
            ]
            assert np.isclose(changes, value, rtol=1e-4, atol=1e-7).any()
        self.records = len(recording)

    @invariant()
    def runs_forward(self):
        if self.callback._recorder.recording is None:
            return
        recording: Recording = self.callback.recording
        steps, epochs = recording.steps, recording.epochs
        assert (np.diff(steps) >= 0).all()
        assert (np.diff(epochs) >= 0).all()
        assert ((np.diff(steps) > 0) | (np.diff(epochs) > 0)).all()
        assert set(np.unique(recording.flags())) <= {Flag.OK, Flag.SET_FROM_OUTSIDE}


class EpochsByHand(CallsByHand):
    every = "epoch"


_SETTINGS = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestSteps = CallsByHand.TestCase
TestSteps.settings = _SETTINGS
TestEpochs = EpochsByHand.TestCase
TestEpochs.settings = _SETTINGS
