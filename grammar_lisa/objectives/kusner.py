"""The target that Kusner et al. searched for, and all who compare themselves with them since."""

from typing import Final

KUSNER_TARGET: Final = "1/3 + x + sin(x*x)"
"""Kusner, Paige and Hernández-Lobato, Grammar Variational Autoencoder, 2017, Section 4.2."""
