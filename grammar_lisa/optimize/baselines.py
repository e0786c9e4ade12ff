"""What random draws reach at the budget of a search: the controls that it must beat."""

import numpy as np
import torch
from torch import Tensor

from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.optimize.spaces import Space
from shared.common.seeds import derive_seed

_BATCH = 1000
_PATIENCE = 20


def from_data(sentences: list[str], count: int, seed: int) -> list[str]:
    """Draw distinct sentences from those that a model was trained on."""
    rng = np.random.default_rng(derive_seed(seed, "baseline", "data"))
    chosen = rng.choice(len(sentences), size=min(count, len(sentences)), replace=False)
    return [sentences[i] for i in chosen]


def from_grammar(model: SentenceModel, count: int, seed: int) -> list[str]:
    """Draw distinct sentences uniformly from the grammar, at the model's length.

    They are fewer where the grammar has no more.
    """
    derivations = sample_uniform(
        model.grammar,
        count,
        model.architecture.max_rules,
        derive_seed(seed, "baseline", "grammar"),
        distinct=True,
        fewer=True,
        restrictions=model.restrictions,
    )
    return derivations_to_texts(model.grammar, derivations)


def from_space(model: SentenceModel, space: Space, count: int, seed: int) -> list[str | None]:
    """Return what uniform points of a space decode to, each distinct text once.

    None stands for a text that is no sentence. There are fewer texts where 20 batches of points
    in a row give nothing new.
    """
    found: dict[str, str | None] = {}
    stale = batch = 0
    while len(found) < count and stale < _PATIENCE:
        draw = torch.Generator().manual_seed(derive_seed(seed, "baseline", space.name, batch))
        known = len(found)
        for text, sentence in _decoded(model, space.codes(space.sample(_BATCH, draw))):
            found.setdefault(text if sentence is None else sentence, sentence)
        stale = 0 if len(found) > known else stale + 1
        batch += 1
    return list(found.values())[:count]


def _decoded(model: SentenceModel, codes: Tensor) -> list[tuple[str, str | None]]:
    """Return the texts that codes ``[n, dim]`` decode to, and the sentences these are, or None."""
    rows = model.decode_rows(codes)
    derivations, readable = model.derivations(rows)
    sentences = iter(derivations_to_texts(model.grammar, derivations))
    return [
        (text, next(sentences) if good else None)
        for text, good in zip(model.texts(rows), readable.tolist(), strict=True)
    ]
