"""Each fault that the checks of the house look for, planted in a small tree."""

import pytest

from house import circles, floors, lengths, names, source, texts

GROUND = floors.Room("ground", "")
LEFT = floors.Room("left", "")
RIGHT = floors.Room("right", "")
ROOF = floors.Room("roof", "")
FLOORS = ((GROUND,), (LEFT, RIGHT), (ROOF,))


@pytest.fixture
def plant(tmp_path):
    """Makes a package ``toy`` of files and their texts."""

    def make(files):
        for folder in ("ground", "left", "right", "roof"):
            files.setdefault(f"{folder}/__init__.py", "")
        files.setdefault("__init__.py", "")
        for name, text in files.items():
            path = tmp_path / "toy" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return source.Source(tmp_path / "toy")

    return make


def vanished(package, text=None):
    offered = names.Names(package)
    modules = package.modules.values()
    if text is not None:
        modules = [source.module_of_text(text, "text")]
    return [
        fault
        for module in modules
        for fault in names.vanished(package, module, offered)
    ]


UPWARDS = [
    "from toy.roof import thing",
    "from toy.roof.tiles import thing",
    "from toy import roof",
    "import toy.roof.tiles",
    "from ..roof import tiles",
    "def late():\n    from toy.roof import tiles",
    "class A:\n    def late(self):\n        import toy.roof.tiles",
    "try:\n    import toy.roof\nexcept ImportError:\n    pass",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.roof import a",
    "from importlib import import_module\nimport_module('toy.roof.tiles')",
    "import importlib\nimportlib.import_module('..roof', __package__)",
    "__import__('toy.roof')",
    "from importlib import import_module\nHOME = 'toy.roof'\n"
    "def late():\n    return import_module(HOME + '.tiles')",
    "from importlib import import_module\n_HOMES = {'thing': 'toy.roof.tiles'}\n"
    "def __getattr__(name):\n    return getattr(import_module(_HOMES[name]), name)",
    "from importlib import import_module\nKINDS = {'a': ('tiles', 'of clay')}\n"
    "def late(kind):\n    return import_module(f'toy.roof.{KINDS[kind][0]}')",
    "from toy import anything",
]


@pytest.mark.parametrize("text", UPWARDS)
def test_an_import_from_a_higher_floor(plant, text):
    package = plant({"left/file.py": text, "roof/tiles.py": ""})
    faults = list(floors.wrong_ways(package, FLOORS))
    assert len(faults) == 1
    assert "toy/left/file.py:" in faults[0]
    assert "which is on a higher floor" in faults[0]


@pytest.mark.parametrize(
    "text",
    [
        "from toy.ground import thing",
        "from toy.left import other",
        "from . import other",
        "from roof import tiles",
        "NAME = 'toy'",
        "'''import toy.roof'''",
    ],
)
def test_what_is_no_fault(plant, text):
    package = plant({"left/file.py": text, "left/other.py": ""})
    assert not list(floors.wrong_ways(package, FLOORS))
    assert not list(circles.circles(package))


def test_an_import_from_next_door(plant):
    package = plant({"left/file.py": "import toy.right"})
    (fault,) = floors.wrong_ways(package, FLOORS)
    assert fault == "toy/left/file.py:1: left imports from right, which is next door"
    assert not list(floors.wrong_ways(package, FLOORS, {("left", "right")}))
    assert list(floors.wrong_ways(package, FLOORS, {("right", "left")}))


def test_a_room_that_is_on_no_floor(plant):
    package = plant({"shed.py": ""})
    (fault,) = floors.wrong_ways(package, FLOORS)
    assert "'shed' is on no floor" in fault


def test_doors_are_counted_by_files(plant):
    package = plant(
        {
            "roof/a.py": "from toy.left.b import x, y\nfrom toy.left import b",
            "left/b.py": "",
            "roof/c.py": "from toy.left import b\nfrom toy.ground import z",
        }
    )
    assert floors.doors(package) == {("roof", "left"): 2, ("roof", "ground"): 1}


