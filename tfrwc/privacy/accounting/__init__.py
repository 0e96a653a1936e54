"""What noise costs: of released images, of training steps, and for an attacker."""

from typing import TYPE_CHECKING

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["bounds", "mixed", "release", "sgd"],
    submod_attrs={
        "release": [
            "Cost",
            "gaussian",
            "laplace",
            "randomized_response",
            "smallest_noise",
        ],
    },
)

if TYPE_CHECKING:
    from tfrwc.privacy.accounting import bounds as bounds
    from tfrwc.privacy.accounting import mixed as mixed
    from tfrwc.privacy.accounting import release as release
    from tfrwc.privacy.accounting import sgd as sgd
    from tfrwc.privacy.accounting.release import Cost as Cost
    from tfrwc.privacy.accounting.release import gaussian as gaussian
    from tfrwc.privacy.accounting.release import laplace as laplace
    from tfrwc.privacy.accounting.release import (
        randomized_response as randomized_response,
    )
    from tfrwc.privacy.accounting.release import smallest_noise as smallest_noise
