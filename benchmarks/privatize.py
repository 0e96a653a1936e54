"""Throughput of the mechanisms against plain NumPy noise and diffprivlib.

    python benchmarks/privatize.py

For each image size, in one run and on the same pixels, prints and writes
(privatize.json) nanoseconds of one core per pixel, best of `ROUNDS`, in each of which
NumPy and the mechanism take turns:

- `numpy.random.Generator` laplace and normal noise added to the images: no secret key,
  no release grid, no statement;
- each mechanism;
- diffprivlib's Laplace, one value at a time as it works, if it is installed
  (`pip install diffprivlib`).

Ends with an error if a mechanism of `BARS` reaches less of NumPy's throughput.
"""

import json
import os
import platform
import sys
import time
import types
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tfrwc import __version__
from tfrwc.privacy import (
    DPSVD,
    DPPix,
    PixelGaussian,
    PixelLaplace,
    RandomizedResponse,
    ScalarShift,
    new_key,
)

ROUNDS = 7
SHAPES = ((4000, 28, 28), (800, 64, 64), (64, 224, 224))
MECHANISMS = {
    "PixelLaplace": PixelLaplace(20.0),
    "PixelGaussian": PixelGaussian(20.0),
    "DPPix": DPPix(epsilon=1.0, cell=4, m=16),
    "RandomizedResponse": RandomizedResponse(epsilon=2.0, levels=8),
    "DPSVD": DPSVD(epsilon=0.1, k=8),
    "ScalarShift": ScalarShift(1.0),
}
BARS = {"PixelLaplace": 1.0, "PixelGaussian": 1.0}


def nanoseconds(functions, pixels):
    for function in functions:
        function()  # loads and compiles what it needs
    times = []
    for _ in range(ROUNDS):
        for function in functions:
            began = time.process_time()
            function()
            times.append(time.process_time() - began)
    number = len(functions)
    return [min(times[i::number]) / pixels * 1e9 for i in range(number)]


def diffprivlib_nanoseconds(values=20_000):
    # Its models, not needed here, do not import beside today's scikit-learn.
    sys.modules["diffprivlib.models"] = types.ModuleType("diffprivlib.models")
    try:
        from diffprivlib.mechanisms import Laplace
    except ImportError as error:
        print(f"without diffprivlib: {error}")
        return None
    mechanism = Laplace(epsilon=255 / 20, sensitivity=255)
    pixels = [float(v) for v in range(200)] * (values // 200)
    return nanoseconds([lambda: [mechanism.randomise(v) for v in pixels]], values)[0]


def main():
    key, rows = new_key(), []
    one_by_one = diffprivlib_nanoseconds()
    print(f"{'images':>16} {'':20} ns/pixel  NumPy / it")
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        images = rng.integers(0, 256, shape, np.uint8)
        for name, mechanism in MECHANISMS.items():
            noise = rng.normal if name == "PixelGaussian" else rng.laplace
            peer, ns = nanoseconds(
                [
                    lambda i=images, noise=noise: i + noise(0, 20, i.shape),
                    lambda i=images, m=mechanism: m.privatize(i, key),
                ],
                images.size,
            )
            rows.append(
                {
                    "images": shape[0],
                    "image_shape": shape[1:],
                    "mechanism": name,
                    "ns_per_pixel": ns,
                    "numpy_ns_per_pixel": peer,
                    "throughput_against_numpy": peer / ns,
                }
            )
            if name == "PixelLaplace" and one_by_one:
                rows[-1]["throughput_against_diffprivlib"] = one_by_one / ns
            size = " x ".join(map(str, shape))
            print(f"{size:>16} {name:20} {ns:8.1f}  {peer / ns:10.2f}")
    result = {
        "command": "python benchmarks/privatize.py",
        "tfrwc": __version__,
        "numpy": np.__version__,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "diffprivlib_ns_per_value": one_by_one,
        "rows": rows,
    }
    if one_by_one:
        ratios = [r.get("throughput_against_diffprivlib", 0) for r in rows]
        print(f"diffprivlib {one_by_one:.0f} ns/value; PixelLaplace is", end=" ")
        print(", ".join(f"{r:.0f}" for r in ratios if r), "times as fast")
    path = Path(__file__).with_name("privatize.json")
    path.write_text(json.dumps(result, indent=1) + "\n")
    for row in rows:
        bar = BARS.get(row["mechanism"], 0)
        if row["throughput_against_numpy"] < bar:
            name, shape = row["mechanism"], row["image_shape"]
            sys.exit(f"{name} on {shape}: less than {bar} of NumPy's throughput")


if __name__ == "__main__":
    main()
