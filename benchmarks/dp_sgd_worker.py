"""One process of dp_sgd.py: some training steps of one entry, timed. Linux only.

    python benchmarks/dp_sgd_worker.py ENTRY NETWORK BATCHES.npz THREADS WARM_UP STEPS

`BATCHES.npz` has `images` (batches, batch, height, width, channels), float32, and
`labels` (batches, batch), int32. Prints one line of JSON. Needs NumPy and what the
entry needs: neither tfrwc nor TensorFlow for the entries of PyTorch.
"""

import json
import resource
import sys
import time

import numpy as np

SECONDS, FEWEST = 10, 3  # after so long no more steps, once so many are timed
# Of all memory, so that an entry that needs more fails and not the machine.
MEMORY_LIMIT = 0.6


class Enough(Exception):
    """All steps are timed."""


class Meter:
    """Takes the time of each step and the peak memory of the process."""

    def __init__(self, warm_up, steps):
        self.warm_up, self.most = warm_up, warm_up + steps
        self.ends, self.cpu_ends, self.facts = [], [], {}

    def start(self, **versions):
        """Call with libraries imported and data in memory, before the model is made."""
        self.facts["versions"] = versions
        self.facts["megabytes_before"] = peak_megabytes()

    def tick(self):
        """Call after every step. Raises `Enough` after the last."""
        self.ends.append(time.perf_counter())
        self.cpu_ends.append(time.process_time())
        timed = len(self.ends) - self.warm_up
        long = timed >= FEWEST and self.ends[-1] - self.ends[self.warm_up] > SECONDS
        if len(self.ends) == self.most or long:
            raise Enough

    def result(self):
        # The first step has no end before it, and traces: warm_up is at least 1.
        milliseconds = np.diff(self.ends)[self.warm_up - 1 :] * 1e3
        of_cpu = np.diff(self.cpu_ends)[self.warm_up - 1 :] * 1e3
        return self.facts | {
            "ms_per_step": float(np.median(milliseconds)),
            "ms_of_fastest_step": float(milliseconds.min()),
            "cpu_ms_per_step": float(np.median(of_cpu)),
            "timed_steps": len(milliseconds),
            "peak_megabytes": peak_megabytes() - self.facts["megabytes_before"],
        }


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def limit_memory():
    with open("/proc/meminfo") as lines:
        kilobytes = int(next(lines).split()[1])
    limit = int(MEMORY_LIMIT * kilobytes * 1024)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def entry_function(name):
    if name.startswith("keras3"):
        import dp_sgd_keras as module
    else:
        import dp_sgd_peers as module
    return module.ENTRIES[name]


def main():
    entry, network, path, threads, warm_up, steps = sys.argv[1:]
    limit_memory()
    function, meter = entry_function(entry), Meter(int(warm_up), int(steps))
    with np.load(path) as batches:
        images, labels = batches["images"], batches["labels"]
    try:
        function(network, images, labels, int(threads), meter)
    except Enough:
        print(json.dumps(meter.result()))


if __name__ == "__main__":
    main()
