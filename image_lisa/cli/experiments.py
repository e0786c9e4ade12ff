"""What `benchmark` and `sweep` share: their options, and how they tell how far they are."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from image_lisa.benchmark.experiments import ExperimentOutcome, ExperimentSettings
from image_lisa.cli.options.experiments import ExperimentOptions
from image_lisa.cli.trainings import data_named, training_of
from shared.cli.terminal import Terminal
from shared.jobs.jobs import JobProgress


def setting_of(options: ExperimentOptions) -> ExperimentSettings:
    """Return what options say of all experiments of a command."""
    return ExperimentSettings(
        data_named(options), options.network, options.code_size, training_of(options)
    )


def notifier(terminal: Terminal) -> Callable[[ExperimentOutcome, JobProgress], None]:
    """Return what says one line for each experiment that ended."""

    def notify(outcome: ExperimentOutcome, progress: JobProgress) -> None:
        what = f"[{progress.done}/{progress.total}] {outcome.experiment.path.name}"
        if outcome.record is None:
            said = f"failed: {outcome.failure}"
        else:
            seconds = outcome.record["seconds"]
            said = f"{seconds['experiment'] + seconds['measurement']:.0f} s"
        left = f"; about {timedelta(seconds=round(progress.left))} left" if progress.left else ""
        terminal.note(f"{what}: {said}{left}")

    return notify


def report_failures(outcomes: Sequence[ExperimentOutcome], terminal: Terminal) -> None:
    """Say at the end which experiments failed, and why."""
    failed = {each.experiment.path.name: each.failure for each in outcomes if each.failure}
    terminal.result(failed=failed)
    if failed:
        rows = list(failed.items())
        terminal.table("failed; the same command tries them again", ("run", "why"), rows)
