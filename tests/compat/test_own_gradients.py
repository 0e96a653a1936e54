"""Gradients of functions' own, and what is left of their graphs."""

import gc
import weakref

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from tfrwc.compat.own_gradients import own_gradient, without_gradients  # noqa: E402


def doubled(x):
    """The input, with twice its gradient."""
    return tf.identity(x), lambda upstream: 2 * upstream


def gradient(function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(3 * function(x))
    return tape.gradient(y, x)


@pytest.mark.parametrize("around", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_a_tape_takes_the_gradient_of_its_own(around):
    taken = around(lambda x: gradient(own_gradient(doubled), x))(tf.ones(3))
    np.testing.assert_array_equal(taken, np.full(3, 6.0))


def test_a_gradient_within_a_gradient():
    inner = own_gradient(doubled)

    def quadrupled(x):
        return tf.identity(inner(x)), lambda upstream: 4 * upstream

    outer = own_gradient(quadrupled)
    taken = tf.function(lambda x: gradient(lambda t: inner(outer(t)), x))(tf.ones(2))
    np.testing.assert_array_equal(taken, np.full(2, 24.0))


def test_others_gradients_stay():
    """A function that is called within may have been traced there once and for all."""
    theirs = tf.custom_gradient(doubled)

    @tf.function
    def compiled(x):
        return theirs(x)

    def passed_on(x):
        return compiled(x), lambda upstream: upstream

    tf.function(lambda x: own_gradient(passed_on)(x))(tf.ones(3))
    np.testing.assert_array_equal(gradient(compiled, tf.ones(3)), np.full(3, 6.0))


def with_own(x):
    return gradient(own_gradient(doubled), x)


def applied(x):
    with without_gradients():
        return tf.custom_gradient(doubled)(tf.custom_gradient(doubled)(x))


@pytest.mark.parametrize("of", [with_own, applied])
def test_the_graph_goes_with_its_function(of):
    # AutoGraph fails on the newest Pythons, and its error keeps the graph.
    function = tf.function(of, autograph=False)
    function(tf.ones(3))
    graph = weakref.ref(function.get_concrete_function(tf.ones(3)).graph)
    del function
    gc.collect()
    assert graph() is None


def test_what_is_made_before_keeps_its_gradient():
    @tf.function
    def step(x):
        y = tf.custom_gradient(doubled)(x)
        with without_gradients():
            return y, tf.stop_gradient(applied(x))

    x = tf.ones(3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, _ = step(x)
    np.testing.assert_array_equal(tape.gradient(y, x), np.full(3, 2.0))
