"""A method as JSON values and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shared.methods.base import Method


def method_to_record(method: Method) -> dict[str, Any]:
    """The method's name and hyperparameters as JSON values."""
    return {"name": method.name, **asdict(method)}


def method_from_record(record: Mapping[str, Any], methods: Mapping[str, type[Method]]) -> Method:
    """The method that `method_to_record` described.

    Raises:
        KeyError, TypeError: if there is no such method or hyperparameter.
        LisaError: if a hyperparameter is outside its range.
    """
    fields = dict(record)
    return methods[fields.pop("name")](**fields)
