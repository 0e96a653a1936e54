"""Files that are there whole or not at all, and what is in them."""

import json
import os

import numpy as np


def write_whole(path, text):
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def check_settings(path, asked):
    """Raise ValueError if a settings.json is of a trial with other settings."""
    if not path.exists():
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    different = sorted(key for key in asked if found.get(key) != asked[key])
    if different:
        raise ValueError(
            f"{path.parent} holds a trial with other settings "
            f"({', '.join(different)}). Give another folder, or the same settings to "
            "go on with it."
        )


def plain(value):
    """Lists, numbers and None, as JSON has them."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value
