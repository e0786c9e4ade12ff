"""Measure the speeds that grammar-lisa claims, side by side in one process, as JSON.

    OMP_NUM_THREADS=1 .venv/bin/python scripts/benchmark_grammar.py results/grammar_speed.json

Every figure is the median of several runs on one thread. Ratios compare things that were run in
turn in this one process.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from environment_record import environment

from grammar_lisa.grammar import Grammar, load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks import SentenceAutoencoder
from grammar_lisa.objectives.targets import regression_for
from shared.methods import LISA
from shared.runs.files import write_json
from shared.sphere.geometry import uniform

GRAMMARS = Path(__file__).resolve().parent.parent / "grammars"
BATCH = 500


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median time of one call; the first call does not count."""
    work()
    gc.collect()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def training_step(net: SentenceAutoencoder, x: torch.Tensor) -> Callable[[], None]:
    """One step of training on a batch."""
    method = LISA(1.0, 2.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        torch.stack(list(method.loss(net, x).values())).sum().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def training_rates(grammar: Grammar, max_rules: int, repeats: int) -> dict[str, float]:
    """Sentences a second in training: the default network and kusner, batch 500."""
    drawn = sample_uniform(grammar, BATCH, max_rules, seed=0, distinct=False)
    x = torch.from_numpy(to_array(drawn, max_rules, len(grammar.rules)))
    seconds = {}
    for name in ("dense", "kusner"):
        net = Architecture(network=name, dim=25, max_rules=max_rules, method=LISA(), seed=0).build(
            grammar
        )
        seconds[name] = median_seconds(training_step(net, x), repeats)
    rates = {name: BATCH / value for name, value in seconds.items()}
    return rates | {"ratio": rates["dense"] / rates["kusner"]}


def measure() -> dict[str, Any]:
    """All figures."""
    grammar = load_grammar(GRAMMARS / "expr.cfg")
    found: dict[str, Any] = {"training_sentences_per_second": {}}
    for name, max_rules, repeats in (("expr", 15, 30), ("expr", 100, 9), ("json", 300, 5)):
        rates = training_rates(load_grammar(GRAMMARS / f"{name}.cfg"), max_rules, repeats)
        found["training_sentences_per_second"][f"{name}, {max_rules} rules"] = rates

    architecture = Architecture(network="dense", dim=25, max_rules=15, method=LISA(), seed=0)
    model = GrammarModel(grammar, architecture, architecture.build(grammar))
    codes = uniform(20_000, 25, seed=0).numpy()
    found["decoding_sentences_per_second"] = len(codes) / median_seconds(
        lambda: model.decode(codes), 5
    )
    mask = GrammarMask(grammar, 15)
    logits = torch.randn(20_000, 15, mask.pad + 1)
    found["mask_derivations_per_second"] = len(logits) / median_seconds(
        lambda: mask.decode(logits), 5
    )

    draw_seconds = median_seconds(lambda: sample_uniform(grammar, 50_000, 15, seed=0), 3)
    found["drawing_50000_distinct_sentences_seconds"] = draw_seconds
    derivations = sample_uniform(grammar, 50_000, 15, seed=1)
    texts = derivations_to_texts(grammar, derivations)
    parser = Parser(grammar)
    found["parsing_lines_per_second"] = 5000 / median_seconds(
        lambda: list(map(parser.parse, texts[:5000])), 5
    )
    objective = regression_for("kusner")
    found["scoring_50000_expressions_on_1000_points_seconds"] = median_seconds(
        lambda: objective(texts), 3
    )
    found["writing_sentences_per_second"] = len(texts) / median_seconds(
        lambda: derivations_to_texts(grammar, np.asarray(to_array(derivations, 15, 11))), 3
    )
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    found = {"environment": environment(), **measure()}
    write_json(options.output, found)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
