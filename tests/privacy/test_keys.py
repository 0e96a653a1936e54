"""The secret key in the environment."""

import pytest

from tfrwc.privacy.keys import KEY_VARIABLE, secret_key


def test_the_key_is_read(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, bytes(range(32)).hex())
    assert secret_key() == bytes(range(32))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("00" * 32, "zeros"),
        ("ab" * 32, "fewer than 5 different"),
        ("0123456789", "16 bytes or more"),
        ("not hexadecimal", "must be hexadecimal digits"),
    ],
)
def test_what_is_no_key_is_refused(monkeypatch, text, message):
    monkeypatch.setenv(KEY_VARIABLE, text)
    with pytest.raises(ValueError, match=message) as error:
        secret_key()
    assert not text.strip() or text not in str(error.value)


def test_a_missing_key_is_told_how_to_make(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(KeyError, match="token_hex"):
        secret_key()
