"""The laws that sentences are drawn by, and what tells two of them apart, by their names."""

from typing import Literal

Law = Literal["uniform", "by-length", "weighted"]
"""Uniform over all; uniform over their lengths first; rule by rule, by weight."""

Distinct = Literal["text", "canonical"]
"""What no two sentences of a run share: their text, or what algebra makes of it."""
