"""A folder that the jobs of a command work in, call after call."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.jobs.jobs import failures
from shared.runs.environment import environment
from shared.runs.files import write_json
from shared.runs.run import Run


@dataclass(frozen=True)
class JobFolder:
    """A folder of jobs that share everything but what makes each of them.

    Attributes:
        folder: With the settings in its `config.json`.
    """

    folder: Run

    @property
    def path(self) -> Path:
        """The folder."""
        return self.folder.path

    def failed(self) -> dict[str, str]:
        """Return why jobs failed that have not succeeded since; see `failures`."""
        return failures(self.path)

    def write_results(self, name: str, results: dict[str, Any]) -> None:
        """Write results as JSON, behind what they were made with and the folder's settings."""
        made = {"environment": environment(), "settings": self.folder.config["settings"]}
        write_json(self.path / name, made | results)
