"""Bayesian optimisation over the codes of a trained run: ask for sentences, tell their scores.

`open_optimizer` begins a search, whose every part a `SearchConfig` chooses; `SYSTEMS` names the
published ones.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
