"""Time the tree network against its bare step and against kusner, by length, as JSON.

    .venv/bin/python scripts/time_long_sentences.py results/long_speed.json --run runs/molecules

Everything runs on one thread, in processor seconds; peak memory is that of a process of its own for
each length. With a run, encoding, decoding with texts and parsing of its held-out sentences are
timed as well.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from environment_record import environment
from torch import Tensor

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.run import read_data
from grammar_lisa.training.defaults import default_dim
from shared.methods import LISA
from shared.runs.expost import load_sampler
from shared.runs.files import write_json
from shared.runs.run import create_run, open_run
from shared.training.settings import Training
from shared.training.trainer import Trainer

JSON: Final = Path(__file__).resolve().parent.parent / "grammars" / "json.cfg"
LENGTHS: Final = (15, 50, 100, 250, 500)
BATCH: Final = 128


def seconds_of(act: Callable[[], object]) -> float:
    """Return the processor seconds that something takes."""
    began = time.process_time()
    act()
    return time.process_time() - began


def trained_rate(architecture: Architecture, net: SequenceAutoencoder, x: Tensor) -> float:
    """Return the sentences a second of the training loop, over one epoch."""
    training = Training(epochs=1, batch_size=BATCH, learning_rate=2e-3, device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(Path(folder) / "run", {})
        trainer = Trainer(
            run, net, architecture.method, training, x, validate=lambda _: {"loss": 0.0}
        )
        return len(x) // BATCH * BATCH / seconds_of(trainer.fit)


def bare_rate(architecture: Architecture, net: SequenceAutoencoder, x: Tensor) -> float:
    """Return the sentences a second of nothing but forward, backward and optimiser step."""
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, fused=True)
    net.train()

    def steps() -> None:
        for batch in x[: len(x) // BATCH * BATCH].split(BATCH):
            torch.stack(list(architecture.method.loss(net, batch).values())).sum().backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return len(x) // BATCH * BATCH / seconds_of(steps)


def by_length(max_rules: int, steps: int) -> dict[str, Any]:
    """Return speeds and the peak memory for JSON records of at most so many rules."""
    torch.set_num_threads(1)
    grammar = load_grammar(JSON)
    drawn = sample_uniform(grammar, steps * BATCH, max_rules, seed=0, distinct=False)
    x = torch.from_numpy(to_array(drawn, max_rules, len(grammar.rules)))
    found: dict[str, Any] = {"grammar": "json", "max_rules": max_rules}
    for name in ("tree", "kusner"):
        dim = default_dim(name, max_rules)
        architecture = Architecture(
            network=name, dim=dim, max_rules=max_rules, method=LISA(), seed=0
        )
        net = architecture.build(grammar)
        bare = bare_rate(architecture, net, x)
        rate = trained_rate(architecture, net, x)
        net.eval()
        with torch.no_grad():
            codes = torch.nn.functional.normalize(net.encode(x), dim=1)
            decoding = seconds_of(lambda net=net, codes=codes: net.read(net.decode(codes)))
        found[name] = {
            "dim": dim,
            "weights": sum(weights.numel() for weights in net.parameters()),
            "trained_a_second": rate,
            "bare_steps_a_second": bare,
            "share_of_bare": rate / bare,
            "decoded_a_second": len(x) / decoding,
        }
    found["against_kusner"] = (
        found["tree"]["trained_a_second"] / found["kusner"]["trained_a_second"]
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | {"peak_memory_mib": round(peak / 1024)}


def of_run(path: Path) -> dict[str, Any]:
    """Return how fast the model of a run parses, encodes, and decodes with texts."""
    run = open_run(path, TOOL)
    model = load_model(run)
    rows = read_data(run).test
    texts = model.texts(rows)
    codes = load_sampler(run, "gaussian").sample(1000, 0)
    parsing = seconds_of(lambda: model.rows(texts))
    encoding = seconds_of(lambda: model.encode_rows(rows))
    decoding = seconds_of(lambda: model.decode(codes))
    return {
        "sentences": len(texts),
        "parsed_a_second": len(texts) / parsing,
        "encoded_a_second": len(texts) / encoding,
        "decoded_with_texts_a_second": len(codes) / decoding,
        "rules_median": float(np.median((rows != len(model.grammar.rules)).sum(1))),
    }


def main() -> None:
    """Measure and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--run", type=Path, help="a run whose model is timed as well")
    arguments.add_argument("--steps", type=int, default=8, help="of each training")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    record: dict[str, Any] = {"environment": environment()}
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as own:
        record["lengths"] = [own.apply(by_length, (each, options.steps)) for each in LENGTHS]
    if options.run is not None:
        record["run"] = of_run(options.run)
    sys.stdout.write(json.dumps(record, indent=2) + "\n")
    write_json(options.output, record)


if __name__ == "__main__":
    main()
