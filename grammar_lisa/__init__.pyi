import grammar_lisa.optimize.minimise as _minimise
import shared.common.errors as _errors

from .grammar.cfg import Grammar as Grammar
from .grammar.cfg import load_grammar as load_grammar
from .models.load import load as load
from .models.sentence_model import SentenceModel as SentenceModel
from .objectives.generation import Generated as Generated
from .objectives.generation import generate as generate
from .objectives.objective import Objective as Objective
from .objectives.regression import Regression as Regression
from .optimize.config import SYSTEMS as SYSTEMS
from .optimize.config import SearchConfig as SearchConfig
from .optimize.minimise import Found as Found
from .optimize.start import initial_design as initial_design
from .optimize.start import open_optimizer as open_optimizer
from .regression.regressor import GrammarRegressor as GrammarRegressor
from .reports.writing import report as report
from .training.config import TrainConfig as TrainConfig
from .training.train import train as train

LisaError = _errors.LisaError
optimize = _minimise.optimize
