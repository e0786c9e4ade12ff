"""Learn a spherical latent space of the sentences of a grammar, and search it.

>>> import grammar_lisa as gl
>>> model = gl.train("grammars/expr.cfg", method="lisa")  # or gl.load("runs/demo")
>>> u = model.encode(["x+1", "sin(x*x)"])  # unit vectors [2, 25]
>>> model.decode(u)
['x+1', 'sin(x*x)']
>>> found = gl.optimize(model, gl.Regression.target("1/3+x+sin(x*x)"), rounds=20, batch=25)
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import lazy_loader

import shared

if Path(__file__).resolve().parent.with_name("shared") not in [
    Path(place).resolve() for place in shared.__path__
]:
    raise ImportError(
        f"the package 'shared' at {list(shared.__path__)} hides the one that lisa-toolkit "
        "installs; rename that folder, or start Python elsewhere"
    )

_loaded, _names, _offered = lazy_loader.attach_stub(__name__, __file__)
LisaError = import_module("shared.common.errors").LisaError
__all__ = sorted([*_offered, "LisaError", "optimize"])


def __getattr__(name: str) -> Any:
    """Import what is asked for; `optimize` is the package of that name, which can be called."""
    return import_module(f"{__name__}.optimize") if name == "optimize" else _loaded(name)


def __dir__() -> list[str]:
    return sorted([*_names(), "LisaError", "optimize"])
