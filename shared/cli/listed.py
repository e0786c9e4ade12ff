"""Options that hold several values, with commas between."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import tyro

T = TypeVar("T")


def parts_of(text: str) -> tuple[str, ...]:
    """Return what stands between commas, each once."""
    return tuple(dict.fromkeys(part for each in text.split(",") if (part := each.strip())))


def _listed(
    kind: Callable[[str], T], metavar: str
) -> tyro.constructors.PrimitiveConstructorSpec[tuple[T, ...]]:
    """Return how an option of several values is read and shown."""
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=lambda words: tuple(map(kind, parts_of(words[0]))),
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda values: [",".join(map(str, values))],
    )


Names = Annotated[tuple[str, ...], _listed(str, "NAME,NAME,…")]
Integers = Annotated[tuple[int, ...], _listed(int, "INT,INT,…")]
Numbers = Annotated[tuple[float, ...], _listed(float, "NUMBER,NUMBER,…")]
