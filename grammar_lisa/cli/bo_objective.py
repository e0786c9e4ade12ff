"""What `grammar-lisa bo` searches for: a target, a table of data, or what the user's code says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from grammar_lisa.cli.options.objective import ObjectiveOptions
from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.objectives.external import CallableObjective, CommandObjective
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import regression_for
from shared.common.errors import LisaError


@contextmanager
def opened(scoring: ObjectiveOptions, sentences: Sequence[str], seed: int) -> Iterator[Objective]:
    """Make the objective that options name, and end what it started with the block.

    Args:
        scoring: The options.
        sentences: Of the run, which tell the variables.
        seed: Of the points that a target is taken at.

    Raises:
        LisaError: The target, table, function or command is not fit.
    """
    if scoring.objective is not None:
        with CallableObjective(scoring.objective, scoring.seconds_each) as function:
            yield function
    elif scoring.command is not None:
        with CommandObjective(scoring.command, scoring.seconds_each) as command:
            yield command
    else:
        yield _regression(scoring, variables_of(sentences), seed)


def _regression(scoring: ObjectiveOptions, variables: tuple[str, ...], seed: int) -> Regression:
    if scoring.csv is None:
        return regression_for(scoring.target or KUSNER_TARGET, seed, variables or None)
    objective = Regression.from_csv(scoring.csv, scoring.y)
    if variables and not set(variables) & set(objective.variables):
        raise LisaError(
            f"{scoring.csv} has the variables {', '.join(objective.variables)}, but the "
            f"sentences are in {', '.join(variables)}: name the columns so"
        )
    return objective
