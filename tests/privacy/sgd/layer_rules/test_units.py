"""Gradients of units with several examples, by every rule."""

import numpy as np
import pytest
from conftest import slow_but
from privacy.sgd.layer_rules.cases import OTHERS, RULED
from privacy.sgd.oracles import check_clipped, eager, fast
from privacy.sgd.units_of import groups, parts

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*pfor.*"),
]
# A rule for each form that gradients have.
FORMS = [
    *("dense", "dense of few positions", "dense of many positions", "conv"),
    *("conv of few positions", "depthwise", "layer norm"),
    "embedding with repeated rows",
]


def check(name, sizes, views=1, jit_compile=False):
    """Each unit alone, as one example of many views, and all together."""
    case = (RULED | OTHERS)[name]
    model, x = case.model(), case.inputs(sum(sizes), views)
    x = x.reshape(sum(sizes), views, *case.shape)
    alone = []
    for part in parts(sizes):
        rows = x[part].reshape(-1, *case.shape)
        sums = eager(model, rows, np.inf)[0]
        alone.append([np.asarray(total, np.float64) / len(rows) for total in sums])
    rows, of = x.reshape(-1, *case.shape), groups(sizes, is_compiled=jit_compile)
    options = {"views": views, "jit_compile": jit_compile, "groups": of}
    check_clipped(alone, lambda clip: fast(model, rows, clip, **options))


@pytest.mark.parametrize("name", slow_but(FORMS, RULED))
def test_the_gradient_of_a_unit_is_the_mean_of_its_examples(name):
    check(name, [1, 5, 2, 1])


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "sizes", slow_but([[30, 1]], [[4, 4, 4], [30, 1], [1, 1, 1]]), ids=str
)
def test_units_of_many_examples_and_of_one(name, sizes):
    check(name, sizes)


@pytest.mark.parametrize("name", ["prelu"])
def test_a_layer_without_a_rule(name):
    check(name, [1, 3, 2])


@pytest.mark.parametrize("name", ["dense", "conv", "conv of few positions"])
def test_each_example_of_a_unit_has_its_views(name):
    check(name, [1, 3, 2], views=2)


@pytest.mark.parametrize(
    "name", ["dense", "conv of few positions", "embedding with repeated rows"]
)
def test_it_is_compiled(name):
    check(name, [1, 3, 2], jit_compile=True)


@pytest.mark.parametrize("name", FORMS)
def test_removing_a_unit_moves_the_sum_by_no_more_than_the_clip(name):
    """Units of 1 to 300 examples, which may all have the same gradient."""
    case = RULED[name]
    sizes = [1, 300, 2]
    x = case.inputs(sum(sizes), 1).reshape(sum(sizes), *case.shape)
    x[1:301] = x[1]  # the worst case: 300 times one image
    model, clip = case.model(), 0.01
    whole, _ = fast(model, x, clip, groups=groups(sizes))
    for i, part in enumerate(parts(sizes)):
        rest = np.delete(x, part, axis=0)
        left = groups([size for j, size in enumerate(sizes) if j != i])
        others, _ = eager(model, rest, clip, left)
        moved = [
            np.asarray(a, np.float64) - b for a, b in zip(whole, others, strict=True)
        ]
        norm = np.sqrt(sum((m**2).sum() for m in moved))
        assert norm <= 1.0001 * clip + 1e-7, (name, i)


def test_a_unit_with_an_example_that_is_not_finite_adds_nothing():
    case = RULED["conv"]
    x = case.inputs(5, 1).reshape(5, *case.shape)
    x[1] = np.nan
    model = case.model()
    sums, _ = fast(model, x, 0.5, groups=groups([2, 3]))
    alone, _ = eager(model, x[2:], 0.5, groups([3]))
    for one, other in zip(sums, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
