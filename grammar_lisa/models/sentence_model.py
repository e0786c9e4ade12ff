"""What every trained model of sentences does: text to codes, codes to text."""

import abc
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.names import REFINE_WORK
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.row_model import RowModel
from grammar_lisa.models.run import load_run_grammar, run_architecture
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.methods import Codes
from shared.runs.run import MODEL, Run, read_model
from shared.training.weights import load_weights


class SentenceModel(RowModel, abc.ABC):
    """Text to codes, and codes to text.

    Which symbols the rows are of that the network reads, rules or characters, a subclass knows.

    Attributes:
        grammar: The grammar the model was trained on.
        architecture: Network, method and sizes.
        net: The trained network, in evaluation mode.
        run: The run that the model is of; None of a model that was made otherwise.
        restrictions: What everything decoded obeys beside the grammar.
    """

    restrictions: Restrictions = Restrictions()

    def __init__(
        self,
        grammar: Grammar,
        architecture: Architecture,
        net: SequenceAutoencoder,
        run: Run | None = None,
    ) -> None:
        super().__init__(architecture, net, run)
        self.grammar = grammar

    def _source(self) -> str:
        return self.grammar.source if self.run is None else super()._source()

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
        if isinstance(texts, str):
            raise LisaError(f"texts are several, such as [{texts!r}], not one text")
        rows = self.rows(texts)
        codes = self.encode_rows(rows)
        if not refine or not len(codes):
            return codes
        refined = self.refine(rows, codes, work=work)
        if not refined.exact.all():
            notify(refined.describe(work))
        return refined.codes

    def codes_of(self, derivations: NDArray[np.signedinteger]) -> Codes:
        """Encode padded derivations `[n, max_rules]`: codes with their deviations, for samplers."""
        return self.deviating_codes(self.architecture.rows(self.grammar, derivations))

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
        codes = self.draw(n, sampler, derive_seed(seed, "codes", 0))
        return self.decode(codes, temperature=temperature, seed=derive_seed(seed, "rules", 0))

    def reconstructed(self, texts: Sequence[str], codes: ArrayLike) -> NDArray[np.bool_]:
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
        steps: int = 11,
        *,
        work: float = REFINE_WORK,
        notify: Notify = silent,
    ) -> list[str]:
        """Return texts along the way between what the decoder sees of two texts.

        See `path` for the way.

        Args:
            first: The text to begin at.
            second: The text to end at.
            steps: Points on the way, both ends included.
            work: The most work of refining the codes of the ends, see `codes`.
            notify: Hears of ends that do not come back.
        """
        codes = self.codes([first, second], work=work, notify=notify)
        return self.decode(self.path(codes[:1], codes[1:], steps)[0])
