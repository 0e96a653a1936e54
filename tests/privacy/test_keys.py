"""The key in the environment, and what tells it from others."""

import sys
from types import ModuleType, SimpleNamespace

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
        ("/a/key/in+base64/that+looks+like+a+path==", "must be hexadecimal digits"),
    ],
)
def test_what_is_no_key_is_refused(monkeypatch, text, message):
    monkeypatch.setenv(KEY_VARIABLE, text)
    with pytest.raises(ValueError, match=message) as error:
        secret_key()
    assert not text.strip() or text not in str(error.value)


def test_the_key_is_read_from_a_file(monkeypatch, tmp_path):
    path = tmp_path / "key"
    path.write_text(bytes(range(32)).hex() + "\n")
    monkeypatch.setenv(KEY_VARIABLE, f"file:{path}")
    assert secret_key() == bytes(range(32))
    for content, message in (
        (b"", f"in file:{path} is empty"),
        (b"not hexadecimal", "must be hexadecimal"),
        (b"\xff" * 64, "must be hexadecimal"),
        (b"00" * 32, "zeros"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message) as error:
            secret_key()
        assert "not hexadecimal" not in str(error.value)
    path.unlink()
    with pytest.raises(OSError, match=rf"cannot be read from file:{path}, .*No such"):
        secret_key()


class Client:
    """Google's, as far as it is used."""

    def __init__(self):
        pass

    def access_secret_version(self, name):
        if name.endswith("/2"):
            raise RuntimeError("403 denied")
        return SimpleNamespace(
            payload=SimpleNamespace(data=bytes(range(32)).hex().encode())
        )


def test_the_key_is_read_from_secret_manager(monkeypatch):
    version = "projects/mine/secrets/noise/versions/{}"
    monkeypatch.setenv(KEY_VARIABLE, version.format(1))
    monkeypatch.setitem(sys.modules, "google.cloud.secretmanager", None)
    with pytest.raises(ImportError, match="pip install google-cloud-secret-manager"):
        secret_key()
    cloud = ModuleType("google.cloud")
    cloud.secretmanager = SimpleNamespace(SecretManagerServiceClient=Client)
    monkeypatch.setitem(sys.modules, "google.cloud", cloud)
    assert secret_key() == bytes(range(32))
    monkeypatch.setenv(KEY_VARIABLE, version.format(2))
    with pytest.raises(OSError, match=r"versions/2, .*RuntimeError: 403 denied"):
        secret_key()


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
