"""What commands say that carry out many jobs in one folder."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from shared.cli.option_groups import JobOptions
from shared.cli.terminal import Terminal
from shared.common.durations import duration
from shared.jobs.backends import Backend, Processes
from shared.jobs.jobs import Job, JobProgress, OnEnd
from shared.runs.locks import working_in

Options = TypeVar("Options", bound=JobOptions)


def open_backend(options: JobOptions) -> AbstractContextManager[Backend]:
    """Return what carries jobs out, connected to while it is used.

    Raises:
        LisaError: No cluster answers at the address, or its workers are not fit.
    """
    if options.backend == "processes":
        return nullcontext(Processes(options.workers))
    assert options.address is not None
    if options.backend == "dask":
        from shared.jobs.dask_cluster import dask_cluster

        return dask_cluster(options.address, options.jobs)
    from shared.jobs.ray_cluster import ray_cluster

    return ray_cluster(options.address, options.jobs)


def on_backend(
    run: Callable[[Options, Terminal, Backend], None],
) -> Callable[[Options, Terminal], None]:
    """Connect to what carries jobs out before a command does anything else."""

    @functools.wraps(run)
    def connected(options: Options, terminal: Terminal) -> None:
        with open_backend(options) as backend:
            run(options, terminal, backend)

    return connected


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
    said = f"failed: {failure}" if failure else duration(round(progress.seconds))
    left = f"; about {duration(round(progress.left))} left" if progress.left else ""
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