@pytest.mark.parametrize("length", [2, 3, 7])
def test_a_circle_of_any_length(plant, length):
    files = {
        f"left/m{at}.py": f"def late():\n    from toy.left import m{(at + 1) % length}"
        for at in range(length)
    }
    files["left/by_stander.py"] = "from toy.left import m0"
    (fault,) = circles.circles(plant(files))
    assert fault.count("->") == length
    assert "by_stander" not in fault


def test_a_file_that_imports_itself(plant):
    (fault,) = circles.circles(plant({"left/a.py": "import toy.left.a"}))
    assert "toy.left.a -> toy.left.a" in fault


def test_two_knots_are_two_faults(plant):
    package = plant(
        {
            "left/a.py": "import toy.left.b",
            "left/b.py": "import toy.left.a",
            "right/a.py": "import toy.right.b",
            "right/b.py": "import toy.right.a\nimport toy.left.a",
        }
    )
    assert len(list(circles.circles(package))) == 2


def test_a_circle_through_a_lazy_face(plant):
    package = plant(
        {
            "left/__init__.py": "import lazy_loader as lazy\n"
            "__getattr__, __dir__, __all__ = lazy.attach(\n"
            "    __name__, submod_attrs={'a': ['thing']}\n)",
            "left/a.py": "from toy.left import other\nthing = 1",
        }
    )
    (fault,) = circles.circles(package)
    assert "toy.left -> toy.left.a -> toy.left" in fault


def test_imports_for_type_checkers_make_no_circle(plant):
    package = plant(
        {
            "left/a.py": "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from toy.left.b import B",
            "left/b.py": "from toy.left.a import A",
        }
    )
    assert not list(circles.circles(package))


FACES = {
    "lazy_loader": "import lazy_loader as lazy\n"
    "__getattr__, __dir__, __all__ = lazy.attach(\n"
    "    __name__, submodules=['whole'], submod_attrs={'home': ['thing']}\n)",
    "tables": "from lazy_loader import attach\nWHOLE = ('whole',)\n"
    "HOMES = {'home': ('thing',)}\n"
    "__getattr__, __dir__, __all__ = attach(__name__, WHOLE, HOMES)",
    "import_module": "from importlib import import_module\n"
    "__all__ = ['thing', 'whole']\n_HOMES = {'thing': 'home'}\n"
    "def __getattr__(name):\n"
    "    if name in _HOMES:\n"
    "        return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)\n"
    "    return import_module(f'{__name__}.{name}')",
}


@pytest.mark.parametrize("face", FACES)
def test_names_of_a_lazy_face(plant, face):
    files = {"left/__init__.py": FACES[face], "left/home.py": "thing = 1"}
    package = plant(files | {"left/whole.py": "part = 1"})
    assert not vanished(package)
    assert not package.modules["toy.left"].lazy.riddles
    assert not vanished(package, "from toy.left import thing, whole, home")
    assert len(vanished(package, "from toy.left import nothing")) == 1
    assert len(vanished(package, "from toy.left import whole\nwhole.nothing")) == 1


@pytest.mark.parametrize("face", FACES)
def test_a_lazy_face_that_promises_too_much(plant, face):
    files = {"left/__init__.py": FACES[face], "left/whole.py": "part = 1"}
    package = plant(files | {"left/home.py": "other = 1"})
    (fault,) = vanished(package)
    assert "toy.left.home has no 'thing'" in fault


@pytest.mark.parametrize("face", FACES)
def test_a_lazy_face_that_names_a_module_that_is_gone(plant, face):
    package = plant({"left/__init__.py": FACES[face], "left/whole.py": ""})
    (fault,) = vanished(package)
    assert "there is no module toy.left.home" in fault


