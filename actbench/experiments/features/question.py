"""Which features matter: how many a model keeps on real data, whether networks find those that a teacher uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError
from actbench.kernels.backends import FUSED
from actbench.networks.data import Data
from actbench.networks.scores import SCORES
from actbench.networks.synthetic import TEACHERS
from actbench.runs.experiment import experiment
from actbench.runs.factors import activation_spec, one_of, rate_or_none

DTYPE, BACKEND = "float32", FUSED
# few enough that no ranking is simply right, enough that it is not blind
SAMPLES = {"linear": 60, "relu": 80, "tanh": 80, "product": 800}
HELD_OUT = 1000
BATCH, EPOCHS, WIDTH, DEPTH = 20, 40, 32, 2
FOLDS, STRENGTHS, WEAKEST = 5, 30, 3e-3  # cross-validation; penalties, down to this part of the one that keeps nothing
SELECTORS = ("lasso", "logistic", "forward")
REAL = ("breast_cancer", "diabetes", "wine", "digits")
TAUGHT = tuple(f"teacher_{kind}" for kind in TEACHERS)

Fit = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def _model(value: Any) -> str:
    return str(value) if value in SELECTORS else activation_spec(value)


def together(cell: Mapping[str, Any]) -> None:
    """Of real data nobody knows which features matter: networks are asked about their teacher's."""
    if cell["model"] not in SELECTORS and cell["data"] in REAL:
        raise ActbenchError(f"data {cell['data']} with model {cell['model']}: networks are given teachers' data "
                            f"({', '.join(TAUGHT)}), real data to {', '.join(SELECTORS)}")  # fmt: skip


