"""How good a trained model of sentences is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.model import GrammarModel
from grammar_lisa.networks import SentenceAutoencoder
from shared.diagnostics import spectrum
from shared.errors import LisaError
from shared.methods import Method
from shared.samplers import Sampler
from shared.sphere import project
from shared.uniformity import uniformity_gap

_CHUNK = 2048


@dataclass(frozen=True)
class Reconstruction:
    """How well derivations survive encoding and decoding.

    Attributes:
        loss: −log p, in nats a sentence.
        exact: the fraction that comes back rule for rule.
        rules: the fraction of rules, up to the end of each sentence, that come back.
    """

    loss: float
    exact: float
    rules: float


@dataclass(frozen=True)
class Samples:
    """What a sampler's codes decode to.

    Attributes:
        valid: the fraction that are complete sentences of the grammar.
        unique: the fraction left when repeats are dropped.
        novel: the fraction of the distinct ones that are not in the training data.
    """

    valid: float
    unique: float
    novel: float


@torch.no_grad()
def reconstruction(net: SentenceAutoencoder, method: Method, x: Tensor) -> Reconstruction:
    """Encode and decode padded derivations `[n, step]`; leaves the net in evaluation mode."""
    net.eval()
    losses, exact, right, rules = 0.0, 0, 0, 0
    for part in x.split(_CHUNK):
        decoded = net.decode(method.interface(net, method.encode(net, part)))
        losses += net.reconstruction_loss(part, decoded).sum().item()
        same = net.machine.decode(decoded) == part
        inside = part != net.machine.pad
        exact += int(same.all(1).sum())
        right += int((same & inside).sum())
        rules += int(inside.sum())
    return Reconstruction(losses / len(x), exact / len(x), right / rules)


def is_sentence(grammar: Grammar, derivation: Sequence[int]) -> bool:
    """Whether a derivation, padded behind, is complete and leftmost, by applying its rules."""
    try:
        derivations_to_texts(grammar, np.array([derivation]))
    except LisaError:
        return False
    return True


def samples(
    model: GrammarModel, sampler: Sampler, count: int, seed: int, known: set[str]
) -> Samples:
    """Draw codes, decode them and look at the sentences."""
    derivations = model.decode_derivations(sampler.sample(count, seed))
    distinct, repeats = np.unique(derivations, axis=0, return_counts=True)
    valid = np.array([is_sentence(model.grammar, row) for row in distinct.tolist()])
    texts = set(derivations_to_texts(model.grammar, distinct[valid]))
    return Samples(
        valid=float(repeats[valid].sum() / count),
        unique=len(texts) / count,
        novel=len(texts - known) / max(1, len(texts)),
    )


def geometry(codes: NDArray[np.floating[Any]], t: float) -> dict[str, float]:
    """How the directions of codes `[n, dim]` lie: gap to uniform and spectrum (Table 1)."""
    u = project(torch.from_numpy(np.asarray(codes, dtype=np.float64)))
    found = spectrum(u)
    return {
        "uniformity_gap": uniformity_gap(u, t),
        "lambda_max": found.lambda_max,
        "condition": found.condition,
        "effective_rank": found.effective_rank,
        "participation_ratio": found.participation_ratio,
    }


def evaluate(
    model: GrammarModel,
    test: NDArray[np.signedinteger],
    train_texts: set[str],
    codes: NDArray[np.floating[Any]],
    samplers: Mapping[str, Sampler],
    *,
    draws: int,
    seed: int,
    t: float,
) -> dict[str, Any]:
    """Everything `info` shows of a run: reconstruction, samples, geometry.

    Args:
        model: the trained model.
        test: held-out derivations `[n, max_rules]`.
        train_texts: the training sentences.
        codes: of the training sentences.
        samplers: fitted, by name.
        draws: how many codes each sampler draws.
        seed: of the draws.
        t: of the uniformity loss whose gap is told.
    """
    return {
        "held_out": len(test),
        "reconstruction": asdict(
            reconstruction(model.net, model.architecture.method, torch.from_numpy(test))
        ),
        "geometry": geometry(codes, t),
        "samples": {
            name: asdict(samples(model, sampler, draws, seed, train_texts))
            for name, sampler in samplers.items()
        },
        "draws": draws,
    }
