"""Bayesian optimisation over the codes of a trained run: ask for sentences, tell their scores.

`open_optimizer` begins a search, whose every part a `SearchConfig` chooses; `SYSTEMS` names the
published ones.
"""

from grammar_lisa.optimize.config import SYSTEMS, SearchConfig
from grammar_lisa.optimize.history import Evaluation, History
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.start import initial_design, open_optimizer

__all__ = [
    "SYSTEMS",
    "Evaluation",
    "History",
    "Optimizer",
    "SearchConfig",
    "initial_design",
    "open_optimizer",
]