@experiment(
    grid=[
        {"data": REAL, "model": ["lasso", "forward"], "rate": [0.0], "net": range(16)},
        {"data": ["breast_cancer"], "model": ["logistic"], "rate": [0.0], "net": range(16)},
        {"data": TAUGHT, "model": ["relu", "leaky_relu"], "rate": [0.01, 0.03, 0.1], "net": range(128)},
        {"data": TAUGHT, "model": ["tanh", "sigmoid"], "rate": [0.01, 0.03, 0.1], "net": range(32)},
    ],
    quick={"net": range(4), "rate": [0.0, 0.03], "model": ["lasso", "forward", "relu", "leaky_relu", "sigmoid"]},
    columns={
        "kept": "features with a weight for any class in the one-standard-error model, share of all",
        "kept_per_class": "features with a weight for one class, mean over classes, share of all",
        "auc": "probability that a relevant feature has a larger mean absolute input gradient than another",
        "precision": "relevant features among as many top ones as are relevant, share",
        **SCORES,
    },
    checks={"data": one_of((*REAL, *TAUGHT)), "model": _model, "rate": rate_or_none},
    batch="net",
    together=together,
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def features(*, data: str, model: str, rate: float, net: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """How many features does a target need, and which activation's networks find them?

    For a model that selects ``net`` is the split of the data, for a network its own seed, its teacher's and its
    samples'.
    """
    from actbench.networks.data import data_set

    for number in net:
        if model in SELECTORS:
            yield {"net": number, **kept(data_set(data, number), model, number), "diverged": False}
        else:
            yield {"net": number, **student(data.removeprefix("teacher_"), model, rate, number)}


def kept(data: Data, model: str, split: int) -> dict[str, float]:
    """The features of the smallest model whose cross-validated error is within one standard error of the least.

    Squared error of the classes' indicators (or of the number), log loss for logistic regression. Models of one kind
    are ordered by an L1 penalty, or by their number of features. At its penalty of least error the lasso also keeps
    features that do not matter (Meinshausen & Buehlmann 2006); forward selection shrinks nothing, and stops earlier.
    """
    from sklearn.model_selection import KFold, StratifiedKFold

    fit: Fit = {"logistic": logistic_path, "lasso": lasso_paths, "forward": forward_paths}[model]
    # of two classes one indicator says all; a number has a column of its own
    y = data.targets[:, -1:] if data.classes == 2 or not data.classes else data.targets
    strengths = strongest(data.x, y) * np.geomspace(1, WEAKEST, STRENGTHS)
    if model == "forward":
        strengths = np.arange(data.x.shape[1] + 1.0)
    kind = StratifiedKFold if data.classes else KFold
    parts = kind(FOLDS, shuffle=True, random_state=split).split(data.x, data.y)
    errors = np.stack([_errors(fit, data.x, y, train, test, strengths, model) for train, test in parts])
    weights = fit(data.x, y, strengths)[:, :-1, one_standard_error(errors)]
    used = weights != 0
    return {"kept": float(used.any(axis=0).mean()), "kept_per_class": float(used.mean())}


def one_standard_error(errors: NDArray[np.float64]) -> int:
    """The index of the first strength within one standard error of the least mean error; ``(folds, strengths)``."""
    mean, error = errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    best = int(mean.argmin())
    return int(np.flatnonzero(mean <= mean[best] + error[best])[0])


def strongest(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The least penalty at which no column of y keeps a feature."""
    return float(np.abs(x.T @ (y - y.mean(axis=0))).max() / len(x))


def lasso_paths(x: NDArray[np.float64], y: NDArray[np.float64], strengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights ``(columns of y, features + 1, strengths)`` of scikit-learn's lasso path; the last is the intercept."""
    from sklearn.linear_model import lasso_path

    mean, centre = x.mean(axis=0), y.mean(axis=0)
    paths = np.stack([lasso_path(x - mean, part, alphas=strengths, precompute=True)[1] for part in (y - centre).T])
    intercepts = centre[:, None, None] - np.einsum("f,cfs->cs", mean, paths)[:, None]
    return np.concatenate([paths, intercepts], axis=1)


def logistic_path(
    x: NDArray[np.float64], y: NDArray[np.float64], strengths: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same for L1 logistic regression on one column of zeros and ones."""
    from inspect import signature

    from sklearn.linear_model import LogisticRegression

    # scikit-learn 1.8 has renamed the option
    old = signature(LogisticRegression).parameters["penalty"].default == "l2"
    option: dict[str, Any] = {"penalty": "l1"} if old else {"l1_ratio": 1.0}
    found = []
    for strength in strengths:
        # a large intercept_scaling leaves the intercept, which liblinear penalises too, nearly free
        model = LogisticRegression(solver="liblinear", C=1 / (strength * len(x)), intercept_scaling=10.0, **option)
        model.fit(x, y[:, 0] > 0.5)
        found.append(np.append(model.coef_[0], model.intercept_))
    return np.stack(found, axis=1)[None]


def forward_paths(x: NDArray[np.float64], y: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for least squares on the first 0, 1, 2, ... features that forward selection takes (Efroymson 1960).

    Each is the one that lowers the squared error of all columns of y together most; modified Gram-Schmidt keeps what
    those taken leave of the others.
    """
    from scipy.linalg import solve_triangular

    centre, mean = x.mean(axis=0), y.mean(axis=0)
    rest, left = x - centre, y - mean
    least = 1e-10 * np.square(rest).sum(axis=0).max()  # what is left of a column that others make up
    taken: list[int] = []
    basis = np.zeros((len(x), 0))
    found = np.zeros((y.shape[1], x.shape[1] + 1, len(sizes)))
    found[:, -1, :] = mean[:, None]
    for step in range(1, len(sizes)):
        size = np.square(rest).sum(axis=0)
        gains = np.divide(np.square(rest.T @ left).sum(axis=1), size, out=np.zeros(len(size)), where=size > least)
        gains[taken] = 0.0
        if gains.max() > 0:
            best = int(gains.argmax())
            unit = rest[:, best] / np.sqrt(size[best])
            taken.append(best)
            basis = np.column_stack([basis, unit])
            rest, left = rest - np.outer(unit, unit @ rest), left - np.outer(unit, unit @ left)
        weights = solve_triangular(basis.T @ (x - centre)[:, taken], basis.T @ (y - mean))
        found[:, taken, step] = weights.T
        found[:, -1, step] = mean - centre[taken] @ weights
    return found


def _errors(
    fit: Fit,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    strengths: NDArray[np.float64],
    model: str,
) -> NDArray[np.float64]:
    """One fold's mean error at each strength."""
    weights = fit(x[train], y[train], strengths)
    out = np.einsum("nf,cfs->ncs", x[test], weights[:, :-1]) + weights[:, -1]
    if model == "logistic":
        return np.logaddexp(0, np.where(y[test][:, :, None] > 0.5, -out, out)).mean(axis=(0, 1))  # type: ignore[no-any-return]
    return np.square(out - y[test][:, :, None]).sum(axis=1).mean(axis=0)  # type: ignore[no-any-return]


def student(kind: str, activation: str, rate: float, net: int) -> dict[str, Any]:
    """One network that learns from its own teacher, and how well its input gradients rank the teacher's features."""
    from actbench.networks.scores import train_and_score
    from actbench.networks.training import Recipe, design_for

    data = dataset(kind, net)
    plan = design_for(data, activation=activation, depth=DEPTH, width=WIDTH)
    recipe = Recipe(optimiser="adam", rate=rate, batch=BATCH, epochs=EPOCHS)
    scores = train_and_score(plan, data, [net], recipe)
    row = scores.row(0)
    if row["diverged"]:
        return row
    size = sensitivity(scores.trained.network, data.test_x)[0]
    return {**ranking(size, data.relevant), **row}


def dataset(kind: str, net: int) -> Data:
    """A teacher of this number, its answers split at their median into two classes."""
    from actbench.core.streams import stream
    from actbench.networks.synthetic import teacher

    rng = stream("data", "lesson", kind, net)
    count = SAMPLES[kind]
    sample = teacher(kind, net)(rng, count + HELD_OUT)
    y = (sample.y > np.median(sample.y)).astype(np.int64)
    return Data(
        name=f"teacher_{kind}", x=sample.x[:count], y=y[:count], test_x=sample.x[count:], test_y=y[count:], classes=2,
        relevant=sample.relevant,
    )  # fmt: skip


def sensitivity(network: Any, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(nets, features)``: the mean over inputs of the absolute slope of the difference of the two logits."""
    from actbench.networks.network import Network

    # the reference path: a single backward pass is not worth compiling for
    twin = Network(network.design, network.nets, dtype="float64", backend="numpy")
    twin.parameters.flat[...] = network.parameters.flat
    out = twin.forward(x)
    found = twin.backward(np.broadcast_to(np.array([-1.0, 1.0]), out.shape), inputs=True).inputs
    assert found is not None
    size: NDArray[np.float64] = np.abs(found).mean(axis=1)
    return size


def ranking(size: NDArray[np.float64], relevant: tuple[int, ...]) -> dict[str, float]:
    """The area under the ROC curve, ties counting half, and the precision among the top features."""
    chosen = np.isin(np.arange(size.size), relevant)
    pairs = size[chosen][:, None] - size[~chosen][None, :]
    top = np.argsort(-size, kind="stable")[: len(relevant)]
    return {"auc": float(((pairs > 0) + 0.5 * (pairs == 0)).mean()), "precision": float(chosen[top].mean())}
