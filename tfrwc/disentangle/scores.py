"""Scores of disentanglement: which latents know about which factors.

>>> import numpy as np
>>> from tfrwc.disentangle import scores
>>> factors = np.random.default_rng(0).integers(0, 4, (2000, 2))
>>> round(scores.mig(factors + 0.0, factors), 2)
1.0

All take `codes`, float (n, latents), the means of q(z|x), and `factors`, whole numbers
(n, factors), in the same order, and return numbers where 1 is perfect. The
definitions are those of the papers, with the choices (bins, estimators, sizes) of
Locatello et al. (ICML 2019), where the papers leave them open, except that BetaVAE and
FactorVAE scores take 1,000 votes each to learn from and to test, and SAP and DCI halves
of the points. Latents that never vary know nothing.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

_BINS = 20


def mig(codes, factors) -> float:
    """Mutual information gap (Chen et al., NeurIPS 2018).

    For each factor, its mutual information with the best latent less that with the
    next best, divided by its entropy; the mean over factors. Latents are cut into 20
    bins of equal width.
    """
    codes, factors = _check(codes, factors)
    information = np.sort(_information(codes, factors), axis=0)
    second = information[-2] if len(information) > 1 else 0
    return float(np.mean((information[-1] - second) / _entropies(factors)))


def modularity(codes, factors) -> float:
    """Modularity (Ridgeway and Mozer, NeurIPS 2018).

    For each latent, 1 less the squared informations about other factors than its best,
    relative to that of its best and their number; the mean over latents that know
    anything. With one factor there is nothing to be modular about: 1.
    """
    codes, factors = _check(codes, factors)
    information = _information(codes, factors)
    if factors.shape[1] == 1:
        return 1.0
    best = information.max(axis=1)
    known = best > 1e-12
    if not known.any():
        return 0.0
    squares = (information[known] ** 2).sum(axis=1) - best[known] ** 2
    deviation = squares / (best[known] ** 2 * (factors.shape[1] - 1))
    return float(np.mean(1 - deviation))


def sap(codes, factors, random_state=0) -> float:
    """Separated attribute predictability (Kumar et al., ICLR 2018).

    For each factor, the accuracy of a linear SVM on the best single latent less that
    on the next best, on held-out data; the mean over factors.
    """
    codes, factors = _check(codes, factors)
    train, test = _halves(len(codes), random_state)
    accuracy = np.zeros((codes.shape[1], factors.shape[1]))
    for i in range(codes.shape[1]):
        code = codes[:, [i]]
        for j, factor in enumerate(factors.T):
            svm = LinearSVC(C=0.01, class_weight="balanced", random_state=random_state)
            svm.fit(code[train], factor[train])
            accuracy[i, j] = svm.score(code[test], factor[test])
    ordered = np.sort(accuracy, axis=0)
    second = ordered[-2] if len(ordered) > 1 else 0
    return float(np.mean(ordered[-1] - second))


@dataclass(frozen=True, eq=False)
class DCI:
    """Disentanglement, completeness, informativeness, and what they are from.

    Attributes:
        disentanglement: whether a latent is important for one factor only.
        completeness: whether a factor needs one latent only.
        informativeness: accuracy of predicting the factors, on held-out data.
        importance: (latents, factors), of boosted trees; columns sum to 1.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importance: np.ndarray


def dci(codes, factors, random_state=0) -> DCI:
    """DCI (Eastwood and Williams, ICLR 2018), with gradient boosted trees."""
    codes, factors = _check(codes, factors)
    train, test = _halves(len(codes), random_state)
    importance, accuracy = [], []
    for factor in factors.T:
        trees = GradientBoostingClassifier(random_state=random_state)
        trees.fit(codes[train], factor[train])
        importance.append(trees.feature_importances_)
        accuracy.append(trees.score(codes[test], factor[test]))
    importance = np.array(importance).T
    weights = importance.sum(axis=1)
    total = weights.sum()
    of_latents = 1 - _relative_entropy(importance)
    of_factors = 1 - _relative_entropy(importance.T)
    return DCI(
        float(weights @ of_latents / total) if total else 0.0,
        float(of_factors @ importance.sum(axis=0) / total) if total else 0.0,
        float(np.mean(accuracy)),
        importance,
    )


