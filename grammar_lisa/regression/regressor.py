"""Formulas with constants as an estimator of scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import sympy
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from grammar_lisa.regression.equations import Equation, Equations
from grammar_lisa.regression.fit_config import (
    OPERATORS,
    FitConfig,
    seconds_of,
    sources_without,
)
from grammar_lisa.regression.fits.losses import Loss
from grammar_lisa.regression.fits.user_loss import function_loss
from grammar_lisa.regression.fitting import Fitting, fitting_for
from grammar_lisa.regression.measures import measure
from grammar_lisa.regression.tables.frame_checks import check_dates, check_frame
from grammar_lisa.regression.tables.missing_values import find_code
from grammar_lisa.regression.tables.table import Table
from shared.common.arrays import Floats
from shared.common.errors import LisaError


class GrammarRegressor(RegressorMixin, BaseEstimator):
    """Find a formula with constants that explains a target by inputs.

    The search is deterministic for a seed unless time ends it. Ctrl-C ends it as time does: the
    best so far is kept.

    Args:
        operators: What formulas are made with: some of + - * / pow sqrt log exp sin cos
            tan asin acos atan sinh cosh tanh abs, separated by blanks, or a list of these.
        grammar: A .cfg file whose sentences are the formulas that are allowed, over the names that
            formulas use, each ``c`` in them a number to be fitted; in place of the operators.
        max_complexity: The most operations, variables and numbers of a formula.
        max_time: Seconds of the search, or a time such as ``"90s"``, ``"2m"`` or ``"1.5h"``; a
            tenth of them is kept back for the last fits.
        loss: What is made small: mse, mae, huber, relative, log, or a function from targets and
            predictions, each ``[row]``, to losses ``[row]``; also as ``package.module:function``.
        digits: The most significant digits of a number; None lets the data decide.
        stop_at: What is good enough, as in ``"r2=0.9999"`` or ``"loss=1e-6"``.
        guesses: Formulas to begin from, over the names of the inputs; each ``c`` in them is a
            number to be fitted.
        without: Sources of candidates to leave out, separated by blanks, or a list of these: some
            of subexpressions, polynomials, features, dictionary, pairs, backpropagation,
            separability, variation, sphere.
        random_state: Of everything random.
        n_jobs: Searches at a time, each with a seed of its own and in a process of its own: the
            first is that of one job, and the best formulas of all are kept. None is one, -1 as many
            as there are cores, as in scikit-learn.
        warm_start: A further fit goes on from the formulas of the last.
        verbose: Whether to print what is found.

    Attributes:
        equations_: The formulas that no simpler one beats, a DataFrame, the simplest first; its
            columns: complexity, loss, gain, r2, r2_test, recommended, known, formula.
        names_: What the inputs are called, by the names that formulas use.
        notes_: What was left out or chosen.
        ending_: Why the search ended: exact, good enough, time, searched, interrupted, constant.
        n_features_in_: The number of inputs.
        feature_names_in_: The names of the inputs, where all are text.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "operators": [str, list, tuple],
        "grammar": [str, PathLike, None],
        "max_complexity": [Integral],
        "max_time": [Real, str],
        "loss": [str, callable],
        "digits": [Integral, None],
        "stop_at": [str, None],
        "guesses": [str, list, tuple],
        "without": [str, list, tuple],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        operators: str | Sequence[str] = OPERATORS,
        *,
        grammar: str | PathLike[str] | None = None,
        max_complexity: int = 40,
        max_time: float | str = 60.0,
        loss: str | Callable[..., object] = "mse",
        digits: int | None = None,
        stop_at: str | None = None,
        guesses: Sequence[str] = (),
        without: str | Sequence[str] = "",
        random_state: int | np.random.RandomState | None = 0,
        n_jobs: int | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self.operators = operators
        self.grammar = grammar
        self.max_complexity = max_complexity
        self.max_time = max_time
        self.loss = loss
        self.digits = digits
        self.stop_at = stop_at
        self.guesses = guesses
        self.without = without
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.warm_start = warm_start
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Find formulas.

        Args:
            X: The inputs, ``[row, feature]``; the columns of a DataFrame name them.
            y: The target, ``[row]``.
            sample_weight: Weights of the rows, none negative, ``[row]``.

        Raises:
            LisaError: A parameter makes no sense, or a guess is no formula over the inputs.
            ValueError: The data are not finite numbers of these shapes.
        """
        self._validate_params()
        check_frame(X)
        check_dates(y, "y")
        values, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        table = Table.from_frame(self._frame(values), target.astype(np.float64), weights)
        front, loss = self._front(table), self._own_loss()
        fitting = fitting_for(table, self._config(), loss=loss, front=front)
        fitting.search(lambda stage: self._tell(stage, fitting))
        self._keep(fitting.finished(), table)
        self.notes_, self.ending_ = [*_codes(table), *fitting.notes], fitting.ending
        if self.verbose:
            print(*self.notes_, self.equations_.to_string(), sep="\n")
        return self

    def predict(self, X: Any, index: int | None = None) -> Floats:
        """Return the values of a formula, ``[row]``; NaN or infinite where it is not defined.

        Args:
            X: The inputs, ``[row, feature]``.
            index: The row of the formula in `equations_`, from 0, or from -1, the last, downwards;
                by default the recommended one.

        Raises:
            LisaError: There is no formula of that index.
        """
        check_is_fitted(self)
        check_frame(X)
        values = validate_data(self, X, reset=False, dtype=np.float64)
        columns = dict(zip(self.names_, values.T, strict=True))
        return self._equation(index).predict(columns)

    def score(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> float:
        """Return R²; where the formula is not defined, the mean of the training is its prediction.

        Args:
            X: The inputs, ``[row, feature]``.
            y: The target, ``[row]``.
            sample_weight: Weights of the rows, ``[row]``.
        """
        predicted = self.predict(X)
        predicted = np.where(np.isfinite(predicted), predicted, self._mean)
        target = np.ravel(np.asarray(y, dtype=np.float64))
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        return measure(predicted, target, weights).r2

    def get_best(self) -> pd.Series[Any]:
        """Return the row of `equations_` that is recommended."""
        check_is_fitted(self)
        return self.equations_.iloc[self._place(None)]

    def sympy(self, index: int | None = None) -> sympy.Expr:
        """Return a formula in sympy; see `predict`."""
        check_is_fitted(self)
        return self._equation(index).sympy(list(self.names_))

    def latex(self, index: int | None = None) -> str:
        """Return a formula in LaTeX, without surrounding dollar signs; see `predict`."""
        check_is_fitted(self)
        return self._equation(index).latex(self.names_)

    def _tell(self, stage: str, fitting: Fitting) -> None:
        if self.verbose:
            best = fitting.sketch().recommended
            print(f"{stage}: R² {best.r2:.6g}, {best.text}")

    def _config(self) -> FitConfig:
        if isinstance(self.guesses, str):
            raise LisaError(f"guesses must be a list of formulas, not the text {self.guesses!r}")
        if self.grammar is not None and _joined(self.operators) != OPERATORS:
            raise LisaError("grammar says what formulas are made of, in place of operators")
        return FitConfig(
            operators=_joined(self.operators),
            grammar=None if self.grammar is None else str(self.grammar),
            max_complexity=self.max_complexity,
            max_time=self._seconds(),
            loss=self.loss if isinstance(self.loss, str) else "mse",
            digits=self.digits,
            stop_at=self.stop_at,
            guesses=tuple(self.guesses),
            seed=_seed(self.random_state),
            jobs=effective_n_jobs(self.n_jobs),
            sources=sources_without(_joined(self.without)),
        )

    def _seconds(self) -> float:
        if isinstance(self.max_time, str):
            return seconds_of(self.max_time, "max_time")
        return float(self.max_time)

    def _own_loss(self) -> Loss | None:
        if isinstance(self.loss, str):
            return None
        return function_loss(self.loss, getattr(self.loss, "__name__", "loss"))

    def _frame(self, values: Floats) -> pd.DataFrame:
        names = getattr(self, "feature_names_in_", [f"x{n}" for n in range(values.shape[1])])
        return pd.DataFrame(values, columns=list(names))

    def _front(self, table: Table) -> list[str]:
        """Return the formulas of the last fit, where this one goes on from them."""
        if not self.warm_start or not hasattr(self, "equations_"):
            return []
        if list(self.names_) != list(table.variables):
            warnings.warn("the inputs have other names than those of the last fit", stacklevel=3)
            return []
        return [str(text) for text in self.equations_["formula"]]

    def _keep(self, equations: Equations, table: Table) -> None:
        """Keep plain values alone, which every later version can unpickle."""
        self.equations_ = equations.frame()
        self.names_ = {name: table.names[name] for name in table.variables}
        self._mean = float(np.average(table.target, weights=table.weights))

    def _place(self, index: int | None) -> int:
        if index is None:
            return int(np.argmax(self.equations_["recommended"].to_numpy()))
        if not -len(self.equations_) <= index < len(self.equations_):
            raise LisaError(
                f"there is no formula {index}; equations_ has the rows 0 to "
                f"{len(self.equations_) - 1}, and -1 is the last"
            )
        return index

    def _equation(self, index: int | None) -> Equation:
        row = self.equations_.iloc[self._place(index)]
        return Equation(str(row["formula"]), int(row["complexity"]), row["loss"], row["r2"])


def _codes(table: Table) -> list[str]:
    """Return what is to be said of numbers that look like codes for missing values."""
    columns = {**table.features, table.target_name: table.target}
    codes = {table.shown_name(name): find_code(values) for name, values in columns.items()}
    return [f"{name} is {code}, leave such rows out" for name, code in codes.items() if code]


def _joined(words: str | Sequence[str]) -> str:
    return words if isinstance(words, str) else " ".join(map(str, words))


def _seed(random_state: int | np.random.RandomState | None) -> int:
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
