"""Unsupervised ranking: by hand, and as disentanglement_lib's code has it.

Its values were computed once by its function of commit 86a644d, of the codes of
`disentangle/kinds_of_codes.py`, which stand for models of other seeds. Pruned are their
last latents, of each as many as it says.
"""

import numpy as np
import pytest
from disentangle.kinds_of_codes import kinds

from tfrwc.disentangle import scores

_, CODES = kinds(1000)
FIVE = ("perfect", "of other scales", "noisy", "turned", "noisy and turned")
TEN = ("each factor twice", "beside dead latents", "circles")
# kind, names, live latents of each, scores.
PEER = [
    ("lasso", FIVE, [5] * 5, [0.547338, 0.547338, 0.54776, 0.255023, 0.248256]),
    ("lasso", FIVE, [3] * 5, [0.562249, 0.562249, 0.561612, 0.249982, 0.240748]),
    ("spearman", FIVE, [5] * 5, [0.553095, 0.553095, 0.551047, 0.264299, 0.254376]),
    ("spearman", FIVE, [3] * 5, [0.602264, 0.602264, 0.598622, 0.282844, 0.273514]),
    ("lasso", TEN, [10] * 3, [0.439258, 0.389238, 0.328553]),
    ("lasso", TEN, [5] * 3, [0.642284, 0.642284, 0.384569]),
    ("spearman", TEN, [10] * 3, [0.422817, 0.416259, 0.314162]),
    ("spearman", TEN, [5] * 3, [0.728012, 0.728012, 0.545555]),
    (
        *("lasso", FIVE, [5, 4, 3, 2, 1]),
        [0.478431, 0.525591, 0.519626, 0.277719, 0.31947],
    ),
    (
        *("spearman", FIVE, [5, 4, 3, 2, 1]),
        [0.512601, 0.572237, 0.557161, 0.306937, 0.373944],
    ),
]


@pytest.mark.parametrize(("kind", "names", "live", "expected"), PEER)
def test_scores_are_those_of_the_peer(kind, names, live, expected):
    codes = [CODES[name] for name in names]
    masks = [np.arange(c.shape[1]) < n for c, n in zip(codes, live, strict=True)]
    found = scores.udr(codes, kind, masks)
    assert found.scores == pytest.approx(expected, abs=2e-6)


def test_which_way_a_pair_goes():
    """A row predicts a column: ten latents that are five twice share the weights."""
    found = scores.udr([CODES[name] for name in TEN])
    assert found.pairs[0, 1] == pytest.approx(0.45, abs=1e-6)
    assert found.pairs[1, 0] == pytest.approx(0.5625, abs=1e-6)
    assert np.isnan(np.diag(found.pairs)).all()


@pytest.mark.parametrize("kind", ["lasso", "spearman"])
def test_the_same_latents_in_another_order_are_found_again(kind):
    """Rank correlations are 1 then, and weights 0.9, for the penalty takes 0.1."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 4))
    z = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T, bias=True))).T  # uncorrelated
    models = [z, z[:, [2, 0, 3, 1]] * [-1, 2, 0.1, -5], -z]
    found = scores.udr(models, kind).scores
    if kind == "lasso":
        assert found == pytest.approx([0.9] * 3, abs=0.001)
    else:
        assert (found > 0.9).all()
    turned = z @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert scores.udr([*models, turned], kind).scores[3] < 0.6


@pytest.mark.parametrize("kind", ["lasso", "spearman"])
def test_models_that_know_other_things_are_not_alike(kind):
    rng = np.random.default_rng(0)
    models = rng.normal(size=(3, 4000, 4))
    assert scores.udr(models, kind).scores.max() < 0.02


@pytest.mark.parametrize("kind", ["lasso", "spearman"])
def test_dead_and_constant_latents(kind):
    one, other, noise = CODES["perfect"], CODES["noisy"], CODES["noise"]
    alone = scores.udr([one, other], kind).scores
    live = np.array([True] * 5 + [False] * 6)
    both = [np.column_stack([codes, noise]) for codes in (one, other)]
    assert (scores.udr(both, kind, [live, live]).scores == alone).all()
    nothing = [np.zeros(11, bool), live]
    assert (scores.udr(both, kind, nothing).scores == 0).all()
    constant = np.column_stack([one, np.full(1000, 0.1)])
    found = scores.udr([constant, other], kind).scores
    # Over both models' latents: a sixth of one says nothing.
    assert found == pytest.approx(alone * (1 + 5 / 6) / 2, rel=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores.udr([CODES["noisy"]]), "two models or more"),
        (lambda: scores.udr([CODES["noisy"]] * 2, "pearson"), "kind must be one of"),
        (lambda: scores.udr([CODES["noisy"]] * 2, live=[[True] * 5]), "2 and 1"),
        (lambda: scores.udr([CODES["noisy"]] * 2, live=[[True]] * 2), "live must be"),
        (lambda: scores.udr([CODES["noisy"], CODES["noise"][1:]]), "same points"),
        (lambda: scores.udr([CODES["noisy"] * np.nan] * 2), "finite"),
        (lambda: scores.udr([np.ones(5)] * 2), r"\(n, latents\)"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
