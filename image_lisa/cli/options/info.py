"""What `image-lisa info RUN` takes."""

from dataclasses import dataclass

from shared.cli.option_groups import RunArgument


@dataclass(frozen=True, kw_only=True)
class Options(RunArgument):
    """Show what a run is and how far it came."""
