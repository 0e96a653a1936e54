"""What people should know of a model, made from its manifest."""

from collections.abc import Mapping
from typing import Any

_TITLES = {
    "data": "Data",
    "training": "Training",
    "metrics": "Test",
    "privacy": "Privacy",
}


def model_card(manifest: Mapping[str, Any]) -> str:
    """The model card, in Markdown.

    Args:
        manifest: as of `tfrwc.models.saved_models.push`, with name and version. The
            card has a section for each of these that is there: data; training; metrics,
            each a number, or a dict of value, low and high; and privacy, with its
            explanation.
    """
    lines = [f"# {manifest['name']}, version {manifest['version']}"]
    for key in ("data", "training"):
        if key in manifest:
            lines += [f"## {_TITLES[key]}", _table(manifest[key])]
    if "metrics" in manifest:
        rows = [
            f"| {name} | {_measured(v)} |" for name, v in manifest["metrics"].items()
        ]
        lines += ["## Test", "\n".join(["| measure | value |", "|---|---|", *rows])]
    if "privacy" in manifest:
        lines += ["## Privacy", manifest["privacy"]["explanation"]]
    lines.append(
        f'Load it by `tfrwc.load_saved_model("{manifest["name"]}", '
        f"version={manifest['version']})`, which checks the hashes in manifest.json."
    )
    return "\n\n".join(lines) + "\n"


def _table(values: Mapping[str, Any]) -> str:
    rows = [
        f"| {name.replace('_', ' ')} | {_text(value)} |"
        for name, value in values.items()
        if value is not None
    ]
    return "\n".join(["| | |", "|---|---|", *rows])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_text(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _measured(value: Any) -> str:
    if not isinstance(value, dict):
        return _text(value)
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
