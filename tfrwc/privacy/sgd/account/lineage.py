"""Which history belongs to which weights, for all private models of a process.

A private model may be made of a model that another one has trained, of its copy, of a
part of it, or of what was saved and loaded again. The history is found by the layers,
which may be shared, and by the values of the weights.
"""

import secrets
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.account.carrier import Carried, carried, carry
from tfrwc.privacy.sgd.account.history import (
    EXAMPLE,
    Counts,
    History,
    Run,
    from_plain,
    merged,
    steps,
    to_plain,
)

with extra("privacy"):
    import tensorflow as tf

# Of a weight; what an optimizer changes, it changes nearly everywhere.
_SAMPLE = 1024
_MOST_KNOWN = 100_000
OTHER_WEIGHTS = (
    "The file of the model is of one that was trained privately, and its weights are "
    "others: what was done to them is not counted."
)
OTHER_PARTS = (
    "Of the model whose file brought the account a part is known again: what else was "
    "done to the other weights is not counted."
)


TALLIES: "dict[str, Tally]" = {}
"""Of all runs of this process, by name."""


class Tally:
    """The counts of a run while it goes on, which no checkpoint sets back.

    Args:
        noise_multiplier, rate, unit: of the run.

    Attributes:
        noise_multiplier, rate, unit: as given.
        name: of the run, drawn at random.
        counts: so far.
    """

    def __init__(
        self, noise_multiplier: float, rate: float, unit: str = EXAMPLE
    ) -> None:
        self.noise_multiplier, self.rate, self.unit = noise_multiplier, rate, unit
        self.name = secrets.token_hex(6)
        self.counts = tf.Variable([0] * 5, dtype=tf.int64, trainable=False)
        TALLIES[self.name] = self

    @property
    def run(self) -> Run:
        """The run so far."""
        counts = Counts(*map(int, self.counts.numpy()))
        return Run(self.noise_multiplier, self.rate, counts, self.unit)


class Lineage:
    """The history of weights that several private models may train.

    Attributes:
        runs: of other processes, and of copies.
        tallies: of the runs of this process, by name.
        notes: sentences on what the history rests on.
        latest: the ledger of the model that took the latest step.
        ledgers: of all private models of these weights.
    """

    def __init__(self) -> None:
        self.runs: History = {}
        self.tallies: dict[str, Tally] = {}
        self.notes: dict[str, None] = {}  # in their order
        self.latest: Any = None
        self.ledgers: weakref.WeakSet[Any] = weakref.WeakSet()

    def history(self) -> History:
        """All runs so far."""
        live = {name: tally.run for name, tally in self.tallies.items()}
        return merged(
            self.runs, {n: run for n, run in live.items() if run.counts.steps}
        )

    def take_in(self, other: "Lineage") -> None:
        """Add what another one has, also what its private models go on to do."""
        if other is not self:
            self.runs = merged(self.runs, other.runs)
            self.tallies |= other.tallies
            self.notes |= other.notes
            self.latest = other.latest or self.latest
            self.ledgers |= other.ledgers


_OF_LAYERS: "weakref.WeakKeyDictionary[keras.Layer, Lineage]" = (
    weakref.WeakKeyDictionary()
)
_OF_VALUES: dict[tuple[int, ...], Lineage] = {}


def lineage_of(model: keras.Model) -> Lineage:
    """The lineage of a model's weights; a new one, where nothing is known of them."""
    known = {id(v): v for v in map(_OF_LAYERS.get, _layers(model)) if v is not None}
    if len(known) == 1:
        [lineage] = known.values()
    else:
        lineage = Lineage()
        for other in known.values():
            lineage.take_in(other)
        if copied := known_by_values(model):
            lineage.runs = merged(lineage.runs, copied.history())
            lineage.notes |= copied.notes
    if model.built:
        for one in carried(model):
            if not any(layer in _OF_LAYERS for layer in one.layers):
                _take_in_carried(lineage, one, model)
    return lineage


def up_to_date(model: keras.Model) -> Lineage:
    """The lineage of a model's weights, with what was loaded into private models of
    these and was not asked for since."""
    for ledger in list(lineage_of(model).ledgers):
        ledger.read_page()
    return lineage_of(model)


