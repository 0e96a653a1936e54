"""Cases of recording, for every backend.

    python -m recording.battery RESULTS.json [CASE ...]

Each case is a real `fit` (or several) whose recording is compared with NumPy's
account of the weights before and after. `test_battery.py` runs this package once for
each backend and reads the results.
"""

from importlib import import_module

from recording.battery.helpers import BACKENDS, CASES

__all__ = ["BACKENDS", "CASES"]

# The first has `needs_no_tensorflow`, which has to run before anything else.
for _part in (
    *("measures", "models", "schedules", "precision", "moved_weights", "faults"),
    *("loops", "logs"),
    *("every_step", "device", "distribution"),
):
    import_module(f"recording.battery.{_part}")
