"""Train the spheres of skeletons that `grammar-lisa fit` ships with, and put them into the package.

    .venv/bin/python scripts/train_fit_weights.py --runs runs

Sentences are drawn by the weights of the default grammar of skeletons, and those that say the same
are trained once. A sphere is a run like every other; the package takes its weights and its record.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from grammar_lisa.grammar.sampling import sample
from grammar_lisa.grammar.text import Writer
from grammar_lisa.regression.sphere.skeleton_grammar import (
    MAX_RULES,
    MOST_VARIABLES,
    distinct_sentences,
    read_sentence,
    skeleton_grammar,
)
from grammar_lisa.regression.sphere.weights import SHIPPED, shipped_folder
from grammar_lisa.training.train import train
from shared.common.seeds import derive_seed
from shared.methods import LISA

EPOCHS = 40
DIM = 48
HELD_OUT = 2000
MOST = 150_000
DRAWS = {1: 1_000_000, 2: 300_000, 3: 300_000}
"""Draws by the number of variables: of one there are fewer sentences, so that more draws repeat."""


def draw(n_variables: int, draws: int, seed: int) -> list[str]:
    """Return canonical sentences, the first drawn first."""
    grammar = skeleton_grammar(n_variables)
    own = derive_seed(seed, "skeletons", n_variables)
    drawn = sample(grammar, draws, MAX_RULES, own, "weighted", distinct=False)
    texts = dict.fromkeys(Writer(grammar).texts(drawn))
    return list(distinct_sentences(read_sentence(text) for text in texts))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--draws", type=int, help="of each number of variables")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--variables", type=int, nargs="*", default=range(1, MOST_VARIABLES + 1))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.runs.mkdir(exist_ok=True)
    for count in options.variables:
        name = shipped_folder(count).name
        grammar, data = (options.runs / f"{name}.{kind}" for kind in ("cfg", "txt"))
        grammar.write_text(skeleton_grammar(count).text, encoding="utf-8")
        sentences = draw(count, options.draws or DRAWS[count], options.seed)[: MOST + HELD_OUT]
        data.write_text("\n".join(sentences) + "\n", encoding="utf-8")
        model = train(
            grammar,
            LISA(),
            runs=options.runs,
            name=name,
            overwrite=True,
            notify=lambda text: print(text, file=sys.stderr),
            data=data,
            count=len(sentences) - HELD_OUT,
            held_out=HELD_OUT,
            max_rules=MAX_RULES,
            decontaminate="no",
            dim=DIM,
            epochs=options.epochs,
            device="cpu",
            seed=options.seed,
        )
        assert model.run is not None
        target = shipped_folder(count)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for file in SHIPPED:
            shutil.copyfile(model.run.path / file, target / file)
        summary = model.run.read_json("summary.json")
        print(json.dumps({"variables": count, "sentences": len(sentences)} | summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
