"""How much of the class codes tell: probes fitted on training codes, scored on test codes."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from shared.common.errors import LisaError
from shared.common.fitting import fit_module
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded
from shared.sphere.geometry import Rows, finite_rows

Labels = NDArray[np.integer]

HIDDEN = 256
"""Units of the MLP's one hidden layer."""

_EPOCHS = 30
_BATCH = 256
_LEARNING_RATE = 2e-3
_ITERATIONS = 5000


@dataclass(frozen=True)
class ProbeAccuracy:
    """Accuracies on test codes, from 0 to 1.

    Attributes:
        linear: Of logistic regression.
        mlp: Of the network with one hidden layer.
        chance: Of always answering the most frequent class of the training codes.
    """

    linear: float
    mlp: float
    chance: float


def probe(
    train: Rows, train_labels: Labels, test: Rows, test_labels: Labels, *, seed: int = 0
) -> ProbeAccuracy:
    """Measure how well classes can be read off codes, with everything fixed beforehand.

    Codes are taken as given, so it is for the caller to project those of a method whose decoder
    sees directions. They are standardised by the training codes' moments. The linear probe is
    scikit-learn's logistic regression with its default penalty (C = 1), run until it converged.
    The MLP has one hidden layer of 256 ReLUs and is fitted by `fit_module`, 30 epochs of Adam in
    batches of 256: the kind of classifier on codes of IRMAE (arXiv:2010.00679,
    Section 4). Nothing is chosen on test codes.

    Args:
        train: Training codes ``[n, dim]``.
        train_labels: Their classes ``[n]``, two different ones or more.
        test: Test codes ``[m, dim]``.
        test_labels: Their classes ``[m]``.
        seed: Of the MLP's weights and of the order of its batches.

    Returns:
        The accuracies.

    Raises:
        LisaError: If codes and labels do not belong together, codes are not finite or of two
            sizes, there is only one class, or logistic regression did not converge.
    """
    fitted, scored = _standardised(train, test)
    _check_labels(fitted, train_labels, "training")
    _check_labels(scored, test_labels, "test")
    classes, numbers = np.unique(train_labels, return_inverse=True)
    if len(classes) < 2:
        raise LisaError(f"a probe needs two classes or more, not only the class {classes[0]}")

    def accuracy(answers: Labels) -> float:
        return float((classes[answers] == test_labels).mean())

    return ProbeAccuracy(
        linear=accuracy(_linear(fitted, numbers, scored)),
        mlp=accuracy(_mlp(fitted, numbers, scored, seed)),
        chance=accuracy(np.full(len(test_labels), np.bincount(numbers).argmax())),
    )


def _standardised(train: Rows, test: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    fitted, scored = finite_rows(train).numpy(), finite_rows(test).numpy()
    if fitted.shape[1] != scored.shape[1]:
        raise LisaError(
            f"training codes of size {fitted.shape[1]} and test codes of size "
            f"{scored.shape[1]} do not belong together"
        )
    scaler = StandardScaler().fit(fitted)
    return scaler.transform(fitted), scaler.transform(scored)


def _check_labels(codes: NDArray[np.float64], labels: Labels, split: str) -> None:
    if np.shape(labels) != (len(codes),):
        raise LisaError(
            f"{len(codes)} {split} codes need as many labels, not an array of shape "
            f"{list(np.shape(labels))}"
        )


def _linear(train: NDArray[np.float64], labels: Labels, test: NDArray[np.float64]) -> Labels:
    model = LogisticRegression(max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(train, labels)
        except ConvergenceWarning as error:
            raise LisaError(
                f"the linear probe did not converge in {_ITERATIONS:,} iterations"
            ) from error
    answers: Labels = model.predict(test)
    return answers


def _mlp(
    train: NDArray[np.float64], labels: Labels, test: NDArray[np.float64], seed: int
) -> Labels:
    tensors = (torch.from_numpy(train).float(), torch.from_numpy(labels))
    with seeded(derive_seed(seed, "probe")):
        model = nn.Sequential(
            nn.Linear(train.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, int(labels.max()) + 1)
        )
    fit_module(
        model,
        _cross_entropy,
        tensors,
        epochs=_EPOCHS,
        batch_size=_BATCH,
        learning_rate=_LEARNING_RATE,
        seed=seed,
    )
    with torch.no_grad():
        answers: Labels = model(torch.from_numpy(test).float()).argmax(1).numpy()
    return answers


def _cross_entropy(model: nn.Module, codes: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.cross_entropy(model(codes), labels)