def beta_vae(codes, factors, batch=64, votes=2000, random_state=0) -> float:
    """BetaVAE score (Higgins et al., ICLR 2017).

    A vote: pairs of points that share the value of one factor, the mean absolute
    difference of their codes. The accuracy, on held-out votes, of a logistic
    regression that tells from it, in units of its deviation, which factor was shared:
    a latent's scale does not matter.
    """
    codes, factors = _check(codes, factors)
    rng = np.random.default_rng(random_state)
    groups = _groups(factors)
    x, y = [], []
    for _ in range(votes):
        j = rng.integers(factors.shape[1])
        one, two = groups[j].draw(rng, groups[j].values(rng, batch), 2).T
        x.append(np.abs(codes[one] - codes[two]).mean(axis=0))
        y.append(j)
    x, y = np.array(x), np.array(y)
    if factors.shape[1] == 1:
        return 1.0
    half = votes // 2
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(x[:half], y[:half])
    return float(model.score(x[half:], y[half:]))


def factor_vae(codes, factors, batch=64, votes=2000, random_state=0) -> float:
    """FactorVAE score (Kim and Mnih, ICML 2018).

    A vote: points that share the value of one factor, the latent with the least
    variance relative to that of all points. The accuracy, on held-out votes, of the
    majority of votes for each latent.
    """
    codes, factors = _check(codes, factors)
    rng = np.random.default_rng(random_state)
    variance = codes.var(axis=0)
    # The variance of a constant is not exactly 0 in floating point; its range is.
    active = np.flatnonzero(np.ptp(codes, axis=0) > 0)
    if not active.size:
        return 0.0
    groups = _groups(factors)
    count = np.zeros((2, len(active), factors.shape[1]), int)
    for vote in range(votes):
        j = rng.integers(factors.shape[1])
        [members] = groups[j].draw(rng, groups[j].values(rng, 1), batch)
        relative = codes[members][:, active].var(axis=0) / variance[active]
        count[vote % 2, relative.argmin(), j] += 1
    majority = count[0].argmax(axis=1)
    right = count[1][np.arange(len(active)), majority].sum()
    return float(right / count[1].sum())


def _information(codes, factors):
    """Mutual information in nats of each binned latent with each factor."""
    return np.array(
        [[mutual_info_score(_binned(c), f) for f in factors.T] for c in codes.T]
    )


def _binned(code):
    return np.digitize(code, np.histogram_bin_edges(code, _BINS)[1:-1])


def _entropies(factors):
    return np.array([mutual_info_score(f, f) for f in factors.T])


def _relative_entropy(rows):
    """Entropy of each row, taken as probabilities, relative to that of even ones."""
    if rows.shape[1] == 1:
        return np.zeros(len(rows))
    p = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-300)
    logs = np.log(np.where(p > 0, p, 1))
    entropy = -(p * logs).sum(axis=1) / np.log(rows.shape[1])
    return np.where(rows.sum(axis=1) > 0, entropy, 1.0)


@dataclass(frozen=True, eq=False)
class _Groups:
    """The points of each value of a factor that two or more have.

    Attributes:
        points: indices, those of a value together.
        starts, sizes: of each value in `points`.
    """

    points: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    def values(self, rng, n):
        """n values, each as often as it occurs: their indices in `sizes`."""
        return rng.choice(len(self.sizes), n, p=self.sizes / self.sizes.sum())

    def draw(self, rng, values, n):
        """n points of each of some values: indices (values, n)."""
        places = (rng.random((len(values), n)) * self.sizes[values, None]).astype(int)
        return self.points[self.starts[values, None] + places]


def _groups(factors):
    """`_Groups` of each factor."""
    found = []
    for j, factor in enumerate(factors.T):
        _, starts, sizes = np.unique(
            np.sort(factor), return_index=True, return_counts=True
        )
        shared = sizes > 1
        if not shared.any():
            raise ValueError(
                f"No two points share a value of factor {j}: this score needs factors "
                "with few values. Give more points, or bin the factor."
            )
        points = np.argsort(factor, kind="stable")
        found.append(_Groups(points, starts[shared], sizes[shared]))
    return found


def _halves(n, random_state):
    order = np.random.default_rng(random_state).permutation(n)
    return order[: n // 2], order[n // 2 :]


def _check(codes, factors):
    codes, factors = np.asarray(codes, np.float64), np.asarray(factors)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors):
        raise ValueError(
            "codes must be (n, latents) and factors (n, factors). Received: "
            f"{codes.shape} and {factors.shape}."
        )
    if not np.issubdtype(factors.dtype, np.integer):
        raise ValueError(
            f"factors must be whole numbers. Received: {factors.dtype}. Bin those that "
            "are not."
        )
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite. Received: NaN or infinity.")
    constant = [j for j, f in enumerate(factors.T) if (f == f[:1]).all()]
    if constant:
        raise ValueError(
            f"Every factor must vary. Constant: {constant}. Leave these out."
        )
    return codes, factors
