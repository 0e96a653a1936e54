"""Random numbers from a secret key, the same ones again for the same image.

A private data set may draw the noise of an image only once: who sees the image with
two independent noises can average them. So the random words of an image are a
function of (secret key, mechanism, image id, image), and a task that is retried, or
run on another machine, draws exactly what it drew before.

The words are an AES-256-CTR keystream of the `cryptography` package, under a key and
with nonces that BLAKE2b derives from the secret key. Whoever does not have the key
cannot tell them from independent uniform words.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tfrwc.compat.extras import extra

with extra("privacy"):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

GENERATOR = "AES-256-CTR of the package cryptography, keyed by BLAKE2b"
KEY_BYTES = 16
_DIFFERENT = 5

ImageId: TypeAlias = str | bytes | int
Words: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]


def new_key() -> bytes:
    """A new secret key of 32 bytes. Keep it in memory, or in a secret store."""
    return secrets.token_bytes(32)


def insecure_test_key(seed: object) -> bytes:
    """A key that anybody can compute: for tests and examples, never for real data.

    Args:
        seed: anything; its text chooses the key.
    """
    return hashlib.blake2b(f"insecure {seed}".encode(), digest_size=32).digest()


class KeyedNoise:
    """Random words of images.

    Args:
        key: the secret, 16 bytes or more.
        purpose: different purposes have independent words.

    Raises:
        TypeError, ValueError: as `check_key`.
    """

    def __init__(self, key: bytes, purpose: bytes) -> None:
        check_key(key)
        short = hashlib.blake2b(key).digest()
        master = hashlib.blake2b(purpose, key=short).digest()
        self._mac_key = master[32:]
        self._cipher = Cipher(algorithms.AES(master[:32]), modes.CTR(bytes(16)))

    def words(
        self, ids: Sequence[ImageId], images: npt.NDArray[Any], count: int
    ) -> Words:
        """Uniform words for each image.

        Args:
            ids: one per image.
            images: (n, ...), of one type; the words depend on the values too, so that
                an id used by mistake for two images does not give both the same noise.
            count: number of words per image.

        Returns:
            int64 (n, count), uniform over all 64-bit integers.
        """
        encryptor = self._cipher.encryptor()
        size = 8 * count
        zeros = bytes(size)
        # The cipher wants room for one block more than it writes.
        buffer = np.empty(len(images) * size + 16, np.uint8)
        room = buffer.data
        start = hashlib.blake2b(key=self._mac_key, digest_size=12)
        for i, (name, image) in enumerate(zip(ids, images, strict=True)):
            mac = start.copy()
            mac.update(encode(name))
            mac.update(image.tobytes())
            # A nonce of 96 bits, and a counter of 32 that starts at 0.
            encryptor.reset_nonce(mac.digest() + bytes(4))
            encryptor.update_into(zeros, room[i * size : (i + 1) * size + 16])
        return buffer[: len(images) * size].view(np.int64).reshape(-1, count)


class WordStream:
    """Random words one after the other, none of them twice: an AES-256-CTR keystream.

    Args:
        key: the secret, 32 bytes, for this stream alone.
    """

    def __init__(self, key: bytes) -> None:
        self._encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()

    def words(self, count: int) -> Words:
        """The next words: int64 (count,), uniform over all 64-bit integers."""
        return np.frombuffer(self._encryptor.update(bytes(8 * count)), np.int64)


def standard_laplace(words: Words) -> Floats:
    """Laplace noise of scale 1, at most 44.4 in size; one number per word."""
    signed = words.astype(np.float64)
    size = np.abs(signed)
    size += 0.5
    size *= 2.0**-63
    return np.copysign(np.log(size, out=size), signed, out=size)


def standard_normal(words: Words) -> Floats:
    """Normal noise of variance 1, at most 9.5 in size; one number per word.

    By Box and Muller (1958), from an even number of words in the last axis: the first
    half gives radii, the second angles.
    """
    half = words.shape[-1] // 2
    size = words[..., :half].astype(np.float64)
    np.abs(size, out=size)
    size += 0.5
    size *= 2.0**-63
    np.log(size, out=size)
    size *= -2
    radius = np.sqrt(size, out=size)
    noise = np.empty(words.shape)
    cosine, sine = noise[..., :half], noise[..., half:]
    _turn(words[..., half:], cosine, sine)
    cosine *= radius
    sine *= radius
    return noise


_ANGLES = np.arange(4096) * (2 * np.pi / 4096)
_COSINES, _SINES = np.cos(_ANGLES), np.sin(_ANGLES)


def _turn(words: Words, cosine: Floats, sine: Floats) -> None:
    """Write cosine and sine of uniform angles, to 1e-16.

    The high 12 bits of a word choose one of 4096 angles from a table; for the small
    angle b < 0.0016 that the low 52 bits add, Taylor's series to b⁴ and b⁵ suffice.
    Twice as fast as np.cos and np.sin.
    """
    coarse = (words >> 52) & 4095
    fine = (words & (2**52 - 1)) * (_ANGLES[1] * 2.0**-52)
    square = fine * fine
    fine_cosine = 1 - square * (1 / 2 - square / 24)
    fine *= 1 - square * (1 / 6 - square / 120)
    c, s = _COSINES.take(coarse), _SINES.take(coarse)
    np.multiply(c, fine_cosine, out=cosine)
    np.multiply(s, fine_cosine, out=sine)
    cosine -= s * fine
    sine += c * fine


def uniform(words: Words) -> Floats:
    """Uniform numbers in [0, 1), one per word."""
    numbers = words.astype(np.float64)
    numbers *= 2.0**-64
    numbers += 0.5
    np.minimum(numbers, 1 - 2.0**-53, out=numbers)
    return numbers


def standard_exponential(words: Words) -> Floats:
    """Exponential numbers of mean 1, one per word."""
    return np.abs(standard_laplace(words))


def check_key(key: object) -> None:
    """Check a secret key.

    Raises:
        TypeError: if it is not bytes.
        ValueError: if it has fewer than `KEY_BYTES`, or fewer than `_DIFFERENT`
            different ones.
    """
    if not isinstance(key, bytes):
        raise TypeError(
            f"A key is bytes, 16 or more. Received: {type(key).__name__}. Make one "
            "with tfrwc.privacy.new_key(), or with insecure_test_key(seed) in a test."
        )
    if len(key) < KEY_BYTES:
        raise ValueError(
            f"A key needs {KEY_BYTES} bytes or more, or it can be guessed. Received: "
            f"{len(key)} bytes. Make one with tfrwc.privacy.new_key()."
        )
    if len(set(key)) < _DIFFERENT:
        # Without the bytes, which would show the key. A random one never looks so.
        raise ValueError(
            f"A key is of random bytes. Received: {len(key)} bytes of fewer than "
            f"{_DIFFERENT} different values, such as zeros, which can be guessed. Make "
            "one with tfrwc.privacy.new_key()."
        )


def encode(name: ImageId) -> bytes:
    """An id as bytes; different ids give different ones."""
    if isinstance(name, bytes):
        return b"bytes %d %b" % (len(name), name)
    # Names of files that are no text have surrogates, which are ids like any others.
    text = str(name).encode(errors="surrogatepass")
    kind = b"text" if isinstance(name, str) else b"number"
    return b"%b %d %b" % (kind, len(text), text)
