"""Damage files from the command line: ``python -m fuzz DOOR --cases N --seed S``."""

import argparse

from fuzz.harness import run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("door", nargs="+", help="module:ATTRIBUTE")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    options = parser.parse_args()
    for name in options.door:
        counts = run(name, options.cases, options.seed, options.first)
        print(f"{name}: {counts}", flush=True)
        print("\n".join(counts.faults[:40]), flush=True)
