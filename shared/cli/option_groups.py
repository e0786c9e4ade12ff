"""Options that several commands take together."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

import tyro

from shared.cli.records import check_inputs
from shared.cli.terminal import Output, Ranges
from shared.common.errors import LisaError
from shared.common.extras import check_extra
from shared.runs.files import check_free
from shared.runs.run import Run, newest_run, next_run_path, open_run
from shared.trackers.names import TrackerName


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Which run a command works on.

    Attributes:
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
    """

    run: Path | None = None
    runs: Path = Path("runs")

    def chosen(self, tool: str) -> Run:
        """Open the run, which `tool` made, or the newest one.

        Raises:
            LisaError: There is none.
        """
        return newest_run(self.runs, tool) if self.run is None else open_run(self.run, tool)


@dataclass(frozen=True, kw_only=True)
class RunCommandOptions(RunOptions, Output):
    """Which run a command works on that has no other work."""

    @property
    def needs_run(self) -> bool:
        """Whether the command works on a run at all."""
        return True

    def check(self) -> None:
        """Refuse a folder that holds no run, before anything is loaded that takes long.

        Raises:
            LisaError: Naming the folder, and the runs beside it.
        """
        super().check()
        if self.needs_run:
            self.chosen(type(self).__module__.partition(".")[0].replace("_", "-"))


@dataclass(frozen=True, kw_only=True)
class RunArgument(RunCommandOptions):
    """Which run a command works on whose first word names it.

    Attributes:
        run: The folder of the run; by default the newest finished one in --runs.
    """

    run: tyro.conf.Positional[Path | None] = None


@dataclass(frozen=True, kw_only=True)
class NewRunOptions:
    """Which run a training makes, goes on with, or takes its options from.

    Attributes:
        runs: The folder that runs are kept in.
        name: The run's folder in there; by default a new one.
        overwrite: Replace the run of that name.
        resume: Go on with a run that was stopped: its folder. All else is read from it.
        config: Take the options from the config.json of a run; flags given beside it win.
    """

    runs: Path = Path("runs")
    name: str | None = None
    overwrite: bool = False
    resume: Path | None = None
    config: Path | None = None

    def place(self, stem: str) -> Path:
        """Return the folder of a new run, whose name begins with `stem` unless it has one."""
        return self.runs / self.name if self.name else next_run_path(self.runs, stem)


@dataclass(frozen=True, kw_only=True)
class JobOptions(Output):
    """How many independent jobs are done at a time, and where.

    Attributes:
        jobs: Trainings or trials at a time; by default one for each processor, or for each worker
            of a cluster.
        backend: What does them: processes of this machine, or the workers of a cluster.
        address: Of the cluster: tcp://HOST:PORT or a scheduler file for dask, HOST:PORT or auto
            for ray.
    """

    ranges: ClassVar[Ranges] = {"jobs": (1, 1024)}

    jobs: int | None = None
    backend: Literal["processes", "dask", "ray"] = "processes"
    address: str | None = None

    @property
    def workers(self) -> int:
        """How many processes of this machine there are."""
        return self.jobs or os.cpu_count() or 1

    def check(self) -> None:
        """Refuse an address without a backend, a backend without one, and one not installed.

        Raises:
            LisaError: Naming what is missing.
        """
        super().check()
        if self.backend == "processes":
            if self.address is not None:
                raise LisaError(
                    f"--address {self.address} is that of a cluster; say which: --backend dask or "
                    "--backend ray"
                )
            return
        if self.address is None:
            raise LisaError(f"--backend {self.backend} needs the cluster's --address")
        check_extra(self.backend, {"dask": "distributed", "ray": "ray"}[self.backend])


JOB_OPTIONS: Final = ("jobs", "backend", "address")
"""What decides where jobs are done and how fast, and never what they find."""


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions(JobOptions):
    """Where a benchmark is kept.

    Attributes:
        out: The folder that benchmarks are kept in.
        name: The folder in there; by default it is named by what is compared.
    """

    out: Path = Path("benchmarks")
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrackOptions(Output):
    """Where a command is followed, beside its own folder.

    Attributes:
        track: Follow it with tensorboard, mlflow or wandb, which the extra of that name brings; by
            default nothing is followed. TensorBoard's files go into the folder of the run.
    """

    track: TrackerName | None = None

    def check(self) -> None:
        """Refuse a tracker whose package is not installed.

        Raises:
            LisaError: Naming the extra that brings it.
        """
        super().check()
        if self.track is not None:
            check_extra(self.track, self.track)


@dataclass(frozen=True, kw_only=True)
class OutOptions(Output):
    """Where a command writes a file.

    Attributes:
        out: The file.
        overwrite: Replace it if it is there.
    """

    out: Path | None = None
    overwrite: bool = False

    def check(self) -> None:
        """Refuse a file that is there, unless it may be replaced.

        Raises:
            LisaError: Naming it.
        """
        super().check()
        if self.out is not None:
            check_free(self.out, overwrite=self.overwrite)


@dataclass(frozen=True, kw_only=True)
class ReportOptions(OutOptions):
    """Which runs a report is made of, and where it goes.

    Attributes:
        run: The folders of runs; by default the newest finished training in --runs.
        out: The HTML file; by default report.html in the folder of the run, or comparison.html in
            that of the first of several, which are replaced.
        runs: The folder that runs are kept in.
    """

    run: tyro.conf.Positional[tuple[Path, ...]] = ()
    out: Path | None = None
    runs: Path = Path("runs")

    def chosen_paths(self, tool: str) -> tuple[Path, ...]:
        """Return the folders that are named, or that of the newest run of `tool`.

        Raises:
            LisaError: None is named, and there is none.
        """
        return self.run or (newest_run(self.runs, tool).path,)

    def check(self) -> None:
        """Refuse a report that would replace a file, or without the packages that make it.

        Raises:
            LisaError: Naming the file, or the extra that brings them.
        """
        super().check()
        check_inputs(self, "run")
        check_extra("reports", "jinja2", "plotly")
