"""Train a network, record how its layers change, and report how they learn.

    python pipelines/learning_dynamics.py --help

The same as `tfrwc study`; see `tfrwc.commands.learning_dynamics`.
"""

from tfrwc.commands.learning_dynamics import main

if __name__ == "__main__":
    main()
