"""Mixing of factors: formulas, noise, and the same function on tensors."""

import subprocess
import sys

import numpy as np
import pytest

from tfrwc.datasets import mixing
from tfrwc.disentangle import theory

A = theory.mixing(0.6, n=3)
WORLDS = {
    "linear": (mixing.linear(A), lambda a, b: A @ [a, b]),
    "tanh": (mixing.tanh(A), lambda a, b: np.tanh(A @ [a, b])),
    "sum_and_squares": (mixing.sum_and_squares(), lambda a, b: [a + b, a**2 - b**2]),
    "product": (mixing.product(0.2), lambda a, b: [a * b, 0.2 * (a + b)]),
}
worlds = pytest.mark.parametrize(("f", "formula"), WORLDS.values(), ids=WORLDS)


@worlds
def test_formula(f, formula):
    s = np.random.default_rng(0).normal(size=(2, 5, 2))
    expected = [[formula(*pair) for pair in row] for row in s]
    np.testing.assert_allclose(f(s), expected, rtol=1e-12)


@worlds
def test_the_same_on_tensors(f, formula):
    keras = pytest.importorskip("keras")
    s = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    found = f(keras.ops.convert_to_tensor(s), xp=keras.ops)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(found, f(s), rtol=1e-5, atol=1e-6)
    symbolic = f(keras.Input((2,)), xp=keras.ops)
    assert symbolic.shape == (None, *found.shape[1:])


@worlds
def test_sample(f, formula):
    """100,000 draws; 6 standard errors of the standard deviation of the noise."""
    s, x = mixing.sample(f, sigma=0.3, count=100_000, seed=3)
    assert s.dtype == x.dtype == np.float32
    assert s.shape == (100_000, 2)
    noise = (x - f(s)) / 0.3
    assert abs(noise.std(axis=0) - 1).max() < 6 / np.sqrt(2 * 100_000)
    assert abs(np.cov(s.T) - np.eye(2)).max() < 0.03
    again, _ = mixing.sample(f, sigma=0.3, count=100_000, seed=3)
    np.testing.assert_array_equal(s, again)
    clean, means = mixing.sample(f, sigma=0, count=10, seed=3)
    np.testing.assert_allclose(means, f(clean), rtol=1e-4, atol=1e-6)


def test_three_factors():
    B = np.random.default_rng(0).normal(size=(5, 3))
    s, x = mixing.sample(mixing.linear(B), 0.1, 7, seed=0, k=3)
    assert s.shape == (7, 3)
    assert x.shape == (7, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixing.linear([1.0, 2.0]), r"shape \(2,\)"),
        (lambda: mixing.tanh([[np.nan]]), "finite matrix"),
        (lambda: mixing.product(np.inf), "weak must be a finite"),
        (lambda: mixing.sample(mixing.product(), -1, 5, 0), "sigma must be 0 or"),
        (
            lambda: mixing.sample(mixing.product(), 1, 0, 0),
            "count must be a whole",
        ),
        (lambda: mixing.sample(np.sum, 1, 5, 0), "one row of data"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_tensorflow_is_imported():
    code = (
        "import sys, tfrwc.datasets.mixing\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
