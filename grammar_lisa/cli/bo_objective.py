"""What `grammar-lisa bo` searches for: a target, or what the user's code says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from grammar_lisa.cli.options.objective import ObjectiveOptions
from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.objectives.external import CallableObjective, CommandObjective
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.molecules import FULL_PREFIX, PREFIX, MoleculeObjective
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.readings import OWN, check_reading
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
        LisaError: The target, function or command is not fit, or a name means two things.
    """
    name, limit = scoring.objective, scoring.seconds_each
    if name is not None:
        check_reading(name)
    if name is not None and name.startswith((PREFIX, FULL_PREFIX)):
        with MoleculeObjective(name, limit) as molecules:
            yield molecules
    elif name is not None and name.startswith(REGEX):
        if limit is not None:
            raise LisaError(
                f"--seconds-each does not go with {REGEX}FILE, whose matching always ends soon; "
                "leave it out"
            )
        yield regex_objective(name)
    elif name is not None:
        with CallableObjective(name.removeprefix(OWN), limit) as function:
            yield function
    elif scoring.command is not None:
        with CommandObjective(scoring.command, limit) as command:
            yield command
    else:
        target, variables = scoring.target or KUSNER_TARGET, variables_of(sentences)
        yield regression_for(target, seed, variables or None)
