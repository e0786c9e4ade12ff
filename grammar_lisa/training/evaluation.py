"""How good a trained model of sentences is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.sentence_model import SentenceModel
from shared.diagnostics import spectrum
from shared.methods import LISA, READOUT, Method
from shared.samplers import Sampler
from shared.sphere.geometry import project
from shared.sphere.uniformity import uniformity_gap

_CHUNK = 2048


@dataclass(frozen=True)
class Reconstruction:
    """How well sentences survive encoding and decoding.

    Attributes:
        loss: −log p, in nats a sentence.
        exact: The fraction that comes back rule for rule, or character for character.
        rules: The fraction of rules, or characters, up to the end of each sentence, that come back.
    """

    loss: float
    exact: float
    rules: float


@dataclass(frozen=True)
class Samples:
    """What a sampler's codes decode to.

    Attributes:
        valid: The fraction that are complete sentences of the grammar.
        unique: The fraction left when repeats are dropped.
        novel: The fraction of the distinct ones that are not in the training data.
    """

    valid: float
    unique: float
    novel: float


@torch.no_grad()
def reconstruction(net: SequenceAutoencoder, method: Method, x: Tensor) -> Reconstruction:
    """Encode and decode padded rows `[n, step]`; leaves the net in evaluation mode."""
    net.eval()
    losses, exact, right, rules = 0.0, 0, 0, 0
    for part in x.split(_CHUNK):
        decoded = net.decode(method.to_decoder(net, method.encode(net, part)))
        losses += net.reconstruction_loss(part, decoded).sum().item()
        same = net.read(decoded) == part
        inside = part != net.pad
        exact += int(same.all(1).sum())
        right += int((same & inside).sum())
        rules += int(inside.sum())
    return Reconstruction(losses / len(x), exact / len(x), right / rules)


@torch.no_grad()
def readout_r2(model: SentenceModel, rows: Tensor, semantics: Tensor) -> float | None:
    """Return how well a trained readout tells what sentences do, as R² over all numbers.

    Args:
        model: A model trained with an alignment loss.
        rows: Of sentences, `[n, step]`.
        semantics: What these do, `[n, k]`, in the unit of the training.

    Returns:
        1 for a perfect readout, 0 for one no better than the means; None if all do the same.
    """
    codes = torch.from_numpy(model.encode_rows(rows.numpy()))
    predicted = model.net.parts[READOUT](model.method.to_decoder(model.net, codes))
    wanted = semantics.double()
    total = (wanted - wanted.mean(0)).square().sum().item()
    error = (wanted - predicted.double()).square().sum().item()
    return 1 - error / total if total > 0 else None


def samples(
    model: SentenceModel, sampler: Sampler, count: int, seed: int, known: set[str]
) -> Samples:
    """Draw codes, decode them and look at the sentences."""
    found = [text for text in model.sentences(sampler.sample(count, seed)) if text is not None]
    texts = set(found)
    return Samples(
        valid=len(found) / count,
        unique=len(texts) / count,
        novel=len(texts - known) / max(1, len(texts)),
    )


def geometry(codes: NDArray[np.floating[Any]], t: float) -> dict[str, float]:
    """Return how the directions of codes `[n, dim]` lie: gap to uniform and spectrum (Table 1).

    Args:
        codes: Of any method, spherical or not.
        t: Of the uniformity loss whose gap is told.
    """
    u = project(torch.from_numpy(np.asarray(codes, dtype=np.float64)))
    return {"uniformity_gap": uniformity_gap(u, t), **spectrum(u).record()}


def evaluate_model(
    model: SentenceModel,
    test: NDArray[np.signedinteger],
    train_texts: set[str],
    codes: NDArray[np.floating[Any]],
    samplers: Mapping[str, Sampler],
    *,
    draws: int,
    seed: int,
) -> dict[str, Any]:
    """Return everything `info` shows of a run: reconstruction, samples, geometry.

    Args:
        model: The trained model.
        test: Held-out derivations `[n, max_rules]`.
        train_texts: The training sentences.
        codes: Of the training sentences.
        samplers: Fitted, by name.
        draws: How many codes each sampler draws.
        seed: Of the draws.
    """
    method = model.method
    t = method.uniformity_t if isinstance(method, LISA) else LISA.uniformity_t
    rows = torch.from_numpy(model.architecture.rows(model.grammar, test))
    return {
        "held_out": len(test),
        "reconstruction": asdict(reconstruction(model.net, method, rows)),
        "geometry": geometry(codes, t),
        "samples": {
            name: asdict(samples(model, sampler, draws, seed, train_texts))
            for name, sampler in samplers.items()
        },
        "draws": draws,
    }
