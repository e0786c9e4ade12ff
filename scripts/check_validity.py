"""Decode a million random directions and a million random logits with every shipped grammar.

    .venv/bin/python scripts/check_validity.py results/grammar_validity.json

Directions go through a network with random weights; logits are normal draws of three scales, some
of them infinite or not a number. A derivation counts as complete if its rules, applied one after
the other by plain Python, give a sentence and leave nothing over.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from environment_record import environment

from grammar_lisa.grammar import Grammar, load_grammar
from grammar_lisa.grammar.datasets import default_max_rules
from grammar_lisa.grammar.text import is_sentence
from grammar_lisa.models.architecture import Architecture
from shared.common.seeds import derive_seed
from shared.methods import LISA
from shared.runs.files import write_json
from shared.sphere.geometry import uniform

GRAMMARS = Path(__file__).resolve().parent.parent / "grammars"
BATCH = 10_000


def from_directions(grammar: Grammar, max_rules: int, seed: int) -> Callable[[int], torch.Tensor]:
    """Batches of derivations that uniform directions decode to, by an untrained network."""
    net = (
        Architecture(network="dense", dim=25, max_rules=max_rules, method=LISA(), seed=seed)
        .build(grammar)
        .eval()
    )
    return lambda batch: net.derivations(uniform(BATCH, 25, derive_seed(seed, batch)).float())


def from_logits(grammar: Grammar, max_rules: int, seed: int) -> Callable[[int], torch.Tensor]:
    """Batches of derivations that random logits decode to."""
    mask = (
        Architecture(network="dense", dim=25, max_rules=max_rules, method=LISA(), seed=seed)
        .build(grammar)
        .mask
    )

    def draw(batch: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(derive_seed(seed, "logits", batch))
        shape = (BATCH, max_rules, mask.pad + 1)
        logits = torch.randn(shape, generator=generator) * (0.1, 1.0, 100.0)[batch % 3]
        strange = torch.rand(shape, generator=generator)
        for value, low in ((torch.inf, 0.0), (-torch.inf, 0.02), (torch.nan, 0.04)):
            logits[(strange >= low) & (strange < low + 0.02)] = value
        return mask.decode(logits)

    return draw


def incomplete(grammar: Grammar, draw: Callable[[int], torch.Tensor], count: int) -> int:
    """How many of `count` derivations are not complete sentences."""

    def batches() -> Iterator[list[int]]:
        for batch in range(count // BATCH):
            yield from draw(batch).tolist()

    return sum(not is_sentence(grammar, derivation) for derivation in batches())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--count", type=int, default=1_000_000)
    options = arguments.parse_args()
    found: dict[str, Any] = {}
    for path in sorted(GRAMMARS.glob("*.cfg")):
        grammar = load_grammar(path)
        max_rules = default_max_rules(grammar.shortest)
        found[path.name] = {
            "max_rules": max_rules,
            "directions": options.count,
            "incomplete_from_directions": incomplete(
                grammar, from_directions(grammar, max_rules, 0), options.count
            ),
            "logits": options.count,
            "incomplete_from_logits": incomplete(
                grammar, from_logits(grammar, max_rules, 0), options.count
            ),
        }
        sys.stdout.write(f"{path.name}: {json.dumps(found[path.name])}\n")
        sys.stdout.flush()
    record = {"environment": environment(), "grammars": found}
    write_json(options.output, record)


if __name__ == "__main__":
    main()
