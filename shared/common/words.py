"""Sentences that many messages share."""

import difflib
from collections.abc import Mapping, Sequence


def unknown(kind: str, name: str, valid: Mapping[str, object] | Sequence[str]) -> str:
    """Return the message for a name that is none of the valid ones, with the nearest of them."""
    by_name = {each.lower(): each for each in valid}
    near = difflib.get_close_matches(name.lower(), by_name, n=1)
    hint = f"did you mean '{by_name[near[0]]}'? " if near else ""
    return f"there is no {kind} '{name}'; {hint}valid: {', '.join(valid)}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: 1 rule, 1,000 rules, 2 searches.

    Args:
        number: How many.
        noun: For one.
        plural: For none and for several; by default `noun` with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