def test_a_face_promises_what_nobody_loads(plant):
    package = plant({"left/__init__.py": "__all__ = ['thing']"})
    (fault,) = vanished(package)
    assert "__all__ promises 'thing'" in fault


def test_a_folder_that_is_loaded_whole(plant):
    package = plant(
        {
            "left/__init__.py": "import pkgutil\nfrom importlib import import_module\n"
            "for info in pkgutil.iter_modules(__path__):\n"
            "    import_module(f'{__name__}.{info.name}')",
            "left/a.py": "import toy.left",
        }
    )
    assert not package.modules["toy.left"].lazy.riddles
    assert len(list(circles.circles(package))) == 1


LOADERS = {
    "__init__.py": "import pkgutil\nfrom importlib import import_module\n"
    "for name in sorted(m.name for m in pkgutil.iter_modules(__path__)):\n"
    "    import_module(f'{__name__}.{name}')",
    "catalogue.py": "import pkgutil\nfrom importlib import import_module\n"
    "from pathlib import Path\n"
    "for found in pkgutil.iter_modules([str(Path(__file__).parent)]):\n"
    "    import_module(f'{__package__}.{found.name}')",
    "page.py": "from toy import left\nfrom toy.ground import import_modules\n"
    "import_modules(left)",
}


@pytest.mark.parametrize("file", LOADERS)
def test_a_circle_with_who_loads_the_folder(plant, file):
    name = "toy.left" if file == "__init__.py" else f"toy.left.{file[:-3]}"
    files = {f"left/{file}": LOADERS[file], "left/a.py": f"import {name}"}
    package = plant(files)
    assert not package.modules[name].lazy.riddles
    (fault,) = circles.circles(package)
    assert f"{name} -> toy.left.a" in fault or f"toy.left.a -> {name}" in fault


def test_a_lazy_face_of_the_files_in_its_folder(plant):
    face = (
        "import lazy_loader as lazy\nfrom pathlib import Path\n"
        "def names():\n    return list(Path(__file__).parent.glob('*.py'))\n"
        "__getattr__, __dir__, __all__ = lazy.attach(__name__, submod_attrs=names())"
    )
    home = "@component\ndef thing():\n    pass"
    files = {"left/home.py": home, "left/other.py": "from toy import left"}
    package = plant({"left/__init__.py": face, **files})
    assert not package.modules["toy.left"].lazy.riddles
    assert not vanished(package, "from toy.left import thing")
    assert len(vanished(package, "from toy.left import nothing")) == 1
    edges = circles.graph(package)
    assert edges["toy.left"] == {"toy.left.home"}


@pytest.mark.parametrize(
    "text",
    [
        "import pkgutil\ndef read(row):\n    return pkgutil.resolve_name(row.reader)",
        "from importlib import import_module\nimport sys\nimport_module(sys.argv[1])",
        "import importlib\ndef load(x):\n    importlib.import_module('toy.' + x)",
        "import lazy_loader as lazy\nlazy.attach(__name__, None, compute())",
        "import lazy_loader as lazy\nlazy.attach(__name__, None, {'a': compute()})",
    ],
)
def test_an_import_that_cannot_be_told(plant, text):
    package = plant({"left/a.py": text})
    assert len(package.modules["toy.left.a"].lazy.riddles) == 1


VANISHED = [
    "from toy.left import nothing",
    "from toy.left.home import nothing",
    "from toy.left.nothing import thing",
    "import toy.nothing",
    "def late():\n    from toy.left.home import nothing",
    "from toy.left import home\nhome.nothing()",
    "from toy.left import home as h\nprint(h.nothing)",
    "import toy.left.home as h\nh.nothing()",
    "import toy\ntoy.left.home.nothing()",
    "monkeypatch.setattr('toy.left.home.nothing', 1)",
    "reader = 'toy.left.home:nothing'",
    "from toy.left.home import only_for_types",
]


