"""Budgets of data sets, kept to by components that plan and state what they like."""

import json
import math
import random
from pathlib import Path

import pytest
from components.conformance.components import Generate
from typer.testing import CliRunner

from tfrwc import cli
from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Examples, Model, TfrwcPrivacyStatement
from tfrwc.components.engine.budget import (
    check_no_budget,
    left,
    read_budget,
    set_budget,
)
from tfrwc.components.engine.charges import charges
from tfrwc.components.engine.cleaning import clean
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)
from tfrwc.components.engine.ledger import read
from tfrwc.privacy import EpsilonDelta, PixelGaussian, compose, write_statement
from tfrwc.privacy.sgd.account.stating import planned_statement
from tfrwc.privacy.sgd.settings import TrainingSettings
from tfrwc.privacy.sgd.statement import NoPrivacy

DELTA = 1e-5


def training(noise, epochs=2, unit="example"):
    settings = TrainingSettings(
        train_size=1000,
        batch_size=100,
        epochs=epochs,
        noise_multiplier=noise,
        unit=unit,
    )
    return planned_statement(settings.calibrated())


STATEMENTS = {
    "weak": training(1.5),
    "strong": training(4.0),
    "release": PixelGaussian(255 * 20.0).statement((4, 4), delta=1e-6),
    "users": training(1.5, unit="user"),
    "none": NoPrivacy(),
}


@component
def Use(
    examples: InputArtifact[Examples],
    made: OutputArtifact[Examples],
    statement: OutputArtifact[TfrwcPrivacyStatement],
    states: Parameter[str],
    plans: Parameter[str],
    number: Parameter[int] = 0,
) -> None:
    """State something, after something was planned."""
    Path(made.uri, "made.txt").write_text(f"{states} {number}")
    write_statement(STATEMENTS[states], statement.uri)


@Use.plans
def _plan(examples, plans, **_):
    assert Path(examples.uri).is_dir()
    return None if plans == "public" else STATEMENTS[plans]


@component
def Unplanned(
    examples: InputArtifact[Examples],
    model: OutputArtifact[Model],
    statement: OutputArtifact[TfrwcPrivacyStatement],
) -> None:
    """State something that nobody knew before."""
    write_statement(STATEMENTS["strong"], statement.uri)


def use(data, states, plans=None, number=0, of="examples"):
    made = Use(
        examples=data.outputs[of], states=states, plans=plans or states, number=number
    )
    return made.with_id(f"Use-{states}-{number}-{of}")


def run(made, root):
    said = []
    local.run(made, root, say=said.append)
    return said


def states_of(root):
    return [(one.step, one.state) for one in read(root)]


def together(*names):
    return compose([STATEMENTS[name] for name in names], DELTA).guarantee.epsilon


def test_a_step_that_would_exceed_the_budget_is_not_run(tmp_path):
    data = Generate()
    enough, spent = together("weak", "strong"), together("weak")
    assert set_budget(tmp_path, math.nextafter(enough, 0), DELTA) is None
    with pytest.raises(ValueError, match="is not run") as error:
        run([data, use(data, "weak"), use(data, "strong")], tmp_path)
    [charge] = charges(tmp_path)
    assert str(error.value) == (
        f"Use-strong-0-examples is not run: it plans {STATEMENTS['strong'].summary()}, "
        f"and would bring Generate ({charge.fingerprint}) from epsilon {spent:.6g} to "
        f"{enough:.6g} with this delta. The budget of each data set in "
        f"{tmp_path.resolve()} is epsilon {enough:.6g}, delta 1e-05. Take fewer steps "
        "or more noise, or set a larger budget by tfrwc privacy budget."
    )
    # Not begun, let alone done.
    done = [("Generate", "complete"), ("Use-weak-0-examples", "complete")]
    assert states_of(tmp_path) == done
    assert not (tmp_path / "Use-strong-0-examples").exists()
    assert charge.statements == (STATEMENTS["weak"],)
    # What is exactly enough is enough.
    set_budget(tmp_path, enough, DELTA)
    run([data, use(data, "weak"), use(data, "strong")], tmp_path)
    assert left(read_budget(tmp_path), charges(tmp_path)[0]) == 0


def test_what_costs_nothing_runs_all_the_same(tmp_path):
    data = Generate()
    first = use(data, "weak")
    set_budget(tmp_path, together("weak"), DELTA)
    run([data, first], tmp_path)
    assert "taken from the cache" in run([data, first], tmp_path)[1]
    on_release = use(first, "weak", of="made")  # paid for by the release
    run([data, first, on_release], tmp_path)
    other = Generate(count=9).with_id("Other")  # with a budget of its own
    run([other, use(other, "weak", number=1)], tmp_path)
    public = use(data, "none", "public", number=2)
    assert "budget" not in "".join(run([data, public], tmp_path))
    with pytest.raises(ValueError, match="is not run"):
        run([data, use(data, "weak", number=3)], tmp_path)


@pytest.mark.parametrize("plans", ["none", None])
def test_what_plans_no_guarantee_is_not_run(tmp_path, plans):
    data = Generate()
    step = use(data, "none") if plans else Unplanned(examples=data.outputs["examples"])
    said = "would have no guarantee" if plans else "Say it by Unplanned.plans"
    set_budget(tmp_path, 1e6, DELTA)
    with pytest.raises(ValueError, match=rf"{step.id} is not run: .*{said}"):
        run([data, step], tmp_path)
    assert states_of(tmp_path) == [("Generate", "complete")]
    (tmp_path / "budget.json").unlink()
    run([data, step], tmp_path)


