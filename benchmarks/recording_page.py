"""Size of a page of a recording, and the time to write it.

    python benchmarks/recording_page.py

Writes pages of made-up recordings, of 300 layers x 300 records, of two such beside
each other, and of 2,000 x 500: three shapes over two decades of level, noise, some
zeros and gaps; blocks of five layers. The time includes the summary and its trends.
Prints and writes (recording_page.json): bytes, the least and most of three times in
seconds and, where Chromium is here, the height in pixels at widths of 1,200 and 390 and
whether the page is wider than its window.
"""

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from answers.networks import network

from tfrwc import __version__
from tfrwc.answers.page import write_report

SIZES = ((300, 300, 1), (300, 300, 2), (2000, 500, 1))  # layers, records, recordings
ROUNDS, WIDTHS = 3, (1200, 390)


def written(layers, records, beside, path):
    """Seconds that each of some rounds takes."""
    recording, seconds = network(layers, records), []
    against = [network(layers, records, seed=i, tilt=0.5) for i in range(1, beside)]
    for _ in range(ROUNDS):
        began = time.perf_counter()
        write_report(recording, path, against)
        seconds.append(time.perf_counter() - began)
    return seconds


def heights(path):
    """Height of a page in windows of some widths; nothing without Chromium."""
    driver = shutil.which("chromedriver")
    if driver is None:
        return {}
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in ("--headless", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    found = {}
    try:
        for width in WIDTHS:
            metrics = {"width": width, "height": 900, "deviceScaleFactor": 1}
            metrics["mobile"] = width < 500
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            browser.get(f"file://{path}")
            high, wide = browser.execute_script(
                "const page = document.documentElement;"
                "return [page.scrollHeight, page.scrollWidth];"
            )
            found[width] = {"height": high, "wider_than_window": wide > width}
    finally:
        browser.quit()
    return found


def main():
    rows = []
    write_report(network(12, 12), Path(tempfile.mkdtemp()) / "warm.html")
    with tempfile.TemporaryDirectory() as folder:
        for layers, records, beside in SIZES:
            path = Path(folder) / f"{layers}-{beside}.html"
            seconds = written(layers, records, beside, path)
            rows.append(
                {
                    "layers": layers,
                    "records": records,
                    "recordings": beside,
                    "bytes": path.stat().st_size,
                    "seconds": {"least": min(seconds), "most": max(seconds)},
                    "pixels": heights(path),
                }
            )
            print(
                f"{beside} of {layers:5} layers x {records} records: "
                f"{rows[-1]['bytes'] / 1e6:.2f} MB, {min(seconds):.2f} to "
                f"{max(seconds):.2f} s, {rows[-1]['pixels']}"
            )
    result = {
        "command": "python benchmarks/recording_page.py",
        "tfrwc": __version__,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "rows": rows,
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
