"""Seconds and memory of `grammar-lisa fit` on tables of many rows or many columns, as JSON.

    OMP_NUM_THREADS=1 .venv/bin/python scripts/fit_big_tables.py results/fit_big_tables.json

Each table is drawn, written as .csv, and fitted by the command itself in a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from environment_record import environment

from grammar_lisa.expressions.expression import variables_of
from shared.common.arrays import Floats
from shared.runs.files import write_json

NOISE = 0.01
"""The share of the target's standard deviation that its noise has."""

GOOD = 1 - 2 * NOISE**2
"""R² that is good enough: noise costs `NOISE` squared."""


@dataclass(frozen=True)
class Big:
    """A table to fit.

    Attributes:
        rows: Its rows.
        columns: Its inputs, c0 and so on, uniform from 0.5 to 3.
        formula: What its target is, up to noise.
        target: The same as a function.
    """

    rows: int
    columns: int
    formula: str
    target: Callable[[Mapping[str, Floats]], Floats]


TABLES = (
    Big(
        1_000_000, 10, "3*c1*exp(-c2/2)+c7", lambda c: 3 * c["c1"] * np.exp(-c["c2"] / 2) + c["c7"]
    ),
    Big(5_000, 50, "2*c3*c17/c41", lambda c: 2 * c["c3"] * c["c17"] / c["c41"]),
    Big(5_000, 50, "c3**2+3*c17-2*c41", lambda c: c["c3"] ** 2 + 3 * c["c17"] - 2 * c["c41"]),
    Big(5_000, 50, "c3*sin(2*c17)+c41", lambda c: c["c3"] * np.sin(2 * c["c17"]) + c["c41"]),
)


def written(place: int, path: Path, seed: int) -> None:
    """Draw one of the tables, its target last, and write it."""
    big = TABLES[place]
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame({f"c{n}": generator.uniform(0.5, 3, big.rows) for n in range(big.columns)})
    target = big.target({name: frame[name].to_numpy() for name in frame.columns})
    frame["y"] = target + NOISE * target.std() * generator.normal(size=big.rows)
    frame.to_csv(path, index=False, float_format="%.6g")


def fitted(place: int, folder: Path, seconds: float, seed: int) -> dict[str, Any]:
    """What the command says of one of the tables, and what it took."""
    big, path = TABLES[place], folder / "table.csv"
    # A child counts what its parent held as its own memory, so the table is drawn elsewhere.
    drawing = get_context("spawn").Process(target=written, args=(place, path, seed))
    drawing.start()
    drawing.join()
    words = [
        "fit",
        str(path),
        "--time",
        str(seconds),
        "--stop-at",
        f"r2={GOOD}",
        "--json",
        "--quiet",
    ]
    words += ["--runs", str(folder / "runs"), "--seed", str(seed)]
    began = time.monotonic()
    with (folder / "said.json").open("w") as said:
        process = subprocess.Popen([sys.executable, "-m", "grammar_lisa", *words], stdout=said)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    if status:
        raise SystemExit(f"fit failed on {big.formula}")
    result = json.loads((folder / "said.json").read_text())
    best = result["recommended"]
    return {
        "rows": big.rows,
        "columns": big.columns,
        "formula": big.formula,
        "file_mib": round(path.stat().st_size / 2**20),
        "found": best["formula"],
        "r2": best["r2"],
        "inputs_found": sorted(variables_of([best["formula"]])),
        "inputs_needed": sorted(variables_of([big.formula])),
        "ending": result["ending"],
        "search_seconds": round(result["seconds"], 1),
        "wall_seconds": round(wall, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory_mib": round(used.ru_maxrss / 1024),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--seconds", type=float, default=60.0, help="of each search")
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    tables: list[dict[str, Any]] = []
    told = {"environment": environment(options.seed), "tables": tables}
    for place in range(len(TABLES)):
        with tempfile.TemporaryDirectory() as folder:
            tables.append(fitted(place, Path(folder), options.seconds, options.seed))
        sys.stdout.write(json.dumps(tables[-1]) + "\n")
        sys.stdout.flush()
        write_json(options.output, told)


if __name__ == "__main__":
    main()
