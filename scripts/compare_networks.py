"""Train the default network and kusner alike and compare what they reconstruct, as JSON.

    .venv/bin/python scripts/compare_networks.py results/grammar_networks.json

Both see the same sentences, drawn uniformly from the grammar, for the same number of epochs with
the same method, batch and optimiser; figures are on held-out sentences.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from environment_record import environment

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.training.evaluation import reconstruction
from shared.methods import LISA
from shared.runs.files import write_json
from shared.runs.run import create_run
from shared.training.settings import Training
from shared.training.trainer import Trainer

GRAMMARS = Path(__file__).resolve().parent.parent / "grammars"
TEST = 2000


@dataclass(frozen=True)
class Case:
    """One comparison: grammar, length, training sentences and epochs."""

    grammar: str
    max_rules: int
    sentences: int
    epochs: int


CASES = (
    Case("expr", 15, 20_000, 10),
    Case("expr", 40, 5_000, 10),
    Case("json", 40, 5_000, 10),
    Case("expr", 100, 3_000, 10),
    Case("json", 100, 3_000, 10),
    Case("json", 300, 2_000, 10),
)


def compare(case: Case) -> dict[str, Any]:
    grammar = load_grammar(GRAMMARS / f"{case.grammar}.cfg")
    drawn = sample_uniform(grammar, case.sentences + TEST, case.max_rules, seed=0)
    x = to_array(drawn, case.max_rules, len(grammar.rules))
    x = torch.from_numpy(x[np.random.default_rng(0).permutation(len(x))])
    found: dict[str, Any] = asdict(case)
    for name in ("dense", "kusner"):
        architecture = Architecture(name, 25, case.max_rules, LISA(1.0, 2.0), 0)
        net = architecture.build(grammar)
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(
                create_run(Path(folder) / name, {}),
                net,
                architecture.method,
                Training(epochs=case.epochs, batch_size=128, learning_rate=3e-3, device="cpu"),
                x[TEST:],
                validate=lambda _: {"loss": 0.0},
            )
            trainer.fit()
        quality = reconstruction(net, architecture.method, x[:TEST])
        found[name] = asdict(quality) | {"sentences_per_second": trainer.rate}
    found["speed_ratio"] = (
        found["dense"]["sentences_per_second"] / found["kusner"]["sentences_per_second"]
    )
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    options = arguments.parse_args()
    rows = []
    for case in CASES:
        rows.append(compare(case))
        sys.stdout.write(json.dumps(rows[-1]) + "\n")
        sys.stdout.flush()
    record = {"environment": environment(), "cases": rows}
    write_json(options.output, record)


if __name__ == "__main__":
    main()
