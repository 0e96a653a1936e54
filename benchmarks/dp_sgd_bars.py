"""What dp_sgd.py makes of its measurements: medians, ratios, and the bars.

Measurements are `{entry: [what dp_sgd_worker.py printed, one a round]}`.
"""

import statistics

PLAIN = ("keras3", "keras3_xla")
OURS = ("keras3_tfrwc", "keras3_tfrwc_xla")
UNITS = "keras3_tfrwc_units"
PEERS = (
    "keras3_vectorized_map",
    "tf_keras_dp_model",
    "tf_keras_dp_model_xla",
    "tf_keras_vectorized_optimizer",
    "opacus_hooks",
    "opacus_ew",
    "opacus_functorch",
    "opacus_ghost",
)
STEP, PEAK = "ms_per_step", "peak_megabytes"
LARGEST_STEP_RATIO, LARGEST_PEAK_RATIO = 1.15, 4.0


def summary(rounds):
    """Medians over rounds of each entry, and the measurements of those that ran."""
    done = {e: r for e, r in rounds.items() if not any("failed" in x for x in r)}
    assert len({x["parameters"] for r in done.values() for x in r}) <= 1
    found = {}
    for entry, results in rounds.items():
        if entry not in done:
            found[entry] = {"failed": results[-1]["failed"]}
            continue
        found[entry] = {key: median(results, key) for key in (STEP, PEAK)}
        for key in (STEP, PEAK):
            plain = least(done, PLAIN, key)
            if plain:
                found[entry][f"{key}_to_plain"] = ratio(results, done[plain], key)
    return found, done


def median(results, key):
    return statistics.median(x[key] for x in results)


def least(done, entries, key):
    """The entry with the smallest median among those that ran, or None."""
    ran = [entry for entry in entries if entry in done]
    return min(ran, key=lambda entry: median(done[entry], key), default=None)


def ratio(results, others, key):
    """Median of the ratios within rounds."""
    pairs = zip(results, others, strict=True)
    return statistics.median(a[key] / b[key] for a, b in pairs)


def bars(done):
    """{bar: (value, "PASS", "FAIL" or "not measured")}"""
    ours, fast = least(done, OURS, STEP), least(done, PLAIN, STEP)
    if not (ours and fast):
        return {"tfrwc and plain Keras ran": (None, "FAIL")}
    small = least(done, PLAIN, PEAK)
    step = ratio(done[ours], done[fast], STEP)
    peak = ratio(done[ours], done[small], PEAK)
    found = {
        f"step of {ours} / {fast} <= {LARGEST_STEP_RATIO}": (
            step,
            word(step <= LARGEST_STEP_RATIO),
        ),
        f"peak memory of {ours} / {small} <= {LARGEST_PEAK_RATIO}": (
            peak,
            word(peak <= LARGEST_PEAK_RATIO),
        ),
    }
    if UNITS in done and OURS[0] in done:
        step = ratio(done[UNITS], done[OURS[0]], STEP)
        bar = f"step of {UNITS} / {OURS[0]} <= {LARGEST_STEP_RATIO}"
        found[bar] = (step, word(step <= LARGEST_STEP_RATIO))
    for peer in PEERS:
        bar = f"step of {peer} / {ours} > 1"
        if peer in done:
            step = ratio(done[peer], done[ours], STEP)
            found[bar] = (step, word(step > 1))
        else:
            found[bar] = (None, "not measured")
    return found


def word(passed):
    return "PASS" if passed else "FAIL"


def show(found):
    print(f"{'':30} {'ms/step':>9} {'/plain':>7} {'peak MB':>8} {'/plain':>7}")
    for entry, row in found.items():
        if "failed" in row:
            print(f"{entry:30} failed: {row['failed']}")
            continue
        step, peak = (row.get(f"{k}_to_plain", float("nan")) for k in (STEP, PEAK))
        print(f"{entry:30} {row[STEP]:9.1f} {step:7.2f} {row[PEAK]:8.0f} {peak:7.2f}")
