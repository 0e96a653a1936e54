"""What the noise of a way of training allows any attack on who was in the training."""

from typing import Any

from tfrwc._common.plain import number
from tfrwc.privacy.statement import statement_from_dict

Arm = dict[str, Any]


def allowed_advantage(arm: Arm) -> float | None:
    """The greatest advantage of any attack that tells members from others.

    From the distribution of the noise that the statement of the arm tells, whatever
    the bound that was stored beside a measured attack: earlier versions had one that
    followed from epsilon and delta alone, and was far above.

    Args:
        arm: of `tfrwc.studies.privacy.summary.summarise_arm`.

    Returns:
        0 to 1; None where nothing is guaranteed.
    """
    if arm["statement"] is None or number(arm["epsilon"]) == float("inf"):
        return None
    # Of a patient all images come and go together.
    images = arm["membership"].get("images_together", 1)
    statement = statement_from_dict(arm["statement"])
    return statement.attacks_on_members(images).advantage
