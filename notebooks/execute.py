"""Run the notebooks anew, and keep what they show: `make notebooks`.

    python notebooks/execute.py [NAME ...]

Each runs in a folder of its own, beside a link to benchmarks/. What goes to stderr, as
what TensorFlow says of its machine, is printed here and not kept. Needs the extra
`tfrwc[notebooks]`.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent


def execute(path: Path) -> None:
    """Run a notebook, and write it with its outputs."""
    book = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "notebooks"
        home.mkdir()
        (home.parent / "benchmarks").symlink_to(HERE.parent / "benchmarks")
        place = {"metadata": {"path": str(home)}}
        NotebookClient(book, timeout=1200, resources=place).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            for output in filter(_is_stderr, cell.outputs):
                print(output.text)
            cell.outputs = [o for o in cell.outputs if not _is_stderr(o)]
    book.metadata.language_info = {"name": "python"}
    text = json.dumps(json.loads(nbformat.writes(book)), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _is_stderr(output: nbformat.NotebookNode) -> bool:
    return output.output_type == "stream" and output.name == "stderr"


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.ipynb")):
        path, began, used = HERE / f"{name}.ipynb", time.time(), _processor_seconds()
        execute(path)
        print(
            f"{name}: {time.time() - began:.0f} s, of processors "
            f"{_processor_seconds() - used:.0f} s; {path.stat().st_size // 1000} kB",
            flush=True,
        )
