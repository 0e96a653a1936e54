"""Whatever is called in whatever order: no account is below what was done.

What was done is written down by `observed`, which knows nothing of accounts.
"""

import os
import tempfile
import warnings
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from privacy.sgd import observed
from privacy.sgd.observed import BATCH, NOW, STEPS, N, Watched, X, Y, network

from tfrwc.privacy import make_private, poisson_batches
from tfrwc.privacy.sgd.account.ledger import OUTSIDE

CASES = int(os.environ.get("TFRWC_LEDGER_CASES", "3"))
NOISES = st.sampled_from([1.0, 2.0])


class Calls(RuleBasedStateMachine):
    """Trains, saves, loads and wraps one model and its copies."""

    @initialize()
    def begin(self):
        observed.begin_again()
        self.folder = Path(tempfile.mkdtemp())
        self.files = self.passes = 0
        self.outside = self.trusted = False
        self.saved, self.states = [], []
        self.wrap(network(), 1.0)

    def wrap(self, model, noise):
        self.private = make_private(
            model, noise_multiplier=noise, batch_size=BATCH, train_size=N
        )
        self.compile()

    @rule()
    def compile(self):
        self.private.compile(Watched(0.1), observed.loss())

    def trains(self, call, poisson=False):
        NOW.update(noise=self.private.noise_multiplier, poisson=poisson)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call()

    # Training.

    @rule(epochs=st.integers(1, 2), shuffle=st.booleans())
    def fit_arrays(self, epochs, shuffle):
        self.passes += epochs
        self.trains(
            lambda: self.private.fit(X, Y, epochs=epochs, shuffle=shuffle, verbose=0)
        )

    @rule(batches=st.booleans())
    def fit_poisson_samples(self, batches):
        """With a callback in between that trains on other batches."""
        calls = []

        class Between(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if batch == 1 and batches:
                    NOW["poisson"] = False
                    calls.append(self.model.train_on_batch(X[:BATCH], Y[:BATCH]))
                    NOW["poisson"] = True

        samples = poisson_batches(X, Y, batch_size=BATCH)
        options = {"callbacks": [Between()], "verbose": 0}
        self.trains(lambda: self.private.fit(samples, **options), poisson=True)
        self.trusted |= batches

    @rule(count=st.sampled_from([6, 12, 18, 24]), batch_first=st.booleans())
    def fit_repeated_set(self, count, batch_first):
        data = tf.data.Dataset.from_tensor_slices((X[:count], Y[:count]))
        parts = [lambda d: d.repeat(), lambda d: d.batch(BATCH)]
        for part in reversed(parts) if batch_first else parts:
            data = part(data)
        call = partial(self.private.fit, data, steps_per_epoch=3, epochs=2, verbose=0)
        if count < N:
            with pytest.raises(ValueError, match="The account is for"):
                self.trains(call)
        else:
            self.trains(call)
            self.trusted = True

    @rule(rows=st.lists(st.integers(0, N - 1), min_size=BATCH, max_size=BATCH))
    def fit_generator(self, rows):
        def batches():
            for _ in range(3):
                yield X[rows], Y[rows]

        self.trusted = True
        self.trains(lambda: self.private.fit(batches(), verbose=0))

    @rule(first=st.integers(0, N - 1), size=st.integers(1, N))
    def train_on_batch(self, first, size):
        self.by_hand(
            first, size, lambda x, y: self.private.train_on_batch(x.numpy(), y.numpy())
        )

    @rule(first=st.integers(0, N - 1), size=st.integers(1, N))
    def train_step(self, first, size):
        self.by_hand(first, size, lambda x, y: self.private.train_step((x, y)))

    @precondition(lambda self: self.private.train_function)
    @rule(first=st.integers(0, N - 1), size=st.integers(1, N))
    def train_function(self, first, size):
        self.by_hand(
            first, size, lambda x, y: self.private.train_function(iter([(x, y)]))
        )
        self.trusted = True

    def by_hand(self, first, size, step):
        rows = (first + np.arange(size)) % N
        before = len(STEPS)
        data = tf.constant(X[rows]), tf.constant(Y[rows])
        if size > BATCH:
            with pytest.raises(ValueError, match="more than batch_size examples"):
                self.trains(lambda: step(*data))
            assert len(STEPS) == before
        else:
            self.trusted = True
            self.trains(lambda: step(*data))

    @rule()
    def only_look(self):
        self.private.evaluate(X, Y, verbose=0)
        self.private.test_on_batch(X, Y)
        self.private.predict(X, verbose=0)

    # Other models of the same weights, and files.

    @rule(noise=NOISES)
    def wrap_again(self, noise):
        self.wrap(self.private.model, noise)

    @rule(noise=NOISES, bare=st.booleans())
    def wrap_a_copy(self, noise, bare):
        self.files += 1
        path = self.folder / f"{self.files}.{'weights.h5' if bare else 'keras'}"
        if bare:
            self.private.model.save_weights(path)
            model = network()
            model.load_weights(path)
        else:
            self.private.model.save(path)
            model = keras.saving.load_model(path)
        self.wrap(model, noise)

    @precondition(lambda self: STEPS)  # what follows on nothing is another training
    @rule()
    def save(self):
        self.files += 1
        self.saved.append(self.folder / f"private-{self.files}.keras")
        self.private.save(self.saved[-1])

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def load(self, data):
        self.private = keras.saving.load_model(data.draw(st.sampled_from(self.saved)))

    @rule()
    def remember(self):
        self.states.append((self.private.noise_multiplier, self.private.get_weights()))

    @precondition(lambda self: self.states)
    @rule(data=st.data())
    def set_back(self, data):
        noise, weights = data.draw(st.sampled_from(self.states))
        if noise == self.private.noise_multiplier:
            self.private.set_weights(weights)

    # What no account covers.

    @precondition(lambda self: STEPS)
    @rule(fit=st.booleans())
    def change_outside(self, fit):
        model = self.private.model
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.private.statement()  # that the weights are known
            if fit:
                model.compile("sgd", observed.loss())
                model.fit(X, Y, verbose=0)
            else:
                model.set_weights([w + 1 for w in model.get_weights()])
            assert OUTSIDE in self.private.statement().rests_on

    @invariant()
    def no_step_is_forgotten(self):
        assert self.private.steps >= len(STEPS)

    def teardown(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statement = self.private.statement()
        delta = statement.delta
        # Errors of discretisation are below 2e-3.
        assert statement.epsilon >= observed.sampled_epsilon(delta) * 0.997 - 2e-3
        assert statement.epsilon_without_sampling >= (
            observed.unsampled_epsilon(delta) * 0.997 - 2e-3
        )
        if STEPS and any(not poisson for _, poisson, _ in STEPS):
            assert statement.sampling == "fixed"
        # Fixed batches are taken for samples only where each pass uses each once.
        assert observed.most_uses() <= self.passes or self.trusted
        assert not self.trusted or statement.rests_on


def test_no_account_is_below_what_was_done():
    run_state_machine_as_test(
        Calls,
        settings=settings(
            max_examples=CASES,
            stateful_step_count=7 if CASES <= 3 else 20,
            deadline=None,
            derandomize=CASES <= 3,
            suppress_health_check=list(HealthCheck),
        ),
    )
