"""Functions of users are found and called, and their errors told as ours."""

import sys

import pytest

from tfrwc.studies.user_code import call, load, place, short

GOOD = """
from dataclasses import dataclass

@dataclass
class Pair:
    a: int

def double(number):
    return Pair(2 * number).a
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(GOOD)
    return path


def test_a_function_of_a_file_is_run_anew_each_time(file):
    reference = f"{file}:double"
    assert place(reference) == ("", file)
    assert call(reference, 3) == 6
    file.write_text(GOOD.replace("2 *", "20 *"))
    assert call(reference, 3) == 60


def test_a_function_of_a_package(tmp_path, monkeypatch):
    folder = tmp_path / "of_mine" / "deep"
    folder.mkdir(parents=True)
    (folder / "code.py").write_text(GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    assert place("of_mine.deep.code:double") == (
        "of_mine.deep.code",
        folder / "code.py",
    )
    assert call("of_mine.deep.code:double", 3) == 6
    for name in [name for name in sys.modules if name.startswith("of_mine")]:
        monkeypatch.delitem(sys.modules, name)


def test_what_is_published_has_no_folder():
    assert short("/home/me/mine.py:double") == "mine.py:double"
    assert short("of_mine.deep.code:double") == "of_mine.deep.code:double"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("double", "Name a function as"),
        (":double", "Name a function as"),
        ("mine.py:", "Name a function as"),
        ("mine.py:a b", "Name a function as"),
        ("none.py:double", "There is no file .*none.py"),
        ("gs://bucket/mine.py:double", "the address of another store"),
        ("no_such_package.module:double", "no module 'no_such_package.module'"),
        ("json.nothing:double", "no module 'json.nothing'"),
        ("sys:exit", "no module 'sys' with a file"),
        ("..mine:double", "no module"),
    ],
)
def test_what_names_no_function_is_refused(reference, message):
    with pytest.raises(ValueError, match=message):
        place(reference)


def test_a_missing_function_is_named(file):
    file.write_text(GOOD + "\nnumber = 3\n")
    for name in ("triple", "number"):
        with pytest.raises(ValueError, match=rf"mine.py has no function '{name}'"):
            load(f"{file}:{name}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "def f(x):\n  y = 1\n  raise KeyError('k')",
            "f of .*mine.py failed at line 3",
        ),
        ("def f(x):\n  return x['k']", "failed at line 2: TypeError"),
        ("def f():\n  return 1", "failed: TypeError: .*takes 0 positional"),
        ("import no_such_package", "could not be imported at line 1: ModuleNotFound"),
        ("x = 1\ndef f(:", "could not be imported at line 2: SyntaxError"),
        ("raise SystemError('x')", "could not be imported at line 1: SystemError: x"),
    ],
)
def test_errors_name_the_file_the_function_and_the_line(text, message, file):
    file.write_text(text)
    with pytest.raises(RuntimeError, match=message) as caught:
        call(f"{file}:f", 1)
    assert caught.value.__cause__ is not None


def test_a_user_who_interrupts_is_obeyed(file):
    file.write_text("def f():\n  raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        call(f"{file}:f")
