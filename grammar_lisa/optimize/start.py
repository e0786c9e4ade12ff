"""Opening a trained run for a search of its codes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from grammar_lisa.expressions.language import Language, PlainText
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import read_data
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.sentences import Reader
from grammar_lisa.optimize.spaces import space_of_run
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.runs.run import Run, open_run


def open_optimizer(
    run: Path | str,
    sentences: Sequence[str],
    scores: ArrayLike,
    *,
    config: SearchConfig | None = None,
    language: Language | None = None,
    composite: SquaredErrors | None = None,
    seed: int = 0,
    untrained: bool = False,
    restrictions: Restrictions | None = None,
) -> Optimizer:
    """Begin a search of a run's codes for the sentence with the least score.

    The search never calls what scores: it asks for sentences, and is told their scores.

    >>> from grammar_lisa.optimize import SYSTEMS, initial_design, open_optimizer
    >>> known = initial_design("runs/demo", 50)
    >>> optimizer = open_optimizer("runs/demo", known, list(map(score, known)))
    >>> for _ in range(10):
    ...     batch = optimizer.ask(8)
    ...     optimizer.tell(batch, list(map(score, batch)))
    >>> optimizer.best
    ('sin(x)+x', 0.031)

    Args:
        run: The folder of a finished run.
        sentences: With a score, distinct; at least two. `initial_design` draws some.
        scores: Theirs, smaller is better, ``[n]``; NaN for what could not be scored.
        config: What the search consists of, as `SYSTEMS` has it by name; by default that of
            "lisa".
        language: Which sentences are equal: `Expressions` by the rules of algebra. By default
            each equals its own text only.
        composite: How a sentence's outputs make the score, for a search that sees them as well;
            by default it sees scores alone.
        seed: Of every draw.
        untrained: Whether the network has its initial weights instead of the trained ones.
        restrictions: What every sentence that is asked for obeys; the given ones need not.

    Raises:
        LisaError: The run cannot be read or is not fit for the configuration, fewer than two
            sentences have a score, there are not as many scores as sentences, or a sentence is
            twice there, none of the grammar, or too long for the model.
    """
    values = np.asarray(scores, dtype=np.float64)
    _check_design(sentences, values)
    folder = open_run(Path(run), TOOL)
    model = load_model(folder)
    if untrained:
        model = model.untrained()
    model = model.obeying(restrictions)
    config = SearchConfig() if config is None else config
    reader = Reader(model, space_of_run(model, folder, config.space), language or PlainText())
    return Optimizer(reader, config, sentences, values, composite=composite, seed=seed)


def initial_design(run: Path | str, count: int, *, seed: int = 0) -> list[str]:
    """Draw distinct sentences that a run was trained on, to be scored before a search.

    Args:
        run: The folder of the run.
        count: How many; they are fewer where the run was trained on fewer. Those of a smaller
            number are the first of those of a larger one.
        seed: Of the draw.

    Raises:
        LisaError: The run cannot be read.
    """
    folder = open_run(Path(run), TOOL)
    return draw_design(training_sentences(folder, load_model(folder)), count, seed)


def draw_design(sentences: Sequence[str], count: int, seed: int) -> list[str]:
    """Draw `count` of some sentences, or all where they are fewer."""
    order = np.random.default_rng(derive_seed(seed, "design")).permutation(len(sentences))
    return [sentences[row] for row in order[:count]]


def training_sentences(run: Run, model: SentenceModel) -> list[str]:
    """Return the sentences that a run was trained on, each text once, in their order.

    Of a restricted model they are those that obey.

    Raises:
        LisaError: The data are missing or damaged, or none obeys.
    """
    derivations = read_data(run).train
    obeying = derivations[model.obeys(derivations)]
    if not len(obeying):
        raise LisaError(
            f"none of the {len(derivations):,} training sentences of {run.path} obeys: "
            f"{model.restrictions}; there is nothing to begin from, so train on sentences that do"
        )
    return list(dict.fromkeys(derivations_to_texts(model.grammar, obeying)))


def _check_design(sentences: Sequence[str], scores: np.ndarray) -> None:
    if scores.shape != (len(sentences),):
        raise LisaError(
            f"there are scores of shape {scores.shape} for {len(sentences)} sentences; valid is "
            "one number for each"
        )
    if len(set(sentences)) < len(sentences):
        twice = next(text for text in sentences if sentences.count(text) > 1)
        raise LisaError(f"'{twice}' is twice among the sentences; give each once, with its score")
