"""`grammar-lisa fit TABLE`."""

from collections.abc import Iterator
from contextlib import contextmanager

from grammar_lisa.cli.fit_progress import watching
from grammar_lisa.cli.fit_report import ENDINGS, equation_record, print_front
from grammar_lisa.cli.fit_run import Begun, create_fit, resume_fit
from grammar_lisa.cli.options.fit import Options
from grammar_lisa.models.names import FIT_TOOL
from grammar_lisa.regression.equations import Equations
from grammar_lisa.regression.fitting import Fitting, fitting_for
from grammar_lisa.regression.outputs import OUTPUTS, write_outputs
from grammar_lisa.regression.tables.splits import TableSplit, read_split
from grammar_lisa.reports.fit_pictures import plot_fit
from shared.cli.terminal import Terminal
from shared.common.durations import duration
from shared.runs.locks import working_in
from shared.runs.run import SUMMARY


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    try:
        resumed, fitting, split = _read(options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the search had not begun, and nothing was kept") from None
    with create_fit(options) if resumed is None else _going_on(resumed) as begun:
        path = begun.folder.path
        terminal.note(f"run: {path}")
        kept = f"what was found is kept; go on with '{FIT_TOOL} --resume {path} --time 60s'"
        try:
            found = _searched(begun, fitting, split, terminal)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(kept if begun.has_formulas else "nothing was kept") from None
    _report(begun, fitting, found, split, terminal)
    if fitting.ending == "interrupted":
        terminal.close()
        raise KeyboardInterrupt(kept)


def _read(options: Options, terminal: Terminal) -> tuple[Begun | None, Fitting, TableSplit]:
    """Read the table, and open the folder of a search that goes on."""
    resumed = None if options.resume is None else resume_fit(options)
    options = options if resumed is None else resumed.options
    assert options.table is not None
    split = read_split(options.table, options.data, seed=options.seed)
    for note in split.train.notes:
        terminal.note(note)
    terminal.note(split.train.summary)
    front = () if resumed is None else resumed.front
    fitting = fitting_for(split.train, options.config, test=split.test, front=front)
    return resumed, fitting, split


@contextmanager
def _going_on(resumed: Begun) -> Iterator[Begun]:
    """Keep other processes out of the folder of a search that goes on."""
    with working_in(resumed.folder.path):
        yield resumed


def _searched(begun: Begun, fitting: Fitting, split: TableSplit, terminal: Terminal) -> Equations:
    """Search, and leave what is found in the folder, meanwhile and at the end."""
    path, table = begun.folder.path, split.train

    def keep(equations: Equations) -> None:
        write_outputs(path, equations, table, overwrite=True)

    with watching(fitting, terminal, keep):
        fitting.search()
    found = fitting.finished()
    keep(found)
    plot_fit(begun.folder, found.recommended.text, table, split.test)
    begun.folder.write_json(
        SUMMARY,
        {
            "ending": fitting.ending,
            "seconds": begun.seconds + fitting.seconds,
            "rows": len(table),
            "test_rows": None if split.test is None else len(split.test),
            "notes": [*table.notes, *fitting.notes],
            "recommended": equation_record(found.recommended),
        },
    )
    return found


def _report(
    begun: Begun, fitting: Fitting, found: Equations, split: TableSplit, terminal: Terminal
) -> None:
    table, path = split.train, begun.folder.path
    for note in fitting.notes:
        terminal.note(note)
    ending = ENDINGS[str(fitting.ending)]
    terminal.note(f"searched for {duration(fitting.seconds)}: {ending}")
    print_front(terminal, found, table.target_name, found.reason)
    files = [*OUTPUTS, "fit.png"]
    terminal.print(f"{path}: {', '.join(files)}")
    terminal.result(
        run=str(path),
        table=str(begun.options.table),
        target=table.target_name,
        names=dict(table.names),
        notes=[*table.notes, *fitting.notes],
        rows=len(table),
        test_rows=None if split.test is None else len(split.test),
        ending=fitting.ending,
        seconds=fitting.seconds,
        equations=[equation_record(each) for each in found],
        recommended=equation_record(found.recommended),
        reason=found.reason,
        files=[str(path / name) for name in files],
    )
