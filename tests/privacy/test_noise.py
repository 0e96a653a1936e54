"""The keyed generator: strong, repeatable, and of the right distributions.

Each statistical test runs over `SEEDS` keys and fails if any p-value is below
`LEVEL` / (number of keys): a chance of at most LEVEL per test when all is right. The
keys are fixed, so a test that passes goes on passing.
"""

import hashlib

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tfrwc.privacy import insecure_test_key, new_key
from tfrwc.privacy.noise import (
    KeyedNoise,
    standard_exponential,
    standard_laplace,
    standard_normal,
    uniform,
)

KEY = bytes(range(32))
SEEDS, LEVEL, COUNT = range(5), 1e-3, 100_000


def words(seed, images=1, count=COUNT):
    noise = KeyedNoise(insecure_test_key(seed), b"test")
    return noise.words(range(images), np.zeros((images, 1), np.uint8), count)


def test_words_are_aes_in_counter_mode():
    """Against the primitives, put together step by step."""
    key, image = KEY, np.arange(6, dtype=np.uint8)
    got = KeyedNoise(key, b"purpose").words(["a"], image[None], 5)
    master = hashlib.blake2b(b"purpose", key=hashlib.blake2b(key).digest()).digest()
    mac = hashlib.blake2b(b"text 1 a", key=master[32:], digest_size=12)
    mac.update(bytes(range(6)))
    cipher = Cipher(algorithms.AES(master[:32]), modes.CTR(mac.digest() + bytes(4)))
    assert got.tobytes() == cipher.encryptor().update(bytes(40))


def test_everything_that_keys_the_words_changes_them():
    image = np.zeros((1, 4), np.uint8)

    def first(key=KEY, purpose=b"p", name="a", image=image):
        return KeyedNoise(key, purpose).words([name], image, 4).tobytes()

    different = [
        first(),
        first(key=KEY[::-1]),
        first(purpose=b"q"),
        first(name="b"),
        first(name=b"a"),
        # Of a file whose name is no text, and of one with these bytes as text.
        first(name="\udcc3\udca9"),
        first(name="\u00e9"),
        first(image=image + 1),
    ]
    assert len(set(different)) == len(different)
    assert first() == first()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(), min_size=1, unique=True), st.integers(1, 40), st.data())
def test_words_do_not_depend_on_the_company(ids, count, data):
    """The words of an image are the same alone, in any order, in any batch."""
    images = np.random.default_rng(0).integers(0, 256, (len(ids), 3), np.uint8)
    noise = KeyedNoise(KEY, b"p")
    together = noise.words(ids, images, count)
    i = data.draw(st.integers(0, len(ids) - 1))
    assert (noise.words(ids[i : i + 1], images[i : i + 1], count) == together[i]).all()


@pytest.mark.parametrize(
    ("make", "law"),
    [
        (standard_laplace, stats.laplace),
        (standard_normal, stats.norm),
        (standard_exponential, stats.expon),
        (uniform, stats.uniform),
        (lambda w: w * 2.0**-64 + 0.5, stats.uniform),
    ],
    ids=["laplace", "normal", "exponential", "uniform", "words"],
)
def test_distributions(make, law):
    for seed in SEEDS:
        sample = make(words(seed)).ravel()
        assert stats.kstest(sample, law.cdf).pvalue > LEVEL / len(SEEDS)


@pytest.mark.parametrize(
    ("make", "law"),
    [(standard_laplace, stats.laplace), (standard_normal, stats.norm)],
    ids=["laplace", "normal"],
)
def test_tails(make, law):
    """Counts beyond quantiles down to 1e-4, on both sides, are binomial."""
    tails = np.array([1e-4, 1e-3, 1e-2])
    for seed in SEEDS:
        sample = make(words(seed, count=10 * COUNT)).ravel()
        for tail in tails:
            for count in (
                np.sum(sample < law.ppf(tail)),
                np.sum(sample > law.isf(tail)),
            ):
                p = stats.binomtest(int(count), sample.size, tail).pvalue
                assert p > LEVEL / len(SEEDS) / (2 * len(tails))


def test_extreme_words_give_finite_noise():
    extreme = np.array([[-(2**63), 0, 2**63 - 1, -1, 1, -(2**63), 0, 2**63 - 1]])
    assert np.abs(standard_laplace(extreme)).max() == pytest.approx(44.36, abs=0.01)
    assert np.abs(standard_normal(extreme)).max() == pytest.approx(9.42, abs=0.01)
    assert (uniform(extreme) >= 0).all()
    assert (uniform(extreme) < 1).all()


def test_pairs_of_normal_numbers_are_independent():
    """Box and Muller's two numbers, their sizes and signs."""
    for seed in SEEDS:
        a, b = np.split(standard_normal(words(seed)).ravel(), 2)
        for x, y in ((a, b), (a**2, b**2), (np.sign(a), np.sign(b))):
            assert stats.pearsonr(x, y).pvalue > LEVEL / len(SEEDS) / 3


def test_values_and_images_are_independent():
    """Neighbouring words of an image, and the same word of images in turn."""
    for seed in SEEDS:
        noise = standard_laplace(words(seed, images=200, count=200))
        for x, y in (
            (noise[:, :-1], noise[:, 1:]),
            (noise[:-1], noise[1:]),
            (np.abs(noise[:-1]), np.abs(noise[1:])),
        ):
            assert stats.pearsonr(x.ravel(), y.ravel()).pvalue > LEVEL / len(SEEDS) / 3


def test_new_keys_differ():
    assert len(new_key()) == 32
    assert new_key() != new_key()


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        ("a text of some length", TypeError, "Received: str"),
        (0, TypeError, "insecure_test_key"),
        (None, TypeError, "new_key"),
        (b"short", ValueError, "Received: 5 bytes"),
        (b"", ValueError, "Received: 0 bytes"),
        (bytes(32), ValueError, "zeros, which .*new_key"),
        (b"k" * 64, ValueError, "fewer than 5 different"),
        (b"\xde\xad\xbe\xef" * 8, ValueError, "fewer than 5 different"),
    ],
)
def test_bad_keys(key, error, message):
    with pytest.raises(error, match=message):
        KeyedNoise(key, b"p")
