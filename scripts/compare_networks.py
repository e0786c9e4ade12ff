"""Train the networks on derivations for equal seconds and compare what they give back, as JSON.

    .venv/bin/python scripts/compare_networks.py results/grammar_networks.json --seconds 20
    .venv/bin/python scripts/compare_networks.py results/long.json --cases expr:40,sql:35

All see sentences of one draw, uniform over the derivations of at most so many rules, as often as
each can in the seconds, by the same method, batch and optimiser; figures are on 2,000 sentences
held out. Each network is trained with the code size that it gets by default; dense also with that
of tree. Seconds are processor time on one thread.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from environment_record import environment
from torch import Tensor

from grammar_lisa.grammar import Grammar, load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.training.defaults import default_dim
from grammar_lisa.training.evaluation import reconstruction
from shared.methods import LISA
from shared.runs.files import write_json
from shared.runs.run import create_run
from shared.training.settings import Training
from shared.training.trainer import Trainer

GRAMMARS = Path(__file__).resolve().parent.parent / "grammars"
TEST, MOST, BATCH, TRIAL_STEPS = 2000, 50_000, 128, 30


@dataclass(frozen=True)
class Case:
    """One comparison: a grammar and the most rules of a sentence."""

    grammar: str
    max_rules: int


CASES = (
    Case("expr", 15),
    Case("expr", 20),
    Case("expr", 30),
    Case("expr", 40),
    Case("expr", 100),
    Case("json", 20),
    Case("json", 40),
    Case("json", 100),
    Case("sql", 35),
)


def cases_of(text: str) -> tuple[Case, ...]:
    """Read cases as GRAMMAR:RULES, with commas between them."""
    pairs = (each.partition(":") for each in text.split(","))
    return tuple(Case(grammar, int(rules)) for grammar, _, rules in pairs)


def drawn(grammar: Grammar, max_rules: int) -> Tensor:
    """Return the sentences of a case in random order, those held out first."""
    found = sample_uniform(grammar, MOST + TEST, max_rules, seed=0, distinct=False)
    x = to_array(found, max_rules, len(grammar.rules))
    distinct = np.unique(x, axis=0)
    return torch.from_numpy(distinct[np.random.default_rng(0).permutation(len(distinct))])


def trained(net: SequenceAutoencoder, architecture: Architecture, x: Tensor, epochs: int) -> float:
    """Train a network and return the processor seconds it took."""
    training = Training(epochs=epochs, batch_size=BATCH, learning_rate=2e-3, device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            create_run(Path(folder) / "run", {}),
            net,
            architecture.method,
            training,
            x,
            validate=lambda _: {"loss": 0.0},
        )
        began = time.process_time()
        trainer.fit()
    return time.process_time() - began


def measured(
    grammar: Grammar, architecture: Architecture, x: Tensor, seconds: float
) -> dict[str, Any]:
    """Train a network for so many seconds and return what it gives back of the rest."""
    few = x[TEST : TEST + TRIAL_STEPS * BATCH]
    rate = len(few) // BATCH * BATCH / trained(architecture.build(grammar), architecture, few, 1)
    passes = int(rate * seconds)
    sentences = min(len(x) - TEST, max(BATCH, passes))
    epochs = max(1, round(passes / sentences))
    net = architecture.build(grammar)
    spent = trained(net, architecture, x[TEST : TEST + sentences], epochs)
    quality = reconstruction(net, architecture.method, x[:TEST])
    return asdict(quality) | {
        "dim": architecture.dim,
        "sentences": sentences,
        "epochs": epochs,
        "seconds": spent,
        "sentences_per_second": sentences * epochs / spent,
    }


def compare(case: Case, seconds: float) -> dict[str, Any]:
    """Return a case with the figures of every network."""
    grammar = load_grammar(GRAMMARS / f"{case.grammar}.cfg")
    x = drawn(grammar, case.max_rules)
    found: dict[str, Any] = asdict(case)
    large = default_dim("tree", case.max_rules)
    for title, network, dim in (
        ("dense", "dense", default_dim("dense", case.max_rules)),
        (f"dense, d = {large}", "dense", large),
        ("kusner", "kusner", default_dim("kusner", case.max_rules)),
        ("tree", "tree", large),
    ):
        architecture = Architecture(
            network=network, dim=dim, max_rules=case.max_rules, method=LISA(), seed=0
        )
        found[title] = measured(grammar, architecture, x, seconds)
    return found


def main() -> None:
    """Compare and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--seconds", type=float, default=40.0, help="of each training")
    arguments.add_argument(
        "--cases", type=cases_of, default=CASES, help="GRAMMAR:RULES, with commas between them"
    )
    options = arguments.parse_args()
    torch.set_num_threads(1)
    rows = []
    for case in options.cases:
        rows.append(compare(case, options.seconds))
        sys.stdout.write(json.dumps(rows[-1]) + "\n")
        sys.stdout.flush()
    write_json(options.output, {"environment": environment(), "cases": rows})


if __name__ == "__main__":
    main()
