"""A method as JSON values and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any, Final

from shared.methods.base import Method

UNRECORDED_DEFAULT: Final[Mapping[str, bool]] = MappingProxyType({"unrecorded default": True})
"""Metadata of a hyperparameter that is recorded only where it differs from its default.

It came after the first runs were made, whose records must still be those of the same method.
"""


def method_to_record(method: Method) -> dict[str, Any]:
    """Return the method's name and hyperparameters as JSON values."""
    unrecorded = {
        each.name
        for each in fields(method)
        if UNRECORDED_DEFAULT.items() <= each.metadata.items()
        and getattr(method, each.name) == each.default
    }
    values = {name: value for name, value in asdict(method).items() if name not in unrecorded}
    return {"name": method.name, **values}


def method_from_record(record: Mapping[str, Any], methods: Mapping[str, type[Method]]) -> Method:
    """Return the method that `method_to_record` described.

    Raises:
        KeyError, TypeError: There is no such method or hyperparameter.
        LisaError: A hyperparameter is outside its range.
    """
    fields = dict(record)
    return methods[fields.pop("name")](**fields)
