"""Train AE and LISA with the alignment of views at several weights, and evaluate each, as JSON.

    .venv/bin/python scripts/align_images.py results/image_alignment.json --dataset mnist

Whether directions that are alike for an image and its views classify better, and what that costs:
probes of codes, distances of draws, reconstruction, all on test images; nothing is chosen by them.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from environment_record import environment

from image_lisa.models.names import EVALUATION
from shared.runs.files import read_json, write_json

SAMPLERS = ("gaussian", "gmm")


def carry_out(*words: object) -> None:
    """Run a command of image-lisa; what it says is in its run."""
    program = Path(sys.executable).with_name("image-lisa")
    command = [program, *map(str, words), "--json", "--quiet"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def measured(run: Path, draws: int) -> dict[str, Any]:
    """Return what `evaluate` says of a run."""
    carry_out("evaluate", run, "--samplers", ",".join(SAMPLERS), "--draws", draws)
    report = read_json(run / EVALUATION)
    return {
        "reconstruction": report["reconstruction"],
        "probes": report["probes"],
        "lambda_max": report["spectrum"]["lambda_max"],
        "samplers": report["samplers"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--draws", type=int, default=5000)
    parser.add_argument("--weights", type=float, nargs="+", default=[0.0, 1.0, 5.0, 20.0])
    parser.add_argument("--uniformity", type=float, nargs=2, default=[0.3, 4.0], metavar=("λ", "t"))
    options = parser.parse_args()
    weight, t = options.uniformity
    lisa = ("--method", "lisa", "--uniformity-weight", weight, "--uniformity-t", t)
    cases: list[tuple[object, ...]] = [("--method", "ae"), ("--method", "ae-sphere")]
    cases += [(*lisa, "--alignment-weight", each) for each in options.weights]
    rows = []
    for seed in range(options.seeds):
        for number, words in enumerate(cases):
            run = options.runs / f"align-{seed}-{number}"
            carry_out(
                *("train", "--dataset", options.dataset, "--epochs", options.epochs),
                *("--seed", seed, "--runs", options.runs, "--name", run.name, "--overwrite"),
                *words,
            )
            row = {"options": " ".join(map(str, words)), "seed": seed}
            rows.append(row | measured(run, options.draws))
            sys.stderr.write(f"{row}: {rows[-1]['probes']}\n")
            write_json(options.output, {"environment": environment(), "results": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
