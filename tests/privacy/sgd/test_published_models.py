"""Models as people publish them take the step of one example after the other."""

import keras
import numpy as np
import pytest
from privacy.sgd.batteries import published
from privacy.sgd.batteries.published import PUBLISHED
from privacy.sgd.steps import (
    assert_equal_steps,
    by_fit,
    clipped_step,
    norms_of,
    one_by_one,
    private,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*cannot be computed by tf.vec:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*pfor.*"),
    pytest.mark.filterwarnings("ignore:Of the [0-9]+ images"),
    pytest.mark.filterwarnings("ignore:Layer .* holds statistics"),
]
QUICK = ("graph", "attention of one's own", "words")


def takes_the_right_step(name):
    """Half of the examples are clipped."""
    keras.utils.set_random_seed(0)
    case = PUBLISHED[name]
    model, y = case.make(), case.labels()
    model(case.x)
    gradients = one_by_one(model, case.x, y, case.new_loss())
    clip = float(np.median(norms_of(gradients)))
    changes = by_fit(private(model, published.N, clip), case.x, y, case.new_loss())
    assert_equal_steps(changes, clipped_step(gradients, clip))


@pytest.mark.parametrize("name", QUICK)
def test_some_published_models(name):
    takes_the_right_step(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PUBLISHED if name not in QUICK])
def test_published_models(name):
    takes_the_right_step(name)