def test_units_that_do_not_add_up_are_refused(tmp_path):
    data = Generate()
    set_budget(tmp_path, 1e6, DELTA)
    with pytest.raises(ValueError, match=r"Use-users.* is not run: .*cannot be added"):
        run([data, use(data, "release"), use(data, "users")], tmp_path)
    assert len(charges(tmp_path)[0].statements) == 1


def test_what_is_stated_is_charged_and_said_if_it_is_more(tmp_path):
    data = Generate()
    set_budget(tmp_path, 1e6, DELTA)
    said = run([data, use(data, "weak", "strong")], tmp_path)[-1]
    stated, planned = (STATEMENTS[name].summary() for name in ("weak", "strong"))
    assert said == (
        f"[2/2] Use-weak-0-examples: it states {stated}, and planned {planned}; it is "
        "charged what it states"
    )
    assert charges(tmp_path)[0].statements == (STATEMENTS["weak"],)
    assert "states" not in run([data, use(data, "strong", "weak")], tmp_path)[-1]


@pytest.mark.parametrize("seed", range(3))
def test_no_sequence_of_steps_ends_above_the_budget(tmp_path, seed):
    """Runs and cleanings at random, for two data sets."""
    draw = random.Random(seed)
    sets = [Generate().with_id("A"), Generate(count=5).with_id("B")]
    limit = EpsilonDelta(together("weak", "weak", "strong"), DELTA)
    set_budget(tmp_path, *limit)
    refused = 0
    for number in range(12):
        data = draw.choice(sets)
        name = draw.choice(["weak", "strong", "none"])
        before = charges(tmp_path) if number else []
        try:
            run([data, use(data, name, number=draw.randrange(4))], tmp_path)
        except ValueError as error:
            refused += "is not run" in str(error)
            assert charges(tmp_path) == before
        if draw.random() < 0.2:
            clean(tmp_path)
        for charge in charges(tmp_path):
            assert charge.bare == 0
            spent = compose(charge.statements, DELTA).guarantee.epsilon
            assert spent <= limit.epsilon
            assert left(limit, charge) == limit.epsilon - spent
    assert refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[3.0, 1e-5]", "no object"),
        ('{"epsilon": 3.0}', "has no 'delta'"),
        ('{"epsilon": "3", "delta": 1e-5}', "not of the type"),
        ('{"epsilon": NaN, "delta": 1e-5}', "above 0 and finite"),
        ('{"epsilon": Infinity, "delta": 1e-5}', "above 0 and finite"),
        ('{"epsilon": 1%s, "delta": 1e-5}' % ("0" * 400), "too large"),
        ('{"epsilon": 3.0, "delta": 1}', "delta is a probability"),
        ('{"epsilon": 3.0, "delta": 1e-5, "unit": "user"}', "no more than"),
    ],
)
def test_a_damaged_budget_is_none_to_go_by(tmp_path, text, said):
    (tmp_path / "budget.json").write_text(text)
    data = Generate()
    for do in (
        lambda: run([data, use(data, "weak")], tmp_path),
        lambda: set_budget(tmp_path, 3.0, DELTA),
    ):
        with pytest.raises(ValueError, match=rf"budget\.json is not a budget.*{said}"):
            do()
    assert (tmp_path / "budget.json").read_text() == text


def test_a_budget_that_is_a_link_to_nothing_is_told(tmp_path):
    (tmp_path / "budget.json").symlink_to(tmp_path / "gone.json")
    with pytest.raises(FileNotFoundError, match="where a budget should be"):
        read_budget(tmp_path)


@pytest.mark.parametrize("pair", [(0.0, 1e-5), (math.inf, 1e-5), (3.0, 0.0), (3.0, 1)])
def test_a_budget_that_is_none_is_refused(tmp_path, pair):
    with pytest.raises(ValueError, match=r"epsilon must|delta is"):
        set_budget(tmp_path / "new", *pair)
    assert not (tmp_path / "new").exists()


def test_the_commands_set_it_and_say_what_is_left(tmp_path):
    def command(*arguments):
        done = CliRunner().invoke(cli.app, ["privacy", *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.output

    root = tmp_path / "pipeline"  # not there yet
    options = ("budget", root, "--epsilon", 2, "--delta", DELTA)
    assert command(*options) == f"Each data set in {root}: epsilon 2, delta 1e-05.\n"
    options = ("budget", root, "--epsilon", 3, "--delta", DELTA)
    assert command(*options).endswith(
        ": epsilon 3, delta 1e-05 (before: epsilon 2, delta 1e-05).\n"
    )
    assert json.loads(command(*options, "--json"))["before"]["epsilon"] == 3
    data = Generate()
    run([data, use(data, "weak")], root)
    rest = 3 - together("weak")
    said = f"; {rest:.4g} is left of the budget, epsilon 3, delta 1e-05\n"
    assert command("spent", root).endswith(said)
    [row] = json.loads(command("spent", root, "--json"))
    assert row["budget"] == {"epsilon": 3.0, "delta": DELTA}
    assert row["left"] == pytest.approx(rest)


def test_where_nobody_could_keep_to_it_nothing_is_run(tmp_path):
    uri = str(tmp_path / "Use" / "model" / "1")
    there = [uri, "gs://bucket/pipeline/Use/model/1", "model"]
    check_no_budget(there)
    set_budget(tmp_path, 3.0, DELTA)
    with pytest.raises(ValueError, match=r"budget\.json.*only the local runner"):
        check_no_budget(there)
