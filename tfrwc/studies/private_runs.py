"""Train a network in one of the ways of `tfrwc.studies.private_arms`, recorded."""

import math

import keras
import numpy as np

from tfrwc import RWCCallback
from tfrwc.privacy import make_private, poisson_batches, to_uint8
from tfrwc.privacy.catalogue import DELTA
from tfrwc.studies.private_arms import PLAIN, PRIVATE
from tfrwc.studies.private_start import build, jit, rates, shift, shifted_batches

_LOSS = "sparse_categorical_crossentropy"
_PREDICTED = 512  # images at once


class Runs:
    """Runs of a study, all on one task.

    What is not private trains in one compiled network, whose weights are set anew for
    each run: compiling takes as long as some epochs.

    Args:
        model: one of `tfrwc.models.NAMES`.
        epochs: passes of DP-SGD over the training images.
        task: a `tfrwc.studies.private_data.Task`.
        start: file of weights, of `tfrwc.studies.private_start.pretrain`; None for
            random ones.
        verbose: of Keras' progress bar.
    """

    def __init__(self, model, epochs, task, start, verbose=0):
        self.model = model
        self.epochs = epochs
        self.task = task
        self.start = start
        self.verbose = verbose
        self._compiled = None

    def run(self, arm, seed, key, path) -> tuple:
        """Train one arm with one seed.

        Args:
            arm: a `tfrwc.studies.private_arms.Arm`.
            seed: of the first weights, and of the order of images where privacy does
                not draw it. Noise has no seed: it comes from `key` and the operating
                system.
            key: secret key of the noise on images.
            path: file for the recording.

        Returns:
            facts: a dict of plain data.
            predictions: probabilities of class 1 by name: for "test"; "members", some
                of the training images; "held_out"; and where images were released, for
                "test_released" and "members_released", with "blank", bool, of these.
        """
        task = self.task
        path.unlink(missing_ok=True)  # of a run that was stopped
        record = RWCCallback(path)
        keras.utils.set_random_seed(seed)
        network = build(self.model, task.shape, 2, self.start)
        released = {}
        if arm.kind == "dp-sgd":
            facts = self._private(network, arm.epsilon, record)
        else:
            if arm.kind == "local-dp":
                released = _release(arm.mechanism, task, seed, key)
            x = released.get("train", task.train.x)
            facts = self._plain(network, x, seed, record)
        chosen = members_of(task)
        shown = {
            "test": task.test.x,
            "members": task.train.x[chosen],
            "held_out": task.held_out.x,
        }
        if released:
            shown["test_released"] = released["test"]
            shown["members_released"] = released["train"][chosen]
            facts |= _stated(arm.mechanism, task)
        predictions = {
            name: self._compiled.predict(x, batch_size=_PREDICTED, verbose=0)[:, 1]
            for name, x in shown.items()
        }
        if released:
            predictions["blank"] = blank(shown["members_released"])
        return facts, predictions

    def _plain(self, network, x, seed, record):
        epochs, batch, _ = _plan(PLAIN, self.epochs, len(x))
        self._compile(network)
        self._compiled.fit(
            shifted_batches(x, self.task.train.y, batch, seed),
            epochs=epochs,
            shuffle=False,  # they are
            callbacks=[record],
            verbose=self.verbose,
        )
        return {"epochs": epochs, "batch_size": batch}

    def _private(self, network, epsilon, record):
        train = self.task.train
        epochs, batch, steps = _plan(PRIVATE, self.epochs, len(train.y))
        none = math.isinf(epsilon)
        private = make_private(
            network,
            epsilon=None if none else epsilon,
            noise_multiplier=0.0 if none else None,
            clip=PRIVATE.clip,
            batch_size=batch,
            epochs=epochs,
            train_size=len(train.y),
            augmentation=shift(),
            augmentation_multiplicity=PRIVATE.views,
        )
        private.compile(_optimizer(PRIVATE, steps), _LOSS)
        private.fit(
            poisson_batches(train.x, train.y, batch_size=batch),
            epochs=epochs,
            callbacks=[record],
            verbose=self.verbose,
        )
        self._compile(network)
        statement = private.statement(self.task.images_per_patient)
        return {
            "epochs": epochs,
            "batch_size": batch,
            "epsilon": statement.epsilon,
            "delta": statement.delta,
            "statement": statement.to_dict(),
            "explanation": statement.explain(),
        }

    def _compile(self, network):
        """Give the compiled network the weights of another, and nothing else of it."""
        if self._compiled is None:
            *_, steps = _plan(PLAIN, self.epochs, len(self.task.train.y))
            self._compiled = keras.models.clone_model(network)
            self._compiled.compile(_optimizer(PLAIN, steps), _LOSS, jit_compile=jit())
        self._compiled.set_weights(network.get_weights())
        for variable in self._compiled.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))


def members_of(task) -> np.ndarray:
    """Which training images membership inference asks of: twice as many as held out."""
    count = min(len(task.train.y), 2 * len(task.held_out.y))
    return np.random.default_rng(0).permutation(len(task.train.y))[:count]


def blank(images) -> np.ndarray:
    """Which images (n, ...) have one value everywhere, bool (n,)."""
    flat = images.reshape(len(images), -1)
    return (flat == flat[:, :1]).all(axis=1)


def _release(mechanism, task, seed, key):
    """Training and test images with noise, each drawn once for a seed."""
    return {
        name: to_uint8(
            mechanism.privatize(x, key, [f"{seed}/{name}/{i}" for i in range(len(x))])
        )
        for name, x in (("train", task.train.x), ("test", task.test.x))
    }


def _stated(mechanism, task):
    statement = mechanism.statement(task.shape, DELTA, task.images_per_patient)
    return {
        "epsilon": statement.image_epsilon_delta.epsilon,
        "delta": DELTA,
        "statement": statement.to_dict(),
        "explanation": statement.explain(),
    }


def _plan(recipe, epochs, images):
    """Epochs, batch size, and the number of steps that makes."""
    epochs = max(1, math.ceil(recipe.passes * epochs))
    batch = max(1, min(recipe.batch_size, images // 4))
    return epochs, batch, epochs * math.ceil(images / batch)


def _optimizer(recipe, steps):
    return keras.optimizers.SGD(
        rates(recipe.learning_rate, steps),
        momentum=recipe.momentum,
        use_ema=True,
        ema_momentum=recipe.averaging,
    )