@pytest.mark.parametrize("text", VANISHED)
def test_a_vanished_name(plant, text):
    home = (
        "from typing import TYPE_CHECKING\nthing = 1\n"
        "if TYPE_CHECKING:\n    from other import only_for_types\n"
    )
    package = plant({"left/home.py": home})
    assert len(vanished(package, text)) == 1


@pytest.mark.parametrize(
    "home",
    [
        "thing = 1",
        "thing: int = 1",
        "def thing(): pass",
        "class thing: pass",
        "import os as thing",
        "from os import path as thing",
        "try:\n    import thing\nexcept ImportError:\n    thing = None",
        "if 1:\n    pass\nelse:\n    thing = 2",
        "for thing in (1, 2):\n    pass",
        "a, (b, thing) = 1, (2, 3)",
        "from toy.right.stars import *",
        "def __getattr__(name): return 1",
    ],
)
def test_a_name_that_exists(plant, home):
    package = plant({"left/home.py": home, "right/stars.py": "thing = 1"})
    assert not vanished(package, "from toy.left.home import thing")
    assert not vanished(package, "from toy.left import home\nhome.thing.x.y")
    assert not vanished(package, "f('toy.left.home.thing.method')")


def test_vanished_names_in_texts(plant, tmp_path):
    package = plant({"left/home.py": "thing = 1"})
    page = tmp_path / "page.md"
    page.write_text(
        "See `toy.left.home.thing()`, `toy.left.gone` and `toy.gone`.\n\n"
        "```python\nfrom toy.left.home import thing, gone\n```\n"
    )
    (example,) = texts.of_markdown(page, tmp_path)
    assert vanished_of(package, example) == ["page.md:4: toy.left.home has no 'gone'"]
    offered = names.Names(package)
    asked = list(texts.dotted(page, package))
    whys = [offered.missing(link.module, link.name) for link in asked]
    assert whys == [None, "toy.left has no 'gone'", "toy has no 'gone'"]


def vanished_of(package, module):
    return list(names.vanished(package, module, names.Names(package)))


def test_vanished_names_in_notebooks(plant, tmp_path):
    package = plant({"left/home.py": "thing = 1"})
    notebook = tmp_path / "book.ipynb"
    notebook.write_text(
        '{"cells": [{"cell_type": "markdown", "source": ["import"]},'
        '{"cell_type": "code", "source": ["%matplotlib inline\\n",'
        '"from toy.left.home import gone"]}]}'
    )
    (cell,) = texts.of_notebook(notebook, tmp_path)
    (fault,) = vanished_of(package, cell)
    assert "book.ipynb:2" in fault


@pytest.mark.parametrize(
    "text",
    [
        "'''A module.\n\n>>> from toy.left.home import gone\n>>> gone()\n'''",
        "run('import sys; from toy.left.home import gone')",
    ],
)
def test_vanished_names_in_strings(plant, text):
    package = plant({"left/home.py": "thing = 1"})
    module = source.module_of_text(text, "file.py")
    (inner,) = texts.of_strings(module)
    (fault,) = vanished_of(package, inner)
    assert fault.startswith("file.py:1")


def test_a_file_that_is_too_long(tmp_path):
    path = tmp_path / "file.py"
    path.write_text("a = 1\n" * 400)
    assert not list(lengths.too_long(path, tmp_path))
    path.write_text("a = 1\n" * 401)
    assert list(lengths.too_long(path, tmp_path)) == [
        "file.py: 401 lines, more than 400"
    ]


@pytest.mark.parametrize("lines", [60, 61])
def test_a_function_that_is_too_long(tmp_path, lines):
    path = tmp_path / "file.py"
    docstring = '        """Say.\n\n        So.\n        """\n'
    body = docstring + "        a = 1\n" * (lines - 1)
    path.write_text(f"class A:\n    def method(self):\n{body}")
    assert len(list(lengths.too_long(path, tmp_path))) == (lines > 60)
