"""Building private sets: seconds and memory, against the number of images.

    TFRWC_DATA_DIR=... python benchmarks/build_private.py

Builds the sets of `CASES`, each in a process of its own, prints and writes
(build_private.json) the seconds, and the greatest memory of that process and its
workers together (resident, shared pages counted in each). Synthetic images are 64 x 64
with Laplace noise; X-rays are all 5,856 at 224 x 224, if TFRWC_DATA_DIR has them.
The temporary folder needs 10 GB.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import psutil

BEAM = (
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--direct_running_mode=multi_processing",
    "--direct_num_workers=2",
)
# (engine, images; 0 stands for the X-rays)
CASES = (
    ("local", 0),
    ("beam", 0),
    ("beam", 25_000),
    ("beam", 100_000),
    ("local", 250_000),
    ("local", 1_000_000),
)


@dataclass(frozen=True)
class Synthetic:
    """Grey discs on a gradient, made from their number."""

    images: int

    def keys(self, split):
        return _Keys(self.images) if split == "train" else []

    def patients(self):
        return ((key, key) for key in self.keys("train"))

    def fingerprint(self):
        return str(self.images)

    def read(self, key):
        rng = np.random.default_rng(int(key.split("/")[1]))
        y, x = np.mgrid[:64, :64]
        inside = (y - rng.uniform(16, 48)) ** 2 + (x - rng.uniform(16, 48)) ** 2 < 150
        image = np.where(inside, 200, 2 * x + y / 2).astype(np.uint8)
        return {
            "image": image[..., None],
            "label": "NORMAL",
            "subtype": "normal",
            "patient": key,
            "name": key,
        }


@dataclass(frozen=True)
class _Keys:
    """Names without a list of them."""

    n: int

    def __len__(self):
        return self.n

    def __iter__(self):
        return (f"train/{i:07d}" for i in range(self.n))


def build(engine, images):
    import tensorflow_datasets as tfds

    from tfrwc.datasets import private_pneumonia
    from tfrwc.privacy import PixelLaplace, insecure_test_key
    from tfrwc.privacy.keys import KEY_VARIABLE

    os.environ[KEY_VARIABLE] = insecure_test_key("benchmark").hex()
    options = None
    if engine == "beam":
        from apache_beam.options.pipeline_options import PipelineOptions

        options = PipelineOptions(list(BEAM))
    if images:
        private_pneumonia.PrivatePneumonia._source = lambda *_: Synthetic(images)
    config = private_pneumonia.PrivatePneumoniaConfig(
        name="benchmark",
        mechanism=PixelLaplace(scale=64.0),
        size=64 if images else 224,
    )
    with tempfile.TemporaryDirectory() as folder:
        builder = private_pneumonia.PrivatePneumonia(
            config=config, data_dir=folder, engine=engine
        )
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=os.environ.get("TFRWC_DATA_DIR", "."), beam_options=options
            )
        )
        total = sum(split.num_examples for split in builder.info.splits.values())
        assert total == (images or 5856)


def measure(engine, images):
    began, most = time.monotonic(), 0
    command = [sys.executable, __file__, "--engine", engine, "--images", str(images)]
    with tempfile.TemporaryFile() as said:
        child = psutil.Popen(command, stdout=said, stderr=said)
        while child.poll() is None:
            most = max(most, _memory(child))
            time.sleep(0.2)
        if child.returncode:
            said.seek(0)
            sys.exit(said.read().decode()[-3000:])
    return {
        "engine": engine,
        "images": images or 5856,
        "image_side": 64 if images else 224,
        "seconds": time.monotonic() - began,
        "peak_memory_gb": most / 1e9,
    }


def _memory(process):
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", help="build one case in this process")
    parser.add_argument("--images", type=int)
    options = parser.parse_args()
    if options.engine:
        build(options.engine, options.images)
        return
    rows = []
    for engine, images in CASES:
        if not images and "TFRWC_DATA_DIR" not in os.environ:
            print("without the X-rays: TFRWC_DATA_DIR is not set")
            continue
        rows.append(measure(engine, images))
        print(
            "{engine:6} {images:9,} images of {image_side:3}² "
            "{seconds:7.0f} s {peak_memory_gb:6.2f} GB".format(**rows[-1]),
            flush=True,
        )
    result = {
        "command": "python benchmarks/build_private.py",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "beam_options": BEAM,
        "rows": rows,
    }
    path = Path(__file__).with_name("build_private.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
