"""What `grammar-lisa generate` takes."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import tyro

from grammar_lisa.cli.options.decode import BEAMS, TEMPERATURES
from grammar_lisa.cli.options.restrictions import RestrictionOptions
from grammar_lisa.objectives.conditions import Condition
from shared.cli.option_groups import RunArgument
from shared.cli.terminal import Ranges
from shared.common.errors import LisaError


@dataclass(frozen=True, kw_only=True)
class Options(RunArgument, RestrictionOptions):
    """Draw sentences from a trained run, one a line: from a sampler, or near a sentence.

    Attributes:
        sampler: What codes are drawn from: gaussian, gmm, dirichlet, uniform where the method of
            the run is spherical, or one of its own, such as prior; by default gmm.
        near: A sentence to draw around, in place of a sampler: codes at --angle from its
            direction where the method of the run is spherical, else at --distance from its code.
        angle: In radians, from 0 to π; all directions at that very angle are equally likely.
        distance: In units of codes; all points at that very distance are equally likely.
        where: Give only sentences that fulfil a condition such as 'length<=20': a property, a
            relation, one of < <= > >= = !=, and a number. May be repeated. Properties: length (in
            characters), rules; of molecules, by RDKit, logp, sa, qed, penalised-logp; or a Python
            function of a sentence, package.module:function.
        probe: Decode first what a probe expects to fulfil --where: kernel ridge regression on the
            codes of 1,000 training sentences chooses each code from ten. More draws are accepted,
            and their law is no longer that of the sampler.
        most_draws: How many codes to decode at most; by default 50 for each sentence asked for,
            500 with --where.
        count: How many.
        temperature: 0 decodes the most likely rules, or characters; above 0, they are drawn.
        beams: Above 1, decode the likeliest sentence that a beam search of this width finds.
        distinct: Let no sentence come twice.
        seed: Of the draws.
    """

    ranges: ClassVar[Ranges] = {
        "count": (1, 1_000_000),
        "temperature": TEMPERATURES,
        "beams": BEAMS,
        "angle": (0, math.pi),
        "distance": (0, 1_000_000),
        "most_draws": (1, 1_000_000_000),
    }

    sampler: str | None = None
    near: str | None = None
    angle: float | None = None
    distance: float | None = None
    where: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    probe: bool = False
    most_draws: int | None = None
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 20
    temperature: float = 0.0
    beams: int = 1
    distinct: bool = False
    seed: int = 0

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What --where says."""
        return tuple(map(Condition.of_word, self.where))

    def check(self) -> None:
        """Refuse options that contradict each other or make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        assert self.conditions is not None
        if self.near is None and not self.angle == self.distance is None:
            raise LisaError("--angle and --distance say how far from --near; give that too")
        if self.probe and not self.where:
            raise LisaError("--probe looks for what --where asks for; give a condition")
        if self.near is not None and self.sampler is not None:
            raise LisaError("--near draws around a sentence and --sampler does not; give one")
        if self.near is not None and (self.angle is None) == (self.distance is None):
            raise LisaError(
                "--near needs one of --angle, for a spherical method, and --distance, for another"
            )
