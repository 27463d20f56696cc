"""The models that probes fit: five, each for classes and for numbers, all of scikit-learn."""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Probe = Literal["logistic", "knn", "svm", "forest", "gaussian"]
Kernel = Literal["rbf", "linear"]
Matrix = NDArray[np.float64]

TITLES: dict[Probe, str] = {
    "logistic": "Logistic regression",
    "knn": "k nearest neighbours",
    "svm": "Support vector machine",
    "forest": "Random forest",
    "gaussian": "Gaussian process",
}
FEW = 200
"""Up to so many samples a Gaussian process of classes has its own likelihood."""

TUNED = 500
"""Samples at most whose marginal likelihood the parameters of a kernel maximise."""


class Kind(NamedTuple):
    """What is fitted.

    Attributes:
        probe: Which one.
        kernel: Of the support vector machine and the Gaussian process.
        is_number: Whether the target is a number.
        neighbours: Of k nearest neighbours.
        seed: Of what is random in it.
        is_small: Whether there are few samples, so that a Gaussian process can be exact.
    """

    probe: Probe
    kernel: Kernel = "rbf"
    is_number: bool = False
    neighbours: int = 5
    seed: int = 0
    is_small: bool = True


def model_of(kind: Kind, features: int) -> Any:
    """An estimator of scikit-learn that is not fitted yet.

    Args:
        kind: Which one.
        features: How many it will see, for where the search for a length scale begins.
    """
    return _number_model(kind, features) if kind.is_number else _class_model(kind, features)


