"""A budget for the data sets of a pipeline, which no step may exceed.

>>> set_budget("runs/x/pipeline", epsilon=3.0, delta=1e-5)  # doctest: +SKIP

It is a file in the folder of the pipeline, and holds for each data set there. Before a
step runs, what it plans to state (`Component.plans`) is composed with all that its data
were charged (`tfrwc.components.engine.charges`), at the delta of the budget.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrwc._common.files import write_text
from tfrwc._common.json_files import read_object
from tfrwc._common.paths import local_path
from tfrwc.components.engine.artifacts import Model
from tfrwc.components.engine.charges import (
    Charge,
    charges,
    data_sets,
    laid_bare,
    stated,
)
from tfrwc.components.engine.ledger_rows import Execution
from tfrwc.components.engine.step import Step
from tfrwc.privacy.arguments import check_delta, check_epsilon
from tfrwc.privacy.guarantee import EpsilonDelta

if TYPE_CHECKING:
    from tfrwc.privacy.statement import PrivacyStatement

NAME = "budget.json"
Folder = str | os.PathLike[str]


def set_budget(root: Folder, epsilon: float, delta: float) -> EpsilonDelta | None:
    """Set the budget of each data set in the folder of a pipeline.

    Args:
        root: the folder, which is made; a pipeline may be running there.
        epsilon: greatest of an image, or of the unit of the trainings, with `delta`;
            where any training is by patient, that of a patient.
        delta: of the guarantee of all that is made of a data set.

    Returns:
        The budget before, or None.

    Raises:
        ValueError: if epsilon is not above 0 and finite, delta is no probability, or
            the budget before is damaged.
        OSError: if it cannot be written.
    """
    budget = EpsilonDelta(check_epsilon(epsilon), check_delta(delta))
    folder = local_path(root, "A pipeline's root")
    folder.mkdir(parents=True, exist_ok=True)
    before = read_budget(folder)
    write_text(folder / NAME, json.dumps(budget._asdict()))
    return before


def read_budget(root: Folder) -> EpsilonDelta | None:
    """The budget of each data set in the folder of a pipeline; None if none was set.

    Raises:
        ValueError: if its file is damaged.
        OSError: if that cannot be read.
    """
    path = local_path(root, "A pipeline's root") / NAME
    if not os.path.lexists(path):
        return None
    types = dict.fromkeys(EpsilonDelta._fields, (int, float))
    found = read_object(path, "a budget", types)
    try:
        if found.keys() != types.keys():
            raise ValueError(f"A budget has no more than {', '.join(types)}.")
        return EpsilonDelta(
            check_epsilon(found["epsilon"]), check_delta(found["delta"])
        )
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{path} is not a budget that can be read: {error} Restore it from a copy, "
            "or delete it and set the budget again."
        ) from error


def in_words(budget: EpsilonDelta) -> str:
    """A budget in a few words."""
    return f"epsilon {budget.epsilon:.6g}, delta {budget.delta:.6g}"


def left(budget: EpsilonDelta, charge: Charge) -> float:
    """The epsilon that is left of a budget, 0 or more: a release of that pure epsilon
    would still keep to it."""
    spent = _spent(charge.statements, budget.delta)
    return max(0.0, budget.epsilon - spent)


def check_budget(
    root: Folder,
    executions: Sequence[Execution],
    step: Step,
    key: Mapping[str, Any],
    inputs: Mapping[str, Any],
) -> "PrivacyStatement | None":
    """Check that a step would keep all data that it takes within the budget.

    Args:
        root: folder of the pipeline.
        executions: of its ledger.
        step: that is to run.
        key: of its execution.
        inputs: arguments for its inputs, by name.

    Returns:
        What the step plans to state; None if there is no budget for it.

    Raises:
        ValueError: if it would exceed the budget, does not say what it plans or states,
            plans no guarantee, or goes on from what has none; or if the file of the
            budget is damaged.
        OSError: as of `charges`.
    """
    budget = read_budget(root)
    folder = Path(root)
    if budget is None or not (data := data_sets(folder, executions, key)):
        return None
    names = ", ".join(f"{name} ({mark})" for mark, name in data.items())
    if not stated(key):
        if Model.TYPE_NAME not in key["outputs"].values():
            return None  # as long as it stays with the data, it costs nothing
        raise _refusal(
            *(step, root, budget),
            f"it makes a model of {names}, and states nothing",
            f"Let {step.component.name} have an output of TfrwcPrivacyStatement, or "
            "run the step elsewhere.",
        )
    if step.component.plan is None:
        raise _refusal(
            *(step, root, budget),
            f"it does not say before what it will state of {names}",
            f"Say it by {step.component.name}.plans, or run the step elsewhere.",
        )
    planned: PrivacyStatement | None = step.component.plan(**inputs, **step.parameters)
    if planned is None:
        return None
    if math.isinf(planned.guarantee.epsilon):
        raise _refusal(
            *(step, root, budget),
            f"what it makes of {names} would have no guarantee",
            "Add noise; or run the step in a folder without a budget, and keep to "
            "yourself what comes of it.",
        )
    if bare := laid_bare(folder, executions, key):
        raise _refusal(
            *(step, root, budget),
            "it goes on from what was made without a guarantee of "
            + ", ".join(f"{data[mark]} ({mark})" for mark in sorted(bare)),
            "Go on from what has a guarantee, or was made of other data.",
        )
    _check_sums(root, budget, step, data, planned)
    return planned


def _check_sums(
    root: Folder,
    budget: EpsilonDelta,
    step: Step,
    data: Mapping[str, str],
    planned: "PrivacyStatement",
) -> None:
    """Check what data, by fingerprint, were charged, and what a step plans besides."""
    charged = {charge.fingerprint: charge.statements for charge in charges(root)}
    for mark, name in data.items():
        before = charged.get(mark, ())
        try:
            spent = _spent(before, budget.delta)
            together = _spent([*before, planned], budget.delta)
        except ValueError as error:
            reason = (
                f"what it plans cannot be added to what {name} ({mark}) was charged"
            )
            raise _refusal(step, root, budget, reason, str(error)) from error
        if together > budget.epsilon:
            raise _refusal(
                *(step, root, budget),
                f"it plans {planned.summary()}, and would bring {name} ({mark}) from "
                f"epsilon {spent:.6g} to {together:.6g} with this delta",
                "Take fewer steps or more noise, or set a larger budget by tfrwc "
                "privacy budget.",
            )


def beyond(planned: "PrivacyStatement", folder: Folder) -> str:
    """How the statement in a folder guarantees less than was planned; empty if it does
    not.

    Raises:
        ValueError: if it guarantees nothing, which no budget covers.
    """
    from tfrwc.privacy import read_statement

    made = read_statement(folder)
    pairs = zip(made.guarantee, planned.guarantee, strict=True)
    if all(one <= other for one, other in pairs):
        return ""
    if math.isinf(made.guarantee.epsilon):
        raise ValueError(
            f"It planned {planned.summary()}, and states no guarantee. What it made is "
            "not taken, and must not be given to anybody."
        )
    return (
        f"it states {made.summary()}, and planned {planned.summary()}; it is charged "
        "what it states"
    )


def check_no_budget(uris: Iterable[str]) -> None:
    """Check that outputs lie below no folder with a budget, where nobody could keep it.

    Args:
        uris: of outputs, ``<root>/<step>/<output>/<execution>``.

    Raises:
        ValueError: if there is one.
    """
    for root in {parent for uri in uris for parent in Path(uri).parents[2:3]}:
        if os.path.lexists(root / NAME):
            raise ValueError(
                f"{root / NAME} is a budget, which only the local runner keeps to: on "
                "TFX nobody knows what was spent. Run the pipeline by it, or in "
                "another folder."
            )


def _spent(statements: "Sequence[PrivacyStatement]", delta: float) -> float:
    """Epsilon of all statements together, with this delta: of a patient, if any of them
    is for patients."""
    from tfrwc.privacy.composed import ComposedStatement
    from tfrwc.privacy.composition import compose

    if not statements:
        return 0.0
    together = compose(statements, delta)
    is_of_patients = any(one.unit == "patient" for one in statements)
    if is_of_patients and isinstance(together, ComposedStatement):
        return together.patient_epsilon_delta.epsilon
    return together.guarantee.epsilon


def _refusal(
    step: Step, root: Folder, budget: EpsilonDelta, reason: str, remedy: str
) -> ValueError:
    return ValueError(
        f"{step.id} is not run: {reason}. The budget of each data set in {root} is "
        f"{in_words(budget)}. {remedy}"
    )
