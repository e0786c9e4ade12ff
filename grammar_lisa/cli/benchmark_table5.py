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
from grammar_lisa.benchmark.systems import PROTOCOLS, RECIPES, SYSTEMS
from grammar_lisa.benchmark.table5 import (
    KINDS,
    TABLE5_TOOL,
    Comparison,
    Entry,
    Setting,
    entries_of,
    open_comparison,
)
from grammar_lisa.benchmark.work import Pace, Told, Work
from grammar_lisa.cli.check import LENGTHS
from grammar_lisa.model import LARGEST_DIM
from grammar_lisa.networks import CHARACTERS, NETWORKS
from grammar_lisa.search.search import Settings
from shared.cli import Output, Terminal, check_name, check_ranges, unknown
from shared.environment import environment
from shared.errors import LisaError
from shared.files import write_json
from shared.locks import working_in
from shared.method_options import set_methods

RESULTS, TABLE = "results.json", "table5"


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Train the systems of Table 5, search each of them, and write the table.

    What is done is not done again: the same command goes on where it stopped, and other systems,
    networks, sentences or more trials are added to what is there.

    Attributes:
        protocol: published leaves the answer in the data and evaluates 5 rounds of 50; clean keeps
            it out of training and search and evaluates 10 rounds of 50.
        data: A file of sentences to learn from, one a line, plain or gzipped, such as Kusner's.
        sentences: data, the file's; grammar, drawn uniformly from the grammar; or all.
        systems: all, or names of systems with commas between.
        networks: Networks for the systems on derivations, with commas between: dense, kusner.
        trials: Searches of each system, from different seeds.
        begin_from: Scored sentences that trials begin from; by default 5,000, and by the clean
            protocol both 500 and 5,000.
        count: The number of training sentences.
        held_out: The number of other sentences that reconstruction is tested on.
        max_rules: The most rules a sentence may take.
        dim: The code size d.
        epochs: Of the dense network.
        kusner_epochs: Of the kusner network.
        characters_epochs: Of the network of CVAE.
        set: A hyperparameter other than its default, METHOD.HYPERPARAMETER=VALUE, as in
            vae.kl-weight=0.1; once for each.
        rounds: Batches that a trial evaluates; by default those of the protocol.
        batch: Evaluations a batch.
        pool: Points that a round decodes.
        candidates: Candidates that are weighed against each other.
        fit_points: Scored sentences that the surrogate is fitted to.
        parents: Best sentences that proposals start from.
        foresee: Learn from scored expressions what others come to; off by default, so that systems
            are compared by where their codes lead.
        joins: Expressions that are made of foreseen parts a round; 0 for none, the default.
        grammar: The grammar, in nltk's .cfg syntax.
        jobs: Trainings or trials at a time; by default one for each processor.
        seed: Of everything random.
        out: The folder that benchmarks are kept in.
        name: The folder in there; by default table5-PROTOCOL.
    """

    protocol: Literal["published", "clean"]
    data: Path | None = None
    sentences: Literal["all", "data", "grammar"] = "all"
    systems: str = "all"
    networks: str = "dense"
    trials: int = 5
    begin_from: tuple[int, ...] = ()
    count: int = 50_000
    held_out: int = 10_000
    max_rules: int = 15
    dim: int = 25
    epochs: int = RECIPES["dense"].epochs
    kusner_epochs: int = RECIPES["kusner"].epochs
    characters_epochs: int = RECIPES[CHARACTERS].epochs
    set: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    rounds: int | None = None
    batch: int = Settings.batch
    pool: int = Settings.pool
    candidates: int = Settings.candidates
    fit_points: int = Settings.fit_points
    parents: int = Settings.parents
    foresee: bool = False
    joins: int = 0
    grammar: Path = Path("grammars/expr.cfg")
    jobs: int | None = None
    seed: int = 0
    out: Path = Path("benchmarks")
    name: str | None = None

    def setting(self) -> Setting:
        """What all calls on one folder must agree in."""
        names = ("batch", "pool", "candidates", "fit_points", "parents", "foresee", "joins")
        search = Settings(
            rounds=self.rounds or PROTOCOLS[self.protocol].rounds,
            **{name: getattr(self, name) for name in names},
        )
        return Setting(
            self.protocol,
            self.grammar,
            self.data,
            self.count,
            self.held_out,
            self.max_rules,
            self.dim,
            {
                "dense": self.epochs,
                "kusner": self.kusner_epochs,
                CHARACTERS: self.characters_epochs,
            },
            search,
            self.seed,
            set_methods(self.set),
        )


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    _check_options(options)
    setting, systems = options.setting(), chosen("system", options.systems, SYSTEMS)
    compared = {system.method for system in SYSTEMS.values()}
    for name in setting.methods.keys() - compared:
        raise LisaError(f"--set changes {name}; methods of systems: {', '.join(sorted(compared))}")
    entries = entries_of(systems, chosen("network", options.networks, NETWORKS), _kinds(options))
    path = options.out / (options.name or f"table5-{options.protocol}")
    comparison = open_comparison(path, setting)
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
    begin_from = options.begin_from or comparison.setting.how.begin_from
    trained = comparison.train(entries, jobs, _teller(terminal, "trained"))
    comparison.draw(trained, options.trials)
    trials = comparison.trials(trained, begin_from, options.trials)
    with terminal.progress("trials", len(trials)) as meter:
        tell = _teller(terminal, "", only_failures=True)

        def told(work: Work, failure: str, pace: Pace) -> None:
            tell(work, failure, pace)
            meter.update(pace.done)

        comparison.do_trials(trials, jobs, told)
    _report(comparison, options, terminal)


def _teller(terminal: Terminal, verb: str, *, only_failures: bool = False) -> Told:
    """Says a line for each piece of work that ended."""

    def tell(work: Work, failure: str, pace: Pace) -> None:
        if only_failures and not failure:
            return
        said = f"failed: {failure}" if failure else f"{verb} in {pace.seconds:.0f} s"
        left = f"; about {timedelta(seconds=round(pace.left))} left" if pace.left else ""
        terminal.note(f"[{pace.done}/{pace.total}] {work.name}: {said}{left}")

    return tell


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
        rounds=(1, 10_000),
        batch=(1, 10_000),
        pool=(1, 1_000_000),
        joins=(0, 10_000),
        candidates=(1, 20_000),
        fit_points=(2, 10_000),
        parents=(1, 1_000_000),
        jobs=(1, 1024),
    )
    for number in options.begin_from:
        if not 2 <= number <= 10_000_000:
            raise LisaError(f"--begin-from must be from 2 to 10,000,000, not {number}")
