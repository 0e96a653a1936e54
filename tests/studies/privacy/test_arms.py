"""The list of arms."""

import math

from tfrwc.privacy.release.catalogue import standard_mechanisms
from tfrwc.studies.privacy import arms as private_arms
from tfrwc.studies.privacy.trial import FEW


def test_the_list_of_arms():
    found = private_arms.arms((28, 28), epsilons=(0.5, 3.0, math.inf))
    assert [arm.number for arm in found] == list(range(len(found)))
    assert len({arm.name for arm in found}) == len(found)
    assert found[0].kind == "non-private"
    mechanisms = standard_mechanisms((28, 28))
    assert {a.name: a.mechanism for a in found if a.kind == "local-dp"} == mechanisms
    assert [(a.name, a.epsilon) for a in found[-3:]] == [
        ("dp_sgd_0p5", 0.5),
        ("dp_sgd_3", 3.0),
        ("dp_sgd_inf", math.inf),
    ]
    assert [a.mechanism for a in private_arms.arms((8, 8), FEW)[1:-3]]
