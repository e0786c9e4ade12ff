"""Which sentences a run learns from: drawn or read, distinct, without what is left out."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import parsable
from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.expressions.monomials import canonical_hash
from grammar_lisa.expressions.reading import Reading
from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.arrays import from_array, to_array
from grammar_lisa.grammar.datasets import (
    DerivationSplit,
    default_max_rules,
    distinct_sentences,
    draw_sentences,
    keep_sentences,
    read_sentences,
    split_derivations,
)
from grammar_lisa.grammar.laws import Law
from grammar_lisa.grammar.sampling import Keys, by_text, sample_uniform
from grammar_lisa.grammar.sentence_files import SentenceFile
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.objectives.decontamination import Decontamination
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.training.config import TrainConfig
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import counted

_DRAWN: Final[Mapping[Law, str]] = MappingProxyType(
    {
        "uniform": "drawn uniformly",
        "by-length": "drawn by length",
        "weighted": "drawn by the weights of the rules",
    }
)


def describe_sentences(config: TrainConfig) -> str:
    """Say where the sentences of a training come from."""
    source = _DRAWN[config.draw] if config.data is None else f"from {config.data}"
    if config.mix and config.data is not None:
        source += f", {config.mix:.0%} of those to train on {_DRAWN[config.draw]}"
    return source if config.equality == "text" else f"{source}, no two equal by algebra"


def gather(
    config: TrainConfig,
    grammar: Grammar,
    decontamination: Decontamination,
    notify: Notify = silent,
    *,
    sentences: Sequence[str] | None = None,
) -> tuple[DerivationSplit, int]:
    """Return the sentences of a training as derivations, split, and the most rules one takes.

    Args:
        config: Which sentences, and how many.
        grammar: What its file holds.
        decontamination: What to keep out, which counts it.
        notify: Hears if there are fewer sentences than asked for.
        sentences: Those of the file that `config.data` names, where they are at hand.

    Raises:
        LisaError: There are too few, or the data cannot be read.
    """
    max_rules = config.max_rules
    keys: Keys = by_text if config.equality == "text" else by_algebra
    if max_rules is not None:
        grammar.check_length(max_rules)
    if config.data is None:
        max_rules = default_max_rules(grammar.shortest) if max_rules is None else max_rules
        wanted = config.count + config.count // 50 + config.held_out
        derivations, left_out = draw_sentences(
            grammar,
            *(wanted, max_rules, config.seed, decontamination),
            law=config.draw,
            keys=keys,
            notify=notify,
        )
    else:
        found = read_sentences(
            SentenceFile(
                config.data if sentences is None else Path("data"), config.column, sentences
            ),
            grammar,
            max_rules,
            drop_unparsable=config.drop_unparsable,
            notify=notify,
        )
        max_rules = max_rules or max(len(derivation) for derivation in found)
        found = distinct_sentences(grammar, found, keys)
        derivations, left_out = keep_sentences(grammar, found, decontamination)
    if len(derivations) < config.count + config.held_out:
        notify(
            f"{counted(len(derivations), 'sentence')} are fewer than the {config.count:,} + "
            f"{config.held_out:,} asked for: a tenth of them is held out"
        )
    data = split_derivations(
        grammar,
        derivations,
        max_rules,
        train=config.count,
        held_out=config.held_out,
        seed=config.seed,
        left_out=left_out,
    )
    if config.mix and config.data is not None:
        data = _mixed(data, config, grammar, max_rules, decontamination, notify)
    return data, max_rules


def _mixed(
    data: DerivationSplit,
    config: TrainConfig,
    grammar: Grammar,
    max_rules: int,
    decontamination: Decontamination,
    notify: Notify,
) -> DerivationSplit:
    """Return data whose training sentences are in part drawn: as many as `config.mix` tells."""
    pad = len(grammar.rules)
    known = {
        derivation
        for part in (data.train, data.valid, data.test)
        for derivation in from_array(part, pad)
    }
    wanted = round(len(data.train) * config.mix / (1 - config.mix))
    drawn, left_out = draw_sentences(
        grammar,
        *(wanted + len(known), max_rules, config.seed, decontamination),
        law=config.draw,
        notify=notify,
    )
    new = [derivation for derivation in drawn if derivation not in known][:wanted]
    if len(new) < wanted:
        notify(f"only {len(new):,} of {wanted:,} sentences to mix in were found beside the data")
    train = np.concatenate([data.train, to_array(new, max_rules, pad)])
    order = np.random.default_rng(derive_seed(config.seed, "mix")).permutation(len(train))
    return replace(data, train=train[order], left_out=data.left_out + left_out)


def decontamination_of(
    config: TrainConfig, grammar: Grammar, notify: Notify = silent
) -> Decontamination:
    """Return what to keep out of the data, given the target and what kind of sentences these are.

    Raises:
        LisaError: Sentences should be left out that cannot be scored.
    """
    if config.decontaminate == "no":
        return Decontamination(None)
    limit = default_max_rules(grammar.shortest)
    probes = derivations_to_texts(
        grammar, sample_uniform(grammar, 200, limit, config.seed, distinct=False)
    )
    try:
        objective = regression_for(config.target, variables=variables_of(probes) or None)
    except LisaError:
        if config.decontaminate == "yes" or config.target != KUSNER_TARGET:
            raise
        notify(
            f"the sentences have no such variables as the default target {KUSNER_TARGET}: "
            "nothing is left out for it"
        )
        return Decontamination(None)
    if parsable(probes, objective.variables).any():
        return Decontamination(objective)
    if config.decontaminate == "yes":
        raise LisaError(
            f"sentences of {config.grammar} cannot be scored against the target "
            f"{config.target}: they are no expressions in {', '.join(objective.variables)}; "
            "name a --target in their variables, or use --decontaminate no"
        )
    notify(
        f"the sentences are no expressions in {', '.join(objective.variables)}: "
        "nothing is left out for a target"
    )
    return Decontamination(None)


def by_algebra(texts: Sequence[str]) -> Iterator[Hashable]:
    """Tell expressions apart by the sums of terms that they are, other texts as written."""
    read = Reading()
    for text in texts:
        found = read.monomials(text)
        yield text if found is None else canonical_hash(found)
