"""What every trained model of sentences does, whatever its network reads: text, codes, text."""

import abc
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.names import REFINE_WORK
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.refinement import STEPS, Refined, refine
from grammar_lisa.models.run import load_run_grammar, run_architecture
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.methods import Codes, Method
from shared.runs.expost import load_sampler
from shared.runs.run import MODEL, Run, read_model
from shared.sphere.geometry import at_angle, project, slerp
from shared.training.weights import load_weights

_CHUNK = 4096


class SentenceModel(abc.ABC):
    """Text to codes, and codes to text.

    A network reads rows of symbols `[n, step]`; which symbols those are, rules or characters, a
    subclass knows.

    Attributes:
        grammar: The grammar the model was trained on.
        architecture: Network, method and sizes.
        net: The trained network, in evaluation mode.
        run: The run that the model is of; None of a model that was made otherwise.
        restrictions: What everything decoded obeys beside the grammar.
    """

    net: SequenceAutoencoder
    restrictions: Restrictions = Restrictions()

    def __init__(
        self,
        grammar: Grammar,
        architecture: Architecture,
        net: SequenceAutoencoder,
        run: Run | None = None,
    ) -> None:
        self.grammar, self.architecture, self.net = grammar, architecture, net.eval()
        self.run = run

    @classmethod
    def load(cls, run: Run) -> Self:
        """Return the model of a finished run.

        Raises:
            LisaError: The training did not finish, or a file is missing, damaged or changed.
        """
        grammar = load_run_grammar(run)
        architecture = run_architecture(run)
        weights = read_model(run, MODEL, architecture.to_json())
        net = architecture.build(grammar)
        load_weights(net, weights, str(run.path / MODEL))
        return cls(grammar, architecture, net, run)

    def untrained(self) -> Self:
        """Return the same model with the weights that its training began from."""
        net = self.architecture.build(self.grammar)
        return type(self)(self.grammar, self.architecture, net, self.run)

    @abc.abstractmethod
    def restricted(
        self, *, forbid: Iterable[str] = (), at_most: Mapping[str, int] | None = None
    ) -> Self:
        """Return the model with everything that it decodes restricted, with the same weights.

        Every code still decodes to a complete sentence that fits the length. Codes of sentences
        do not change: restrictions bear on decoding alone. Those that the model has are replaced.

        >>> model.restricted(forbid=["exp"], at_most={"sin": 1}).sample(5)

        Args:
            forbid: What no sentence may hold: terminals, nonterminals or rules, by name as the
                grammar writes them; ``sin`` also stands for ``'sin('``.
            at_most: How often at most something may come in a sentence, by such a name.

        Raises:
            LisaError: The grammar has no such thing, no sentence obeys, or the network reads
                characters and knows no rules.
        """

    def obeying(self, restrictions: Restrictions | None) -> Self:
        """Return the model restricted, see `restricted`; itself where nothing is."""
        if not restrictions:
            return self
        return self.restricted(forbid=restrictions.forbid, at_most=restrictions.at_most)

    def obeys(self, derivations: NDArray[np.signedinteger]) -> NDArray[np.bool_]:
        """Tell which padded derivations `[n, step]` obey the restrictions of the model, `[n]`."""
        return np.ones(len(derivations), dtype=np.bool_)

    @property
    def dim(self) -> int:
        """The code size d."""
        return self.architecture.dim

    @property
    def method(self) -> Method:
        """How the codes were learnt."""
        return self.architecture.method

    @cached_property
    def parser(self) -> Parser:
        """The grammar's parser."""
        return Parser(self.grammar)

    @abc.abstractmethod
    def rows(self, texts: Sequence[str]) -> NDArray[np.signedinteger]:
        """Return texts as the rows `[n, step]` that the network reads.

        Raises:
            LisaError: Naming the text that has none.
        """

    @abc.abstractmethod
    def texts(self, rows: NDArray[np.signedinteger]) -> list[str]:
        """Return what rows `[n, step]` that the network decoded say."""

    @abc.abstractmethod
    def parse(self, texts: Sequence[str]) -> NDArray[np.signedinteger]:
        """Return sentences as padded derivations `[n, step]`.

        Raises:
            LisaError: A text is no sentence of the grammar, showing where.
        """

    @abc.abstractmethod
    def derivations(
        self, rows: NDArray[np.signedinteger]
    ) -> tuple[NDArray[np.signedinteger], NDArray[np.bool_]]:
        """Return what rows `[n, step]` that the network decoded say, where those are sentences.

        Returns:
            The padded derivations `[k, step]` of the rows that say sentences which the network
            can read as well, and which rows these are, `[n]`.
        """

    @abc.abstractmethod
    def sentences(self, codes: ArrayLike) -> list[str | None]:
        """Return the sentences that codes `[n, dim]` decode to, as the grammar writes them.

        None stands where a code decodes to something else.
        """

    @abc.abstractmethod
    def valid(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Tell which texts that the model decoded are sentences of the grammar, `[n]`."""

    def encode(
        self,
        texts: Sequence[str],
        *,
        refine: bool = True,
        work: float = REFINE_WORK,
        notify: Notify = silent,
    ) -> NDArray[np.float64]:
        """Return points of texts, `[n, dim]`: unit vectors where the method is spherical.

        They are what the decoder sees of the `codes` of texts, which see for the arguments.
        """
        return self.directions(self.codes(texts, refine=refine, work=work, notify=notify))

    def codes(
        self,
        texts: Sequence[str],
        *,
        refine: bool = True,
        work: float = REFINE_WORK,
        notify: Notify = silent,
    ) -> NDArray[np.float32]:
        """Return codes of texts, unnormalised, `[n, dim]`.

        Args:
            texts: Sentences of the grammar; for a network on characters, any texts.
            refine: Whether the codes of texts that do not come back from the decoder are moved
                until they do, see `refine`.
            work: The most work of that, in billions of floating-point operations: the default
                takes some seconds of one core, and gives the same on a slow one as on a fast one.
            notify: Hears how many texts do not come back after that, and why.

        Raises:
            LisaError: Naming the text that has no code.
        """
        rows = self.rows(texts)
        codes = self.encode_rows(rows)
        if not refine or not len(codes):
            return codes
        refined = self.refine(rows, codes, work=work)
        if not refined.exact.all():
            notify(refined.told(work))
        return refined.codes

    @torch.no_grad()
    def encode_rows(self, rows: ArrayLike) -> NDArray[np.float32]:
        """Return codes of rows `[n, step]`, unnormalised, `[n, dim]`."""
        x = torch.as_tensor(np.asarray(rows))
        chunks = [self.method.encode(self.net, part) for part in x.split(_CHUNK)]
        codes: NDArray[np.float32] = torch.cat(chunks).numpy()
        return codes

    @torch.no_grad()
    def codes_of(self, derivations: NDArray[np.signedinteger]) -> Codes:
        """Encode padded derivations `[n, max_rules]`: codes with their deviations, for samplers."""
        rows = self.architecture.rows(self.grammar, derivations)
        chunks = torch.from_numpy(rows).split(_CHUNK)
        found = [self.method.posterior_std(self.net, x) for x in chunks]
        deviations = [std.double() for std in found if std is not None]
        mean = self.encode_rows(rows).astype(np.float64)
        return Codes(mean, torch.cat(deviations).numpy() if deviations else None)

    def refine(
        self, rows: ArrayLike, codes: ArrayLike, *, steps: int = STEPS, work: float = REFINE_WORK
    ) -> Refined:
        """Return codes that decode to given rows, where such are found near `codes`; see `refine`.

        Args:
            rows: What the network reads of texts, `[n, step]`.
            codes: First guesses, `[n, dim]`.
            steps: The most steps of the descent.
            work: The most work of it, in billions of floating-point operations.
        """
        to_decoder = partial(self.method.to_decoder, self.net)
        return refine(self.net, to_decoder, rows, codes, steps=steps, work=work)

    @torch.no_grad()
    def decode_rows(
        self, codes: ArrayLike, *, temperature: float = 0.0, beams: int = 1, seed: int = 0
    ) -> NDArray[np.int64]:
        """Turn codes `[n, dim]` into rows `[n, step]`; see `decode`."""
        if beams < 1 or (beams > 1 and temperature > 0):
            raise LisaError(
                f"a beam search of {beams} at a temperature of {temperature:g} makes no sense: it "
                "looks for the likeliest text; give 1 or more beams, or a temperature"
            )
        generator = torch.Generator().manual_seed(seed)
        decoded = [
            self.net.read(
                self.net.decode(u.float()),
                temperature=temperature,
                generator=generator,
                beams=beams,
            )
            for u in self._directions(codes).split(max(1, _CHUNK // beams))
        ]
        rows: NDArray[np.int64] = torch.cat(decoded).numpy()
        return rows

    def decode(
        self, codes: ArrayLike, *, temperature: float = 0.0, beams: int = 1, seed: int = 0
    ) -> list[str]:
        """Turn codes `[n, dim]` into texts.

        Args:
            codes: Any points; for a spherical method only their directions count.
            temperature: 0 takes the most likely rule, or character, at each step; above 0, they
                are drawn.
            beams: Above 1, the likeliest text is looked for by a beam search of that width,
                which keeps so many beginnings at each step; it takes so many times as long.
            seed: Of the draws.

        Raises:
            LisaError: The codes are not `[n, dim]` or not finite, or there are both beams and a
                temperature.
        """
        return self.texts(self.decode_rows(codes, temperature=temperature, beams=beams, seed=seed))

    def sample(
        self, n: int, *, sampler: str = "gmm", temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Draw texts from a sampler that was fitted to the codes of the run.

        Args:
            n: How many.
            sampler: Its name, such as gaussian, gmm or uniform.
            temperature: 0 for the most likely text of each code, above 0 to draw it.
            seed: Of the draws.

        Raises:
            LisaError: The model is of no run, or the run has no such sampler.
        """
        if self.run is None:
            raise LisaError("this model is of no run, so no sampler was fitted to its codes")
        codes = load_sampler(self.run, sampler).sample(n, derive_seed(seed, "codes", 0))
        return self.decode(codes, temperature=temperature, seed=derive_seed(seed, "rules", 0))

    def around(
        self,
        code: ArrayLike,
        n: int,
        *,
        angle: float | None = None,
        distance: float | None = None,
        seed: int = 0,
    ) -> NDArray[np.float64]:
        """Draw points around a code, `[n, dim]`.

        Args:
            code: The code, `[1, dim]`.
            n: How many.
            angle: Where the method is spherical, the angle from the direction of the code in
                radians: points are uniform among all directions at that very angle. Most
                directions within an angle lie near its rim, so none is lost.
            distance: Where it is not, the distance from the code, in units of codes: points are
                uniform among all at that very distance.
            seed: Of the draws.

        Raises:
            LisaError: As `reach` does.
        """
        reach = self.reach(angle, distance)
        generator = torch.Generator().manual_seed(seed)
        centre = self._directions(code).expand(n, -1)
        if self.method.spherical:
            return at_angle(centre, reach, generator).numpy()
        noise = torch.randn(centre.shape, generator=generator, dtype=torch.float64)
        return (centre + reach * project(noise)).numpy()

    def reach(self, angle: float | None, distance: float | None) -> float:
        """Return the one of an angle and a distance that the codes of the method lie apart by.

        Raises:
            LisaError: It is missing or out of range, or the other is there.
        """
        spherical = self.method.spherical
        given, other = (angle, distance) if spherical else (distance, angle)
        name, most = ("an angle", math.pi) if spherical else ("a distance", math.inf)
        if given is None or other is not None:
            raise LisaError(
                f"around a sentence, the codes of {self.method.title} lie at {name}: give it, and "
                f"{'no distance' if spherical else 'no angle'}"
            )
        if not 0 <= given <= most or math.isinf(given):
            limit = "from 0 to π radians" if spherical else "0 or more and finite"
            raise LisaError(f"{name} is {limit}, not {given}")
        return given

    def come_back(self, texts: Sequence[str], codes: ArrayLike) -> NDArray[np.bool_]:
        """Tell which of some texts their codes `[n, dim]` decode to, `[n]`.

        A text comes back by any of its derivations.
        """
        return self.same_texts(self.rows(texts), self.decode_rows(codes))

    def same_texts(
        self, rows: NDArray[np.signedinteger], others: NDArray[np.signedinteger]
    ) -> NDArray[np.bool_]:
        """Tell which rows `[n, step]` say the same as others, `[n]`, where the rows differ too."""
        same: NDArray[np.bool_] = (rows == others).all(axis=1)
        (apart,) = np.nonzero(~same)
        if len(apart):
            pairs = zip(self.texts(rows[apart]), self.texts(others[apart]), strict=True)
            same[apart] = [first == second for first, second in pairs]
        return same

    def interpolate(
        self,
        first: str,
        second: str,
        steps: int,
        *,
        work: float = REFINE_WORK,
        notify: Notify = silent,
    ) -> list[str]:
        """Return texts along the way between what the decoder sees of two texts.

        The way is the great circle between their directions where the method is spherical, else
        the straight line between their codes.

        Args:
            first: The text to begin at.
            second: The text to end at.
            steps: Points on the way, both ends included.
            work: The most work of refining the codes of the ends, see `codes`.
            notify: Hears of ends that do not come back.
        """
        codes = self.codes([first, second], work=work, notify=notify)
        start, end = self._directions(codes)
        along = torch.linspace(0, 1, steps, dtype=torch.float64)
        straight = torch.lerp(start, end, along.unsqueeze(1))
        path = slerp(start, end, along) if self.method.spherical else straight
        return self.decode(path.numpy())

    def directions(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Return what the decoder sees of codes `[n, dim]`.

        Unit vectors `[n, dim]` where the method is spherical, else its `to_decoder` of the codes,
        for most methods the codes themselves.
        """
        array: NDArray[np.float64] = self._directions(codes).numpy()
        return array

    @torch.no_grad()
    def _directions(self, codes: ArrayLike) -> Tensor:
        array = np.asarray(codes, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != self.dim:
            raise LisaError(
                f"codes must have the shape [n, {self.dim}] of this model, not {array.shape}"
            )
        if len(array) == 0:
            raise LisaError("there are no codes to decode")
        broken = ~np.isfinite(array).all(axis=1)
        if broken.any():
            raise LisaError(f"code {int(broken.argmax()) + 1} is not finite")
        return self.method.to_decoder(self.net, torch.from_numpy(array)).double()
