"""Systems of symbolic regression that search rows for a formula: ours, gplearn, pyoperon.

All have the same rows, operators (+ - * / pow sqrt log exp sin cos, constants) and seconds. Seconds
are processor time of one core, `time.process_time`: what else runs on the machine takes nothing
from a system. What a peer is set otherwise is in its favour, and stands in `SETTINGS`.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from grammar_lisa.benchmark.regression_suites import Rows
from grammar_lisa.regression.fit_config import SOURCES, FitConfig, sources_without
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.extras import check_extra
from shared.common.polling import polling
from shared.common.words import unknown

GPLEARN: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "population_size": 1000,
        "metric": "mse",
        "const_range": (-5.0, 5.0),
        "parsimony_coefficient": 0.001,
        "tournament_size": 20,
    }
)
OPERON: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "allowed_symbols": "add,sub,mul,div,pow,sqrt,log,exp,sin,cos,constant,variable",
        "objectives": ["r2", "length"],
        "population_size": 1000,
        "optimizer_iterations": 5,
        "max_length": 50,
        "epsilon": 1e-12,
        "model_selection_criterion": "bayesian_information_criterion",
    }
)
SETTINGS: Final = MappingProxyType(
    {
        "gplearn": "a population of 1,000 by mean squared error, protected functions as it ships "
        "them, exp and pow beside them, generations until the time is over; of all generations "
        "the best program",
        "pyoperon": "a population of 1,000 by R² and length (NSGA-II), five steps of "
        "Levenberg-Marquardt for each tree, 50 nodes; of its front the formula of the least "
        "Bayesian information criterion, all digits",
    }
)
"""What is said of the peers below a table."""
_ENOUGH: Final = 1e-20
"""The share of the target's variance below which gplearn need not go on."""
_MOST: Final = 1e100
_LOOK: Final = 0.02
"""Seconds between two looks at the time of pyoperon."""


@dataclass(frozen=True)
class FoundFormula:
    """What a search ended with.

    Attributes:
        text: The formula, its constants as numbers.
        seconds: Of the processor until it was found; all of them where a system does not say.
        evaluations: How many formulas were looked at; None where a system does not say.
    """

    text: str
    seconds: float
    evaluations: int | None = None


System = Callable[[Rows, float, int], FoundFormula]
"""Searches rows for so many seconds of processor time, from a seed."""


def search_lisa(
    rows: Rows, seconds: float, seed: int, config: FitConfig | None = None
) -> FoundFormula:
    """Search as `grammar-lisa fit` does by default."""
    import pandas as pd

    from grammar_lisa.regression.fitting import Fitting
    from grammar_lisa.regression.tables.table import Table

    began = time.process_time()
    table = Table.from_frame(pd.DataFrame(rows.points), rows.target)
    settings = replace(config or FitConfig(), max_time=seconds, seed=seed)
    fitting = Fitting(table, settings, clock=time.process_time)
    equations = fitting.run()
    if fitting.ending == "interrupted":
        raise KeyboardInterrupt
    return FoundFormula(equations.recommended.text, time.process_time() - began)


def search_gplearn(rows: Rows, seconds: float, seed: int) -> FoundFormula:
    """Search with gplearn, a generation at a time, until the time is over."""
    from gplearn.functions import make_function
    from gplearn.genetic import SymbolicRegressor

    began = time.process_time()
    names = list(rows.points)
    functions = ["add", "sub", "mul", "div", "sqrt", "log", "sin", "cos"]
    own = [("exp", _exp, 1), ("pow", _power, 2)]
    functions += [
        make_function(function=function, name=name, arity=arity, wrap=False)
        for name, function, arity in own
    ]
    search = SymbolicRegressor(
        **GPLEARN,
        function_set=functions,
        generations=1,
        warm_start=True,
        low_memory=True,
        random_state=seed % 2**32,
        stopping_criteria=_ENOUGH * float(np.var(rows.target)),
    )
    inputs = np.column_stack(list(rows.points.values()))
    best, text, when = np.inf, "0", 0.0
    for generation in range(1, 1_000_000):
        search.set_params(generations=generation)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            search.fit(inputs, rows.target)
        program = search._program
        if program.raw_fitness_ < best:
            best, when = program.raw_fitness_, time.process_time() - began
            text = gplearn_text(program.program, names)
        if best <= search.stopping_criteria or time.process_time() - began >= seconds:
            break
    return FoundFormula(text, when, generation * search.population_size)


