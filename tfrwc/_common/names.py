"""Names of people and things, in one form, whoever wrote them."""

import unicodedata


def plain_name(name: str) -> str:
    """A name without what nobody sees of it, so that equal-looking ones are equal.

    Blanks around it, characters that are not seen, and how Unicode composes its letters
    do not count; cases and leading zeros do.

    >>> plain_name(" Jose\\u0301\\u200b") == "Jos\\u00e9"
    True
    """
    composed = unicodedata.normalize("NFC", name)
    seen = (c for c in composed if unicodedata.category(c) != "Cf")
    # Texts of a fixed length end in zeros.
    return "".join(seen).strip().strip("\0").strip()
