"""What commands say that carry out many jobs in one folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.cli.terminal import Terminal
from shared.jobs.jobs import Job, JobProgress, OnEnd
from shared.runs.locks import working_in


@contextmanager
def going_on(folder: Path, command: str) -> Iterator[None]:
    """Keep other processes out of a folder, and say on Ctrl-C that the same command goes on."""
    try:
        with working_in(folder):
            yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with the same '{command}' command") from None


def end_line(name: str, failure: str, progress: JobProgress) -> str:
    """Return the line that says how a job ended, and how long the others will take."""
    said = f"failed: {failure}" if failure else f"{progress.seconds:.0f} s"
    left = f"; about {timedelta(seconds=round(progress.left))} left" if progress.left else ""
    return f"[{progress.done}/{progress.total}] {name}: {said}{left}"


def note_ends(terminal: Terminal, of: str = "") -> OnEnd[Any]:
    """Return what says a line for each job that ended, `of` before its name."""

    def on_end(job: Job[Any], failure: str, progress: JobProgress) -> None:
        terminal.note(end_line(of + job.name, failure, progress))

    return on_end


def print_failed(failed: Mapping[str, str], terminal: Terminal) -> None:
    """Print which jobs failed, and why."""
    terminal.result(failed=dict(failed))
    if failed:
        terminal.table(
            "failed; the same command tries them again", ("what", "why"), list(failed.items())
        )
