"""Seconds and memory of each round of one long search that finds nothing, as JSON.

.venv/bin/python scripts/time_rounds.py runs/NAME results/grammar_bo_rounds.json

The target is no sentence of `expr.cfg`, so that a search for it goes on to the end.
"""

import argparse
import json
import resource
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from environment_record import environment

from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.config import SYSTEMS, TrialSettings
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.problem import SearchedRun
from shared.common.threads import limited_threads
from shared.runs.files import write_json
from shared.runs.run import open_run


def first_trial(options: argparse.Namespace, objective: Objective) -> Optimizer:
    """The first trial of a search, at its beginning."""
    config = SYSTEMS[options.system].changed(rounds=options.rounds, batch=options.batch)
    searched = SearchedRun.load(open_run(options.run, TOOL), config.space)
    problem = searched.problem(objective, decontaminate=True, notify=lambda _: None)
    settings = TrialSettings(
        search=config,
        n_initial=options.n_initial,
        black_box=options.black_box,
        seed=options.seed,
    )
    (trial,) = problem.trials(options.run, options.run, 1, settings)
    return trial.optimizer(objective)


def carry_out(optimizer: Optimizer, objective: Objective) -> list[dict[str, Any]]:
    """All rounds, each with what it took and the best score so far."""
    rows: list[dict[str, Any]] = []
    while optimizer.round < optimizer.config.rounds:
        began = time.monotonic()
        batch = optimizer.ask()
        optimizer.tell(batch, objective(batch))
        row = {
            "round": optimizer.round,
            "scored": len(optimizer.known),
            "seconds": round(time.monotonic() - began, 3),
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "best": optimizer.best[1],
        }
        rows.append(row)
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path, help="the folder of a trained run")
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--target", default="abs(x) + cos(x)")
    arguments.add_argument("--system", default="lisa", choices=SYSTEMS)
    arguments.add_argument("--black-box", action="store_true", help="see scores alone")
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--batch", type=int, default=50)
    arguments.add_argument("--n-initial", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    objective = regression_for(options.target)
    with limited_threads(1), np.errstate(all="ignore"):
        optimizer = first_trial(options, objective)
        rows = carry_out(optimizer, objective)
    record = {
        "environment": environment(),
        "target": options.target,
        "settings": asdict(optimizer.config),
        "black_box": options.black_box,
        "n_initial": options.n_initial,
        "seed": options.seed,
        "rounds": rows,
    }
    write_json(options.output, record)


if __name__ == "__main__":
    main()
