"""How good a trained model of sentences is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.expressions.evaluation import spread_evenly
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.sentence_model import SentenceModel
from shared.diagnostics import spectrum
from shared.methods import LISA, READOUT, Method
from shared.samplers import Sampler
from shared.sphere.geometry import project
from shared.sphere.uniformity import uniformity_gap

_CHUNK = 2048

MOST_PAIRED = 2**16
"""The most directions whose pairs are looked at."""

_RANGES = 5

ON_TRAINING = 1000
"""The most training sentences that are decoded to compare them with those held out."""


@dataclass(frozen=True)
class Reconstruction:
    """How well sentences survive encoding and decoding.

    Attributes:
        loss: −log p, in nats a sentence.
        exact: The fraction that comes back rule for rule, or character for character; of a text
            with several derivations, by the canonical one.
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


@dataclass(frozen=True)
class ReadBack:
    """What rows decode to.

    Attributes:
        losses: −log p of each row, `[n]`.
        rows: What their codes decode to, `[n, step]`.
    """

    losses: Tensor
    rows: Tensor


@torch.no_grad()
def decoded(net: SequenceAutoencoder, method: Method, x: Tensor) -> ReadBack:
    """Encode and decode padded rows `[n, step]`; leaves the net in evaluation mode."""
    net.eval()
    losses, rows = [], []
    for part in x.split(_CHUNK):
        logits = net.decode(method.to_decoder(net, method.encode(net, part)))
        losses.append(net.reconstruction_loss(part, logits))
        rows.append(net.read(logits))
    return ReadBack(torch.cat(losses), torch.cat(rows))


def reconstruction(net: SequenceAutoencoder, method: Method, x: Tensor) -> Reconstruction:
    """Encode and decode padded rows `[n, step]`; leaves the net in evaluation mode."""
    return compared(x, decoded(net, method, x), net.pad)


def compared(x: Tensor, found: ReadBack, pad: int) -> Reconstruction:
    """Return how well rows `[n, step]`, padded, come back."""
    same, inside = found.rows == x, x != pad
    return Reconstruction(
        loss=found.losses.double().sum().item() / len(x),
        exact=int(same.all(1).sum()) / len(x),
        rules=int((same & inside).sum()) / int(inside.sum()),
    )


def exact_by_length(
    lengths: NDArray[np.int64], exact: NDArray[np.bool_]
) -> list[dict[str, float | int]]:
    """Return the fraction that comes back in each of up to five ranges of lengths.

    The ranges hold about as many sentences each; all of one length are in one of them.

    Args:
        lengths: Rules, or characters, of sentences `[n]`.
        exact: Which come back, `[n]`.
    """
    last = np.unique(np.quantile(lengths, np.linspace(0, 1, _RANGES + 1)[1:], method="higher"))
    place = np.searchsorted(last, lengths)
    return [
        {
            "from": int(lengths[place == index].min()),
            "to": int(lengths[place == index].max()),
            "sentences": int((place == index).sum()),
            "exact": float(exact[place == index].mean()),
        }
        for index in range(len(last))
    ]


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

    The gap goes over all pairs of directions; of more than `MOST_PAIRED`, so many are taken at
    even distances.

    Args:
        codes: Of any method, spherical or not.
        t: Of the uniformity loss whose gap is told.
    """
    u = project(torch.from_numpy(np.asarray(codes, dtype=np.float64)))
    paired = u[spread_evenly(len(u), MOST_PAIRED)] if len(u) > MOST_PAIRED else u
    return {"uniformity_gap": uniformity_gap(paired, t), **spectrum(u).record()}


def evaluate_model(
    model: SentenceModel,
    test: NDArray[np.signedinteger],
    train: NDArray[np.signedinteger],
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
        train: Those of the training sentences, `[n, max_rules]`.
        codes: Of the training sentences.
        samplers: Fitted, by name.
        draws: How many codes each sampler draws.
        seed: Of the draws.
    """
    method, grammar = model.method, model.grammar
    t = method.uniformity_t if isinstance(method, LISA) else LISA.uniformity_t
    known = set(derivations_to_texts(grammar, train))
    return {
        "held_out": len(test),
        **held_out_quality(model, test),
        "on_training": asdict(reconstruction(model.net, method, _rows(model, train[:ON_TRAINING]))),
        "geometry": geometry(codes, t),
        "samples": {
            name: asdict(samples(model, sampler, draws, seed, known))
            for name, sampler in samplers.items()
        },
        "draws": draws,
    }


def held_out_quality(
    model: SentenceModel, test: NDArray[np.signedinteger]
) -> dict[str, dict[str, float] | list[dict[str, float | int]]]:
    """Return how well held-out derivations `[n, max_rules]` come back, altogether and by length.

    `exact` asks for the derivation itself, `texts` for its text, by whatever derivation.
    """
    x = _rows(model, test)
    found = decoded(model.net, model.method, x)
    own, others = x.numpy(), found.rows.numpy()
    total = compared(x, found, model.net.pad)
    return {
        "reconstruction": {
            **asdict(total),
            "texts": float(model.same_texts(own, others).mean()),
        },
        "by_length": exact_by_length((own != model.net.pad).sum(1), (own == others).all(1)),
    }


def _rows(model: SentenceModel, derivations: NDArray[np.signedinteger]) -> Tensor:
    """Return what the network reads of derivations `[n, max_rules]`."""
    return torch.from_numpy(model.architecture.rows(model.grammar, derivations))
