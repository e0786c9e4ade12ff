"""What `grammar-lisa bo` searches for: a target, or what the user's code says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from grammar_lisa.cli.options.objective import ObjectiveOptions
from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.objectives.external import CallableObjective, CommandObjective
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.molecules import PREFIX, MoleculeObjective
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regular_expressions import PREFIX as REGEX
from grammar_lisa.objectives.regular_expressions import regex_objective
from grammar_lisa.objectives.targets import regression_for
from shared.common.errors import LisaError


@contextmanager
def opened_objective(
    scoring: ObjectiveOptions, sentences: Sequence[str], seed: int
) -> Iterator[Objective]:
    """Make the objective that options name, and end what it started with the block.

    Args:
        scoring: The options.
        sentences: Of the run, which tell the variables.
        seed: Of the points that a target is taken at.

    Raises:
        LisaError: The target, function or command is not fit.
    """
    if scoring.objective is not None and scoring.objective.startswith(PREFIX):
        with MoleculeObjective(scoring.objective, scoring.seconds_each) as molecules:
            yield molecules
    elif scoring.objective is not None and scoring.objective.startswith(REGEX):
        if scoring.seconds_each is not None:
            raise LisaError(
                f"--seconds-each does not go with {REGEX}FILE, whose matching always ends soon; "
                "leave it out"
            )
        yield regex_objective(scoring.objective)
    elif scoring.objective is not None:
        with CallableObjective(scoring.objective, scoring.seconds_each) as function:
            yield function
    elif scoring.command is not None:
        with CommandObjective(scoring.command, scoring.seconds_each) as command:
            yield command
    else:
        target, variables = scoring.target or KUSNER_TARGET, variables_of(sentences)
        yield regression_for(target, seed, variables or None)
