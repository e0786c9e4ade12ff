"""`grammar-lisa benchmark table5 --protocol clean`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from grammar_lisa.benchmark.rows import (
    TITLES,
    by_kind,
    cells_of,
    columns_of,
    csv_text,
    markdown,
    notes_of,
    rows_of,
)
from grammar_lisa.benchmark.systems import KINDS, PROTOCOLS, SYSTEMS, Entry, entries_of
from grammar_lisa.benchmark.table5 import TABLE5_TOOL, Comparison, Setting, open_comparison
from grammar_lisa.benchmark.work import OnEnd, Progress, Work
from grammar_lisa.cli.check import LENGTHS
from grammar_lisa.cli.search_options import N_INITIAL, check_search
from grammar_lisa.models.model import LARGEST_DIM
from grammar_lisa.models.networks import NETWORKS
from shared.cli.commands import Output, Terminal, check_name, check_ranges, flag_value, unknown
from shared.common.errors import LisaError
from shared.runs.environment import environment
from shared.runs.files import write_json
from shared.runs.locks import working_in

RESULTS, TABLE = "results.json", "table5"


@dataclass(frozen=True, kw_only=True)
class Options(Setting, Output):
    """Train the systems of Table 5, search each of them, and write the table.

    What is done is not done again: the same command goes on where it stopped, and other systems,
    networks, sentences or more trials are added to what is there.

    Attributes:
        sentences: data, the file's; grammar, drawn uniformly from the grammar; or all.
        systems: all, or names of systems with commas between.
        networks: Networks for the systems on derivations, with commas between: dense, kusner.
        trials: Searches of each system, from different seeds.
        n_initial: Scored sentences that trials begin from; by default 5,000, and by the clean
            protocol both 500 and 5,000.
        set: A hyperparameter other than its default, METHOD.HYPERPARAMETER=VALUE, as in
            vae.kl-weight=0.1; once for each.
        jobs: Trainings or trials at a time; by default one for each processor.
        out: The folder that benchmarks are kept in.
        name: The folder in there; by default table5-PROTOCOL.
    """

    sentences: Literal["all", "data", "grammar"] = "all"
    systems: str = "all"
    networks: str = "dense"
    trials: int = 5
    n_initial: tuple[int, ...] = ()
    set: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    jobs: int | None = None
    out: Path = Path("benchmarks")
    name: str | None = None


def default_options(words: Sequence[str]) -> Options | None:
    """The options with the budget of the protocol that words name, if they name one."""
    protocol = PROTOCOLS.get(flag_value(words, "protocol") or "")
    if protocol is None:
        return None
    return Options(protocol=protocol.name, search=protocol.search)


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    _check_options(options)
    systems = chosen("system", options.systems, SYSTEMS)
    entries = entries_of(systems, chosen("network", options.networks, NETWORKS), _kinds(options))
    path = options.out / (options.name or f"table5-{options.protocol}")
    comparison = open_comparison(path, options)
    terminal.note(f"benchmark: {comparison.path}")
    try:
        with working_in(comparison.path):
            _carry_out(comparison, entries, options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with the same '{TABLE5_TOOL}' command") from None


def chosen(kind: str, text: str, valid: Mapping[str, object]) -> list[str]:
    """Names of systems or networks: `all`, or some with commas between, in any case.

    Raises:
        LisaError: if there is none of such a name, or none is named.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["all"]:
        return list(valid)
    by_name = {name.lower(): name for name in valid}
    for word in words:
        if word.lower() not in by_name:
            raise LisaError(unknown(kind, word, valid))
    if not words:
        raise LisaError(f"--{kind}s names no {kind}; give 'all' or names with commas between")
    return [by_name[word.lower()] for word in words]


def _kinds(options: Options) -> Sequence[str]:
    if options.sentences == "data" and options.data is None:
        raise LisaError("--sentences data are those of a file; name it with --data FILE")
    if options.sentences == "all":
        return KINDS if options.data is not None else ("grammar",)
    return (options.sentences,)


def _carry_out(
    comparison: Comparison, entries: Sequence[Entry], options: Options, terminal: Terminal
) -> None:
    """Train and search what is missing, and write the table."""
    jobs = options.jobs or os.cpu_count() or 1
    trained = comparison.train(entries, jobs, _note_ends(terminal, "trained"))
    comparison.draw(trained, options.trials)
    n_initial = options.n_initial or options.how.n_initial
    trials = comparison.trials(trained, n_initial, options.trials)
    with terminal.progress("trials", len(trials)) as bar:
        note_failure = _note_ends(terminal, "", only_failures=True)

        def on_end(work: Work, failure: str, progress: Progress) -> None:
            note_failure(work, failure, progress)
            bar.update(progress.done)

        comparison.do_trials(trials, jobs, on_end)
    _report(comparison, options, terminal)


def _note_ends(terminal: Terminal, verb: str, *, only_failures: bool = False) -> OnEnd:
    """Says a line for each piece of work that ended."""

    def on_end(work: Work, failure: str, progress: Progress) -> None:
        if only_failures and not failure:
            return
        said = f"failed: {failure}" if failure else f"{verb} in {progress.seconds:.0f} s"
        left = f"; about {timedelta(seconds=round(progress.left))} left" if progress.left else ""
        terminal.note(f"[{progress.done}/{progress.total}] {work.name}: {said}{left}")

    return on_end


def _report(comparison: Comparison, options: Options, terminal: Terminal) -> None:
    clean = comparison.setting.how.clean
    records = comparison.records()
    rows, facts, failed = rows_of(records), comparison.facts(), comparison.failed()
    notes = notes_of(rows, facts, clean=clean)
    title = f"Table 5, {comparison.setting.protocol} protocol"
    if rows:
        comparison.folder.write_text(f"{TABLE}.md", markdown(title, rows, notes, clean=clean))
        comparison.folder.write_text(f"{TABLE}.csv", csv_text(rows))
    results: dict[str, Any] = {
        "environment": environment(),
        "settings": comparison.folder.config["settings"],
        "systems": {
            entry.name: comparison.setting.plan(entry).record(comparison.path)
            for entry in comparison.present()
        },
        "facts": facts,
        "notes": notes,
        "failed": failed,
        "table": rows,
        "trials": records,
    }
    write_json(comparison.path / RESULTS, results)
    for kind, group in by_kind(rows).items():
        cells = [cells_of(row, clean) for row in group]
        terminal.table(f"{title}: {TITLES[kind]}", columns_of(clean), cells)
    for note in notes if rows else ():
        terminal.print(f"- {note}")
    if failed:
        heads = ("what", "why")
        terminal.table("failed; the same command tries them again", heads, list(failed.items()))
    terminal.print(f"kept in {comparison.path}: {TABLE}.md, {TABLE}.csv, {RESULTS}")
    terminal.result(benchmark=str(comparison.path), failed=failed, facts=facts, table=rows)


def _check_options(options: Options) -> None:
    check_name(options.name)
    check_search(options.search)
    check_ranges(
        options,
        trials=(1, 1000),
        count=(10, 10_000_000),
        held_out=(1, 10_000_000),
        max_rules=LENGTHS,
        dim=(2, LARGEST_DIM),
        epochs=(1, 1_000_000),
        kusner_epochs=(1, 1_000_000),
        characters_epochs=(1, 1_000_000),
        jobs=(1, 1024),
    )
    for number in options.n_initial:
        if not N_INITIAL[0] <= number <= N_INITIAL[1]:
            raise LisaError(f"--n-initial must be from 2 to 10,000,000, not {number}")
