"""The key in the environment, and what tells it from others."""

import pytest

from tfrwc.privacy import insecure_test_key, new_key
from tfrwc.privacy.keys import fingerprint_under


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
