"""The secret key in the environment, where other processes of a build find it too.

The variable TFRWC_PRIVACY_KEY holds the key, in hexadecimal digits, or says where it
is: ``file:PATH``, such as a secret that is mounted, or a version in Google's Secret
Manager, ``projects/PROJECT/secrets/SECRET/versions/VERSION``. Where the key is may be
known to anybody, and be part of the image of a container.
"""

import hashlib
import os
import re
from pathlib import Path

from tfrwc.privacy.noise import check_key

KEY_VARIABLE = "TFRWC_PRIVACY_KEY"
_FILE = "file:"
_VERSION = re.compile(r"projects/[^/]+/secrets/[^/]+/versions/[^/]+")
_MAKE = "python -c 'import secrets; print(secrets.token_hex(32))'"


def secret_key() -> bytes:
    """The key that TFRWC_PRIVACY_KEY holds, or says where it is.

    Raises:
        KeyError: if it is not set; the message says how to make one.
        ValueError: if it is not hexadecimal, or no key as of `check_key`.
        OSError: if it cannot be read where it is.
        ImportError: if it is in Secret Manager, and its client is not installed.
    """
    text = os.environ.get(KEY_VARIABLE)
    if text is None:
        raise KeyError(
            "Private images need a secret key, or where it is, in the environment "
            f"variable {KEY_VARIABLE}. Make one by {_MAKE}, and keep it nowhere else."
        )
    home = KEY_VARIABLE
    # Nothing else is shown: a key that is mistyped may look like a path.
    if text.startswith(_FILE) or _VERSION.fullmatch(text):
        home = text
        text = _read(home)
    if not text.strip():
        raise ValueError(
            f"The secret key in {home} is empty. Make one by {_MAKE}, or unset "
            f"{KEY_VARIABLE}."
        )
    try:
        key = bytes.fromhex(text)
    except ValueError:
        # Without the text, which would show the key.
        raise ValueError(
            f"{home} must be hexadecimal digits, 32 or more of them."
        ) from None
    check_key(key)
    return key


def _read(home: str) -> str:
    """What is in a file, or in a version of a secret."""
    try:
        if _VERSION.fullmatch(home):
            return _secret(home)
        return Path(home.removeprefix(_FILE)).read_bytes().decode("ascii")
    except UnicodeDecodeError:
        raise ValueError(
            f"{home} must be hexadecimal digits, 32 or more of them."
        ) from None
    except OSError as error:
        raise OSError(
            f"The secret key cannot be read from {home}, as {KEY_VARIABLE} says "
            f"({error.strerror or error}). Mount or grant it there, or set another."
        ) from error


def _secret(version: str) -> str:
    try:
        from google.cloud import secretmanager
    except ImportError as error:
        raise ImportError(
            f"{KEY_VARIABLE} says that the key is in Secret Manager, and its client is "
            "not installed here: pip install google-cloud-secret-manager"
        ) from error
    try:
        client = secretmanager.SecretManagerServiceClient()
        payload = client.access_secret_version(name=version).payload
    # What Google's clients raise has no common base but this.
    except Exception as error:
        raise OSError(f"Secret Manager: {type(error).__name__}: {error}") from error
    text: str = payload.data.decode("ascii")
    return text


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
