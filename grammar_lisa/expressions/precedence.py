"""How tightly operators bind: what stands where something tighter is due needs parentheses."""

from enum import IntEnum


class Precedence(IntEnum):
    """How tightly a written expression holds together, as in Python: the greater the tighter."""

    SUM = 0
    PRODUCT = 1
    SIGN = 2
    POWER = 3
    ATOM = 4

    @property
    def tighter(self) -> "Precedence":
        """The next tighter one."""
        return Precedence(self + 1)
