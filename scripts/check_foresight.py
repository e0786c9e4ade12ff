"""How many sentences a search foresees that it has not scored, and how exactly, as JSON.

.venv/bin/python scripts/check_foresight.py results/grammar_foresight.json

Sentences are drawn uniformly from a grammar, some are scored, the others foreseen. Those that are
not finite at every point, or beyond 100,000 deviations of the target, are not compared.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from environment_record import environment

from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar import load_grammar
from grammar_lisa.objectives.regression import KUSNER_TARGET, Regression
from grammar_lisa.objectives.targets import regression_for
from shared.files import write_json
from shared.seeds import derive_seed

SHARES = (0.5, 0.9, 0.99, 1.0)


def compare(texts: list[str], scored: int, objective: Regression) -> dict[str, Any]:
    """What is foreseen of the others once some are scored."""
    foresight = objective.foresight()
    foresight.learn(texts[:scored], [1] * scored)
    others = texts[scored:]
    true = objective.outputs(others).errors
    fair = objective.finite(others) & (np.abs(true).max(axis=1) <= 1e5)
    errors, true = foresight.errors(others)[fair], true[fair]
    known = ~np.isnan(errors[:, 0])
    sizes = 1 + np.abs(true[known]).max(axis=1)
    apart = np.abs(errors[known] - true[known]).max(axis=1) / sizes
    return {
        "scored": scored,
        "others": len(true),
        "foreseen": float(known.mean()),
        "largest_error": {str(share): float(np.quantile(apart, share)) for share in SHARES},
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--grammar", type=Path, default=Path("grammars/expr.cfg"))
    arguments.add_argument("--target", default=KUSNER_TARGET)
    arguments.add_argument("--max-rules", type=int, default=15)
    arguments.add_argument("--scored", type=int, nargs="+", default=[50, 200, 500, 1000])
    arguments.add_argument("--others", type=int, default=5000)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    grammar, objective = load_grammar(options.grammar), regression_for(options.target)
    count = max(options.scored) + options.others
    seed = derive_seed(options.seed, "foresight")
    texts = derivations_to_texts(grammar, sample_uniform(grammar, count, options.max_rules, seed))
    with np.errstate(all="ignore"):
        rows = [
            compare([*texts[:number], *texts[-options.others :]], number, objective)
            for number in options.scored
        ]
    record = {"environment": environment(options.seed), "target": options.target, "rows": rows}
    write_json(options.output, record)


if __name__ == "__main__":
    main()
