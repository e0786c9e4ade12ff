"""Bayesian optimisation over the codes of a trained run: ask for sentences, tell their scores.

`optimize` searches in one call; `open_optimizer` begins a search by hand. A `SearchConfig` chooses
every part of it, and `SYSTEMS` names the published ones.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from grammar_lisa.optimize.minimise import Found

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class _Callable(ModuleType):
    """This package, called as `grammar_lisa.optimize(model, objective)`.

    The function and the package have one name, and Python keeps one of them under it.
    """

    def __call__(self, *arguments: object, **options: object) -> "Found":
        """Search in one call; see `grammar_lisa.optimize.optimize`."""
        from grammar_lisa.optimize.minimise import optimize

        return optimize(*arguments, **options)  # type: ignore[arg-type]


sys.modules[__name__].__class__ = _Callable
