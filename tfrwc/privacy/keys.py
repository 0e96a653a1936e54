"""The secret key in the environment, where other processes of a build find it too."""

import hashlib
import os

from tfrwc.privacy.noise import check_key

KEY_VARIABLE = "TFRWC_PRIVACY_KEY"


def secret_key() -> bytes:
    """The key in TFRWC_PRIVACY_KEY.

    Raises:
        KeyError: if it is not set; the message says how to make one.
        ValueError: if it is not hexadecimal, or no key as of `check_key`.
    """
    text = os.environ.get(KEY_VARIABLE)
    if text is None:
        raise KeyError(
            f"Private images need a secret key in the environment variable "
            f"{KEY_VARIABLE}. Make one by python -c 'import secrets; "
            "print(secrets.token_hex(32))', and keep it nowhere else."
        )
    if not text.strip():
        raise ValueError(
            f"The secret key in {KEY_VARIABLE} is empty. Make one by python -c 'import "
            "secrets; print(secrets.token_hex(32))', or unset the variable."
        )
    try:
        key = bytes.fromhex(text)
    except ValueError:
        # Without the text, which would show the key.
        raise ValueError(
            f"{KEY_VARIABLE} must be hexadecimal digits, 32 or more of them."
        ) from None
    check_key(key)
    return key


def fingerprint_under(key: bytes, text: str = "") -> str:
    """16 hexadecimal digits that tell keys and texts apart, and tell nothing of them.

    They are a MAC by BLAKE2b. Whoever has not the key cannot try texts: a hash without
    a key, of images that are to be private, would tell whether a guess is right.

    Args:
        key: as of `secret_key`.
        text: what belongs to the key; none for the key alone.
    """
    check_key(key)
    short = hashlib.blake2b(key).digest()
    mac = hashlib.blake2b(key=short, digest_size=8, person=b"tfrwc identity")
    mac.update(text.encode("utf-8", "surrogateescape"))
    return mac.hexdigest()
