"""Which tests `make test` leaves out as they take long: from the durations of a run.

    python -m pytest -n 2 --dist loadfile --durations=0 --durations-min=0.05 >run.log
    python tests/long_tests.py run.log

Writes long_tests.json: each test function whose cases took half a second and more, all
together, with these seconds.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

LEAST = 0.5  # seconds
LINE = re.compile(r"([\d.]+)s (?:call|setup|teardown) +([^\[\s]+)")


def seconds_of_tests(log: str) -> Counter[str]:
    """Seconds by test function, from the text that pytest printed."""
    seconds: Counter[str] = Counter()
    for line in log.splitlines():
        match = LINE.match(line)
        if match:
            seconds[match[2]] += float(match[1])
    return seconds


if __name__ == "__main__":
    measured = seconds_of_tests(Path(sys.argv[1]).read_text())
    long = {test: round(s, 1) for test, s in sorted(measured.items()) if s >= LEAST}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(long, indent=0) + "\n")
    print(f"{len(long)} tests of {sum(long.values()):.0f} s in {path.name}")