def search_operon(rows: Rows, seconds: float, seed: int) -> FoundFormula:
    """Search with pyoperon until the time is over: it has no budget of evaluations left then."""
    from pyoperon.sklearn import SymbolicRegressor

    began, evaluators = time.process_time(), list[Any]()

    def look() -> None:
        if time.process_time() - began >= seconds:
            for evaluator in evaluators:
                evaluator.Budget = 0

    class Timed(SymbolicRegressor):
        """The regressor as it ships, whose own limit would be of the clock on the wall."""

        def _init_generator(self, name: str, evaluator: Any, *parts: Any) -> Any:
            evaluators.append(evaluator)
            return super()._init_generator(name, evaluator, *parts)

    search = Timed(
        **OPERON,
        generations=10**6,
        max_evaluations=10**9,
        n_threads=1,
        random_state=seed % 2**31,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with polling(look, _LOOK):
            search.fit(np.column_stack(list(rows.points.values())), rows.target)
        text = search.get_model_string(search.model_, 30, list(rows.points))
    looked = int(search.stats_["residual_evaluations"])
    return FoundFormula(text.replace("^", "**"), time.process_time() - began, looked)


def gplearn_text(program: Sequence[Any], names: Sequence[str]) -> str:
    """Return the formula of a program: functions, the numbers of inputs, and constants.

    Protected functions are written as they are where they need no protection: roots, logarithms
    and powers of absolute values, quotients of divisors that are not near zero.
    """
    operands: list[str] = []
    for node in reversed(program):
        if isinstance(node, int | np.integer):
            operands.append(names[int(node)])
        elif isinstance(node, float | np.floating):
            operands.append(f"({float(node)!r})")
        else:
            given = [operands.pop() for _ in range(node.arity)]
            operands.append(_GPLEARN_TEXTS[node.name].format(*given))
    return operands.pop()


_GPLEARN_TEXTS: Final = {
    "add": "({}+{})",
    "sub": "({}-{})",
    "mul": "({}*{})",
    "div": "({}/{})",
    "sqrt": "sqrt(abs({}))",
    "log": "log(abs({}))",
    "sin": "sin({})",
    "cos": "cos({})",
    "exp": "exp({})",
    "pow": "(abs({})**{})",
}


def _exp(values: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return _bounded(np.exp(values))


def _power(base: Floats, exponent: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return _bounded(np.power(np.abs(base), exponent))


def _bounded(values: Floats) -> Floats:
    bounded: Floats = np.nan_to_num(np.clip(values, -_MOST, _MOST), nan=0.0)
    return bounded


_WITHOUT: Final = "lisa-"
"""What the names of our systems begin with that lack sources of candidates."""
_UNTRAINED: Final = "lisa+untrained"
PEERS: Final[Mapping[str, System]] = MappingProxyType(
    {"gplearn": search_gplearn, "pyoperon": search_operon}
)
"""The others; each is a package to be installed, the extra `peers`."""


def regression_system(name: str) -> System:
    """Return a system.

    Args:
        name: ``lisa``; ``lisa-NAME``, ``lisa-NAME-NAME`` and so on without sources of candidates;
            ``lisa+untrained`` with a sphere that was not trained; or one of `PEERS`.

    Raises:
        LisaError: There is none of that name, or its package is not installed.
    """
    if name == "lisa":
        return search_lisa
    if name in PEERS:
        check_extra("peers", name)
        return PEERS[name]
    config = _config_of(name)
    return lambda rows, seconds, seed: search_lisa(rows, seconds, seed, config)


def _config_of(name: str) -> FitConfig:
    """Return what one of our systems that is not the default is set to."""
    if name == _UNTRAINED:
        return FitConfig(untrained=True)
    missing = name.removeprefix(_WITHOUT).split("-") if name.startswith(_WITHOUT) else []
    if not missing or not set(missing) <= set(SOURCES):
        ours = ["lisa", *(f"{_WITHOUT}{source}" for source in SOURCES), _UNTRAINED]
        raise LisaError(unknown("system", name, [*ours, *PEERS]))
    return FitConfig(sources=sources_without(" ".join(missing)))
