"""The base installation, and what each missing extra says."""

import ast
import json

import pytest
from conftest import ROOT
from missing import OF_EXTRAS, run_without

TESTS, PACKAGE = ROOT / "tests", ROOT / "tfrwc"
USES = {
    "from tfrwc.disentangle import BetaSweep": 'pip install "tfrwc[vae]"',
    "from tfrwc.disentangle import BetaVAE": 'pip install "tfrwc[vae]"',
    "import tfrwc.compat.tensorflow_probability": 'pip install "tfrwc[vae]"',
    "from tfrwc.privacy import make_private": 'pip install "tfrwc[privacy]"',
    "from tfrwc.privacy import PixelLaplace": 'pip install "tfrwc[privacy]"',
    "import tfrwc.privacy.accounting as a; a.gaussian(1.0, 1.0, 1e-5)": (
        'pip install "tfrwc[privacy]"'
    ),
    "import tfrwc.datasets.pneumonia": 'pip install "tfrwc[datasets]"',
    "from tfrwc import datasets; datasets.load('mnist')": (
        'pip install "tfrwc[datasets]"'
    ),
    "from tfrwc.report.tensorboard import TrendsToTensorBoard as T; "
    "from tfrwc import RWCCallback; T('logs', RWCCallback())": (
        'pip install "tfrwc[tensorflow]"'
    ),
    f"from tfrwc import load_saved_model; load_saved_model('beta_vae-sprites', "
    f"folder={str(ROOT / 'saved_models')!r})": 'pip install "tfrwc[vae]"',
}
TELL = f"""
import json, sys
said = {{}}
for use in {list(USES)!r}:
    try:
        exec(use, {{}})
    except ImportError as error:
        said[use] = str(error)
json.dump(said, sys.stdout)
"""
WITHOUT_PRIVACY = """
try:
    from tfrwc.privacy import make_private
except ImportError as error:
    print(error)
from tfrwc.cli import main
main(["study", "privacy", "--out", "made"])
"""


def test_the_base_works_without_any_extra(tmp_path):
    job = (TESTS / "base_job.py").read_text()
    code = f"sys.path.insert(0, {str(TESTS)!r})\n{job}"
    done = run_without(OF_EXTRAS, code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_what_is_missing_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("TFRWC_DATA_DIR", raising=False)
    done = run_without(OF_EXTRAS, TELL, tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for use, command in USES.items():
        assert command in said[use], use


def unguarded(path):
    """Imports of packages of extras that are outside `with extra(...)`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        node
        for context in ast.walk(tree)
        if isinstance(context, ast.With)
        and isinstance(call := context.items[0].context_expr, ast.Call)
        and getattr(call.func, "id", "") == "extra"
        for node in ast.walk(context)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in OF_EXTRAS and node not in guarded:
                yield f"{path.name}, line {node.lineno}: {name}"


def test_every_import_from_an_extra_is_guarded():
    found = [line for path in PACKAGE.rglob("*.py") for line in unguarded(path)]
    # That one has a command of its own.
    assert len(found) == 1, found
    assert "tensorflow_privacy.privacy.dp_query" in found[0]


def test_a_missing_backend_of_keras_says_what_to_do(tmp_path):
    done = run_without(OF_EXTRAS, "from tfrwc import RWCCallback", tmp_path, "")
    assert done.returncode == 1
    assert "Keras is set to the backend tensorflow, which is not" in done.stderr
    assert 'pip install "tfrwc[tensorflow]"' in done.stderr


def test_a_broken_package_is_not_called_a_missing_one():
    from tfrwc.compat.extras import extra

    message = r"No module named 'json\.no'"
    with pytest.raises(ModuleNotFoundError, match=message), extra("vae"):
        import json.no  # noqa: F401


def test_private_training_is_refused_before_anything_is_made(tmp_path):
    done = run_without(("tensorflow_privacy",), WITHOUT_PRIVACY, tmp_path, "tensorflow")
    command = "pip install --no-deps tensorflow-privacy"
    assert command in done.stdout
    assert done.returncode == 1
    (said,) = [
        line for line in done.stderr.splitlines() if "private_pneumonia:" in line
    ]
    assert said.endswith(command)
    assert not (tmp_path / "made").exists()
