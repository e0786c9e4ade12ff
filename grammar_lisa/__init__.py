"""Learn a spherical latent space of the sentences of a grammar, and search it.

>>> import grammar_lisa as gl
>>> model = gl.train("grammars/expr.cfg", method="lisa")  # or gl.load("runs/demo")
>>> u = model.encode(["x+1", "sin(x*x)"])  # unit vectors [2, 25]
>>> model.decode(u)
['x+1', 'sin(x*x)']
>>> found = gl.optimize(model, gl.Regression.target("1/3+x+sin(x*x)"), rounds=20, batch=25)
"""

from pathlib import Path

import lazy_loader

import shared

if Path(__file__).resolve().parent.with_name("shared") not in [
    Path(place).resolve() for place in shared.__path__
]:
    raise ImportError(
        f"the package 'shared' at {list(shared.__path__)} hides the one that lisa-toolkit "
        "installs; rename that folder, or start Python elsewhere"
    )

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
