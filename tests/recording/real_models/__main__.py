"""Runs the table of models, or some of it; says of each whether all agreed."""

import json
import sys
import time
import traceback
from pathlib import Path

import keras
from recording.real_models import MODELS
from recording.real_models.runs import run


def main(path, *names):
    results = {}
    for name in names or MODELS:
        start = time.perf_counter()
        try:
            result = run(MODELS[name]) | {"failure": ""}
            line = "{kernels} kernels of {weights} weights, {records} records".format(
                **result
            )
        except Exception as error:  # a failed model, told among the results
            result = {"failure": traceback.format_exc()}
            line = f"FAILED: {type(error).__name__}: {str(error).strip()}"
        seconds = round(time.perf_counter() - start, 1)
        results[name] = result | {"seconds": seconds}
        print(f"{name}: {line} ({seconds} s)", flush=True)
        Path(path).write_text(json.dumps(results, indent=1))
    failed = [name for name, result in results.items() if result["failure"]]
    backend = keras.backend.backend()
    print(f"{len(results)} models on {backend}, {len(failed)} failed: {failed}")
    sys.exit(bool(failed))


main(*sys.argv[1:])
