"""Bayesian optimisation over the codes of a trained model."""
