"""Sentences of statements on trainings."""

from typing import TYPE_CHECKING

from tfrwc._common.percent import percent

if TYPE_CHECKING:
    from tfrwc.privacy.accounting.attacks import Attacks


def of_best_attack(best: "Attacks", one: str) -> str:
    """What the best attack can do.

    Args:
        best: the attacks.
        one: what comes and goes, with its article.
    """
    return (
        f"The best attack that tells whether {one} was among them has an advantage "
        f"(true less false positive rate) of at most {percent(best.advantage)}: it is "
        f"right in at most {percent(best.success)} of cases, where guessing is in "
        "50 %. At 1 % false alarms it finds at most "
        f"{percent(best.tpr_at(0.01))} of those who were there."
    )


def of_fixed_batches(epsilon: float) -> str:
    """What epsilon takes on trust.

    Args:
        epsilon: with no help from the order of batches.
    """
    return (
        "This assumes that shuffled batches of a fixed size protect as well as Poisson "
        "samples, which is usual and not proven; with no help from their order, "
        f"epsilon = {epsilon:.4g}."
    )


def of_patient(images: int, epsilon: float, together: "Attacks") -> str:
    """The guarantee of all images of a patient, for the delta of one.

    Args:
        images: of a patient.
        epsilon: of all of them.
        together: attacks on all of them.
    """
    return (
        f"All {images} images of a patient together: epsilon = {epsilon:.4g} with the "
        "same probability, and an advantage of at most "
        f"{percent(together.advantage)}."
    )
