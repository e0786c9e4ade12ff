"""What this tool calls itself and its files in a run, and how large a model may be."""

from typing import Final, Literal

TOOL: Final = "grammar-lisa"
SEARCH_TOOL: Final = f"{TOOL} bo"
FIT_TOOL: Final = f"{TOOL} fit"
"""What the folders of searches and of fits say made them."""
GRAMMAR: Final = "grammar.cfg"
DATA: Final = "data.safetensors"

NetworkName = Literal[
    "dense",
    "kusner",
    "tree",
    "characters",
]
"""The networks of sentences."""
CHARACTERS: Final = "characters"
"""The network that reads and writes texts."""

LARGEST_DIM: Final = 4096
"""The largest code size."""
LONGEST: Final = 20_000
"""The most rules of a sentence."""

REFINE_WORK: Final = 50.0
"""The most work of refining the codes of one call, in billions of floating-point operations.

Some seconds of one core. It is counted and not timed, so that it does not depend on the machine.
"""
