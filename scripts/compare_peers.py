"""Search for a target with gplearn and pyoperon, beside random sentences, as JSON.

    scripts/peers results/grammar_peers.json --seeds 5

scripts/peers installs both, the extra `peers` of the toolkit, and starts this script.

All have the operators and constants of grammars/expr.cfg: +, *, / (true division), sin, exp; the
constants 1, 2, 3, each a column of the data; the variables of the target. All are told by the score
of `Regression`, log(1 + mean squared error clipped at 1,000 a point). An evaluation is one fitness
of a program, also of one that was scored before. No constants are fitted.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from environment_record import environment
from numpy.typing import NDArray

from grammar_lisa.benchmark.regression_systems import gplearn_text
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.objectives.decontamination import EXACT
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.objectives.trial_statistics import THRESHOLDS
from grammar_lisa.optimize.trial_tables import REACHED, first_reached
from shared.runs.files import write_json

ROOT = Path(__file__).resolve().parent.parent
CONSTANTS = (1, 2, 3)
MAX_RULES = 15
PACKAGES = ("gplearn", "pyoperon")
BUDGET = 100_000
GPLEARN = {"population_size": 2000, "generations": 50}
"""What differs from gplearn's defaults: 2,000 × 50 are `BUDGET` evaluations."""
OPERON = {"population_size": 1000, "p_crossover": 1.0, "p_mutation": 0.25, "tournament": 5}
OPERON_TREES = {"max_length": 50, "max_depth": 10, "first_length": 10}
"""The defaults of pyoperon's own estimator."""
_INFIX = {"add": "+", "mul": "*", "div": "/"}
_CHUNK = 5000
EXACT_NAME = REACHED[-1]


@dataclass
class Score:
    """The score of outputs, and at which evaluation a threshold was reached first.

    Attributes:
        objective: Whose score it is.
        evaluations: So far.
        best: The smallest score so far.
        reached: For each threshold that was reached the evaluation, counted from 1, and the
            seconds since the beginning.
    """

    objective: Regression
    evaluations: int = 0
    best: float = math.inf
    reached: dict[str, dict[str, float]] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)

    def of(self, values: NDArray[np.floating]) -> float:
        """The score of outputs `[point]`: that which `Regression` gives an expression."""
        with np.errstate(all="ignore"):
            errors = np.minimum((values - self.objective.y) ** 2, self.objective.clip)
            score = float(np.log1p(errors.mean()))
        return score if score <= self.objective.worst else self.objective.worst

    def count(self, score: float, evaluations: int = 1) -> float:
        """Take note of the best score of the next evaluation, or of some."""
        self.evaluations += evaluations
        self.best = min(self.best, score)
        for name, bound in zip(REACHED, THRESHOLDS, strict=True):
            if score <= bound and name not in self.reached:
                self.reached[name] = {"evaluations": self.evaluations, "seconds": self.seconds}
        return score

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return round(time.perf_counter() - self._began, 3)

    def record(self, seed: int, expression: str) -> dict[str, Any]:
        """What a trial found; `score` is that which `Regression` gives the best expression."""
        return {
            "seed": seed,
            "evaluations": self.evaluations,
            "seconds": self.seconds,
            "best": self.best,
            "expression": expression,
            "score": float(self.objective([expression])[0]),
            "reached": {name: self.reached.get(name) for name in REACHED},
        }


def to_text(symbols: Iterable[tuple[str, int]]) -> str:
    """An expression from its symbols and their numbers of operands, an operator before these.

    Raises:
        ValueError: Symbols are missing or left over.
    """
    rest = iter(symbols)
    text = _operand(rest)
    if next(rest, None) is not None:
        raise ValueError(f"symbols are left over behind {text}")
    return text


def _operand(rest: Iterator[tuple[str, int]]) -> str:
    name, arity = next(rest, ("", -1))
    if arity < 0:
        raise ValueError("the symbols end before the expression does")
    operands = [_operand(rest) for _ in range(arity)]
    if name in _INFIX:
        return f"({_INFIX[name].join(operands)})"
    return f"{name}({operands[0]})" if arity else name


def columns(objective: Regression) -> dict[str, NDArray[np.float64]]:
    """The variables and the constants, each `[point]`, by name."""
    ones = np.ones(len(objective.y))
    return {**objective.data, **{str(value): value * ones for value in CONSTANTS}}


