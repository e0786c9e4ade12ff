"""What random draws reach at the budget of a search: the controls that it must beat."""

import numpy as np

from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.model import GrammarModel
from shared.seeds import derive_seed
from shared.sphere import uniform

_BATCH = 1000
_PATIENCE = 20


def from_data(sentences: list[str], count: int, seed: int) -> list[str]:
    """Distinct sentences drawn from those that a model was trained on."""
    rng = np.random.default_rng(derive_seed(seed, "baseline", "data"))
    chosen = rng.choice(len(sentences), size=min(count, len(sentences)), replace=False)
    return [sentences[i] for i in chosen]


def from_grammar(model: GrammarModel, count: int, seed: int) -> list[str]:
    """Distinct sentences drawn uniformly from the grammar, at the model's length.

    They are fewer where the grammar has no more.
    """
    derivations = sample_uniform(
        model.grammar,
        count,
        model.architecture.max_rules,
        derive_seed(seed, "baseline", "grammar"),
        distinct=True,
        fewer=True,
    )
    return derivations_to_texts(model.grammar, derivations)


def from_sphere(model: GrammarModel, count: int, seed: int) -> list[str]:
    """Distinct sentences that uniform directions decode to.

    They are fewer where 20 batches of directions in a row give nothing new.
    """
    found: dict[str, None] = {}
    stale = batch = 0
    while len(found) < count and stale < _PATIENCE:
        points = uniform(_BATCH, model.dim, derive_seed(seed, "baseline", "sphere", batch))
        known = len(found)
        found |= dict.fromkeys(model.decode(points.numpy()))
        stale = 0 if len(found) > known else stale + 1
        batch += 1
    return list(found)[:count]
