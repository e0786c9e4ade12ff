"""What `image-lisa info RUN` takes."""

from dataclasses import dataclass

from image_lisa.cli.options.runs import RunOptions


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """Show what a run is and how far it came."""
