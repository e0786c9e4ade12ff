"""What is measured on the codes of a trained model (LISA, Figure 1, Table 1, Theorem 1).

The two sides of Theorem 1 are in `shared.diagnostics.mismatch`, which is imported by that name.
"""

from shared.diagnostics.radial import (
    ALPHAS,
    RadialCurve,
    mean_radius,
    projection_loss,
    radial_sensitivity,
)
from shared.diagnostics.spectrum import Spectrum, spectrum

__all__ = [
    "ALPHAS",
    "RadialCurve",
    "Spectrum",
    "mean_radius",
    "projection_loss",
    "radial_sensitivity",
    "spectrum",
]
