"""Fits of the constants of formulas: losses, variable projection, rounding."""
