"""Trainings whose account is what is tested."""

import pytest


@pytest.fixture(autouse=True)
def _unasked(unasked, unseen):
    """No training here asks whether examples depend on each other."""
