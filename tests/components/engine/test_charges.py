"""What data sets were charged, by components that state what they like."""

import json
from pathlib import Path

import pytest
from components.conformance.components import Generate
from typer.testing import CliRunner

from tfrwc import cli
from tfrwc.components.engine import local
from tfrwc.components.engine.artifacts import Examples, Model, TfrwcPrivacyStatement
from tfrwc.components.engine.charges import charges
from tfrwc.components.engine.cleaning import clean
from tfrwc.components.engine.component import (
    InputArtifact,
    OutputArtifact,
    Parameter,
    component,
)
from tfrwc.privacy import PixelLaplace, compose, write_statement
from tfrwc.privacy.sgd.statement import NoPrivacy

RELEASES = {
    scale: PixelLaplace(scale).statement((4, 4), delta=1e-5)
    for scale in (2550.0, 5100.0)
}


@component
def Release(
    examples: InputArtifact[Examples],
    private: OutputArtifact[Examples],
    statement: OutputArtifact[TfrwcPrivacyStatement],
    scale: Parameter[float],
    fails: Parameter[bool] = False,
) -> None:
    """State a release; of images that are its scale."""
    Path(private.uri, "images.csv").write_text(f"{scale}")
    write_statement(RELEASES[scale], statement.uri)
    if fails:
        raise ValueError("as was asked")


@component
def Fit(
    examples: InputArtifact[Examples],
    model: OutputArtifact[Model],
    statement: OutputArtifact[TfrwcPrivacyStatement],
) -> None:
    """State a training without privacy."""
    Path(model.uri, "weights.txt").write_text("0")
    write_statement(NoPrivacy(), statement.uri)


def steps(*scales, **options):
    data = Generate()
    releases = [
        Release(examples=data.outputs["examples"], scale=scale, **options).with_id(
            f"Release-{scale:g}"
        )
        for scale in scales
    ]
    on_release = Fit(examples=releases[0].outputs["private"]).with_id("Fit-on-release")
    return [data, *releases, on_release]


def run(made, root):
    local.run(made, root, say=lambda _: None)


def test_all_releases_of_a_set_are_added_up(tmp_path):
    run(steps(2550.0), tmp_path)
    [one] = charges(tmp_path)
    assert one.statements == (RELEASES[2550.0],)
    assert one.bare == 0  # what is made of a release costs nothing more
    run(steps(2550.0), tmp_path)
    assert charges(tmp_path) == [one]  # nothing ran again
    run(steps(2550.0, 5100.0), tmp_path)
    [both] = charges(tmp_path)
    assert both.fingerprint == one.fingerprint
    together = compose(RELEASES.values())
    assert both.together() == together
    said = f"Generate ({both.fingerprint}): {together.summary()}, in 2 uses"
    assert both.in_words() == said


def test_what_hides_nothing_is_counted_by_itself(tmp_path):
    *made, _ = steps(2550.0)
    run([*made, Fit(examples=made[0].outputs["examples"])], tmp_path)
    [charge] = charges(tmp_path)
    assert charge.statements == (RELEASES[2550.0],)
    said = "in 1 use; 1 more without a guarantee, to be kept"
    assert charge.in_words().endswith(said)


def test_what_failed_made_nothing(tmp_path):
    with pytest.raises(ValueError, match="as was asked"):
        run(steps(2550.0, fails=True), tmp_path)
    assert charges(tmp_path) == []
    done = CliRunner().invoke(cli.app, ["privacy", "spent", str(tmp_path)])
    assert done.output == "No data set was charged.\n"


def test_the_command_says_it_in_a_line(tmp_path):
    run(steps(2550.0), tmp_path)
    [charge] = charges(tmp_path)
    command = ["privacy", "spent", str(tmp_path)]
    assert CliRunner().invoke(cli.app, command).output == f"{charge.in_words()}\n"
    [row] = json.loads(CliRunner().invoke(cli.app, [*command, "--json"]).output)
    assert row["statement"] == compose(charge.statements).to_dict()
    assert row["without_guarantee"] == 0


def test_a_statement_that_is_gone_or_changed_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="No pipeline ran"):
        charges(tmp_path)
    run(steps(2550.0), tmp_path)
    [file] = tmp_path.glob("Release-2550/statement/*/privacy_statement.json")
    text = file.read_text()
    file.write_text(text.replace('"generator": "', '"generator": "not '))
    with pytest.raises(OSError, match="not the one that was written there"):
        charges(tmp_path)
    file.unlink()
    with pytest.raises(OSError, match="is missing"):
        charges(tmp_path)


def test_what_is_cleaned_away_was_spent_all_the_same(tmp_path):
    for scale in (2550.0, 5100.0):
        data = Generate()
        images = data.outputs["examples"]
        run([data, Release(examples=images, scale=scale)], tmp_path)
    before = charges(tmp_path)
    assert len(before[0].statements) == 2
    assert [one.execution.step for one in clean(tmp_path)] == ["Release"]
    assert charges(tmp_path) == before
    assert clean(tmp_path) == []
