"""What to change where a training has not learnt to bring sentences back, in numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

ENOUGH: Final = 0.9
"""The fraction of held-out sentences that comes back, above which nothing is advised."""

MEMORY: Final = 0.05
"""How much larger a fraction of training sentences comes back where a network remembers them."""

RISEN: Final = 1.05
"""How far the validation loss has risen above its least where a network remembers."""

FALLING: Final = 0.05
"""By which share the validation loss falls in the last half where a training is not finished."""

CROWDED: Final = 1.0
"""Nats a sentence carries for each number of its code, above which a larger code is advised."""

LONG: Final = 20
"""Rules of the median sentence, above which another network is advised."""

FACTOR: Final = 4
"""By how much epochs and sentences are multiplied: what the advice was measured with."""

FOR_LONG: Final = "tree"
"""The network for long sentences."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a training led to.

    Attributes:
        exact: The fraction of held-out sentences that comes back.
        on_training: That of the training sentences.
        rules: The fraction of rules, or characters, of held-out sentences that comes back.
        validation: The loss of the validation sentences after each epoch, in nats a sentence.
        nats: What a sentence carries, by the probabilities of the rules.
        median: Rules of the median sentence.
        longest: Rules of the longest sentence.
        sentences: How many were trained on.
        from_file: How many of those are of a file; 0 where all were drawn.
        epochs: Passes over them.
        dim: The code size.
        network: The network's name.
        networks: Those that there are.
    """

    exact: float
    on_training: float
    rules: float
    validation: Sequence[float]
    nats: float
    median: float
    longest: int
    sentences: int
    from_file: int
    epochs: int
    dim: int
    network: str
    networks: Sequence[str]


def advise(outcome: Outcome) -> list[str]:
    """Return what was found and what to change, in lines; nothing where enough comes back."""
    if outcome.exact >= ENOUGH:
        return []
    head = (
        f"exact {outcome.exact:.2f} of held-out sentences (of training sentences "
        f"{outcome.on_training:.2f}; rules {outcome.rules:.2f}); what may help:"
    )
    found = [line for reason in REASONS if (line := reason(outcome))]
    return [head, *(found or [_anything(outcome)])]


def _remembers(outcome: Outcome) -> str | None:
    """Advise more sentences where those trained on come back better than others."""
    risen = outcome.validation[-1] / min(outcome.validation)
    if outcome.on_training - outcome.exact < MEMORY and risen < RISEN:
        return None
    why = (
        f"it remembers more than it generalises ({outcome.on_training:.2f} of the training "
        f"sentences come back, {outcome.exact:.2f} of others"
    )
    if risen >= RISEN:
        epoch = outcome.validation.index(min(outcome.validation)) + 1
        why += f"; the validation loss was least after epoch {epoch}"
    return f"{why}): {_more_sentences(outcome)}"


def _unfinished(outcome: Outcome) -> str | None:
    """Advise more epochs where the validation loss was still falling."""
    losses = outcome.validation
    before, last = losses[(len(losses) - 1) // 2], losses[-1]
    fall = (before - last) / before if before > 0 else 0.0
    if fall < FALLING or last >= RISEN * min(losses):
        return None
    return (
        f"it has not finished learning (the validation loss fell by {fall:.0%} in the last half "
        f"of the epochs): --epochs {FACTOR * outcome.epochs} (now {outcome.epochs})"
    )


def _crowded(outcome: Outcome) -> str | None:
    """Advise a larger code where sentences carry much for each of its numbers."""
    share = outcome.nats / outcome.dim
    if share < CROWDED:
        return None
    dim = max(64, 2 * outcome.dim)
    return (
        f"sentences carry about {outcome.nats:.0f} nats (by the probabilities of their rules), "
        f"{share:.1f} for each number of a code: --dim {dim} (now {outcome.dim})"
    )


def _too_long(outcome: Outcome) -> str | None:
    """Advise the network for long sentences, or shorter ones, where many are long."""
    if outcome.median < LONG or outcome.network == FOR_LONG:
        return None
    why = (
        f"sentences of {outcome.median:g} rules in the median and {outcome.longest} at most are "
        f"long for the network {outcome.network}"
    )
    if FOR_LONG in outcome.networks:
        return f"{why}: --network {FOR_LONG}"
    return f"{why}: shorter ones, by --max-rules (now {outcome.longest})"


def _anything(outcome: Outcome) -> str:
    """Advise more of all where nothing stands out."""
    return (
        f"nothing stands out: {_more_sentences(outcome)}, and --epochs "
        f"{FACTOR * outcome.epochs} (now {outcome.epochs})"
    )


def _more_sentences(outcome: Outcome) -> str:
    """Say how to train on more sentences: drawn ones where those of a file are used up."""
    if not outcome.from_file:
        return f"--count {FACTOR * outcome.sentences} (now {outcome.sentences:,})"
    mix = 1 - outcome.from_file / (FACTOR * outcome.sentences)
    return (
        f"more lines in --data, or --mix {mix:.2f}, which draws sentences beside the "
        f"{outcome.from_file:,} of the file (now {outcome.sentences:,} altogether)"
    )


REASONS: Final[Sequence[Callable[[Outcome], str | None]]] = (
    _remembers,
    _unfinished,
    _crowded,
    _too_long,
)