def search_gplearn(objective: Regression, seed: int) -> dict[str, Any]:
    """One search with gplearn."""
    from gplearn.fitness import _Fitness
    from gplearn.functions import _Function
    from gplearn.genetic import SymbolicRegressor

    functions = [("add", np.add, 2), ("mul", np.multiply, 2), ("div", np.divide, 2)]
    functions += [("sin", np.sin, 1), ("exp", np.exp, 1)]
    inputs = columns(objective)
    score = Score(objective)
    # make_function and make_fitness refuse what is not finite at zero, as true division is not.
    search = SymbolicRegressor(
        **GPLEARN,
        function_set=[_Function(function, name, arity) for name, function, arity in functions],
        metric=_Fitness(lambda y, values, weights: score.count(score.of(values)), False),
        const_range=None,
        stopping_criteria=EXACT,
        random_state=seed,
    )
    with np.errstate(all="ignore"):
        search.fit(np.column_stack(list(inputs.values())), objective.y)
    return score.record(seed, gplearn_text(search._program.program, list(inputs)))


def search_operon(objective: Regression, seed: int) -> dict[str, Any]:
    """One search with pyoperon, by its own mean squared error, which is not clipped.

    Outputs are in single precision there, so the best program of each generation is scored again
    as a text; what it reaches counts from the end of its generation.
    """
    import pyoperon as op

    inputs = columns(objective)
    score = Score(objective)
    data = op.Dataset(np.asfortranarray(np.column_stack([*inputs.values(), objective.y])))
    problem, names = _operon_problem(op, data, list(inputs))
    borrowed = _operon_parts(op, problem, list(names))
    evaluator = borrowed["evaluator"]
    config = op.GeneticAlgorithmConfig(
        generations=BUDGET,
        max_evaluations=BUDGET,
        local_iterations=0,
        population_size=OPERON["population_size"],
        pool_size=OPERON["population_size"],
        p_crossover=OPERON["p_crossover"],
        p_mutation=OPERON["p_mutation"],
        epsilon=0.0,
        seed=seed,
    )
    algorithm = op.GeneticProgrammingAlgorithm(
        config, problem, *(borrowed[name] for name in ("first", "ones", "generator", "reinserter"))
    )
    best = [""]

    def look() -> None:
        if EXACT_NAME in score.reached:
            return
        text = operon_text(algorithm.BestModel.Genotype.Nodes, names)
        found = float(objective([text])[0])
        if found < score.best:
            best[0] = text
        score.count(found, evaluator.TotalEvaluations - score.evaluations)

    algorithm.Run(op.RandomGenerator(seed), look, 1)
    return score.record(seed, best[0])


def _operon_problem(op: Any, data: Any, inputs: Sequence[str]) -> tuple[Any, dict[int, str]]:
    """The problem of meeting the last column, and the names of the others by their hashes."""
    variables = sorted(data.Variables, key=lambda variable: variable.Index)
    problem = op.Problem(data)
    problem.TrainingRange = op.Range(0, data.Rows)
    problem.TestRange = op.Range(data.Rows - 1, data.Rows)
    problem.Target = variables[-1]
    problem.InputHashes = [variable.Hash for variable in variables[:-1]]
    kind = op.NodeType
    problem.ConfigurePrimitiveSet(
        kind.Add | kind.Mul | kind.Div | kind.Sin | kind.Exp | kind.Variable
    )
    return problem, dict(zip(problem.InputHashes, inputs, strict=True))


