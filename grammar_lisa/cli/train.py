"""`grammar-lisa train --grammar FILE`."""

from collections.abc import Sequence

from grammar_lisa.cli.options.train import TRAIN, Options
from grammar_lisa.cli.reports import print_quality
from grammar_lisa.grammar.datasets import DerivationSplit
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import run_architecture
from grammar_lisa.reports.pictures import plot_curves
from grammar_lisa.training.experiment import Plan, data_of, finish_run, make_run, train_run
from shared.cli.terminal import Terminal
from shared.common.callbacks import Callbacks, MetricsRow
from shared.common.words import counted
from shared.runs.run import SUMMARY, Run, open_run
from shared.trackers.tracker import Tracker, log_epoch, show_pictures, tracking


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    track = options.track
    if options.resume is None:
        folder, data = begin(options, terminal)
    else:
        folder = open_run(options.resume, TOOL)
        options = TRAIN.of_run(folder)
        if folder.finished and (folder.path / SUMMARY).is_file():
            terminal.note(f"{folder.path} is finished already")
            print_quality(terminal, folder)
            return
        terminal.note(f"going on with {folder.path}")
        data = data_of(folder, options, terminal.note)
    try:
        with tracking(track, folder, terminal.note) as tracker:
            train(folder, data, options, terminal, tracker)
            finish_run(folder, data, Plan(options, options.hyper), terminal.note)
            show_pictures(tracker, folder)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with '{TOOL} train --resume {folder.path}'") from None
    print_quality(terminal, folder)


def begin(options: Options, terminal: Terminal) -> tuple[Run, DerivationSplit]:
    """Read the grammar, gather the data and make the run's folder."""
    plan = Plan(options, options.hyper)
    path = options.place(f"{options.grammar.stem}-{plan.method.name}")
    folder, data = make_run(path, plan, overwrite=options.overwrite, notify=terminal.note)
    built = run_architecture(folder)
    epochs = plan.settled(built.max_rules).config.epochs
    assert epochs is not None
    note = (
        f"{plan.method.title}, {built.network} network, d = {built.dim}, {counted(epochs, 'epoch')}"
    )
    left = [name for name in ("network", "dim", "epochs") if getattr(options, name) is None]
    if left:
        flags = ", ".join(f"--{name}" for name in left)
        note += f" ({flags} chosen for sentences of at most {counted(built.max_rules, 'rule')})"
    terminal.note(note)
    terminal.note(f"run: {folder.path}")
    return folder, data


def train(
    folder: Run, data: DerivationSplit, options: Options, terminal: Terminal, tracker: Tracker
) -> None:
    """Train to the end, with a bar of progress, and a tracker that is told of each epoch."""
    if folder.finished:
        return
    plan = Plan(options, options.hyper).settled(run_architecture(folder).max_rules)
    with terminal.progress("training", 0) as bar:

        def step(done: int, steps: int, rate: float) -> None:
            bar.update(done, f"{rate:,.0f} sentences/s", total=steps)

        def epoch(row: MetricsRow) -> None:
            log_epoch(tracker, row)
            terminal.note(
                f"epoch {row['epoch']:.0f}/{plan.config.epochs}: loss {row['loss']:.4f}, "
                f"validation sentences exact {row['valid_exact']:.4f}"
            )

        def curves(rows: Sequence[MetricsRow]) -> None:
            plot_curves(folder, rows)

        callbacks = Callbacks(terminal.note, step, epoch, curves)
        train_run(folder, data, plan, callbacks)
