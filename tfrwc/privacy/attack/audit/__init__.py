"""Audits of mechanisms: attacks that bound epsilon from below.

>>> from tfrwc.privacy import PixelLaplace, audit
>>> result = audit(PixelLaplace(scale=255.0), (1, 1), trials=5_000)
>>> 0.5 < result.epsilon < result.stated
True
>>> result.exposed
False

From the ground up: `events` bounds epsilon by what happens how often, `experiments` are
pairs of inputs to be told apart, `releases` draws their releases, `columns` is what an
attacker looks at, `learning` finds out which of it tells them apart, `scout` where to
look, and `attack` does all of it.
"""

from tfrwc.privacy.attack.audit.attack import audit
from tfrwc.privacy.attack.audit.events import epsilon_from_scores, trials_needed
from tfrwc.privacy.attack.audit.result import Audit

__all__ = ["Audit", "audit", "epsilon_from_scores", "trials_needed"]
