"""The command `tfrwc`."""

import importlib
import json
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
from answers.made import EARLY, MOVING, made
from conftest import ROOT
from typer.testing import CliRunner

import tfrwc
from tfrwc import cli, load_recording
from tfrwc._common import doors
from tfrwc.cli.others import STUDIES
from tfrwc.cli.plain import spread
from tfrwc.recording import Flag

EXAMPLES = {
    "": "tfrwc summary run.parquet",
    "summary": "tfrwc summary run.parquet",
    "report": "tfrwc report run*.parquet --against other*.parquet --out report.html",
    "compare": "tfrwc compare sgd.parquet adam.parquet",
    "diagnose": "tfrwc diagnose run.parquet",
    "record": "tfrwc record checkpoints --out run.parquet",
    "datasets": "tfrwc datasets --json",
    "privacy": "tfrwc privacy explain runs/x/pipeline/release",
    "privacy explain": "tfrwc privacy explain privacy_statement.json",
    "privacy page": "tfrwc privacy page privacy_statement.json --out to_sign.html",
    "privacy spent": "tfrwc privacy spent runs/x/pipeline",
    "privacy budget": "tfrwc privacy budget runs/x/pipeline --epsilon 3 --delta 1e-5",
    "pipeline": "tfrwc pipeline ls runs/x/pipeline",
    "pipeline ls": "tfrwc pipeline ls runs/x/pipeline",
    "pipeline clean": "tfrwc pipeline clean runs/x/pipeline",
    "study": "tfrwc study privacy --out runs/private --seeds 0",
}


def run(*arguments):
    return CliRunner().invoke(cli.app, [str(a) for a in arguments], prog_name="tfrwc")


@pytest.fixture
def runs(tmp_path):
    """Files of two recordings of one network."""
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    made([MOVING, EARLY]).save(paths[0])
    made([3 * MOVING, EARLY]).save(paths[1])
    return paths


@pytest.mark.parametrize("group", ["", "privacy", "pipeline", "study"])
def test_no_line_of_a_list_of_commands_is_cut(group):
    listed = run(*group.split(), "--help").output.split("Commands:")[1]
    assert "..." not in listed


