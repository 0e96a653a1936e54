"""Train a network, record how its layers change, and report how they learn.

    python pipelines/learning_dynamics.py --out runs/digits

leaves report.html, results.json, figures, recordings and models in --out; --help tells
the rest. `tfrwc study dynamics` is the same.
"""

from tfrwc.commands.learning_dynamics import main

if __name__ == "__main__":
    main()
