from .commands import Command as Command
from .commands import CommandGroup as CommandGroup
from .commands import run_tool as run_tool
from .method_options import MethodOptions as MethodOptions
from .method_options import set_methods as set_methods
from .terminal import Output as Output
from .terminal import Terminal as Terminal
