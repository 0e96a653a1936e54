"""Does what an example gives to a training step depend on the others of its batch?

The sum of clipped gradients moves by at most the clip when an example is removed, if
the clipped gradient of each is a function of that example alone. So that is asked: the
others are changed, and it may not. No gradient and no list of layers could say as much:
mixing may have no gradient, be in frozen layers, or begin at some size or value.

What cannot be known this way is whether something mixes examples for rare values, or by
rare draws, alone.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.compat.graph_effects import written_in
from tfrwc.privacy.sgd.independence.answers import Answer, difference
from tfrwc.privacy.sgd.independence.asked_step import (
    Ask,
    Step,
    answer_or_none,
    fixed_size,
    of_any_size,
    traced,
)
from tfrwc.privacy.sgd.independence.example_batches import (
    CHANGES,
    KINDS,
    Data,
    Examples,
    places_asked,
    weights_of,
)
from tfrwc.privacy.sgd.independence.rounding import are_alike, is_steady
from tfrwc.privacy.sgd.independence.training_state import (
    TURNS,
    TrainingState,
    is_same,
    is_seed,
    is_switch,
    name_of,
    variables_of,
)
from tfrwc.privacy.sgd.operations import check_inside, has_half_precision

with extra("privacy"):
    import tensorflow as tf

_SMALL = 5
_DRAWS = 8  # which may be the same by chance
# What is computed again in the same place of a batch of the same size is the same, on
# most machines bit by bit, in half precision, too; where it is not, `rounding` is
# asked. In other places, the same products are summed in another order.
_SAME, _ROUNDED = 1e-5, 1e-3
_HALF = 100  # times the latter, in half precision
_FROM_DATA = (
    "in training, from the data and without noise. Freeze that layer, or replace it."
)
_BY_ITSELF = (
    "in training, from no data, but in the middle of a step, whose gradients of single "
    "examples are of the state before. Compute what is wanted of it in call without "
    "assigning it, or assign it between the steps, by a callback."
)


def check_independence(
    step: Step,
    examples: Examples,
    specs: Any,
    sizes: Sequence[int],
    eagerly: bool = False,
) -> None:
    """Raise ValueError if the answer about an example depends on others.

    The state of all variables is afterwards as before.

    Args:
        step: what is asked.
        examples: that it is asked about.
        specs: of x, y and sample_weight: a `tf.TensorSpec`, or None. If their first
            axis has a length, the step may see it.
        sizes: of batches, rising; the last is that of training.
        eagerly: whether the step sees how many examples there are: it runs without a
            graph, or has one for each number.
    """
    with _Inquiry(step, examples, specs, eagerly) as inquiry:
        if inquiry.fixed is not None:
            sizes = [inquiry.fixed]
        small = sizes[-1] if inquiry.fixed is not None else min(_SMALL, sizes[-1])
        inquiry.ask_twice(small)
        for size, kind, changes in _plan(sizes):
            inquiry.change_others(size, kind, changes)
        # What Python decides by the length of a batch is seen outside of a graph.
        seen = [sizes[-1]] if inquiry.is_length_known else []
        for size in {small, *(sizes if eagerly else seen)}:
            inquiry.change_others(size, "real", CHANGES[:2], step.outputs)
        if not inquiry.is_traced:
            inquiry.change_others(small, "real", CHANGES[:2], step.ask)
        inquiry.turn_switches({small, sizes[-1]})
        if inquiry.fixed is None:
            inquiry.remove_others(sizes)
        inquiry.check_writes()


def _plan(sizes: Sequence[int]) -> Iterable[tuple[int, str, Sequence[str]]]:
    """Sizes, kinds and changes: all for small batches, few for large ones."""
    for size in sizes:
        if size == _SMALL or len(sizes) == 1:
            yield from ((size, kind, CHANGES) for kind in KINDS)
        elif size < _SMALL:
            yield from ((size, kind, CHANGES[:2]) for kind in KINDS[:3])
        elif size < sizes[-1]:
            yield size, "real", CHANGES[:2]
        else:
            yield size, "real", ("no numbers", "others", "alike")
            yield size, "alike", ("others",)


class _Inquiry:
    """Questions to a step, whose state is put back at the end.

    Attributes:
        fixed: the only size of batches that the step takes, or None.
        is_length_known: whether the step knows the size of a batch when it is traced.
        is_traced: whether it can be.
    """

    def __init__(self, step: Step, examples: Examples, specs: Any, eagerly: bool):
        self._step, self._examples = step, examples
        length = tf.nest.flatten(specs)[0].shape[0]
        self.is_length_known, self.is_traced = length is not None, True
        self.fixed: int | None = None
        self._specs = keras.tree.map_structure(of_any_size, specs)
        graph: tf.Graph | None = None
        try:
            self._ask, graph = traced(step.ask, self._specs)
        except (TypeError, ValueError, AttributeError, NotImplementedError):
            if self.is_length_known:  # and may be needed
                self.fixed, self._specs = length, specs
                self._ask, graph = traced(step.ask, specs)
            elif eagerly:
                self._ask, self.is_traced = step.outputs, False
            else:
                raise
        variables = variables_of(step.layer)
        self._written: list[tf.Tensor] = []
        if graph is not None:
            check_inside(graph, [step.layer], step.subject)
            variables += graph.variables
            self._written = written_in(graph)
        self._first = TrainingState(variables)
        self._state = TrainingState(variables)
        declared = fixed_size(step.layer)
        if declared is not None and not self._takes(declared + 1):
            self.fixed = declared
        self._seeds: list[tf.Variable] = []
        self._loosened = _HALF if has_half_precision(step.layer, graph) else 1

    def __enter__(self) -> "_Inquiry":
        return self

    def __exit__(self, *_: object) -> None:
        self._first.restore()

    def _takes(self, size: int) -> bool:
        """Whether the step takes batches of a size."""
        data, weights = self._examples.batch(size, "real"), np.ones(size, np.float32)
        try:
            return answer_or_none(self._ask, data, weights) is not None
        finally:
            self._first.restore()

    def ask_twice(self, size: int) -> None:
        """The same batch, in the same state, must have the same answer."""
        data = self._examples.batch(size, "real")
        weights = np.ones(size, np.float32)
        one = answer_or_none(self._ask, data, weights)
        if one is None:
            raise ValueError(
                f"{self._step.subject} cannot be computed example by example on the "
                "first batch of the data. Either it does not take these values; or a "
                "layer with weights is called on other rows than the examples, and "
                "needs (examples, positions, ...) instead of a first axis of examples "
                "times positions; or the loss makes tensors whose shape depends on "
                "values, as tf.boolean_mask does: multiply by the mask instead."
            )
        self._check_state()
        self._state.restore()
        other = self._ask(data, weights)
        self._state.restore()
        what = difference(one, other, _SAME)
        if what and not self._is_steady(data, weights):
            raise ValueError(
                f"{self._step.subject} computes another {what} from the same batch a "
                "second time, so that nobody can see whether it treats the examples "
                "one by one. It draws random numbers that come from no "
                "keras.random.SeedGenerator, or keeps something of a batch outside of "
                "its variables. Draw by keras.random, with seed=a SeedGenerator that "
                "the layer has as attribute."
            )

    def change_others(
        self,
        size: int,
        kind: str,
        changes: Sequence[str],
        ask: Ask | None = None,
        certain: bool = True,
    ) -> None:
        """Change all examples but two, in each way.

        Unless it is `certain` that it can be, nothing may be computed on real ones.
        """
        ask = ask or self._ask
        data = self._examples.batch(size, kind)
        places = places_asked(size, KINDS.index(kind))
        weights = weights_of(size, places)
        expected = answer_or_none(ask, data, weights, certain and kind == "real")
        if expected is None:
            return
        self._check_state()
        after = TrainingState(self._seeds)
        for change in changes:
            changed = self._examples.changed(data, places, change)
            self._state.restore()
            answer = answer_or_none(ask, changed, weights)
            if answer is None:
                continue
            self._check_state(after)
            what = difference(expected, answer, _SAME)
            if what and not are_alike(
                functools.partial(self._again, ask, data, weights),
                functools.partial(self._again, ask, changed, weights),
                bool(difference(expected, answer, _ROUNDED * self._loosened)),
            ):
                others = "the other examples of its batch"
                self._refuse(what, others, data, changed, places)
        # The next batch is computed with other random numbers.
        self._state.keep()

    def turn_switches(self, sizes: Iterable[int]) -> None:
        """Ask again with other numbers in variables that something may count up, or
        that callbacks may set: steps, rates, whether a phase has begun."""
        layer = self._step.layer
        trained = {id(v.value) for v in layer.trainable_variables}
        variables = [v for v in self._state.variables if id(v) not in trained]
        switches = [v for v in variables if is_switch(v) and not is_seed(v, layer)]
        for turned in TURNS if switches else ():
            self._first.restore()
            for variable in switches:
                variable.assign(turned(variable.read_value()))
            self._state.keep()
            for size in sizes:
                self.change_others(size, "real", CHANGES[:2], certain=False)
        self._first.restore()
        self._state.keep()

    def remove_others(self, sizes: Sequence[int]) -> None:
        """Examples must have the same answer without others, and in other places."""
        ask = self._ask
        if self._seeds:  # which draw for a whole batch
            ask = self._step.quiet
            if self.is_traced:
                ask, _ = traced(ask, self._specs)
            small = min(_SMALL, sizes[-1])
            data, weights = self._examples.batch(small, "real"), np.ones(small, "f")
            first, *others = (ask(data, weights) for _ in range(_DRAWS))
            tolerance = _ROUNDED * self._loosened
            if any(difference(first, other, tolerance) for other in others):
                return  # and cannot be kept from it
        for size in {min(_SMALL, sizes[-1]), sizes[-1]}:
            # Two batches: in one, a value may by chance be on the edge of a step.
            failures = []
            for kind in ("real", "from 0 to 1", "around 0"):
                failure = self._removal(ask, size, kind)
                failures += [failure] if failure else []
                if not failures or len(failures) > 1:
                    break
            if len(failures) > 1:
                self._refuse(failures[0], "the size of its batch, or its place there")

    def _removal(self, ask: Ask, size: int, kind: str) -> str:
        data = self._examples.batch(size, kind)
        last = size - 1
        parts = [[last, 0]] if last else []
        if last and size <= _SMALL:
            parts += [[last], [*range(1, size)]]
        for places in parts:
            part = keras.tree.map_structure(
                lambda a, p=places: None if a is None else a[p], data
            )
            weights = weights_of(size, sorted(places))
            expected = answer_or_none(ask, data, weights)
            answer = answer_or_none(ask, part, weights[places])
            if expected is None or answer is None:
                continue
            if places != sorted(places):
                answer = answer.reversed()
            what = difference(expected, answer, _ROUNDED * self._loosened, True)
            if what and not are_alike(
                functools.partial(self._again, ask, data, weights),
                functools.partial(self._removed, ask, part, weights, places),
                True,
            ):
                return what
        return ""

    def _again(self, ask: Ask, data: Data, weights: np.ndarray) -> Answer:
        self._state.restore()
        return ask(data, weights)

    def _removed(
        self, ask: Ask, part: Data, weights: np.ndarray, places: Sequence[int]
    ) -> Answer:
        answer = self._again(ask, part, weights[places])
        return answer if places == sorted(places) else answer.reversed()

    def _is_steady(self, data: Data, weights: np.ndarray) -> bool:
        """Whether the answer about a batch changes from call to call by rounding."""
        another = self._examples.changed(data, [0], "others")

        def after_others() -> Answer:
            self._state.restore()
            answer_or_none(self._ask, another, weights)
            return again()

        again = functools.partial(self._again, self._ask, data, weights)
        return is_steady(again, after_others, self._loosened)

    def _check_state(self, after: TrainingState | None = None) -> None:
        """Only seeds may have changed; and to the same values whatever the data."""
        layer = self._step.layer
        changed = [] if after is None else after.changed()
        for variable in self._state.changed():
            if any(variable is seed for seed in self._seeds):
                continue
            if is_seed(variable, layer) and after is None:
                self._seeds.append(variable)
            else:
                changed.append(variable)
        if changed:
            raise ValueError(
                f"{self._step.subject} changes its state {name_of(changed[0], layer)} "
                + (_FROM_DATA if self._is_from_data(changed[0]) else _BY_ITSELF)
            )

    def check_writes(self) -> None:
        """No operation may change a state, either, that did not on what was tried."""
        layer = self._step.layer
        known = {id(v.handle): v for v in self._state.variables}
        for handle in self._written:
            variable = known.get(id(handle))
            if variable is None or not is_seed(variable, layer):
                name = "" if variable is None else name_of(variable, layer)
                raise ValueError(
                    f"{self._step.subject} may change its state "
                    f"{name or 'in a tf.Variable'} under a condition that none of the "
                    f"examples met that were tried, {_FROM_DATA}"
                )

    def _is_from_data(self, variable: tf.Variable) -> bool:
        """Whether other data would have changed a variable to another value."""
        size = self.fixed or _SMALL
        data, value = self._examples.batch(size, "real"), variable.read_value()
        for change in CHANGES[:2]:
            other = self._examples.changed(data, [0], change)
            self._state.restore()
            answer_or_none(self._ask, other, np.ones(size, np.float32))
            if not is_same(variable.read_value(), value):
                return True
        return False

    def _refuse(
        self,
        what: str,
        cause: str,
        data: Data | None = None,
        changed: Data | None = None,
        places: Sequence[int] = (),
    ) -> None:
        where = ""
        if data is not None and changed is not None:
            self._state.restore()
            name = self._step.blame(self._state, data, changed, places)
            where = f", first {name}" if name else ""
        raise ValueError(
            f"{self._step.subject} makes the {what} of an example depend on {cause}: "
            f"some layer mixes them{where}. Then clipping bounds nothing. Every layer "
            "must treat the examples (the first axis) one by one: leave that one out, "
            "or replace it by one that does, such as LayerNormalization or "
            "GroupNormalization for what is normalised over the batch."
        )
