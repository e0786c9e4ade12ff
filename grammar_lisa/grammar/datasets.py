"""Training, validation and test derivations, drawn from a grammar or read from a file."""

import random
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.canonical import CanonicalDerivations, Derivation
from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.counting import Counts
from grammar_lisa.grammar.laws import Law
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sampling import Keys, by_text, enumerate_derivations, sample
from grammar_lisa.grammar.sentence_files import NAMED_HINT, Line, SentenceFile
from grammar_lisa.grammar.text import derivations_to_texts
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import counted

Keep = Callable[[Sequence[str]], NDArray[np.bool_]]
"""Which of some sentences may be learnt from."""


@dataclass(frozen=True)
class DerivationSplit:
    """Derivations apart: what trains, what watches the training, what is reported.

    Attributes:
        train: `[n, max_rules]`, padded.
        valid: For curves and schedules.
        test: Looked at once, at the end.
        left_out: How many sentences were kept out of all three.
    """

    train: NDArray[np.signedinteger]
    valid: NDArray[np.signedinteger]
    test: NDArray[np.signedinteger]
    left_out: int


def default_max_rules(shortest: int) -> int:
    """Return the length taken where none was named, by that of a grammar's shortest sentence."""
    return max(15, 3 * shortest)


def draw_sentences(
    grammar: Grammar,
    count: int,
    max_rules: int,
    seed: int,
    keep: Keep,
    *,
    law: Law = "uniform",
    keys: Keys = by_text,
    notify: Notify = silent,
) -> tuple[list[Derivation], int]:
    """Draw distinct sentences of at most `max_rules` rules, in the order in which a law draws them.

    Each is given by its canonical derivation, see `CanonicalDerivations`.

    Args:
        grammar: Which has them.
        count: How many.
        max_rules: The most that a sentence may take.
        seed: Of the draws.
        keep: Which may be kept.
        law: See `sample`.
        keys: What sentences are told apart by.
        notify: Hears of derivations that were replaced or left out, as they are not canonical.

    Returns:
        Up to `count` derivations that may be kept, fewer where the grammar has no more, and the
        number of those left out on the way.
    """
    seed = derive_seed(seed, "data")
    total = Counts(grammar, max_rules).at_most()
    wanted = min(count + 1000 + count // 50, total)
    if law == "uniform" and wanted == total:
        drawn = _all_sentences(grammar, max_rules)
        random.Random(seed).shuffle(drawn)  # noqa: S311 (no secret is drawn)
        drawn = distinct_sentences(grammar, drawn, keys)
    else:
        drawn = sample(
            grammar,
            *(wanted, max_rules, seed, law),
            fewer=True,
            keys=keys,
            canonical=True,
            notify=notify,
        )
    replaced = CanonicalDerivations(grammar).replace(drawn, max_rules, keys)
    if replaced.changed:
        notify(replaced.describe(max_rules))
    kept, left_out = keep_sentences(grammar, replaced.derivations, keep)
    return kept[:count], left_out


def read_sentences(
    file: SentenceFile,
    grammar: Grammar,
    max_rules: int | None,
    *,
    drop_unparsable: bool = False,
    notify: Notify = silent,
) -> list[Derivation]:
    """Return the distinct sentences of a file as derivations.

    Args:
        file: Which has them.
        grammar: Of which they are sentences.
        max_rules: The most rules that a sentence may take.
        drop_unparsable: Whether lines are left out that are no sentences, or take more rules.
        notify: Hears of those, and which column of a table was taken.

    Raises:
        LisaError: Naming file, line and column, if the file is empty or damaged, or if lines are
            not to be left out and one is no sentence or takes too many rules.
    """
    parser = Parser(grammar)
    lines = file.lines(parser.reads, notify)
    found: dict[Derivation, None] = {}
    first, refused = "", 0
    for number, line, derivation in parsed_lines(lines, parser):
        if isinstance(derivation, LisaError):
            why = f"{derivation}{hint(line, parser) if not refused else ''}"
        elif max_rules is not None and len(derivation) > max_rules:
            why = (
                f"this sentence needs {counted(len(derivation), 'rule')}, "
                f"more than --max-rules {max_rules}: {line}"
            )
        else:
            found.setdefault(derivation)
            continue
        if not drop_unparsable:
            raise LisaError(
                f"{file.path}, {file.unit} {number}: {why}\n--drop-unparsable leaves such lines out"
            )
        refused += 1
        first = first or f"{file.unit} {number}: {why}"
    if not found:
        why = f"none of its lines is one; {first}" if refused else "write one a line"
        raise LisaError(f"{file.path} holds no sentences; {why}")
    if refused:
        of = counted(len(lines), file.unit)
        notify(f"left out of {file.path}: {refused:,} of {of}; the first: {first}")
    return list(found)


def parsed_lines(
    lines: Iterable[Line], parser: Parser
) -> Iterator[tuple[int, str, Derivation | LisaError]]:
    """Yield the number of each line, the line, and its derivation, or what says why it has none."""
    known: dict[str, Derivation | LisaError] = {}
    for number, line in lines:
        if line not in known:
            try:
                known[line] = parser.parse(line)
            except LisaError as error:
                known[line] = error
        yield number, line, known[line]


def hint(text: str, parser: Parser) -> str:
    """Say how names behind sentences are read, where the first word is a sentence of no blanks."""
    if parser.grammar.spacing.mode != "joined":
        return ""
    word, *others = text.split()
    return f"\n{NAMED_HINT}" if others and parser.reads(word) else ""


def split_derivations(
    grammar: Grammar,
    derivations: Sequence[Derivation],
    max_rules: int,
    *,
    train: int,
    held_out: int,
    seed: int,
    left_out: int = 0,
) -> DerivationSplit:
    """Shuffle derivations by seed and part them into training, validation and test.

    Args:
        grammar: Whose padding number is used.
        derivations: Distinct; at least 10.
        max_rules: The length to pad to.
        train: The most training sentences to take.
        held_out: The most test sentences to take; never more than a tenth of a small data set.
        seed: Of the order.
        left_out: Passed on.

    Raises:
        LisaError: There are too few derivations to part.
    """
    if len(derivations) < 10:
        raise LisaError(
            f"{counted(len(derivations), 'distinct sentence')} to train and test on; at least 10 "
            "are needed"
        )
    array = to_array(derivations, max_rules, len(grammar.rules))
    order = np.random.default_rng(derive_seed(seed, "split")).permutation(len(array))
    valids = max(1, min(2000, train // 50, len(array) // 20))
    tests = min(held_out, max(1, len(array) // 10, len(array) - train - valids))
    test, valid, rest = np.split(array[order], [tests, tests + valids])
    return DerivationSplit(rest[:train], valid, test, left_out)


def keep_sentences(
    grammar: Grammar, derivations: Sequence[Derivation], keep: Keep
) -> tuple[list[Derivation], int]:
    """Return the derivations whose sentences may be learnt from, and how many may not."""
    mask = keep(derivations_to_texts(grammar, derivations))
    kept = [derivation for derivation, good in zip(derivations, mask, strict=True) if good]
    return kept, len(derivations) - len(kept)


def distinct_sentences(
    grammar: Grammar, derivations: Sequence[Derivation], keys: Keys
) -> list[Derivation]:
    """Return the first of those derivations whose sentences have equal keys."""
    found: dict[Hashable, Derivation] = {}
    texts = derivations_to_texts(grammar, derivations)
    for key, derivation in zip(keys(texts), derivations, strict=True):
        found.setdefault(key, derivation)
    return list(found.values())


def _all_sentences(grammar: Grammar, max_rules: int) -> list[Derivation]:
    """Return one derivation for each sentence of the grammar, the first of those it has."""
    derivations = list(enumerate_derivations(grammar, max_rules))
    texts = derivations_to_texts(grammar, derivations)
    return list(dict(zip(texts[::-1], derivations[::-1], strict=True)).values())
