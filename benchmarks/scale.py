"""What a recording of thousands of layers and thousands of records costs.

python benchmarks/scale.py [--layers 5000] [--records 5000]    # writes scale.json

Each step runs in a process of its own, so that its memory is its own: the peak of the
process, less what it had before the step.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from tfrwc import Recording, load_recording
from tfrwc.recording.names import display_names

OUT = Path(__file__).with_suffix(".json")
STEPS = ("save", "load", "values", "to_frame", "frames", "advice", "page")


def make(layers: int, records: int) -> Recording:
    """Blocks built alike, so that names repeat, and change that falls."""
    names = [f"dense_{i % 7}/kernel" for i in range(layers)]
    table = pd.DataFrame(
        {
            "name": [f"{n}#{i}" if i > 6 else n for i, n in enumerate(names)],
            "path": [f"net/block_{i // 7}/{n}" for i, n in enumerate(names)],
            "kind": "Dense",
            "shape": [(64, 64)] * layers,
            "size": 4096,
            "depth": range(layers),
        }
    )
    rng = np.random.default_rng(0)
    recording = Recording(table, ["l1_ratio"], {"reference": "previous"})
    flags = np.zeros((1, layers), np.uint8)
    for i in range(records):
        values = rng.lognormal(-3 - i / records, 1, (1, layers)).astype(np.float32)
        logs = {"loss": 1 / (i + 1), "learning_rate": 0.1}
        recording.append(i + 1, i + 1, values, flags, logs)
    return recording


def do(step: str, path: Path, layers: int, records: int) -> dict[str, float]:
    """Time, in seconds of the clock and of processors, and memory, in GB, of a step."""
    recording = None
    if step == "save":
        recording = make(layers, records)
    elif step != "load":
        recording = load_recording(path)
    before, start, cpu = _peak(), time.perf_counter(), time.process_time()
    if step == "save":
        recording.save(path)
    elif step == "load":
        load_recording(path)
    elif step == "values":
        recording.values()
    elif step == "to_frame":
        recording.to_frame()
    elif step == "frames":
        sum(len(part) for part in recording.frames())
    elif step == "advice":
        from tfrwc.dynamics import suggest_freeze

        suggest_freeze(recording)
    elif step == "page":
        page(recording, path.parent)
    return {
        "seconds": round(time.perf_counter() - start, 2),
        "processor_seconds": round(time.process_time() - cpu, 2),
        "gigabytes": round(_peak() - before, 2),
    }


def page(recording: Recording, folder: Path) -> None:
    """The heat map and the table of layers, as the page of a study has them."""
    from tfrwc.report.figures import draw
    from tfrwc.report.page import write_page
    from tfrwc.studies.dynamics.figures import heat_map  # noqa: F401

    change = recording.values().T.astype(np.float64)
    results = {
        "change": {"mean": change},
        "layers": recording.layers.assign(name=display_names(recording.layers)).to_dict(
            "records"
        ),
        "epochs": recording.epochs.tolist(),
    }
    template = folder / "page.html.jinja"
    template.write_text(
        "{% for f in figures.rest() %}<img src='data:image/png;base64,{{ f.data }}'>"
        "{% endfor %}<table>{% for layer in layers %}<tr><td title='{{ layer.name }}'>"
        "{{ layer.name | short }}</td></tr>{% endfor %}</table>"
    )
    drawings = [d for d in draw("learning_dynamics", results) if d.name == "heat_map"]
    write_page(template, drawings, folder, layers=results["layers"])


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=5000)
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--step", choices=STEPS, help="one alone, on the file --path")
    parser.add_argument("--path", type=Path)
    options = parser.parse_args()
    if options.step:
        sizes = options.layers, options.records
        print(json.dumps(do(options.step, options.path, *sizes)))
        return
    results = {"layers": options.layers, "records": options.records, "steps": {}}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.parquet"
        for step in STEPS:
            command = [sys.executable, __file__, "--step", step, "--path", str(path)]
            command += ["--layers", str(options.layers)]
            command += ["--records", str(options.records)]
            done = subprocess.run(
                command, env=os.environ, capture_output=True, text=True, check=True
            )
            results["steps"][step] = json.loads(done.stdout.splitlines()[-1])
            print(step, results["steps"][step], flush=True)
        results["file_megabytes"] = round(path.stat().st_size / 1e6, 1)
    results["cores"] = os.cpu_count()
    options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
