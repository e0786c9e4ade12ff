"""GrammarRegressor as SRBench takes it: copy this folder to algorithms/grammar-lisa there.

SRBench sets `max_time` and `random_state` on `est`, fits it to a DataFrame, and asks `model` for
the formula in the names of its columns.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import sympy

from grammar_lisa.regression import GrammarRegressor

est = GrammarRegressor(max_time=3600, random_state=0)


def model(est: GrammarRegressor, X: pd.DataFrame | None = None) -> str:
    """Return the recommended formula as sympy reads it, in the names of the columns.

    Args:
        est: After `fit`.
        X: The table that it was fitted to; by default the names that it has seen.
    """
    seen = list(est.names_.values()) if X is None else [str(name) for name in X.columns]
    symbols = {
        sympy.Symbol(safe, real=True): sympy.Symbol(own)
        for safe, own in zip(est.names_, seen, strict=True)
    }
    return str(est.sympy().xreplace(symbols))


eval_kwargs: dict[str, Any] = {"test_params": {"max_time": 5}}
"""What SRBench's own tests change."""
