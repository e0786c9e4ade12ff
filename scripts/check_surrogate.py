"""How well the surrogates of a search fit scores that they were not shown, as JSON.

.venv/bin/python scripts/check_surrogate.py runs/NAME results/grammar_surrogate.json

Both are fitted as a round fits them to sentences drawn from the training data, and asked for
others. `scores` models the scores by what sentences are made of and where they stand, here also
with one kind of kernel alone; `sums` models the outputs as sums of terms. Told are the rank
correlation of what is expected with what is so (Spearman), the share of the variance that is
explained, and how many values lie in the middle 90 % of what is expected.
"""

import argparse
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from environment_record import environment
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr

from grammar_lisa.model import TOOL
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.acquisition import SmallErrors
from grammar_lisa.search.points import KERNELS, OF_TERMS
from grammar_lisa.search.search import Search, Settings, worth
from grammar_lisa.search.surrogate import Surrogate
from grammar_lisa.search_task import Searchable, Task
from shared.files import write_json
from shared.runs import open_run
from shared.seeds import derive_seed

Floats = NDArray[np.float64]
ALONE = {
    "chord": [kernel for kernel in KERNELS if kernel.chord == 1],
    "structure": [kernel for kernel in KERNELS if kernel.chord == 0],
}


def judged(true: Floats, mean: Floats, deviation: Floats) -> dict[str, float]:
    """How what is expected fits what is so."""
    inside = np.abs(true - mean) <= norm.ppf(0.95) * deviation
    return {
        "rank_correlation": float(spearmanr(true, mean).statistic),
        "explained": float(1 - np.mean((true - mean) ** 2) / np.var(true)),
        "inside_90": float(inside.mean()),
    }


def check(task: Task, scored: int, others: int, seed: int) -> dict[str, Any]:
    """The surrogates on one target."""
    rng = np.random.default_rng(derive_seed(seed, "surrogate"))
    chosen = rng.choice(len(task.sentences), scored + others, replace=False)
    texts, scores = [task.sentences[row] for row in chosen], task.scores[chosen]
    known = Search(
        task.model, texts, scores, Settings(foresee=False), seed, composite=task.objective
    )
    first, rest = np.arange(scored), np.arange(scored, scored + others)
    points, held = known.points.rows(first), known.points.rows(rest)
    values = worth(scores)
    found: dict[str, Any] = {}
    for name, kernels in {"scores": list(KERNELS), **ALONE}.items():
        surrogate = Surrogate.fit(points, -values[first, None], kernels)
        mean, variance = surrogate.predict(held)
        noisy = np.sqrt(variance + surrogate.kernel.noise) * np.linalg.norm(surrogate.spread)
        label = name if name == "scores" else f"scores, {name} alone"
        found[label] = judged(-values[rest], mean[:, 0], noisy)
    assert known.outputs is not None
    errors, target = known.outputs.errors, task.objective.target()
    sizes = np.maximum(1.0, (errors[first] ** 2).mean(axis=1))
    sums = Surrogate.fit(points, errors[first], OF_TERMS, sizes=sizes, centre=-target)
    aim = SmallErrors(sums, math.inf, bound=task.objective.bound)
    clipped = np.clip(errors, -task.objective.bound, task.objective.bound)
    logs = np.log(np.maximum((clipped**2).mean(axis=1), 1e-12))
    found["sums"] = judged(logs[rest], *aim.loss(*sums.predict(held)))
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path, help="the folder of a trained run")
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--targets", nargs="+", default=["kusner", "expr-2", "expr-4", "expr-6"])
    arguments.add_argument("--scored", type=int, nargs="+", default=[500, 1000])
    arguments.add_argument("--others", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    searchable = Searchable.load(open_run(options.run, TOOL))
    rows = []
    with np.errstate(all="ignore"):
        for target in options.targets:
            task = searchable.task(regression_for(target), clean=True, tell=lambda _: None)
            for scored in options.scored:
                found = check(task, scored, options.others, options.seed)
                rows.append({"target": target, "scored": scored, "surrogates": found})
    record = {"environment": environment(options.seed), "others": options.others, "rows": rows}
    write_json(options.output, record)


if __name__ == "__main__":
    main()
