from .commands import Command as Command
from .commands import Group as Group
from .commands import Output as Output
from .commands import Terminal as Terminal
from .commands import run_tool as run_tool
from .method_options import MethodOptions as MethodOptions
from .method_options import set_methods as set_methods

__all__ = [
    "Command",
    "Group",
    "MethodOptions",
    "Output",
    "Terminal",
    "run_tool",
    "set_methods",
]