def _operon_parts(op: Any, problem: Any, hashes: Sequence[int]) -> dict[str, Any]:
    """All parts of the algorithm by name: it borrows them, so they must outlive it."""
    trees = OPERON_TREES
    limits = trees["max_depth"], trees["max_length"]
    has: dict[str, Any] = {"symbols": problem.PrimitiveSet, "table": op.DispatchTable()}
    has["ones"] = op.UniformIntCoefficientAnalyzer()
    has["ones"].ParameterizeDistribution(1, 1)
    has["creator"] = op.BalancedTreeCreator(has["symbols"], hashes, 0.0)
    has["first"] = op.UniformLengthTreeInitializer(has["creator"])
    shortest = has["symbols"].FunctionArityLimits()[0] + 1
    has["first"].ParameterizeDistribution(shortest, trees["first_length"])
    has["first"].MinDepth, has["first"].MaxDepth = 1, 1000
    has["mutations"] = [
        op.ChangeVariableMutation(hashes),
        op.ChangeFunctionMutation(has["symbols"]),
        op.ReplaceSubtreeMutation(has["creator"], has["ones"], *limits),
        op.InsertSubtreeMutation(has["creator"], has["ones"], *limits),
        op.RemoveSubtreeMutation(has["symbols"]),
    ]
    has["mutation"] = op.MultiMutation()
    for each in has["mutations"]:
        has["mutation"].Add(each, 1.0)
    has["evaluator"] = op.Evaluator(problem, has["table"], op.MSE(), False)
    has["evaluator"].Budget = BUDGET
    has["smaller"] = op.SingleObjectiveComparison(0)
    has["selector"] = op.TournamentSelector(has["smaller"])
    has["selector"].TournamentSize = OPERON["tournament"]
    has["crossover"] = op.SubtreeCrossover(0.9, *limits)
    has["optimizer"] = op.LMOptimizer(has["table"], problem, 0, 0)
    has["local"] = op.CoefficientOptimizer(has["optimizer"])
    has["generator"] = op.BasicOffspringGenerator(
        has["evaluator"],
        has["crossover"],
        has["mutation"],
        has["selector"],
        has["selector"],
        has["local"],
    )
    has["reinserter"] = op.KeepBestReinserter(has["smaller"])
    return has


def operon_text(nodes: Sequence[Any], names: dict[int, str]) -> str:
    """The expression of operon's nodes, which lie operands first and the last operand foremost.

    Raises:
        ValueError: A variable is scaled by a coefficient other than 1.
    """
    kinds = {text: name for name, text in _INFIX.items()}
    symbols = []
    for node in reversed(nodes):
        if not node.IsVariable:
            symbols.append((kinds.get(node.Name, node.Name), node.Arity))
            continue
        if node.Value != 1:
            raise ValueError(f"a variable has the coefficient {node.Value}")
        symbols.append((names[node.HashValue], 0))
    return to_text(symbols)


def search_random(objective: Regression, seed: int) -> dict[str, Any]:
    """Distinct sentences of grammars/expr.cfg, uniform over all of at most 15 rules."""
    score = Score(objective)
    grammar = load_grammar(ROOT / "grammars" / "expr.cfg")
    drawn = sample_uniform(grammar, BUDGET, MAX_RULES, seed)
    texts = derivations_to_texts(grammar, drawn)
    best = ""
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        for text, found in zip(chunk, objective(chunk).tolist(), strict=True):
            if found < score.best:
                best = text
            score.count(found)
    return score.record(seed, best)


SYSTEMS = {
    "gplearn": search_gplearn,
    "pyoperon": search_operon,
    "random grammar": search_random,
}


def summary(trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Over seeds: the mean of the best scores, and how many reached a threshold, and when."""
    found: dict[str, Any] = {
        "best": float(np.mean([trial["best"] for trial in trials])),
        "seconds": float(np.mean([trial["seconds"] for trial in trials])),
    }
    for name in REACHED:
        reached = [trial["reached"][name] for trial in trials]
        found[name] = first_reached([place and int(place["evaluations"]) for place in reached])
        seconds = [place["seconds"] for place in reached if place]
        found[name]["median_seconds"] = float(np.median(seconds)) if seconds else None
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--target", default=KUSNER_TARGET, help="an expression or a name")
    arguments.add_argument("--seeds", type=int, default=5, help="the seeds 0, 1, 2 and so on")
    arguments.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    options = arguments.parse_args()
    objective = regression_for(options.target)
    trials: dict[str, list[dict[str, Any]]] = {}
    for name in options.systems:
        for seed in range(options.seeds):
            trials.setdefault(name, []).append(SYSTEMS[name](objective, seed))
            sys.stdout.write(f"{name}: {json.dumps(trials[name][-1])}\n")
            sys.stdout.flush()
    record = {
        "environment": environment() | {"peers": {name: version(name) for name in PACKAGES}},
        "target": options.target,
        "settings": {
            "evaluations": BUDGET,
            "constants": CONSTANTS,
            "operators": ["+", "*", "/", "sin", "exp"],
            "gplearn": GPLEARN,
            "pyoperon": {
                **OPERON,
                **OPERON_TREES,
                "coefficients": "fixed at 1",
                "fitness": "mean squared error, not clipped",
            },
            "random grammar": {"grammar": "expr", "max_rules": MAX_RULES},
        },
        "summary": {name: summary(each) for name, each in trials.items()},
        "trials": trials,
    }
    write_json(options.output, record)


if __name__ == "__main__":
    main()
