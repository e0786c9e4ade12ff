"""Sentences as one wants them: from a sampler or near a sentence, those that fulfil conditions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.objectives.conditions import Condition
from grammar_lisa.objectives.measuring import DecodedTexts, Measure, measured
from grammar_lisa.objectives.objective import Evaluated
from grammar_lisa.objectives.probing import Probe
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.runs.expost import load_sampler

DEFAULT_SAMPLER: Final = "gmm"
TRIES, TRIES_WHERE = 50, 500
"""Draws for each sentence asked for, without conditions and with them."""
_BATCH: Final = 256
"""The fewest draws at a time where there are conditions."""

_POOL: Final = 10
"""Codes that a probe chooses each one from."""

Draw = Callable[[int, int], Floats]
"""Draws codes ``[n, dim]``, given n and a seed."""


@dataclass(frozen=True)
class Acceptance:
    """How many draws fulfil conditions.

    Attributes:
        draws: How many codes were decoded.
        accepted: How many of these gave sentences that fulfil the conditions.
    """

    draws: int = 0
    accepted: int = 0

    @property
    def share(self) -> float:
        """The share of draws that fulfil the conditions; NaN without draws."""
        return self.accepted / self.draws if self.draws else math.nan

    def __add__(self, other: Acceptance) -> Acceptance:
        return Acceptance(self.draws + other.draws, self.accepted + other.accepted)


@dataclass(frozen=True)
class Generated:
    """What was generated.

    Attributes:
        sentences: At most as many as were asked for.
        plain: Of codes as they were drawn.
        probed: Of codes that a probe put first among those drawn.
        failed: Texts that a property has no value for, and why.
    """

    sentences: list[str]
    plain: Acceptance
    probed: Acceptance
    failed: list[Evaluated]

    @property
    def draws(self) -> int:
        """How many codes were decoded."""
        return self.plain.draws + self.probed.draws


def generate(
    model: SentenceModel,
    n: int,
    *,
    sampler: str | None = None,
    near: str | None = None,
    angle: float | None = None,
    distance: float | None = None,
    where: Iterable[str | Condition] = (),
    distinct: bool = False,
    temperature: float = 0.0,
    beams: int = 1,
    most_draws: int | None = None,
    probe: bool = False,
    seed: int = 0,
) -> Generated:
    """Draw sentences from a trained model, by rejection where there are conditions.

    >>> gl.generate(model, 5, near="sin(x*x)", angle=0.5, where=["length<=12"]).sentences

    Args:
        model: The model; one that is `restricted` gives sentences that obey.
        n: How many.
        sampler: What codes are drawn from, fitted to those of the run; by default gmm.
        near: A sentence that codes are drawn around instead.
        angle: How far from its direction, in radians; see `SentenceModel.around`.
        distance: The same for a method that is not spherical, in units of its codes.
        where: Conditions on properties, such as ``length<=20``; see `measured`.
        distinct: Whether no sentence comes twice.
        temperature: 0 decodes the most likely sentence of a code; above 0, it is drawn.
        beams: Above 1, the likeliest sentence that a beam search of this width finds is decoded.
        most_draws: How many codes are decoded at most; by default 50 for each sentence that is
            asked for, 500 where there are conditions.
        probe: Whether a probe orders what is decoded, once a first batch was not enough: of ten
            times as many codes those for which kernel ridge regression on the codes of 1,000
            training sentences most expects that the conditions hold. More draws are accepted, and
            their law is no longer that of the sampler.
        seed: Of the draws.

    Returns:
        The sentences; fewer than n where `most_draws` gave no more.

    Raises:
        LisaError: There is no such sampler, the sentence is none, a condition makes no sense, or
            what is asked for does not go together.
    """
    words = [Condition.of_word(each) if isinstance(each, str) else each for each in where]
    measures = [(each, measured(each.name, model)) for each in words]
    draw = _draws(model, sampler, near, angle, distance)
    most = most_draws or n * (TRIES_WHERE if words else TRIES)
    batch = max(n, _BATCH) if words else n
    found: list[str] = []
    failed: list[Evaluated] = []
    plain, probed, ordered = Acceptance(), Acceptance(), None
    attempt = 0
    while len(found) < n and plain.draws + probed.draws < most:
        size = min(batch, most - plain.draws - probed.draws)
        if probe and words and attempt and ordered is None:
            ordered = Probe.fitted(model, measures, seed)
        codes = draw(size * (_POOL if ordered else 1), derive_seed(seed, "codes", attempt))
        codes = ordered.best(codes, size) if ordered else codes
        own = derive_seed(seed, "rules", attempt)
        rows = model.decode_rows(codes, temperature=temperature, beams=beams, seed=own)
        kept = _fulfilling(DecodedTexts.of(model, rows), measures, failed)
        accepted = Acceptance(size, len(kept))
        plain, probed = (plain, probed + accepted) if ordered else (plain + accepted, probed)
        found += kept
        if distinct:
            found = list(dict.fromkeys(found))
        attempt += 1
    return Generated(found[:n], plain, probed, failed)


def _draws(
    model: SentenceModel,
    sampler: str | None,
    near: str | None,
    angle: float | None,
    distance: float | None,
) -> Draw:
    """Return what draws codes: a sampler of the run, or around a sentence."""
    if near is None:
        if angle is not None or distance is not None:
            raise LisaError("an angle or a distance goes with a sentence to draw near to")
        return load_sampler(model.own_run(), sampler or DEFAULT_SAMPLER).sample
    if sampler is not None:
        raise LisaError("codes are drawn from a sampler or near a sentence, not both")
    radius = _radius(model, angle, distance)
    code = model.codes([near])
    model.perturb(code, 1, radius=radius)
    return lambda size, seed: model.perturb(code, size, radius=radius, seed=seed)


def _radius(model: SentenceModel, angle: float | None, distance: float | None) -> float:
    """Return the one of an angle and a distance that the codes of a model lie apart by."""
    spherical = model.method.spherical
    given, other = (angle, distance) if spherical else (distance, angle)
    if given is None or other is not None:
        one, none = ("an angle", "no distance") if spherical else ("a distance", "no angle")
        raise LisaError(
            f"around a sentence, the codes of {model.method.title} lie at {one}: give it, "
            f"and {none}"
        )
    return given


def _fulfilling(
    decoded: DecodedTexts, measures: list[tuple[Condition, Measure]], failed: list[Evaluated]
) -> list[str]:
    """Return the texts that fulfil conditions, each measured where those before hold.

    What a property has no value for is added to `failed`.
    """
    for condition, measure in measures:
        values = measure(decoded)
        failed += [each for each in values if each.score is None]
        decoded = decoded.chosen([i for i, v in enumerate(values) if condition.holds(v.score)])
    return decoded.texts
