"""What a graph does beside its outputs is seen, however deep in functions."""

import numpy as np
import pytest
import tensorflow as tf

from tfrwc.compat.graph_effects import outside_of_variables, written_in

X = tf.TensorSpec((None, 3), tf.float32)


def graph_of(function):
    return tf.function(function, autograph=False).get_concrete_function(X).graph


def outside(function):
    graph = graph_of(function)
    return [kind for _, kind in outside_of_variables(graph.get_operations())]


def plain(effect):
    return effect


def conditional(effect):
    return lambda x: tf.cond(tf.reduce_sum(x) > 9, lambda: effect(x), lambda: x)


def one_by_one(effect):
    return lambda x: tf.map_fn(lambda row: effect(row[None])[0], x)


def in_a_function(effect):
    inner = tf.function(effect, autograph=False)
    return lambda x: inner(x) + 1


def twice(effect):
    return in_a_function(conditional(in_a_function(effect)))


PLACES = [plain, conditional, one_by_one, in_a_function, twice]


def in_python(x):
    return tf.ensure_shape(tf.numpy_function(np.tanh, [x], tf.float32), x.shape)


def with_gradient(x):
    return tf.ensure_shape(tf.py_function(tf.tanh, [x], tf.float32), x.shape)


@pytest.mark.parametrize("place", PLACES)
def test_python_is_seen_wherever_it_is_called(place):
    assert outside(place(in_python)) == ["PyFunc"]
    assert outside(place(with_gradient)) == ["EagerPyFunc"]


def into_a_table(x):
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, 0.0)
    table.insert(tf.constant([1], tf.int64), tf.reduce_sum(x)[None])
    return x


def into_a_queue(x):
    with tf.control_dependencies(
        [tf.raw_ops.Stage(values=[x], container="", shared_name="q")]
    ):
        return tf.identity(x)


def into_a_file(x):
    tf.io.write_file("/nowhere", tf.strings.as_string(tf.reduce_sum(x)))
    return x


def of_a_generator(x):
    numbers = tf.data.Dataset.from_generator(
        lambda: iter([1.0]), output_signature=tf.TensorSpec((), tf.float32)
    )
    return x + numbers.reduce(0.0, lambda a, b: a + b)


ITERATOR = iter(tf.data.Dataset.from_tensors(np.float32(1)).repeat())


@pytest.mark.parametrize(
    "effect",
    [
        into_a_table,
        into_a_queue,
        into_a_file,
        of_a_generator,
        lambda x: x + next(ITERATOR),
        lambda x: tf.numpy_function(np.tanh, [x], tf.float32, stateful=False),
    ],
)
def test_other_places_are_seen(effect):
    assert outside(effect)


def test_summaries_are_seen(tmp_path):
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=0):
        assert outside(lambda x: (tf.summary.histogram("x", x), x)[1])


KEPT, READ = tf.Variable(tf.zeros(3)), tf.Variable(tf.ones(3))
WORDS = tf.lookup.StaticHashTable(
    tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), 0
)
RANDOM = tf.random.Generator.from_seed(0)


def innocent(x):
    tf.print(tf.shape(x))
    tf.debugging.assert_non_negative(x)
    x = tf.nn.dropout(x, 0.5) + tf.random.normal(tf.shape(x)) + READ
    x = x + RANDOM.normal(tf.shape(x)) + tf.gather(READ, [0, 1, 2])
    known = tf.cast(WORDS.lookup(tf.constant(["a"])), tf.float32)
    rows = tf.TensorArray(tf.float32, 1).write(0, x).stack()[0]
    return tf.vectorized_map(tf.sin, x) + known + rows


@pytest.mark.parametrize("place", PLACES)
def test_the_rest_of_tensorflow_is_not(place):
    assert outside(place(innocent)) == []


def writes(x):
    KEPT.assign_add(x[0])
    return x + READ


@pytest.mark.parametrize("place", PLACES)
def test_what_is_written_is_told_from_what_is_read(place):
    assert [h is KEPT.handle for h in written_in(graph_of(place(writes)))] == [True]
    assert written_in(graph_of(place(lambda x: x + KEPT * READ))) == []


def test_numbers_drawn_and_parts_written_are_writes():
    def draws(x):
        KEPT.scatter_nd_update([[0]], [x[0, 0]])
        return x + RANDOM.normal(tf.shape(x))

    handles = {id(h) for h in written_in(graph_of(draws))}
    assert handles == {id(KEPT.handle), id(RANDOM.state.handle)}
