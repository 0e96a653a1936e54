"""Whether a model may be pushed, and what is said of it where it is."""

import json
import math
from pathlib import Path

from tfrwc.models.saved import read_training
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.privacy.statement import read_statement
from tfrwc.studies.privacy.evaluation import EVALUATION

_BLESSED, _NOT_BLESSED = "BLESSED", "NOT_BLESSED"


def objections(evaluation, measure, at_least, epsilon_at_most) -> list[str]:
    """Why a model is not good or private enough; empty if it is.

    Args:
        evaluation: folder of the ModelEvaluation.
        measure: of the test.
        at_least: that the lower end of its interval must be above.
        epsilon_at_most: greatest epsilon of one image; 0 asks for no guarantee.

    Raises:
        ValueError: if the measure was not taken.
    """
    found = _read(evaluation)
    if measure not in found["test"]:
        raise ValueError(
            f"The test has no measure {measure!r}. Choose one of "
            f"{', '.join(found['test'])}."
        )
    reasons = []
    tested = {
        name: math.nan if number is None else number
        for name, number in found["test"][measure].items()
    }
    if not tested["low"] > at_least:
        reasons.append(
            f"{measure} is {tested['value']:.3f} (95 % interval {tested['low']:.3f} to "
            f"{tested['high']:.3f}), which is not surely above {at_least:g}"
        )
    if epsilon_at_most:
        epsilon = math.inf if found["epsilon"] is None else found["epsilon"]
        if epsilon > epsilon_at_most:
            reasons.append(
                f"epsilon of an image is {epsilon:.4g}, above {epsilon_at_most:g}"
            )
        row = found["membership"]["advantage"]
        if row["bound"] is not None and row["low"] > row["bound"]:
            reasons.append(
                f"an attack has an advantage of {row['value']:.3f}, above the "
                f"{row['bound']:.3f} that the guarantee allows"
            )
    return reasons


def write_blessing(objections, folder):
    """Write the empty file that TFX looks for; reasons against go to standard output,
    as they are nobody's input."""
    name = _NOT_BLESSED if objections else _BLESSED
    (Path(folder) / name).touch()
    for reason in objections:
        print(f"not blessed: {reason}")


def is_blessed(folder) -> bool:
    """Whether a ModelBlessing is one."""
    return (Path(folder) / _BLESSED).exists()


def manifest(model, statement=None, evaluation=None) -> dict:
    """What is said of a model where it is pushed to: data, training, metrics, privacy.

    Args:
        model, statement, evaluation: folders of the artifacts; None for those that
            there are not. No statement is that of a training without privacy.
    """
    training = read_training(model)
    known = {"data": training.pop("data"), "training": training}
    if "metrics" in training:
        known["metrics"] = training.pop("metrics")
    if evaluation is not None:
        found = _read(evaluation)
        known["data"] = found["data"]
        known["metrics"] = {
            name: {key: one[key] for key in ("value", "low", "high")}
            for name, one in found["test"].items()
        }
    stated = NoPrivacy() if statement is None else read_statement(statement)
    privacy = {"statement": stated.to_dict(), "explanation": stated.explain()}
    return known | {"privacy": privacy}


def write_pushed(path, folder):
    """Write pushed.json: the folder of the version, or null."""
    text = json.dumps({"path": None if path is None else str(path)})
    (Path(folder) / "pushed.json").write_text(text)


def _read(evaluation):
    return json.loads((Path(evaluation) / EVALUATION).read_text())
