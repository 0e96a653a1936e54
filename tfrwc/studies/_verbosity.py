"""How much Keras says while it trains."""

import sys


def verbosity() -> int:
    """A progress bar for a person, nothing for a file."""
    return int(sys.stdout.isatty())
