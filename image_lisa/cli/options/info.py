"""What `image-lisa info RUN` takes."""

from dataclasses import dataclass

from image_lisa.cli.options.runs import RunArgument


@dataclass(frozen=True, kw_only=True)
class Options(RunArgument):
    """Show what a run is and how far it came."""
