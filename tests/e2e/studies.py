"""What studies that run as processes have in common: kills, and pages."""

import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any


def kill_when(process: subprocess.Popen[str], is_time: Callable[[], object]) -> None:
    """Kill a process at a time of its run, which comes within four minutes.

    Args:
        process: with pipes.
        is_time: whether it has come.
    """
    deadline = time.monotonic() + 240
    while not is_time():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def check_report(browser: Any, pictures: int) -> None:
    """Check that the page in a browser is whole: pictures, no request, no error; and
    that windows of a telephone and of a screen are wide enough for it.

    Args:
        browser: that shows the page.
        pictures: that it must have.
    """
    widths = browser.execute_script(
        "return [...document.images].map(i => i.complete ? i.naturalWidth : 0)"
    )
    assert len(widths) == pictures
    assert min(widths) > 500
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
        ".filter(name => !name.startsWith('data:'))"
    )
    assert loaded == []
    for width in (400, 1200):
        browser.set_window_size(width, 900)
        overflow = browser.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )
        assert overflow <= 0
    assert browser.get_log("browser") == []
