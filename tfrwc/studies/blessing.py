"""Whether a model may be pushed, and what is said of it where it is."""

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc._common.files import write_text
from tfrwc._common.json_files import read_object
from tfrwc._common.npz import read_npz
from tfrwc._common.plain import number, plain
from tfrwc.models.saved import read_training
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.privacy.statement import read_statement
from tfrwc.studies.privacy.evaluation import EVALUATION, PREDICTIONS, read_facts
from tfrwc.studies.privacy.scores import change

Folder = str | os.PathLike[str]
_TESTED = ("test", "test_label")
_INTERVAL = ("value", "low", "high")
_BLESSED, _NOT_BLESSED = "BLESSED", "NOT_BLESSED"
_PUSHED = "pushed.json"


def objections(
    evaluation: Folder,
    measure: str,
    at_least: float,
    epsilon_at_most: float,
    baseline: Folder | None = None,
    change_at_least: float = 0.0,
) -> list[str]:
    """Why a model is not good or private enough; empty if it is.

    Args:
        evaluation: folder of the ModelEvaluation.
        measure: of the test.
        at_least: that the lower end of its interval must be above.
        epsilon_at_most: greatest epsilon of one image; infinity asks for no
            guarantee.
        baseline: folder of the ModelEvaluation of the model to do better than, tested
            on the same images; None if there is none.
        change_at_least: that the lower end of the 95 % interval of the difference to
            it, over test images, must be above: 0 for surely better, -0.02 for surely
            no more than 0.02 worse.

    Raises:
        ValueError: if the measure was not taken, an evaluation is damaged, the other is
            on other images, or there is a change to be and no baseline.
    """
    facts = read_facts(evaluation)
    if measure not in facts["test"]:
        raise ValueError(
            f"The test has no measure {measure!r}. Choose one of "
            f"{', '.join(facts['test'])}."
        )
    reasons = []
    path = Path(evaluation) / EVALUATION
    value, low, high = (_number(facts, path, "test", measure, k) for k in _INTERVAL)
    if not low > at_least:
        reasons.append(
            f"{measure} is {value:.3f} (95 % interval {low:.3f} to {high:.3f}), which "
            f"is not surely above {at_least:g}"
        )
    if baseline is not None:
        reasons += _change(evaluation, baseline, measure, change_at_least)
    elif change_at_least:
        raise ValueError(
            f"A change of {change_at_least:g} or more is to a baseline, and there is "
            "none. Give the evaluation of another model, or leave it out."
        )
    if math.isfinite(epsilon_at_most):
        epsilon = _number(facts, path, "epsilon")
        if epsilon > epsilon_at_most:
            reasons.append(
                f"epsilon of an image is {epsilon:.4g}, above {epsilon_at_most:g}"
            )
        advantage, low, bound = (
            _number(facts, path, "membership", "advantage", key)
            for key in ("value", "low", "bound")
        )
        if low > bound:  # not if there is none, which is NaN
            reasons.append(
                f"an attack has an advantage of {advantage:.3f}, above the "
                f"{bound:.3f} that the guarantee allows"
            )
    return reasons


def _change(
    evaluation: Folder, baseline: Folder, measure: str, change_at_least: float
) -> list[str]:
    """Why a model is not as much better than another as it should be."""
    folders = Path(evaluation), Path(baseline)
    origins = {read_facts(folder)["data"].get("origin") for folder in folders}
    (p, y), (before, labels) = (
        read_npz(folder / PREDICTIONS, _TESTED).values() for folder in folders
    )
    same = len(origins) == 1 and p.shape == before.shape == y.shape
    if not same or not np.array_equal(y, labels):
        raise ValueError(
            f"The models in {evaluation} and {baseline} were not tested on the same "
            "images. Evaluate both on the same Examples."
        )
    value, low, high = change(p, before, y, measure)
    if low > change_at_least:
        return []
    return [
        f"{measure} changes by {value:+.3f} from the baseline's (95 % interval "
        f"{low:+.3f} to {high:+.3f}), which is not surely above {change_at_least:+g}"
    ]


def _number(facts: Any, path: Path, *place: str) -> float:
    """A number in an evaluation; NaN where it is not known."""
    try:
        for key in place:
            facts = facts[key]
        return number(facts)
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} has no number {'/'.join(place)} ({error}). Have it written again."
        ) from error


def write_blessing(objections: Sequence[str], folder: Folder) -> None:
    """Write the empty file that TFX looks for; reasons against go to standard output,
    as they are nobody's input."""
    name = _NOT_BLESSED if objections else _BLESSED
    (Path(folder) / name).touch()
    for reason in objections:
        print(f"not blessed: {reason}")


def is_blessed(folder: Folder) -> bool:
    """Whether a ModelBlessing is one."""
    return (Path(folder) / _BLESSED).exists()


def manifest(
    model: Folder, statement: Folder | None = None, evaluation: Folder | None = None
) -> dict[str, Any]:
    """What is said of a model where it is pushed to: data, training, metrics, privacy.

    Args:
        model, statement, evaluation: folders of the artifacts; None where there is
            none. Without a statement, the training was without privacy.
    """
    training = read_training(model)
    facts = {"data": training.pop("data"), "training": training}
    if "metrics" in training:
        facts["metrics"] = training.pop("metrics")
    if evaluation is not None:
        evaluated, path = read_facts(evaluation), Path(evaluation) / EVALUATION
        facts["data"] = evaluated["data"]
        facts["metrics"] = {
            name: {
                key: plain(_number(evaluated, path, "test", name, key))
                for key in _INTERVAL
            }
            for name in evaluated["test"]
        }
    stated = NoPrivacy() if statement is None else read_statement(statement)
    privacy = {"statement": stated.to_dict(), "explanation": stated.explain()}
    return facts | {"privacy": privacy}


def write_pushed(path: Folder | None, folder: Folder) -> None:
    """Write pushed.json: the folder of the version, or null."""
    text = json.dumps({"path": None if path is None else str(path)})
    write_text(Path(folder) / _PUSHED, text)


def read_pushed(folder: Folder) -> str | None:
    """The folder of the version that was pushed; None if nothing was.

    Raises:
        ValueError: if the file is damaged, or holds something else.
        OSError: if it is missing.
    """
    types = {"path": (str, type(None))}
    pushed = read_object(Path(folder) / _PUSHED, "what was pushed", types)
    path: str | None = pushed["path"]
    return path


def read_all_pushed(folder: Folder) -> list[str]:
    """The folders of all versions that a step of a pipeline pushed.

    Args:
        folder: of one execution's PushedModel; those of the others lie beside it.

    Raises:
        ValueError, OSError: as of `read_pushed`.
    """
    paths = [
        read_pushed(file.parent) for file in Path(folder).parent.glob(f"*/{_PUSHED}")
    ]
    return [path for path in paths if path is not None]
