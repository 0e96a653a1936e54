"""Models that treat the examples one by one are trained, and keep the bound."""

import warnings

import keras
import pytest
from privacy.sgd.batteries.honest import HONEST
from privacy.sgd.batteries.leave_one_out import largest_move
from privacy.sgd.batteries.mixing_layers import LAYERS
from privacy.sgd.batteries.places import middle
from privacy.sgd.batteries.training import train

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*pfor.*"),
]
# Whose batches have one size, or whose numbers the oracle cannot draw again.
NOT_ASKED = ("fixed batch", "noise of no layer")
QUICK = ("conv 2d", "dropout", "embedding", "two inputs")


def trains(name):
    keras.utils.set_random_seed(0)
    case = HONEST[name]
    x, y = case.data()
    assert train(case.make(), x, y, 8).steps == 2


def keeps_the_bound(name):
    keras.utils.set_random_seed(0)
    case = HONEST[name]
    model = case.make()
    x, y = case.data(count=8, seed=1)
    model(x)
    assert largest_move(model, x, y) <= 1.0001


@pytest.mark.parametrize("name", QUICK)
def test_some_honest_models(name):
    trains(name)
    keeps_the_bound(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in HONEST if name not in QUICK])
def test_honest_models_are_trained(name):
    trains(name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in HONEST if name not in (*QUICK, *NOT_ASKED)]
)
def test_removing_an_example_moves_the_sum_by_the_clip_at_most(name):
    keeps_the_bound(name)


@pytest.mark.parametrize("name", ["mean", "by size", "running sum"])
def test_the_oracle_sees_mixing(name):
    keras.utils.set_random_seed(0)
    x, y = HONEST["dense"].data(count=8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert largest_move(middle(LAYERS[name]()), x, y) > 1.001
