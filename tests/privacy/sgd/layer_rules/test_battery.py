"""Every registered rule, against one example after the other."""

import numpy as np
import pytest
from privacy.sgd.layer_rules.cases import OTHERS, RULED
from privacy.sgd.oracles import check, check_clipped, eager, fast

from tfrwc.privacy.sgd import layer_rules


@pytest.mark.parametrize("name", RULED)
def test_rules_agree_with_one_example_after_the_other(name):
    check(RULED[name].model(), RULED[name].inputs(5))


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_other_layers_agree_with_one_example_after_the_other(name):
    check(OTHERS[name].model(), OTHERS[name].inputs(5))


@pytest.mark.parametrize("name", [*RULED, "prelu"])
@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_the_gradient_of_an_example_is_the_mean_of_its_views(name):
    case = (RULED | OTHERS)[name]
    model, x = case.model(), case.inputs(4, 3)
    # Of each example alone: without a bound, the sum of a batch of its views.
    alone = [eager(model, rows, np.inf)[0] for rows in x]
    alone = [[total / 3 for total in sums] for sums in alone]
    rows = x.reshape(12, *case.shape)
    check_clipped(alone, lambda clip: fast(model, rows, clip, views=3))


@pytest.mark.parametrize(("jit_compile", "views"), [(False, 2), (True, 1)])
@pytest.mark.parametrize(
    "name", ["dense", "dense of many positions", "conv", "conv of few positions"]
)
def test_each_form_leaves_out_what_is_not_finite(name, jit_compile, views):
    model, x = RULED[name].model(), RULED[name].inputs(5)
    for bad in (np.nan, np.inf):
        rows = np.repeat(x, views, axis=0)
        rows[0] = bad
        sums, _ = fast(model, rows, 0.5, views=views, jit_compile=jit_compile)
        for one, other in zip(sums, eager(model, x[1:], 0.5)[0], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_every_rule_is_tested():
    tested = {type(case.make()) for case in RULED.values()}
    assert set(layer_rules.registered_classes()) == tested
