"""What commands show while they are busy: on a terminal, and into a pipe."""

import re
import subprocess
import sys

import keras
import pytest
from answers.networks import network
from conftest import ROOT
from e2e.quiet import LINE, OF_TESTS
from e2e.terminal import SIZE, on_terminal

from tfrwc.privacy import PixelLaplace
from tfrwc.privacy.statement import write_statement

MOST_SILENCE = 2.0  # seconds
COMMANDS = {
    "summary": "summary {folder}/one.parquet {folder}/two.parquet",
    "report": "report {folder}/one.parquet --out {folder}/page.html",
    "compare": "compare {folder}/one.parquet {folder}/two.parquet",
    "record": "record {folder}/checkpoints --out {folder}/made.parquet",
    "datasets": "datasets",
    "explain": "privacy explain {folder}",
}
# What they say into a pipe is seen where they are killed and go on.
STUDIES = {
    "learning_dynamics": "--epochs 3 --model resnet10_tiny --seeds 0",
    "optimal_beta": "--epochs 2 --seeds 0 --worlds tanh",
    "private_pneumonia": "--epochs 2 --seeds 0 --mechanisms shift_1 "
    "--model resnet10_tiny --epsilons 8",
}
MOVE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Small inputs of all commands."""
    folder = tmp_path_factory.mktemp("inputs")
    network(8, 12).save(folder / "one.parquet")
    network(8, 12, seed=1).save(folder / "two.parquet")
    (folder / "checkpoints").mkdir()
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    for i in range(3):
        model.set_weights([w + i + 1 for w in model.get_weights()])
        model.save_weights(folder / "checkpoints" / f"{i}.weights.h5")
    write_statement(PixelLaplace(scale=255.0).statement((8, 8)), folder)
    return folder


@pytest.fixture(autouse=True)
def no_setting_of_tests(monkeypatch):
    for name in OF_TESTS:
        monkeypatch.delenv(name, raising=False)


def command(name, folder):
    return [
        sys.executable,
        "-m",
        "tfrwc",
        *COMMANDS[name].format(folder=folder).split(),
    ]


def study(name, out):
    script = ROOT / "pipelines" / f"{name}.py"
    return [sys.executable, str(script), "--out", str(out), *STUDIES[name].split()]


def piped(command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def seen(make, **environment):
    """A command on a terminal, which is not silent for long.

    Where other programs hold the processors, it is run again: a silence that is its own
    is there both times.

    Args:
        make: from the number of a run to the command.
        **environment: variables.
    """
    for number in range(2):
        done = on_terminal(make(number), **environment)
        assert done.code == 0, done.text
        if done.longest_silence()[0] <= MOST_SILENCE:
            return done
    pytest.fail(f"silent for {done.longest_silence()}")


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_are_never_silent_and_say_the_same_into_a_pipe(folder, name):
    done = seen(lambda _: command(name, folder))
    other = piped(command(name, folder))
    assert other.stderr == ""
    assert not set("\r\x1b\b") & set(other.stdout)
    # What moved is gone, and what is left has its line breaks.
    left = MOVE.sub("", done.text.rpartition("\x1b[?25h")[2]).lstrip("\n")
    assert left == other.stdout


# The engine of all studies shows what is done: one is seen always.
@pytest.mark.parametrize(
    "name",
    [
        "learning_dynamics",
        pytest.param("optimal_beta", marks=pytest.mark.slow),
        pytest.param("private_pneumonia", marks=pytest.mark.slow),
    ],
)
def test_a_study_is_never_silent_for_long(name, tmp_path):
    done = seen(lambda number: study(name, tmp_path / str(number)), NO_COLOR="1")
    assert not COLOUR.search(done.text)
    lines = [line for line in MOVE.sub("\n", done.text).split("\n") if line]
    moving = [line for line in lines if LINE.fullmatch(line)]
    assert max(map(len, moving)) <= SIZE[1]
    # Which epoch is seen is chance: the line moves four times in a second.
    assert any(re.search(r"epoch \d of \d", line) for line in moving)
    assert any("left in all" in line for line in moving)


def test_a_dumb_terminal_gets_plain_lines(folder):
    done = on_terminal(command("record", folder), TERM="dumb")
    assert done.code == 0, done.text
    assert not {"\x1b", "\b"} & set(done.text)
    assert "\r" not in done.text.replace("\r\n", "\n")
    assert "Recording(" in done.text
