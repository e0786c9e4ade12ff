"""A trained autoencoder of sentences: text to codes, codes to text."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from grammar_lisa.decoding import StackMachine
from grammar_lisa.derivations.arrays import to_array
from grammar_lisa.derivations.parsing import Parser
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar.cfg import Grammar, parse_grammar
from grammar_lisa.networks import NETWORKS, SentenceAutoencoder, build_network
from shared.errors import LisaError
from shared.methods import METHODS, Method, equip
from shared.runs import MODEL, Run, read_model
from shared.samplers import SAMPLERS as KINDS
from shared.samplers import Sampler, sampler_from_state
from shared.sphere import slerp
from shared.training import load_weights

TOOL = "grammar-lisa"
GRAMMAR, DATA, CODES, SAMPLERS = (
    "grammar.cfg",
    "data.safetensors",
    "codes.safetensors",
    "samplers.safetensors",
)
_CHUNK = 4096
LARGEST_DIM, LONGEST = 4096, 20_000
"""The largest code size and the most rules a sentence that a model is built for."""


@dataclass(frozen=True)
class Architecture:
    """What, besides the grammar, a model is built from; `config.json` records it.

    Attributes:
        network: a key of `NETWORKS`.
        dim: the code size d.
        max_rules: L, the most rules a sentence may take.
        method: the method's name and hyperparameters.
        seed: of the initial weights.
    """

    network: str
    dim: int
    max_rules: int
    method: Method
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Plain values, from which `from_json` makes the same architecture."""
        return {
            "network": self.network,
            "dim": self.dim,
            "max_rules": self.max_rules,
            "method": {"name": self.method.name, **asdict(self.method)},
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any], source: str) -> "Architecture":
        """The architecture that a run recorded.

        Raises:
            LisaError: naming `source`, if the record lacks a value or holds an unknown one.
        """
        try:
            fields = dict(record["method"])
            method = METHODS[fields.pop("name")](**fields)
            if record["network"] not in NETWORKS:
                raise KeyError(record["network"])
            return cls(
                network=record["network"],
                dim=int(record["dim"]),
                max_rules=int(record["max_rules"]),
                method=method,
                seed=int(record["seed"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LisaError(
                f"{source} does not describe a model of this version: {error}"
            ) from error

    def build(self, grammar: Grammar) -> SentenceAutoencoder:
        """The network with its initial weights."""
        if not 2 <= self.dim <= LARGEST_DIM:
            raise LisaError(f"the code size must be from 2 to {LARGEST_DIM}, not {self.dim}")
        if self.max_rules > LONGEST:
            raise LisaError(
                f"sentences of {self.max_rules} rules are too long for a model; at most {LONGEST}"
            )
        machine = StackMachine(grammar, self.max_rules)
        width = self.method.encoder_width(self.dim)
        net = build_network(self.network, machine, self.dim, width, self.seed)
        equip(net, self.method, self.seed)
        return net


class GrammarModel:
    """Text to codes, and every point of the sphere to a complete sentence.

    Attributes:
        grammar: the grammar the model was trained on.
        architecture: network, method and sizes.
        net: the trained network, in evaluation mode.
    """

    def __init__(
        self, grammar: Grammar, architecture: Architecture, net: SentenceAutoencoder
    ) -> None:
        self.grammar, self.architecture, self.net = grammar, architecture, net.eval()

    @classmethod
    def load(cls, run: Run) -> "GrammarModel":
        """The model of a finished run.

        Raises:
            LisaError: if the training did not finish, or a file is missing, damaged or changed.
        """
        grammar = load_run_grammar(run)
        architecture = run_architecture(run)
        weights = read_model(run, MODEL, architecture.to_json())
        net = architecture.build(grammar)
        load_weights(net, weights, str(run.path / MODEL))
        return cls(grammar, architecture, net)

    @property
    def dim(self) -> int:
        """The code size d."""
        return self.architecture.dim

    @cached_property
    def parser(self) -> Parser:
        """The grammar's parser."""
        return Parser(self.grammar)

    def parse(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Sentences as padded derivations `[n, max_rules]`.

        Raises:
            LisaError: if a text is no sentence of the grammar, showing where, or is too long.
        """
        derivations = [self.parser.parse(text) for text in texts]
        limit = self.architecture.max_rules
        for text, derivation in zip(texts, derivations, strict=True):
            if len(derivation) > limit:
                raise LisaError(
                    f"'{text}' needs {len(derivation)} rules; this model was trained for at most "
                    f"{limit} (train with --max-rules {len(derivation)} or more)"
                )
        return to_array(derivations, limit, len(self.grammar.rules))

    def encode(self, texts: Sequence[str], *, refine: bool = True) -> NDArray[np.float32]:
        """Codes of sentences, unnormalised, `[n, dim]`.

        Args:
            texts: sentences of the grammar.
            refine: whether the codes of sentences that do not come back from the decoder are
                moved until they do, see `refine`.
        """
        derivations = self.parse(texts)
        codes = self.encode_derivations(derivations)
        return self.refine(derivations, codes)[0] if refine and len(codes) else codes

    @torch.no_grad()
    def encode_derivations(self, derivations: ArrayLike) -> NDArray[np.float32]:
        """Codes of padded derivations `[n, max_rules]`, unnormalised, `[n, dim]`."""
        method = self.architecture.method
        x = torch.as_tensor(np.asarray(derivations))
        chunks = [method.encode(self.net, part) for part in x.split(_CHUNK)]
        codes: NDArray[np.float32] = torch.cat(chunks).numpy()
        return codes

    def refine(
        self, derivations: ArrayLike, codes: ArrayLike, steps: int = 500
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Codes that decode to given derivations, where such codes are found near their own.

        The encoder's code is a first guess, good for sentences like those of the training. Where
        it decodes to something else, gradient descent moves it on the sphere to raise the
        likelihood of the sentence, until the sentence comes back.

        Args:
            derivations: padded, `[n, max_rules]`.
            codes: first guesses, `[n, dim]`.
            steps: the most steps of the descent.

        Returns:
            The codes `[n, dim]` — those that decode rightly already are unchanged — and which of
            them do decode to their derivation, `[n]`.
        """
        x = torch.as_tensor(np.asarray(derivations)).long()
        found = torch.as_tensor(np.array(codes, dtype=np.float32))
        interface = partial(self.architecture.method.interface, self.net)
        exact = (self.net.derivations(interface(found)) == x).all(1)
        pending = (~exact).nonzero().squeeze(1)
        moving = nn.Parameter(interface(found[pending]))
        optimizer = torch.optim.Adam([moving], lr=0.02)
        for _ in range(steps):
            if exact.all():
                break
            decoded = self.net.decode(interface(moving))
            hit = (self.net.machine.decode(decoded.detach()) == x[pending]).all(1) & ~exact[pending]
            found[pending[hit]] = moving.detach()[hit]
            exact[pending[hit]] = True
            optimizer.zero_grad()
            self.net.reconstruction_loss(x[pending], decoded).sum().backward()
            optimizer.step()
        return found.numpy(), exact.numpy()

    @torch.no_grad()
    def decode_derivations(
        self, codes: ArrayLike, *, temperature: float = 0.0, seed: int = 0
    ) -> NDArray[np.int64]:
        """Codes `[n, dim]` to padded derivations `[n, max_rules]`, all complete.

        The codes are projected first, as the decoder sees directions only.
        """
        generator = torch.Generator().manual_seed(seed)
        derivations = [
            self.net.derivations(u.float(), temperature=temperature, generator=generator)
            for u in self._directions(codes).split(_CHUNK)
        ]
        array: NDArray[np.int64] = torch.cat(derivations).numpy()
        return array

    def decode(self, codes: ArrayLike, *, temperature: float = 0.0, seed: int = 0) -> list[str]:
        """Codes `[n, dim]` to sentences.

        Args:
            codes: any non-zero points; only their directions count.
            temperature: 0 for the most likely sentence, above 0 to draw rules.
            seed: of the draws.

        Raises:
            LisaError: if the codes are not `[n, dim]` or not finite.
        """
        derivations = self.decode_derivations(codes, temperature=temperature, seed=seed)
        return derivations_to_texts(self.grammar, derivations)

    def interpolate(self, first: str, second: str, steps: int) -> list[str]:
        """Sentences along the great circle between the directions of two sentences."""
        ends = self._directions(self.encode([first, second]))
        path = slerp(ends[0], ends[1], torch.linspace(0, 1, steps, dtype=torch.float64))
        return self.decode(path.numpy())

    def directions(self, codes: ArrayLike) -> NDArray[np.float64]:
        """What the decoder sees of codes `[n, dim]`: unit vectors, `[n, dim]`."""
        array: NDArray[np.float64] = self._directions(codes).numpy()
        return array

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
        return self.architecture.method.interface(self.net, torch.from_numpy(array))


def load_run_grammar(run: Run) -> Grammar:
    """The grammar that lies in a run.

    Raises:
        LisaError: if it is missing or is not the one the model was trained on.
    """
    path = run.path / GRAMMAR
    record = run.config.get("grammar")
    if not isinstance(record, dict):
        raise LisaError(f"{run.path / 'config.json'} names no grammar")
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LisaError(f"cannot read {path}: {error}") from error
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest != record.get("sha256"):
        raise LisaError(
            f"{path} was changed since the training: its SHA-256 is {digest[:12]}…, "
            f"not {str(record.get('sha256'))[:12]}…; restore it or train again"
        )
    return parse_grammar(text, str(record.get("source", path)))


def run_architecture(run: Run) -> Architecture:
    """The architecture that a run's `config.json` records."""
    return Architecture.from_json(run.config.get("model", {}), str(run.path / "config.json"))


def load_run_samplers(run: Run) -> dict[str, Sampler]:
    """The fitted samplers of a finished run, by name.

    Raises:
        LisaError: if the file is missing, damaged, or holds something else.
    """
    tensors, record = run.read_tensors(SAMPLERS)
    if record.get("names") != list(KINDS):
        raise LisaError(
            f"{run.path / SAMPLERS} does not hold the samplers {', '.join(KINDS)}; restore it "
            "from a copy or train again"
        )
    samplers = {}
    for name in KINDS:
        prefix = f"{name}."
        state = {
            key.removeprefix(prefix): value.numpy()
            for key, value in tensors.items()
            if key.startswith(prefix)
        }
        samplers[name] = sampler_from_state(state)
    return samplers
