"""The key in the environment, and what tells it from others."""

import pytest

from tfrwc.privacy import insecure_test_key, new_key
from tfrwc.privacy.keys import KEY_VARIABLE, fingerprint_under, secret_key


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


def test_fingerprints_tell_keys_and_texts_apart():
    keys = [insecure_test_key(i) for i in range(200)]
    keys += [keys[0] + b"\0", keys[0][:16], keys[0] * 10]
    digits = {
        fingerprint_under(key, text) for key in keys for text in ("", "a", "\udcff")
    }
    assert len(digits) == 3 * len(keys)
    assert {len(each) for each in digits} == {16}
    assert fingerprint_under(keys[0], "a") == fingerprint_under(keys[0], "a")


def test_a_fingerprint_needs_a_key():
    with pytest.raises(ValueError, match="16"):
        fingerprint_under(new_key()[:15])
