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
import torch
from environment_record import environment

from grammar_lisa.model import TOOL
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.search import Search, Settings
from grammar_lisa.search_task import Searchable, Task
from shared.files import write_json
from shared.runs import open_run
from shared.seeds import derive_seed


def begun(task: Task, settings: Settings, begin_from: int, seed: int) -> Search:
    """A search from sentences drawn at random."""
    rng = np.random.default_rng(derive_seed(seed, "rounds"))
    chosen = rng.choice(len(task.sentences), begin_from, replace=False)
    return Search(
        task.model,
        [task.sentences[row] for row in chosen],
        task.scores[chosen],
        settings,
        seed,
        composite=task.objective,
        space=task.space,
    )


def carry_out(search: Search, task: Task) -> list[dict[str, Any]]:
    """All rounds, each with what it took and the best score so far."""
    rows: list[dict[str, Any]] = []
    for number in range(1, search.settings.rounds + 1):
        began = time.monotonic()
        batch = search.ask()
        search.tell(batch, task.objective(batch))
        row = {
            "round": number,
            "scored": len(search.sentences),
            "seconds": round(time.monotonic() - began, 3),
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "best": float(search.scores.min()),
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
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--begin-from", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    searchable = Searchable.load(open_run(options.run, TOOL))
    task = searchable.task(regression_for(options.target), clean=True, tell=lambda _: None)
    settings = Settings(rounds=options.rounds)
    with np.errstate(all="ignore"):
        rows = carry_out(begun(task, settings, options.begin_from, options.seed), task)
    record = {
        "environment": environment(),
        "target": options.target,
        "settings": asdict(settings),
        "begins_from": options.begin_from,
        "seed": options.seed,
        "rounds": rows,
    }
    write_json(options.output, record)


if __name__ == "__main__":
    main()
