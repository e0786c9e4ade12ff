"""Measure a trained model of SMILES: what comes back, what is drawn, how fast, as JSON.

    .venv/bin/python scripts/measure_molecules.py results/molecules.json --run runs/molecules \
        --held-out data/held_out.txt

What comes back is exact without refinement: the code that the encoder gives, decoded by the
likeliest rule at each step, and by a beam search. Draws of each sampler are judged by RDKit as
`grammar-lisa molecules` does, and so is what lies at angles from the held-out molecules; which
molecules are novel is told of the first sampler alone, as all training molecules are read for it.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from environment_record import environment

from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.molecules.judging import Judgement, judge
from grammar_lisa.optimize.start import training_sentences
from shared.runs.expost import load_sampler
from shared.runs.files import write_json
from shared.runs.run import SUMMARY, Run, open_run

SAMPLERS: Final = ("gaussian", "gmm", "uniform")
ANGLES: Final = (0.2, 0.4, 0.8)
BEAMS: Final = 5


def reconstructed(model: SentenceModel, texts: list[str], beams: int) -> dict[str, float]:
    """Return the fractions of sentences and of rules that come back."""
    rows = model.rows(texts)
    back = model.decode_rows(model.encode_rows(rows), beams=beams)
    inside = rows != len(model.grammar.rules)
    return {
        "exact": float((back == rows).all(1).mean()),
        "rules": float((back == rows)[inside].mean()),
    }


def fractions(judgement: Judgement, *, novel: bool) -> dict[str, float]:
    """Return a judgement's fractions, that of novel molecules where all data were looked at."""
    return {name: value for name, value in judgement.fractions.items() if novel or name != "novel"}


def judged(
    run: Run, model: SentenceModel, texts: list[str], draws: int, compared: int
) -> dict[str, Any]:
    """Return what RDKit says of the draws of each sampler, and of what lies near molecules."""
    data = training_sentences(run, model)
    chosen = np.random.default_rng(0).permutation(len(data))[:compared]
    some = [data[row] for row in chosen]
    found: dict[str, Any] = {}
    for name in SAMPLERS:
        drawn = model.decode(load_sampler(run, name).sample(draws, 0))
        whole = name == SAMPLERS[0]
        judgement = judge(drawn, int(model.valid(drawn).sum()), data if whole else some, some)
        found[name] = fractions(judgement, novel=whole) | {
            "properties": {
                each: {
                    "quantiles_of_data": list(both.data),
                    "quantiles_of_draws": both.drawn and list(both.drawn),
                    "wasserstein": both.wasserstein,
                }
                for each, both in judgement.properties.items()
            }
        }
    codes = model.codes(texts[:draws], refine=False)
    for angle in ANGLES:
        drawn = model.decode(
            np.concatenate([model.perturb(z[None], 1, radius=angle) for z in codes])
        )
        judgement = judge(drawn, int(model.valid(drawn).sum()), some[:10], some[:10])
        found[f"at an angle of {angle:g}"] = fractions(judgement, novel=False)
    return found


def main() -> None:
    """Measure and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("output", type=Path, help="the JSON file to write")
    arguments.add_argument("--run", type=Path, required=True)
    arguments.add_argument("--held-out", type=Path, required=True)
    arguments.add_argument("--draws", type=int, default=1000)
    arguments.add_argument("--compared-with", type=int, default=1000)
    options = arguments.parse_args()
    run = open_run(options.run, TOOL)
    model = load_model(run)
    texts = options.held_out.read_text(encoding="utf-8").split()
    began = time.process_time()
    model.decode(load_sampler(run, "gaussian").sample(options.draws, 0))
    decoded = options.draws / (time.process_time() - began)
    record = {
        "environment": environment(),
        "training": json.loads((run.path / SUMMARY).read_text())["training"],
        "options": run.config["options"],
        "held_out": len(texts),
        "likeliest rules": reconstructed(model, texts, 1),
        f"{BEAMS} beams": reconstructed(model, texts, BEAMS),
        "decoded_with_texts_a_second": decoded,
        "judged": judged(run, model, texts, options.draws, options.compared_with),
    }
    write_json(options.output, record)
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
