"""When something was made."""

import time


def utc_now() -> str:
    """The time now, in UTC and ISO 8601, to the second: ``2026-01-31T12:00:00Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
