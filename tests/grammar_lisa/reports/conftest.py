"""Fixtures of pictures."""

from light_reports import drawn as drawn
from light_reports import pictures as pictures
