"""The list of arms."""

import math

from tfrwc.privacy.release.catalogue import standard_mechanisms
from tfrwc.studies.privacy import arms as private_arms
from tfrwc.studies.privacy.trial import FEW


def test_the_list_of_arms():
    found = private_arms.arms(epsilons=(0.5, 3.0, math.inf))
    assert [arm.number for arm in found] == list(range(len(found)))
    assert len({arm.name for arm in found}) == len(found)
    assert found[0].kind == "non-private"
    released = [arm.name for arm in found if arm.kind == "local-dp"]
    assert released == list(standard_mechanisms((28, 28)))
    assert [(a.name, a.epsilon) for a in found[-3:]] == [
        ("dp_sgd_0p5", 0.5),
        ("dp_sgd_3", 3.0),
        ("dp_sgd_inf", math.inf),
    ]
    assert tuple(arm.name for arm in private_arms.arms(FEW)[1:-3]) == FEW
