from .composite import SquaredErrors as SquaredErrors
from .decontamination import Decontamination as Decontamination
from .external import CallableObjective as CallableObjective
from .external import CommandObjective as CommandObjective
from .objective import Evaluated as Evaluated
from .objective import Objective as Objective
from .regression import Regression as Regression
from .semantics import semantics_of as semantics_of
from .targets import TARGETS as TARGETS
from .targets import Target as Target
from .targets import regression_for as regression_for

__all__ = [
    "TARGETS",
    "CallableObjective",
    "CommandObjective",
    "Decontamination",
    "Evaluated",
    "Objective",
    "Regression",
    "SquaredErrors",
    "Target",
    "regression_for",
    "semantics_of",
]
