from .config import SYSTEMS as SYSTEMS
from .config import SearchConfig as SearchConfig
from .history import Evaluation as Evaluation
from .history import History as History
from .minimise import Found as Found
from .minimise import optimize as optimize
from .optimizer import Optimizer as Optimizer
from .start import initial_design as initial_design
from .start import open_optimizer as open_optimizer

__all__ = [
    "SYSTEMS",
    "Evaluation",
    "Found",
    "History",
    "Optimizer",
    "SearchConfig",
    "initial_design",
    "open_optimizer",
    "optimize",
]
