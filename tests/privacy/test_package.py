"""The names that `tfrwc.privacy` offers, and what they load."""

import pytest
from test_package import run_python

import tfrwc.privacy


@pytest.mark.parametrize("name", tfrwc.privacy.__all__)
def test_names_are_there(name):
    assert getattr(tfrwc.privacy, name) is not None
    assert name in dir(tfrwc.privacy)


def test_importing_it_loads_nothing_that_it_may_not_need():
    loaded = run_python(
        "import sys, tfrwc.privacy; print({'scipy', 'sklearn', 'cryptography', "
        "'dp_accounting', 'tensorflow', 'keras', 'pandas'} & set(sys.modules))"
    )
    assert loaded == "set()"


def test_statements_are_read_wherever_the_reading_starts():
    kinds = run_python(
        "from tfrwc.privacy.statement import STATEMENTS; print(*STATEMENTS)"
    )
    assert kinds == "release composed training none trainings"
