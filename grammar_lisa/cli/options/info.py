"""What `grammar-lisa info RUN` takes."""

from dataclasses import dataclass

from shared.cli.option_groups import RunArgument


@dataclass(frozen=True, kw_only=True)
class Options(RunArgument):
    """Tell what a run is and how good."""

    @property
    def needs_run(self) -> bool:
        """Whether the run is a training: a formula's is told of, too."""
        return self.run is None
