"""The house of the package: who imports whom, what exists, how long things are.

Everything is read from the source (`tests/house/`); nothing is imported for it.
"""

import importlib.util
import sys

import pytest
from conftest import ROOT
from house import circles, floors, lengths, names, source, texts

RIDDLES = {
    "tfrwc/datasets/sources.py": "the reader in a row of the table of data sets",
    "tfrwc/models/keras_file.py": "the modules that a saved model's manifest names",
    "tfrwc/recording/backends.py": "the library of the Keras backend that is used",
    "tfrwc/studies/_discovery.py": "all files of the package that a study names",
    "tfrwc/studies/user_code.py": "the module of a user's function, which they name",
}
"""Files whose `import_module` gets what cannot be told from the source, and why."""

CODE = ("tfrwc", "tests", "pipelines", "benchmarks", "examples", "docs")


@pytest.fixture(scope="module")
def package():
    return source.Source(ROOT / "tfrwc")


@pytest.fixture(scope="module")
def offered(package):
    return names.Names(package)


def python_files():
    return sorted(path for part in CODE for path in (ROOT / part).rglob("*.py"))


def markdown_files():
    return [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def file_as_module(path):
    return source.module_of_text(
        path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    )


def fail_on(faults):
    faults = list(faults)
    assert not faults, "\n" + "\n".join(faults)


def test_imports_go_down_the_house(package):
    fail_on(floors.wrong_ways(package))


def test_every_room_is_there(package):
    rooms = {room.name for floor in floors.FLOORS for room in floor}
    rooms |= {floors.FACE, floors.MAIN, floors.VERSION}
    assert rooms == {floors.room_of(name) for name in package.modules}


def test_no_import_circles(package):
    fail_on(circles.circles(package))


def test_imports_by_strings_can_be_told(package):
    fail_on(
        f"{module.file}:{line}: what this imports cannot be told from the source"
        for module in package.modules.values()
        for line in module.lazy.riddles
        if module.file not in RIDDLES
    )


def test_names_of_the_package_exist(package, offered):
    fail_on(
        fault
        for module in package.modules.values()
        for part in (module, *texts.of_strings(module))
        for fault in names.vanished(package, part, offered)
    )


@pytest.mark.parametrize("folder", [part for part in CODE if part != "tfrwc"])
def test_names_that_scripts_and_tests_use_exist(package, offered, folder):
    fail_on(
        fault
        for path in python_files()
        if path.is_relative_to(ROOT / folder)
        for part in (file_as_module(path), *texts.of_strings(file_as_module(path)))
        for fault in names.vanished(package, part, offered)
    )


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: path.name)
def test_names_in_texts_exist(package, offered, path):
    faults = [
        fault
        for example in texts.of_markdown(path, ROOT)
        for fault in names.vanished(package, example, offered)
    ]
    for link in texts.dotted(path, package):
        why = offered.missing(link.module, link.name)
        faults += [f"{path.name}:{link.line}: {why}"] if why else []
    fail_on(faults)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name
)
def test_names_in_notebooks_exist(package, offered, path):
    fail_on(
        fault
        for cell in texts.of_notebook(path, ROOT)
        for fault in names.vanished(package, cell, offered)
    )


def test_files_and_functions_are_short():
    fail_on(fault for path in python_files() for fault in lengths.too_long(path, ROOT))


def test_the_picture_is_of_today():
    drawing = load_drawing()
    today = drawing.read_house()
    drawn = drawing.read_picture(drawing.PICTURE.read_text(encoding="utf-8"))
    remedy = "Draw it again: python docs/architecture.py"
    assert drawn["doors"] == today["doors"], remedy
    # Lines are rounded in the picture, and may be out of date by a little.
    assert drawn["rooms"] == pytest.approx(today["rooms"], rel=0.2, abs=100), remedy


def test_the_page_has_the_table_of_today():
    drawing = load_drawing()
    page = drawing.PAGE.read_text(encoding="utf-8")
    assert page == drawing.with_table(page, drawing.read_house())


def load_drawing():
    path = ROOT / "docs" / "architecture.py"
    spec = importlib.util.spec_from_file_location("architecture", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
