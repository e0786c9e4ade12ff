"""How codes are learnt: one frozen dataclass a method, one file a family."""

from shared.methods.base import Method
from shared.methods.spherical import LISA

METHODS: dict[str, type[Method]] = {method.name: method for method in (LISA,)}

__all__ = ["LISA", "METHODS", "Method"]
