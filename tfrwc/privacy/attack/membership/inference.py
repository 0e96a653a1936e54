"""Membership inference: do a model's outputs tell which examples it was trained on?

>>> from tfrwc.privacy import membership_inference
>>> result = membership_inference(  # doctest: +SKIP
...     model.predict(x_train), model.predict(x_fresh), labels=(y_train, y_fresh),
...     groups=(patients_train, patients_fresh), guarantee=(3.0, 1e-5))
>>> print(result.explain())  # doctest: +SKIP
>>> result.get("threshold", "auc").low, result.to_frame()  # doctest: +SKIP

The fresh examples must come from where the training examples came from: hold out a
random part of the collection, whole patients at a time. The official test sets of many
collections are of another kind, and an attack that only tells the two kinds apart says
nothing about what the model remembers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import random_seed, whole_number
from tfrwc.privacy.arguments import check_confidence
from tfrwc.privacy.attack.membership import signals
from tfrwc.privacy.attack.membership.examples import (
    Examples,
    Pair,
    check_examples,
    check_shadows,
)
from tfrwc.privacy.attack.membership.limits import limits_of
from tfrwc.privacy.attack.membership.measures import (
    FEWEST,
    Plan,
    fewest_units,
    measure_classes,
    measure_patients,
)
from tfrwc.privacy.attack.membership.result import MembershipResult
from tfrwc.privacy.statement import PrivacyStatement

ATTACKS = ("threshold", "logistic", "lira")


def membership_inference(
    members: ArrayLike,
    non_members: ArrayLike,
    *,
    labels: Pair,
    groups: Pair | None = None,
    from_logits: bool = False,
    attacks: str | Sequence[str] | None = None,
    reference: Pair | None = None,
    guarantee: PrivacyStatement | tuple[float, float] | None = None,
    repeats: int = 50,
    confidence: float = 0.95,
    random_state: int = 0,
) -> MembershipResult:
    """Attack a trained model: which examples was it trained on?

    There are three attacks:

    - threshold: compares the loss with one threshold (Yeom et al., CSF 2018).
    - logistic: a logistic regression on the loss, the margin, the entropy and the
      greatest probability.
    - lira: the likelihood ratio of the confidence log(p / (1 - p)), estimated by shadow
      models (Carlini et al., S&P 2022). It is online where every example is in two or
      more of them and out of two or more, and else offline. With 32 or more models on
      each side each example has a variance of its own; with fewer all share one.

    Each repeat splits members and non-members at random into two halves. The attack
    learns its threshold or its regression from one half and is measured on the other,
    then the other way round. No split separates the images of a patient. The true
    positive rate at a false positive rate f needs (n + 1) f to be 1 or more, where n is
    half the number of non-members.

    The interval is the mean over all halves plus and minus Student's t times their
    standard deviation (a delete-half jackknife). It speaks of other members and
    non-members of the same kind with this model, not of other trainings. Where all
    halves agree exactly the interval is 2 (1 - (alpha / 2)^(1 / n)) to either side,
    which n examples, the smaller number of both sides, cannot exclude.

    Args:
        members: outputs of the model for examples that it was trained on: class
            probabilities (n, classes). Of a single output p, take
            ``np.column_stack([1 - p, p])``.
        non_members: the same for fresh examples.
        labels: pair of the labels of members and of non-members, whole numbers (n,).
        groups: pair of the patients of members and of non-members, one name for each
            example; None where no two examples are of one patient.
        from_logits: whether the outputs are logits. They are better than probabilities,
            which are rounded near 1.
        attacks: a name, or several; None for all, with lira if there is a reference.
        reference: pair (outputs, included) of shadow models: outputs (models, n,
            classes) for the members, then the non-members; and bool (models, n),
            whether each model was trained on each example.
        guarantee: what to compare with. The privacy statement of the model, or of the
            images that it was trained on: the bounds then follow from the distribution
            of the noise. Or only (epsilon, delta), which allows far more, for replacing
            one example; if yours is for adding or removing one, use
            ``bounds.group_guarantee(epsilon, delta, 2)``. With `groups`, all images of
            a patient come and go together, and the bounds are for the greatest number
            of images that a patient has.
        repeats: number of random splits, 2 or more.
        confidence: of the intervals, above 0 and below 1.
        random_state: seed of the splits.

    Returns:
        The measures with their intervals, bounds and what chance makes of them.

    Raises:
        ValueError: if shapes, values or names do not fit (the message says which), if
            a patient is on both sides, or if there are fewer than 20 members or
            non-members (or patients, with `groups`).
    """
    check_confidence(confidence)
    repeats = whole_number(repeats, "repeats", at_least=2)
    random_state = random_seed(random_state, "random_state")
    attacks = _check_attacks(attacks, reference)
    examples = check_examples(members, non_members, labels, groups, from_logits)
    if (fewest := fewest_units(examples.member, examples.clusters)) < FEWEST:
        raise ValueError(
            f"membership_inference needs {FEWEST} or more members and non-members "
            f"(patients, where they are given). Received: {fewest}."
        )
    by_attack, variant = _signals(attacks, examples, reference, from_logits)
    images = 1 if groups is None else int(np.bincount(examples.clusters).max())
    limits = limits_of(guarantee, images, groups is not None)

    order = _order(examples, list(by_attack.values()))
    examples = examples.take(order)
    allowed = None if limits is None else limits.attacks
    plan = Plan(repeats, float(confidence), random_state, allowed)
    measurements, worst, left_out = [], [], []
    for attack, signal in by_attack.items():
        signal = signal[order]
        overall = plan.measure(attack, signal, examples.member, examples.clusters)
        rows, sentences = measure_classes(plan, attack, signal, examples)
        measurements += overall.rows + rows
        left_out += sentences
        if groups is not None:
            rows, patient = measure_patients(plan, attack, signal, examples)
            measurements += rows
            worst.append(patient)
    return MembershipResult(
        measurements=tuple(measurements),
        worst_patients=tuple(worst),
        guarantee=None if limits is None else limits.one,
        patient_guarantee=None if limits is None or groups is None else limits.together,
        lira=variant,
        repeats=plan.repeats,
        confidence=plan.confidence,
        left_out=tuple(dict.fromkeys(left_out)),
        largest_advantage=None if limits is None else limits.attacks.advantage,
        largest_tpr=None if limits is None else limits.tpr,
    )


def _order(examples: Examples, signals: list[NDArray[np.float64]]) -> NDArray[np.intp]:
    """An order that depends on the examples alone, not on how they were sorted."""
    keys = [examples.labels, *np.hstack(signals).T, ~examples.member]
    if examples.names is not None:
        keys.insert(0, examples.clusters)
    return np.lexsort(keys)


def _check_attacks(
    attacks: str | Sequence[str] | None, reference: Pair | None
) -> list[str]:
    if attacks is None:
        return list(ATTACKS[:2] if reference is None else ATTACKS)
    names = [attacks] if isinstance(attacks, str) else list(attacks)
    if not names or set(names) - set(ATTACKS) or len(set(names)) < len(names):
        raise ValueError(
            f"attacks must be different ones of {', '.join(ATTACKS)}. Received: "
            f"{names}."
        )
    if "lira" in names and reference is None:
        raise ValueError(
            "lira needs shadow models. Give reference=(outputs, included), or leave "
            "lira out."
        )
    return names


def _signals(
    attacks: list[str], examples: Examples, reference: Pair | None, from_logits: bool
) -> tuple[dict[str, NDArray[np.float64]], str | None]:
    """Signal (n, d) of each attack, and the variant of lira or None."""
    log_p = signals.log_probabilities(examples.outputs, from_logits)
    by_attack, variant = {}, None
    for attack in attacks:
        if attack == "threshold":
            by_attack[attack] = signals.loss_signal(log_p, examples.labels)
        elif attack == "logistic":
            by_attack[attack] = signals.features(log_p, examples.labels)
        elif reference is not None:
            outputs, included = check_shadows(reference, examples, from_logits)
            shadows = signals.log_probabilities(outputs, from_logits)
            scores, variant = signals.lira(
                signals.confidence(log_p, examples.labels),
                signals.confidence(shadows, examples.labels),
                included,
            )
            by_attack[attack] = scores[:, None]
    return by_attack, variant
