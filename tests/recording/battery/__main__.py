"""Runs the cases; for each "" if it passed, what it returned, or why it failed."""

import json
import sys
import traceback
from pathlib import Path

from recording.battery import CASES

from tfrwc.recording.backends import BACKEND


def main(path, *names):
    if BACKEND == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
    results = {}
    for name, (function, backends) in CASES.items():
        if BACKEND not in backends or (names and name not in names):
            continue
        try:
            results[name] = function() or ""
        except Exception:  # a failed case, told among the results; the others run
            results[name] = traceback.format_exc()
    Path(path).write_text(json.dumps(results))


main(*sys.argv[1:])
