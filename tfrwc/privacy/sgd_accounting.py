"""The former name of `tfrwc.privacy.accounting.sgd`."""

from tfrwc.privacy.accounting.sgd import *  # noqa: F403
