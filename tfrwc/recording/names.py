"""Names that are unique within a model."""

from collections import Counter


def numbered(name: str, names: Counter[str]) -> str:
    """A name, with its number where it was among `names` already; they are counted."""
    names[name] += 1
    return name if names[name] == 1 else f"{name}#{names[name]}"
