import gc
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parent.parent

# Test functions with the seconds that all of their cases took: those that take long, as
# tests/long_tests.py measured them.
LONG = json.loads((ROOT / "tests" / "long_tests.json").read_text())


def pytest_configure(config):
    # pytest-xdist would begin with the files of most tests, whatever these take.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """Mark as `e2e` what is in tests/e2e, what starts processes, and what is long.

    The files that take longest come first, so that workers end together.
    """
    apart = {ROOT / "tests" / "e2e", ROOT / "tests" / "test_without_extras.py"}
    for item in items:
        within = any(item.path.is_relative_to(path) for path in apart)
        is_long = item.nodeid.partition("[")[0] in LONG
        if within or is_long or starts_processes(item):
            item.add_marker(pytest.mark.e2e)
    seconds: Counter[str] = Counter()
    for test, taken in LONG.items():
        seconds[test.partition("::")[0]] += taken
    items.sort(key=lambda item: -seconds[item.nodeid.partition("::")[0]])


def pytest_collection_finish():
    """Leave what the imports made, half a million objects, out of every collection."""
    gc.freeze()


def starts_processes(item: pytest.Item) -> bool:
    """Whether a test, or a helper or fixture that it uses, names `subprocess`."""
    if not isinstance(item, pytest.Function):
        return False
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    functions = [item.function, *(each[-1].func for each in fixtures)]
    return any("subprocess" in names_in(function) for function in functions)


def names_in(function: object, seen: frozenset[object] = frozenset()) -> Iterator[str]:
    """All names in a function's code, and in that of functions beside it."""
    if not isinstance(function, FunctionType) or function in seen:
        return
    for name in names_of_code(function.__code__):
        yield name
        helper = function.__globals__.get(name)
        if getattr(helper, "__module__", None) == function.__module__:
            yield from names_in(helper, seen | {function})


def names_of_code(code: CodeType) -> Iterator[str]:
    """All names in a piece of code, and in the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_of_code(constant)


def slow_but(few: Iterable[object], cases: Iterable[object]) -> list[object]:
    """Cases as parameters, of which all but a few are left to the slow tests."""
    few = list(few)
    return [
        case if case in few else pytest.param(case, marks=pytest.mark.slow)
        for case in cases
    ]


def living(kind: type) -> int:
    """How many objects of a kind somebody needs."""
    gc.collect()
    return sum(isinstance(thing, kind) for thing in gc.get_objects())


@pytest.fixture(scope="module", autouse=True)
def graphs_are_freed():
    """Graphs of Keras' trainings go when a file is done.

    TensorFlow's table of gradients keeps them, for `tf.gradients`, which nobody calls.
    """
    yield
    if "tensorflow.python.framework.ops" in sys.modules:
        table = sys.modules["tensorflow.python.framework.ops"].gradient_registry
        for name in [n for n in table.list() if n.startswith("CustomGradient-")]:
            del table._registry[name]


@pytest.fixture(scope="session")
def data_dir():
    """Folder of real data sets, named by TFRWC_DATA_DIR."""
    folder = os.environ.get("TFRWC_DATA_DIR")
    if not folder:
        pytest.skip("TFRWC_DATA_DIR is not set: no real data sets here")
    return Path(folder)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver here: apt-get install chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-sync"),
        *("--disable-component-update", "--window-size=1200,900"),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()