def _take_in_carried(lineage: Lineage, one: Carried, model: keras.Model) -> None:
    account = one.account
    # Files of earlier versions know all weights together alone.
    wholes = account["models"] if "models" in account else [account["values"]]
    is_whole = list(_values(model.weights)) in wholes
    if is_whole or any(_is_known(layer, account) for layer in one.layers):
        lineage.runs = merged(lineage.runs, from_plain(account["runs"]))
        lineage.notes |= dict.fromkeys(account["notes"])
        if not is_whole:
            lineage.notes[OTHER_PARTS] = None
    else:
        lineage.notes[OTHER_WEIGHTS] = None
    _OF_LAYERS.update(dict.fromkeys(one.layers, lineage))


def _is_known(layer: keras.Layer, account: dict[str, Any]) -> bool:
    """Whether a layer has all weights that the one had which an account was given to,
    perhaps beside others, as of LoRA."""
    saved, present = account.get("layer", []), _of_each(layer)
    return bool(saved) and all(values in present for values in saved)


def _account(layer: keras.Layer) -> dict[str, Any] | None:
    """What the file of a model with a layer is to say of it."""
    lineage = _OF_LAYERS.get(layer)
    if lineage is None:
        return None
    for ledger in list(lineage.ledgers):
        ledger.read_page()
    lineage = _OF_LAYERS[layer]
    if not steps(history := lineage.history()):
        return None
    if lineage.latest is not None:
        lineage.latest.look_at_weights()
    models = [
        known
        for known, of_known in list(_OF_LAYERS.items())
        if of_known is lineage and isinstance(known, keras.Model) and known.built
    ]
    return {
        "runs": to_plain(history),
        "notes": list(lineage.notes),
        "layer": _of_each(layer),
        "models": [list(_values(model.weights)) for model in models],
    }


def known_by_values(model: keras.Model) -> Lineage | None:
    """The lineage of weights that a private model had at some time in this process."""
    return _OF_VALUES.get(_values(model.weights)) if model.built else None


def belongs(model: keras.Model, lineage: Lineage) -> None:
    """Remember the lineage of a model and of all its layers that are trained."""
    for layer in _layers(model):
        if layer is model or layer.trainable_variables:
            _OF_LAYERS[layer] = lineage
    carry(model, _account)


def remember_values(model: keras.Model, lineage: Lineage) -> None:
    """Remember the present values of the weights, to know them in a copy."""
    key = _values(model.weights)
    _OF_VALUES.pop(key, None)
    _OF_VALUES[key] = lineage
    if len(_OF_VALUES) > _MOST_KNOWN:
        del _OF_VALUES[next(iter(_OF_VALUES))]


def fingerprint(variables: Iterable[keras.Variable]) -> tf.Tensor:
    """Two numbers, int64 (2,), that change when a weight does, as a rule.

    Of a large weight some elements are taken.
    """
    parts = [tf.zeros(1, tf.int64)]
    by_type: dict[Any, list[tf.Tensor]] = {}
    for variable in variables:
        value = tf.reshape(tf.convert_to_tensor(variable.value), [-1])
        stride = max(1, int(np.prod(variable.shape)) // _SAMPLE)
        by_type.setdefault(value.dtype, []).append(value[::stride])
    parts += [_bits(tf.concat(values, 0)) for values in by_type.values()]
    bits = tf.concat(parts, 0)
    places = tf.range(1, tf.size(bits, tf.int64) + 1)
    # Zero is left for what is unknown.
    return tf.stack([tf.reduce_sum(bits * places), tf.reduce_sum(bits) * 2 + 1])


def _bits(values: tf.Tensor) -> tf.Tensor:
    if values.dtype.is_floating:
        values = tf.bitcast(tf.cast(values, tf.float32), tf.int32)
    elif values.dtype == tf.string:
        values = tf.strings.to_hash_bucket_fast(values, 2**31 - 1)
    return tf.cast(values, tf.int64)


def _values(weights: Sequence[keras.Variable]) -> tuple[int, ...]:
    sizes = [int(np.prod(weight.shape)) for weight in weights]
    return (*map(int, fingerprint(weights).numpy()), len(sizes), sum(sizes))


def _of_each(layer: keras.Layer) -> list[list[int]]:
    """The values of each weight of a layer."""
    return [list(_values([weight])) for weight in layer.weights]


def _layers(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers())
