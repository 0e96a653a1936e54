"""Outcomes from words, also where the words leave them open."""

from bisect import bisect_right
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy.exact.oracles import gaussian_weights, laplace_weights
from scipy import stats

from tfrwc.privacy.exact import table as table_module
from tfrwc.privacy.exact.laws import (
    DiscreteGaussian,
    GeometricDigit,
    Response,
    TwoSidedGeometric,
)
from tfrwc.privacy.exact.table import SEED_WORDS, Table

# As in test_noise.py: fixed seeds, and a chance of at most LEVEL to fail when right.
SEEDS, LEVEL = range(5), 1e-3
LAWS = [
    TwoSidedGeometric(Fraction(1, 3)),
    DiscreteGaussian(Fraction(25, 4)),
    GeometricDigit(Fraction(1, 100), 64),
    Response(Fraction(2), 7),
    Response(Fraction(40), 256),
]


def draw(table, words, seed=0):
    seeds = np.random.default_rng(seed).integers(
        -(2**63), 2**63, (len(words), SEED_WORDS), np.int64
    )
    return table.draw(words, seeds, np.int64, farthest=2**60)


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("bits", [1, 4, 12, 16])
def test_every_word_of_few_bits(law, bits):
    """Counts of words with an outcome, and its probability, differ by the open ones."""
    every = np.arange(2**bits, dtype=np.uint32)[None] << np.uint32(32 - bits)
    numbers = draw(Table(law, bits), every)
    again = draw(Table(law, bits), every, seed=1)
    sure, number = np.unique(numbers[numbers == again], return_counts=True)
    first, low, _ = law.thresholds(64)
    edges = [0.0, *(np.array(low, float) / 2**64), 1.0]
    for outcome, count in zip(sure, number, strict=True):
        index = outcome - first
        probability = edges[index + 1] - edges[index]
        # Two words at most are open at its ends.
        assert abs(count - probability * 2**bits) <= 2 + 1e-9


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(LAWS), st.data())
def test_words_at_thresholds_take_further_bits(law, data):
    """Against the thresholds of 96 bits, at words that begin as a threshold does."""
    first, low, high = law.thresholds(96)
    threshold = data.draw(st.sampled_from(low))
    shift = data.draw(st.integers(-2, 2))
    word = min(max((threshold >> 64) + shift, 0), 2**32 - 1)
    further = data.draw(
        st.integers(0, 2**64 - 1)
        | st.integers(-2, 2).map(lambda i: (threshold + i) % 2**64)
    )
    whole = word << 64 | further
    least, most = bisect_right(high, whole), bisect_right(low, whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            table_module, "_further_words", lambda *_: iter([further, 2**63, 1])
        )
        outcome = draw(Table(law), np.array([[word]], np.uint32)).item()
    # Beyond the last thresholds there are more.
    assert first + least <= outcome or least == 0
    assert outcome <= first + most or most == len(low)


@pytest.mark.parametrize("bits", [1, 2, 5, 32])
@pytest.mark.parametrize("law", ["laplace", "gaussian"])
def test_numbers_have_their_probabilities_however_short_the_words(law, bits):
    weights, chosen = {
        "laplace": (laplace_weights(3, 400), TwoSidedGeometric(Fraction(1, 3))),
        "gaussian": (gaussian_weights(6.25, 60), DiscreteGaussian(Fraction(25, 4))),
    }[law]
    table, n = Table(chosen, bits), 100_000 if bits == 32 else 4000
    for seed in SEEDS:
        words = np.random.default_rng(seed).integers(2**32, size=(4, n // 4))
        numbers = draw(table, words.astype(np.uint32), seed).ravel()
        # Each number that is expected 20 times, and the rest together.
        often = [k for k, weight in weights.items() if weight * n > 20]
        counts = [np.sum(numbers == k) for k in often]
        expected = [float(weights[k]) * n for k in often]
        counts.append(n - sum(counts))
        expected.append(n - sum(expected))
        assert stats.chisquare(counts, expected).pvalue > LEVEL / len(SEEDS)


def test_tails_have_no_end(monkeypatch):
    """Words of ones go on until a bit is 0, and the outcome is where that leads."""
    law = TwoSidedGeometric(Fraction(1))
    ones = [2**64 - 1] * 15
    monkeypatch.setattr(table_module, "_further_words", lambda *_: iter([*ones, 0]))
    last = np.array([[2**32 - 1]], np.uint32)
    number = draw(Table(law), last).item()
    # P(k or more) is about exp(-k), and 32 + 15 x 64 bits are ones.
    assert 684 < number < 690
    seeds = np.zeros((1, SEED_WORDS), np.int64)
    assert Table(law).draw(last, seeds, np.int32, farthest=100).item() == 100


def test_further_bits_differ_by_seed_purpose_and_place():
    first = [
        next(table_module._further_words(*case))
        for case in ((b"a" * 32, 0, 0), (b"b" * 32, 0, 0), (b"a" * 32, 1, 0),
                     (b"a" * 32, 0, 1))
    ]  # fmt: skip
    assert len(set(first)) == 4
    words = table_module._further_words(b"a" * 32, 0, 0)
    assert next(words) == first[0] != next(words)