@pytest.mark.parametrize("command", EXAMPLES)
def test_help_has_an_example(command):
    done = run(*command.split(), "--help")
    assert done.exit_code == 0
    assert done.output.startswith(" ".join(["Usage: tfrwc", command]).strip())
    assert f"Example: {EXAMPLES[command]}" in " ".join(done.output.split())


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_has_its_own_help(study, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["study", study, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: tfrwc study {study}")
    assert f"tfrwc study {study} --out" in said
    assert "python pipelines" not in said


@pytest.mark.parametrize("study", STUDIES)
def test_a_script_is_the_same_study(study):
    name, _ = STUDIES[study]
    module = importlib.import_module(f"tfrwc.commands.{name}")
    done = subprocess.run(
        [sys.executable, str(ROOT / "pipelines" / f"{name}.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert module.__doc__.strip() in done.stdout
    assert done.stdout.startswith(f"usage: {name}.py")


@pytest.mark.parametrize(
    "command",
    ["", "study", "study rwc", "runs", "datasets --jsn", "summary", "diagnose"],
)
def test_what_is_no_command_ends_with_2(command):
    done = run(*command.split())
    assert done.exit_code == 2
    assert "Usage: tfrwc" in done.output


def test_version():
    assert run("--version").output == f"tfrwc {tfrwc.__version__}\n"


def test_a_summary(runs):
    done = run("summary", runs[0])
    assert done.exit_code == 0
    assert done.output == f"{load_recording(runs[0]).summary()}\n"
    both = run("summary", *runs).output
    assert both.index(str(runs[0])) < both.index(str(runs[1]))


def test_a_summary_as_json(runs):
    one, two = json.loads(run("summary", *runs, "--json").output)
    assert [one["file"], two["file"]] == [str(path) for path in runs]
    told = load_recording(runs[1]).summary()
    assert two["sentence"] == told.sentence
    assert [row["name"] for row in two["layers"]] == told.table["name"].tolist()
    assert two["layers"][0]["settled"] is None
    assert two["layers"][0]["change"] == pytest.approx(0.3)


def test_two_runs_are_compared(runs):
    done = run("compare", *runs)
    assert done.exit_code == 0
    assert f"more in {runs[1].stem}: l0/kernel (3.0 times as much)" in done.output
    assert run("compare", runs[0], "--against", runs[1]).output == done.output
    told = json.loads(run("compare", *runs, "--json").output)
    assert told["layers"][0]["ratio"] == pytest.approx(3)
    assert told["this"] == [str(runs[0])]


def test_a_diagnosis(runs, tmp_path):
    broken = made([MOVING, EARLY])
    flags = np.full((1, 2), Flag.NON_FINITE)
    broken.append(300, 30, np.full((1, 2), np.nan), flags, {})
    broken.save(tmp_path / "broken.parquet")
    done = run("diagnose", tmp_path / "broken.parquet")
    assert done.exit_code == 0
    assert done.output.startswith(
        "1. Values that are not finite in l0/kernel from step 300 on (certain)"
    )
    assert "Nothing wrong was found." in run("diagnose", runs[0]).output
    told = json.loads(
        run("diagnose", runs[0], tmp_path / "broken.parquet", "--json").output
    )
    assert told[0]["findings"] == []
    assert told[1]["findings"][0]["kind"] == "exploding"
    assert told[1]["findings"][0]["since"] == 300


def test_all_words_after_against_are_of_the_other_side(tmp_path):
    rng = np.random.default_rng(0)
    files = []
    for i in range(6):
        files.append(tmp_path / f"{i}.parquet")
        level = (0.1 if i < 3 else 0.4) * np.exp(0.1 * rng.normal())
        made([level + 0 * MOVING, EARLY]).save(files[-1])
    done = run("compare", *files[:3], "--against", *files[3:], "--json")
    told = json.loads(done.output)
    assert told["other"] == [str(path) for path in files[3:]]
    assert told["layers"][0]["p_adjusted"] < 0.05
    done = run("compare", *files[:3])
    assert done.exit_code == 2
    assert "Without --against, name two files" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        (["--against"], ["--against"]),
        (["--against", "--json"], ["--against", "--json"]),
        (["--against", "a", "--json", "b"], ["--against", "a", "--json", "b"]),
    ],
)
def test_lists_of_an_option(words, expected):
    assert spread(words) == expected


def test_a_file_that_is_named_twice_is_not_left_out_in_silence(runs):
    done = run("report", runs[0], runs[0])
    assert done.exit_code == 2
    assert "A page has each file once" in " ".join(done.output.split())


def test_a_report_is_what_is_behind_the_door(runs, monkeypatch, tmp_path):
    asked = []

    def write(recordings, path, against=()):
        asked.append((recordings, against))
        return path

    monkeypatch.setattr(doors, "_LOADERS", {"report": lambda: write})
    out = tmp_path / "page.html"
    done = run("report", runs[0], "--against", runs[1], "--out", out)
    assert done.exit_code == 0
    assert done.output.strip() == str(out)
    ((recordings, against),) = asked
    assert [*recordings, *against] == [path.stem for path in runs]
    # Files of one name in several folders are called by their paths.
    folder = tmp_path / "other"
    folder.mkdir()
    same = folder / runs[0].name
    shutil.copy(runs[0], same)
    assert run("report", runs[0], same, "--out", out).exit_code == 0
    assert [*asked[-1][0]] == [str(runs[0]), str(same)]
    np.testing.assert_array_equal(
        against[runs[1].stem].values(), load_recording(runs[1]).values()
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("summary nothing.parquet", "There is no recording at"),
        ("compare one.parquet other.parquet", "Layer 1 does not fit"),
        ("summary broken.parquet", "broken.parquet"),
        ("record nothing", "nothing"),
        ("privacy explain .", "There is no statement of privacy in ."),
        ("privacy explain broken.json", "broken.json"),
    ],
)
def test_an_error_is_one_line_and_1(command, said, runs, monkeypatch):
    folder = runs[0].parent
    monkeypatch.chdir(folder)
    made([MOVING]).save("other.parquet")
    (folder / "broken.parquet").write_bytes(b"PAR1")
    (folder / "broken.json").write_text("[]")
    done = run(*command.split())
    assert done.exit_code == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("tfrwc: ")
    assert said in done.stderr


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(runs, monkeypatch):
    def warn(path):
        warnings.warn("of two\nlines", UserWarning, stacklevel=2)
        return made([MOVING])

    monkeypatch.setattr("tfrwc.recording.recording.load_recording", warn)
    done = run("summary", runs[0])
    assert done.exit_code == 0
    assert done.stderr == "tfrwc: warning: of two lines\n"


def test_a_page_on_a_statement_is_written(tmp_path):
    file = ROOT / "saved_models" / "private-digits" / "1"
    out = tmp_path / "new" / "to_sign.html"
    done = run("privacy", "page", file, "--out", out, "--before", file)
    assert done.exit_code == 0, done.output
    assert done.output.split() == [str(out)]
    assert "Together with this" in out.read_text(encoding="utf-8")
    as_json = run("privacy", "page", file, "--out", out, "--json").output
    assert json.loads(as_json) == {"page": str(out)}


def test_a_statement_is_explained():
    folder = ROOT / "saved_models" / "private-digits" / "1"
    done = run("privacy", "explain", folder)
    assert done.exit_code == 0
    assert "One image: epsilon = 3" in done.output
    told = json.loads(
        run("privacy", "explain", folder / "manifest.json", "--json").output
    )
    assert told["statement"]["kind"] == "training"
    assert told["summary"].startswith("epsilon 3")


def test_checkpoints_are_recorded(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    for epoch in (1, 2, 3):
        model.set_weights([w + epoch for w in model.get_weights()])
        model.save_weights(tmp_path / f"epoch-{epoch:02}.weights.h5")
    out = tmp_path / "run.parquet"
    done = run("record", tmp_path, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["records"] == 2
    assert len(load_recording(out)) == 2


def test_data_sets_are_listed_with_where_they_are(tmp_path, monkeypatch):
    (tmp_path / "mnist.npz").touch()
    monkeypatch.setenv("TFRWC_DATA_DIR", str(tmp_path))
    sets = {row["name"]: row for row in json.loads(run("datasets", "--json").output)}
    assert sets["digits"]["place"] == "needs no file"
    assert sets["digits"]["classes"] == 10
    assert sets["mnist"]["place"] == str(tmp_path / "mnist.npz")
    assert sets["cifar10"]["place"].startswith("not here: cifar10_lossless_subset.npz")
    lines = run("datasets").output.splitlines()
    assert [line.split()[0] for line in lines] == list(sets)


def test_the_module_is_the_command_and_needs_no_tensorflow(runs):
    code = (
        "import runpy, sys; sys.argv = ['tfrwc', 'summary', sys.argv[1]]\n"
        "try: runpy.run_module('tfrwc', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(runs[0])], capture_output=True, text=True
    )
    assert done.stdout.startswith("In 20 epochs, l0/kernel changed most")
    assert done.stdout.splitlines()[-1] == "0 False"
    assert done.stderr == ""
