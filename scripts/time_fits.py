"""How many formulas a second `grammar-lisa fit` looks at and fits, beside pyoperon, as JSON.

    OMP_NUM_THREADS=1 .venv/bin/python scripts/time_fits.py results/fit_speed.json

Seconds are processor time of one core. Ours is in double precision, pyoperon in single; both have
trees of as many nodes, drawn at random from + - * / sqrt log exp sin cos over three variables.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from environment_record import environment

from grammar_lisa.expressions.differentiation import BoundSkeleton
from grammar_lisa.expressions.evaluation import evaluate_readable
from grammar_lisa.expressions.expression import OPEN
from grammar_lisa.regression.fits.constants import fit_constants, polish
from grammar_lisa.regression.fits.losses import MSE
from grammar_lisa.regression.search.contexts import Context, contexts_of, moves_of
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.operator_search import OPERATORS
from grammar_lisa.regression.search.recombination import Sums
from grammar_lisa.regression.search.tree import Tree, open_constant, variable
from shared.common.arrays import Floats
from shared.common.threads import limited_threads
from shared.runs.files import write_json

ROWS = (200, 1000)
SIZES = (3, 7, 15, 31)
DRAWN = 200
STEPS = 5
"""Of Levenberg-Marquardt, for ours and for pyoperon."""
SYMBOLS = "add,sub,mul,div,sqrt,log,exp,sin,cos,constant,variable"
FUNCTIONS = ("sqrt", "log", "exp", "sin", "cos")
VARIABLES = ("x", "y", "z")


def rate(work: Callable[[], int], seconds: float) -> float:
    """Things a second of processor time; the first call, which says how many, does not count."""
    work()
    done, began = 0, time.process_time()
    while (took := time.process_time() - began) < seconds:
        done += work()
    return done / took


def drawn_tree(size: int, constants: float, generator: np.random.Generator) -> Tree:
    """A random tree of so many nodes; a share of its leaves are open constants."""
    if size == 1:
        if generator.random() < constants:
            return open_constant(float(generator.uniform(0.5, 2)))
        return variable(str(generator.choice(VARIABLES)))
    if size == 2 or generator.random() < 0.3:
        function = str(generator.choice(FUNCTIONS))
        return Tree(function, (drawn_tree(size - 1, constants, generator),))
    left = int(generator.integers(1, size - 1))
    operator = str(generator.choice(list("+-*/")))
    parts = [drawn_tree(each, constants, generator) for each in (left, size - 1 - left)]
    return Tree(operator, tuple(parts))


def defined_trees(
    size: int, constants: float, points: Mapping[str, Floats], generator: np.random.Generator
) -> list[Tree]:
    """Trees that are finite on the points and vary, with a constant where they may have some."""
    trees: list[Tree] = []
    while len(trees) < DRAWN:
        tree = drawn_tree(size, constants, generator)
        values = np.asarray(tree.values(points))
        is_fit = np.isfinite(values).all() and np.ptp(values) > 0
        if is_fit and (not constants or any(p.operator == OPEN for _, p in tree.paths())):
            trees.append(tree)
    return trees


def ours(rows: int, size: int, seconds: float, seed: int) -> dict[str, float]:
    """Formulas a second of one size: evaluated, and fitted."""
    generator = np.random.default_rng(seed)
    points = {name: generator.uniform(0.5, 3, rows) for name in VARIABLES}
    target = generator.normal(size=rows)
    loss = MSE.bind(target, None)
    plain = defined_trees(size, 0.0, points, generator)
    texts = [tree.text for tree in plain]
    open_ones = defined_trees(size, 0.4, points, generator)
    bound = [BoundSkeleton(tree.skeleton(VARIABLES).program, points) for tree in open_ones]
    constants = [tree.constants() for tree in open_ones]

    def measure_trees() -> int:
        for tree in plain:
            loss.value(tree.values(points))
        return len(plain)

    def read_and_evaluate() -> int:
        for row in evaluate_readable(texts, points):
            loss.value(row)
        return len(texts)

    def polish_each() -> int:
        for each, start in zip(bound, constants, strict=True):
            polish(each, target, None, MSE, start, STEPS)
        return len(bound)

    def fit_each() -> int:
        for each in bound[:20]:
            fit_constants(each, target, None, MSE, generator, steps=STEPS)
        return 20

    polished = rate(polish_each, seconds)
    return {
        "evaluated": rate(measure_trees, seconds),
        "read and evaluated": rate(read_and_evaluate, seconds),
        "fitted from one start": polished,
        "constants fitted from one start": polished * float(np.mean([len(c) for c in constants])),
        "fitted from six starts": rate(fit_each, seconds),
    }


def recombined(rows: int, seconds: float, seed: int) -> float:
    """Sums of a context and a subexpression, their coefficients solved for, compared a second."""
    generator = np.random.default_rng(seed)
    points = {name: generator.uniform(0.5, 3, rows) for name in VARIABLES}
    target = generator.normal(size=rows)
    library = Library(OPERATORS, rows)
    for name, values in points.items():
        library.add(variable(name), values, 1.0)
    library.grow(1200, 12.0)
    entries = [(library.tree(m), library.values[m], library.costs[m]) for m in range(50)]
    contexts = contexts_of(Context.root(target), moves_of(entries, OPERATORS), 400)
    sums = Sums(library)

    def compare() -> int:
        for _ in sums.single(contexts, 2):
            pass
        return len(contexts) * len(library)

    return rate(compare, seconds)


def operon(rows: int, size: int, seconds: float, seed: int) -> dict[str, float]:
    """Formulas a second of one size in pyoperon: evaluated with R², and fitted."""
    import pyoperon as op
    from pyoperon.sklearn import SymbolicRegressor

    generator = np.random.default_rng(seed)
    columns = np.column_stack(
        [*generator.uniform(0.5, 3, (len(VARIABLES), rows)), generator.normal(size=rows)]
    )
    data = op.Dataset(np.asfortranarray(columns))
    *inputs, target = sorted(data.Variables, key=lambda each: each.Index)
    problem = op.Problem(data)
    problem.TrainingRange, problem.TestRange = op.Range(0, rows), op.Range(rows - 1, rows)
    problem.Target, problem.InputHashes = target, [each.Hash for each in inputs]
    problem.ConfigurePrimitiveSet(SymbolicRegressor._init_primitive_config(SYMBOLS))
    primitives, hashes = problem.PrimitiveSet, [each.Hash for each in inputs]
    creator, random = op.BalancedTreeCreator(primitives, hashes, 0.0), op.RandomGenerator(seed)
    initial = op.NormalCoefficientInitializer()
    initial.ParameterizeDistribution(0, 1)
    table = op.DispatchTable()
    evaluator = op.Evaluator(problem, table, op.R2(), True)
    optimizer = op.LMOptimizer(table, problem, STEPS, rows)
    fit = op.CoefficientOptimizer(optimizer)
    trees: list[Any] = []
    while len(trees) < DRAWN:
        tree = creator(random, size, 1, 1000)
        initial(random, tree)
        values = op.Evaluate(table, tree, data, op.Range(0, rows))
        if tree.Length == size and np.isfinite(values).all():
            trees.append(tree)
    individuals = []
    for tree in trees:
        individual = op.Individual(1)
        individual.Genotype = tree
        individuals.append(individual)

    def evaluate_each() -> int:
        for individual in individuals:
            evaluator(random, individual)
        return len(individuals)

    def fit_each() -> int:
        for tree in trees:
            fit(random, tree)
        return len(trees)

    fitted = rate(fit_each, seconds)
    return {
        "evaluated": rate(evaluate_each, seconds),
        "fitted from one start": fitted,
        "constants fitted from one start": fitted
        * float(np.mean([tree.CoefficientsCount for tree in trees])),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    told: dict[str, Any] = {"environment": environment(options.seed), "formulas_a_second": {}}
    with limited_threads(1), np.errstate(all="ignore"):
        for rows in ROWS:
            found: dict[str, Any] = {}
            for size in SIZES:
                given = rows, size, options.seconds, options.seed
                found[f"{size} nodes"] = {"lisa": ours(*given), "pyoperon": operon(*given)}
            found["recombined"] = {"lisa": recombined(rows, options.seconds, options.seed)}
            told["formulas_a_second"][f"{rows} rows"] = found
    write_json(options.output, told)
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
