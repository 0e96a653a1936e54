"""Reads the house of the package from its source: rooms, imports, names, lengths.

Nothing is imported that is looked at, so that all of it is read in a second, whatever
is installed. `tests/test_architecture.py` fails on what is wrong, and
`docs/architecture.py` draws the same data.
"""
