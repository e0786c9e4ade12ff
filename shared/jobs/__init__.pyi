from .workers import ends_with as ends_with

__all__ = [
    "ends_with",
]
