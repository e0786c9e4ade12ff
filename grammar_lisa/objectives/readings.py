"""What the name of an objective means where it could mean two things."""

import symtable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from grammar_lisa.objectives.molecules import FULL_PREFIX, FUNCTIONS
from grammar_lisa.objectives.molecules import PREFIX as MOLECULES
from grammar_lisa.objectives.regular_expressions import PREFIX as REGEX
from shared.common.errors import LisaError

OWN: Final = "./"
"""How a name begins that means a function of a module in the working folder, and nothing else."""


def check_reading(name: str) -> None:
    """Refuse a name of an objective at hand that is also one of a function in the working folder.

    Args:
        name: Such as `regex:examples` or `molecules:qed`.

    Raises:
        LisaError: Naming both readings, and how to say each.
    """
    module, _, rest = name.partition(":")
    if not name.startswith((REGEX, MOLECULES)) or not _defines(module, rest.partition(".")[0]):
        return
    at_hand = ""
    if name.startswith(REGEX):
        at_hand = f", or {REGEX}./{rest} for the file of examples {rest}"
    elif rest in FUNCTIONS:
        at_hand = f", or {FULL_PREFIX}{FUNCTIONS[rest]} for the objective at hand"
    raise LisaError(
        f"--objective {name} could be the function {rest} of the module {module} in {Path.cwd()}, "
        f"too; write {OWN}{name} for that one{at_hand}"
    )


def _defines(module: str, name: str) -> bool:
    """Tell whether a module in the working folder defines a name; it is read and not imported.

    One that is not written in Python may define any name.
    """
    spec = PathFinder.find_spec(module, [str(Path.cwd())])
    if spec is None or not name.isidentifier():
        return False
    if spec.origin is None or not spec.origin.endswith(".py"):
        return spec.origin is not None
    try:
        table = symtable.symtable(Path(spec.origin).read_text("utf-8"), spec.origin, "exec")
        symbol = table.lookup(name)
    except (OSError, SyntaxError, ValueError, KeyError):
        return False
    return symbol.is_assigned() or symbol.is_imported()
