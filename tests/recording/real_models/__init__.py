"""Real models: what is recorded of them, against a calculation that shares no code.

    python -m recording.real_models RESULTS.json [NAME ...]

Each model is trained in a `fit` that an `RWCCallback` records and that leaves
checkpoints. Names, paths, kinds, shapes, depths and values are compared with those of
`oracle`, by callback and from both kinds of checkpoints. Where a file cannot tell all,
the table of models says what it does not tell, and why.
"""

from importlib import import_module

from recording.real_models.table import MODELS

__all__ = ["MODELS"]

for _part in ("applications", "architectures", "sequences", "subclassed", "adapted"):
    import_module(f"recording.real_models.{_part}")
