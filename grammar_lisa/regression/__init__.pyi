from .equations import Equation as Equation
from .equations import Equations as Equations
from .fit_config import FitConfig as FitConfig
from .fits.constants import Fit as Fit
from .fits.constants import fit_constants as fit_constants
from .fits.constants import polish as polish
from .fits.losses import LOSSES as LOSSES
from .fits.losses import Loss as Loss
from .fits.rounding import Rounded as Rounded
from .fits.rounding import simplify_constants as simplify_constants
from .fits.user_loss import user_loss as user_loss
from .fitting import Fitting as Fitting
from .measures import Measures as Measures
from .measures import measure as measure
from .outputs import Best as Best
from .outputs import read_best as read_best
from .outputs import write_outputs as write_outputs
from .python_source import python_function as python_function
from .regressor import GrammarRegressor as GrammarRegressor
from .tables.reading import read_columns as read_columns
from .tables.splits import TableSplit as TableSplit
from .tables.splits import read_split as read_split
from .tables.splits import read_table as read_table
from .tables.table import Table as Table
from .tables.table_options import ReadOptions as ReadOptions
from .tables.table_options import TableOptions as TableOptions

__all__ = [
    "LOSSES",
    "Best",
    "Equation",
    "Equations",
    "Fit",
    "FitConfig",
    "Fitting",
    "GrammarRegressor",
    "Loss",
    "Measures",
    "ReadOptions",
    "Rounded",
    "Table",
    "TableOptions",
    "TableSplit",
    "fit_constants",
    "measure",
    "polish",
    "python_function",
    "read_best",
    "read_columns",
    "read_split",
    "read_table",
    "simplify_constants",
    "user_loss",
    "write_outputs",
]