def _class_model(kind: Kind, features: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    if kind.probe == "logistic":
        return LogisticRegression(max_iter=1000)
    if kind.probe == "knn":
        return KNeighborsClassifier(kind.neighbours)
    if kind.probe == "svm":
        return SVC(kernel=kind.kernel)
    if kind.probe == "forest":
        return RandomForestClassifier(random_state=kind.seed)
    return GaussianProcessClassifier(_covariance(kind.kernel, features), random_state=kind.seed)


def _number_model(kind: Kind, features: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import Ridge
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.svm import SVR

    if kind.probe == "logistic":
        return Ridge()
    if kind.probe == "knn":
        return KNeighborsRegressor(kind.neighbours)
    if kind.probe == "svm":
        return SVR(kernel=kind.kernel)
    if kind.probe == "forest":
        return RandomForestRegressor(random_state=kind.seed)
    return _process(kind, features)


def _process(kind: Kind, variance: float) -> Any:
    """A Gaussian process of numbers, with noise, of features with that variance altogether."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import WhiteKernel

    kernel = _covariance(kind.kernel, variance) + WhiteKernel(1.0)
    return GaussianProcessRegressor(kernel, normalize_y=True, random_state=kind.seed)


def _covariance(kernel: Kernel, variance: float) -> Any:
    """The squared exponential, or the linear kernel, each with a scale.

    The search for a length begins at the root of the features' variances added up, since it finds
    no way from where all samples are alike or all strange to each other.
    """
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct

    if kernel == "linear":
        return ConstantKernel(1.0) * DotProduct(1.0)
    return ConstantKernel(1.0) * RBF(math.sqrt(variance))


def steps_of(kind: Kind, features: int, *, standardise: bool, principal: int = 0) -> Any:
    """A pipeline: standardise, principal axes, standardise again, model.

    Args:
        kind: The model at its end.
        features: How many go in.
        standardise: Whether each feature gets mean 0 and variance 1 first.
        principal: How many principal axes to keep; 0 for no such step.
    """
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps: list[Any] = [StandardScaler()] if standardise else []
    if principal:
        steps += [PCA(principal, random_state=kind.seed), StandardScaler()]
    return make_pipeline(*steps, model_of(kind, principal or features))


GRIDS: dict[Probe, dict[str, list[Any]]] = {
    "logistic": {"C": [0.01, 0.1, 1.0, 10.0]},
    "knn": {"n_neighbors": [1, 3, 5, 10, 20]},
    "svm": {"C": [0.1, 1.0, 10.0, 100.0]},
    "forest": {"min_samples_leaf": [1, 3, 10]},
    "gaussian": {},
}
"""What a grid search tries. A Gaussian process has its marginal likelihood instead."""


class Fitted:
    """A probe that was fitted; of classes it says which, of numbers how much and how sure.

    Attributes:
        steps: The pipeline.
        classes: What the columns of least squares stand for, None where they are not used.
        chosen: What the grid search chose, name → value.
    """

    def __init__(
        self, steps: Any, classes: Any = None, chosen: dict[str, Any] | None = None
    ) -> None:
        self.steps, self.classes = steps, classes
        self.chosen = chosen or {}

    def predict(self, x: Matrix) -> NDArray[Any]:
        """Classes or numbers, (N,)."""
        found = [np.asarray(self.steps.predict(part)) for part in _parts(x)]
        told = np.concatenate(found)
        return told if self.classes is None else np.asarray(self.classes[told.argmax(axis=1)])

    def deviation(self, x: Matrix) -> Matrix:
        """The standard deviation of a Gaussian process of numbers, with its noise, (N,)."""
        found = [self.steps.predict(part, return_std=True)[1] for part in _parts(x)]
        return np.concatenate(found).astype(np.float64)


def _parts(x: Matrix) -> list[Matrix]:
    """Slices of 4,096 rows: kernels against the training samples stay small."""
    return [x[first : first + 4096] for first in range(0, max(len(x), 1), 4096)]


def fitted(kind: Kind, steps: Any, x: Matrix, y: NDArray[Any], *, search: bool = False) -> Fitted:
    """Fit a pipeline that was made for this kind.

    Of more than `FEW` samples a Gaussian process of classes is least squares on 0 and 1 per class,
    with one kernel for all: the Laplace approximation of its own likelihood takes hours there.

    Args:
        kind: What the pipeline ends in.
        steps: The pipeline, not fitted.
        x: (N, F).
        y: Classes or numbers, (N,).
        search: Whether a grid search with three inner folds chooses parameters.

    References:
        | Gaussian processes for machine learning (Rasmussen & Williams, 2006), section 6.5
        | https://gaussianprocess.org/gpml/
    """
    if kind.probe == "gaussian" and not (kind.is_small and not kind.is_number):
        return _fitted_process(kind, steps, x, y)
    if search and GRIDS[kind.probe]:
        return _searched(kind, steps, x, y)
    return Fitted(steps.fit(x, y))


def _fitted_process(kind: Kind, steps: Any, x: Matrix, y: NDArray[Any]) -> Fitted:
    """Kernel parameters from the marginal likelihood of some, then the posterior given all."""
    from sklearn.pipeline import Pipeline

    classes, target = None, np.asarray(y, np.float64)
    if not kind.is_number:
        classes = np.unique(y)
        target = (y[:, None] == classes).astype(np.float64)
    before = steps[:-1].fit(x) if len(steps) > 1 else None
    seen = x if before is None else before.transform(x)
    process = _process(kind, float(seen.var(axis=0).sum()) or 1.0)
    some = np.random.default_rng(kind.seed).permutation(len(x))[:TUNED]
    process.fit(seen[some], target[some])
    if len(some) < len(x):
        process.set_params(kernel=process.kernel_, optimizer=None)
        process.fit(seen, target)
    whole = [] if before is None else before.steps
    return Fitted(Pipeline([*whole, ("gaussian", process)]), classes)


def _searched(kind: Kind, steps: Any, x: Matrix, y: NDArray[Any]) -> Fitted:
    from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

    cut = KFold if kind.is_number else StratifiedKFold
    last = steps.steps[-1][0]
    names = dict(GRIDS[kind.probe])
    if kind.probe == "logistic" and kind.is_number:
        names = {"alpha": [0.1, 1.0, 10.0, 100.0]}
    grid = {f"{last}__{name}": values for name, values in names.items()}
    inner = cut(3, shuffle=True, random_state=kind.seed)
    search = GridSearchCV(steps, grid, cv=inner).fit(x, y)
    chosen = {name.rpartition("__")[2]: value for name, value in search.best_params_.items()}
    return Fitted(search.best_estimator_, None, chosen)
