"""Bayesian optimisation over the sphere of a trained model."""
