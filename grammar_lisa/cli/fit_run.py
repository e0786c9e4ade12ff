"""The folder of a search for formulas: made, gone on with, and told of."""

import dataclasses
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grammar_lisa.cli.fit_report import ENDINGS, equation_record, print_front
from grammar_lisa.cli.options.fit import Options
from grammar_lisa.cli.options.search import recorded
from grammar_lisa.models.names import FIT_TOOL
from grammar_lisa.regression.outputs import BEST, EQUATIONS, read_best, read_equations
from grammar_lisa.regression.tables.packed_files import STANDARD_INPUT, standard_input
from shared.cli.records import options_from_record
from shared.cli.terminal import Terminal
from shared.common.durations import duration
from shared.common.errors import LisaError
from shared.runs.files import read_json, write_atomically
from shared.runs.folders import made_by
from shared.runs.run import CONFIG, SUMMARY, Run, beginning_run, next_run_path, open_run

_KEPT = "table.csv"
"""What a table from standard input is kept as, in the folder of its run."""
_UNRECORDED = (
    "json",
    "quiet",
    "table",
    "guess",
    "name",
    "runs",
    "overwrite",
    "resume",
    "test",
    "jobs",
)


@dataclass(frozen=True)
class Begun:
    """A search in its folder.

    Attributes:
        folder: The folder.
        options: What is searched for, and how.
        front: Formulas of an earlier search to go on from.
        seconds: How long earlier searches took.
    """

    folder: Run
    options: Options
    front: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def has_formulas(self) -> bool:
        """Whether something that was found lies in the folder."""
        return (self.folder.path / EQUATIONS).is_file()


@contextmanager
def create_fit(options: Options) -> Iterator[Begun]:
    """Make the folder of a search, which stays where something was found.

    Else, where the search fails or is interrupted, it is taken away, and a run that it replaced is
    put back.

    Raises:
        LisaError: It is taken, or the table cannot be read.
    """
    assert options.table is not None
    path = (
        next_run_path(options.runs, "fit") if options.name is None else options.runs / options.name
    )
    content = standard_input() if options.table == STANDARD_INPUT else None
    kept = path / _KEPT
    config = {
        **made_by(FIT_TOOL),
        "options": recorded(_anywhere(options), _UNRECORDED),
        "guesses": list(options.guess),
        "table": _file_record(options.table) if content is None else _record(kept, content),
        "test": _test_record(options),
        "grammar": None if options.grammar is None else _file_record(options.grammar),
    }
    found = path / EQUATIONS
    with beginning_run(path, config, overwrite=options.overwrite, keeps=found.is_file) as folder:
        if content is not None:
            write_atomically(kept, content)
            options = dataclasses.replace(options, table=kept)
        yield Begun(folder, options)


def resume_fit(options: Options) -> Begun:
    """Open the folder of a search to go on with it.

    Args:
        options: Where it lies, and how long and how far to go on.

    Raises:
        LisaError: It is no folder of a search, or its table or grammar is gone or changed.
    """
    assert options.resume is not None
    folder = open_run(options.resume, FIT_TOOL)
    source = str(folder.path / CONFIG)
    found = options_from_record(Options, folder.config.get("options"), source)
    try:
        table = _unchanged(folder.config["table"])
        test = folder.config["test"]
        if isinstance(test, dict):
            test = str(_unchanged(test))
        if folder.config["grammar"] is not None:
            _unchanged(folder.config["grammar"])
        guesses = tuple(str(text) for text in folder.config["guesses"])
    except (KeyError, TypeError):
        raise LisaError(
            f"{source} is damaged: it lacks the table, the grammar or the guesses"
        ) from None
    options = dataclasses.replace(
        found,
        table=table,
        data=dataclasses.replace(found.data, test=test),
        guess=guesses,
        time=options.time,
        stop_at=options.stop_at or found.stop_at,
        jobs=options.jobs,
        json=options.json,
        quiet=options.quiet,
    )
    options.check()
    there = (folder.path / EQUATIONS).is_file()
    front = tuple(each.text for each in read_equations(folder.path)) if there else ()
    return Begun(folder, options, front, _seconds(folder))


def is_fit(path: Path) -> bool:
    """Tell whether a folder is that of a search for formulas."""
    if not (path / CONFIG).is_file():
        return False
    config = read_json(path / CONFIG)
    return isinstance(config, dict) and config.get("tool") == FIT_TOOL


def tell_fit(path: Path, terminal: Terminal) -> None:
    """Tell what a search for formulas was, and what it found.

    Raises:
        LisaError: A file of the folder is damaged.
    """
    folder = open_run(path, FIT_TOOL)
    config = folder.config
    try:
        made, by = str(config["created"])[:19], config["version"]
        table, grammar = config["table"]["path"], config["grammar"]
        operators = config["options"]["operators"]
        allowed = f"operators: {operators}" if grammar is None else f"grammar: {grammar['path']}"
    except (KeyError, TypeError) as error:
        raise LisaError(f"{path / CONFIG} is not as it was written ({error!r})") from None
    terminal.print(f"{path}: made {made} by version {by}")
    terminal.print(f"table: {table}; {allowed}")
    summary = folder.read_json(SUMMARY) if (path / SUMMARY).is_file() else None
    terminal.print(f"{_state(summary)}; more by '{FIT_TOOL} --resume {path} --time 60s'")
    terminal.result(run=str(path), config=dict(config), summary=summary)
    if (path / EQUATIONS).is_file():
        best, front = read_best(path), read_equations(path)
        reason = str(folder.read_json(BEST).get("reason"))
        print_front(terminal, front, best.target, reason)
        terminal.result(equations=[equation_record(each) for each in front])


def _state(summary: Any) -> str:
    if not isinstance(summary, dict):
        return "the search did not end"
    ending = ENDINGS.get(str(summary.get("ending")), "")
    return f"searched for {duration(summary.get('seconds'))}: {ending}"


def _seconds(folder: Run) -> float:
    if not (folder.path / SUMMARY).is_file():
        return 0.0
    summary = folder.read_json(SUMMARY)
    return float(summary.get("seconds") or 0) if isinstance(summary, dict) else 0.0


def _anywhere(options: Options) -> Options:
    """Return options that say the same in every folder."""
    grammar = options.grammar
    return dataclasses.replace(options, grammar=None if grammar is None else grammar.resolve())


def _file_record(path: Path) -> dict[str, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LisaError(f"cannot read {path}: {error.strerror or error}") from None
    return _record(path, content)


def _record(path: Path, content: bytes) -> dict[str, str]:
    return {"path": str(path.resolve()), "sha256": hashlib.sha256(content).hexdigest()}


def _test_record(options: Options) -> dict[str, str] | str | None:
    """Return the file of a test, or the share of the rows."""
    test = options.data.test
    return test if test is None or options.data.test_share is not None else _file_record(Path(test))


def _unchanged(record: dict[str, str]) -> Path:
    path = Path(record["path"])
    if _file_record(path)["sha256"] != record["sha256"]:
        raise LisaError(f"{path} has changed since the search began; fit it anew")
    return path
