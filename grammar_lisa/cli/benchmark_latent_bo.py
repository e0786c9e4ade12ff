"""`grammar-lisa benchmark latent-bo --protocol t-lbo`."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from grammar_lisa.benchmark.drawn import drawn_targets, targets_among
from grammar_lisa.benchmark.latent_bo import (
    LATENT_BO_TOOL,
    Comparison,
    Entrant,
    Setting,
    rows_of,
)
from grammar_lisa.benchmark.published import published_rows
from grammar_lisa.benchmark.start_sets import PROTOCOLS
from grammar_lisa.benchmark.tables import csv_table, markdown_table
from grammar_lisa.benchmark.work import Progress, Work
from grammar_lisa.cli.check import LENGTHS
from grammar_lisa.grammar import load_grammar
from grammar_lisa.models.model import LARGEST_DIM
from grammar_lisa.objectives.regression import KUSNER_TARGET
from shared.cli.commands import Output, Terminal, check_name, check_ranges
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.runs.environment import environment
from shared.runs.files import write_json
from shared.runs.folders import open_folder
from shared.runs.locks import working_in

RESULTS, TABLE, CSV = "results.json", "latent-bo.md", "latent-bo.csv"
HEADS = (
    "target", "system", "trials", "start", "exact by 100", "exact by 250", "exact by 500",
    "exact at", "best at 100", "best at 250", "best at 500", "average", "seconds",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Compare systems of latent-space optimisation by a published protocol.

    What is done is not done again: the same command goes on where it stopped, and other systems,
    targets or more seeds are added to what is there.

    Attributes:
        protocol: What searches begin from and how long they go on: t-lbo, few and
            weighted-retraining are published start sets; published has the answer in its data;
            withheld leaves out the best 3 % of lines for any target; none has no data; clean
            leaves out the target and all near it.
        data: The file of sentences that the protocol takes its lines from, plain or gzipped, such
            as Kusner's; without it, clean and none draw sentences from the grammar.
        systems: Each SYSTEM[+option=value]…, for example lisa, structure, lisa+kernel=terms,
            lisa+method=vae+vae.kl-weight=0.1, latent+untrained=yes.
        targets: What is looked for; by default Kusner's target.
        drawn: Look for so many targets drawn by the seed instead, half of them sentences of the
            grammar, half lines of the data; none for which nearly all lines score worst.
        seeds: Trials of each system, each with a start of its own.
        known: How many scored sentences a trial begins from; by default what the protocol says.
        outputs: Let searches see the outputs of expressions, not their scores alone.
        budget: The most evaluations of a trial; by default what the protocol says.
        batch: Sentences a batch; by default as many as the system has.
        epochs: Of the training of each network.
        dim: The code size d.
        max_rules: The most rules of a sentence.
        draw: How sentences are drawn where there is no data.
        grammar: The grammar.
        jobs: Trainings or trials at a time; by default one for each processor.
        seed: Of everything random.
        out: The folder that benchmarks are kept in.
        name: The folder in there; by default latent-bo-PROTOCOL, with -outputs for those.
    """

    protocol: Literal[
        "t-lbo", "few", "weighted-retraining", "withheld", "clean", "published", "none"
    ]
    data: Path | None = None
    systems: tuple[str, ...] = ("lisa", "latent", "latent+untrained=yes", "structure")
    targets: tuple[str, ...] = (KUSNER_TARGET,)
    drawn: int = 0
    seeds: int = 5
    known: int | None = None
    outputs: bool = False
    budget: int | None = None
    batch: int | None = None
    epochs: int = 20
    dim: int = 25
    max_rules: int = 15
    draw: Literal["uniform", "by-length", "weighted"] = "uniform"
    grammar: Path = Path("grammars/expr.cfg")
    jobs: int | None = None
    seed: int = 0
    out: Path = Path("benchmarks")
    name: str | None = None

    def setting(self) -> Setting:
        """Return what all calls on one folder must agree in."""
        return Setting(
            PROTOCOLS[self.protocol],
            self.grammar,
            self.data,
            self.known,
            not self.outputs,
            self.epochs,
            self.dim,
            self.max_rules,
            self.draw,
            self.batch,
            self.seed,
        )


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    _check_options(options)
    setting = options.setting()
    budget = options.budget or setting.protocol.budget
    entrants = [Entrant.parse(text, budget, options.batch) for text in options.systems]
    if options.data is None and options.protocol not in ("clean", "none"):
        raise LisaError(
            f"the protocol {options.protocol} begins from lines of a file; name it with --data FILE"
        )
    name = f"latent-bo-{options.protocol}" + ("-outputs" if options.outputs else "")
    path = options.out / (options.name or name)
    comparison = Comparison(open_folder(path, LATENT_BO_TOOL, setting.record()), setting)
    terminal.note(f"benchmark: {comparison.path}")
    for each in entrants:
        terminal.note(f"{each.name}: {each.config.describe()}")
    targets = _targets(options, comparison)
    jobs = options.jobs or os.cpu_count() or 1
    try:
        with working_in(comparison.path):
            for target in targets:
                comparison.do(target, entrants, options.seeds, jobs, _noting(terminal, target))
            _report(comparison, options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with the same '{LATENT_BO_TOOL}' command") from None


def _targets(options: Options, comparison: Comparison) -> Sequence[str]:
    """Return what is looked for: what was named, or targets that the seed draws."""
    if not options.drawn:
        return options.targets
    points = comparison.objective(KUSNER_TARGET).data
    of_lines = options.drawn // 2 if options.data is not None else 0
    targets = drawn_targets(
        load_grammar(options.grammar),
        options.max_rules,
        points,
        options.drawn - of_lines,
        derive_seed(options.seed, "targets"),
        comparison.tells,
    )
    if of_lines:
        rng = np.random.default_rng(derive_seed(options.seed, "target lines"))
        order = rng.permutation(len(comparison.lines)).tolist()
        lines = [comparison.lines[row] for row in order]
        targets += targets_among(
            lines, points, of_lines, f"lines of {options.data}", comparison.tells
        )
    return targets


def _noting(terminal: Terminal, target: str) -> Any:
    """Return what says a line for each piece of work that ended."""

    def note(work: Work, failure: str, progress: Progress) -> None:
        said = f"failed: {failure}" if failure else f"{progress.seconds:.0f} s"
        left = f", about {progress.left:.0f} s left" if progress.left >= 1 else ""
        terminal.note(f"{target} [{progress.done}/{progress.total}] {work.name}: {said}{left}")

    return note


def _report(comparison: Comparison, options: Options, terminal: Terminal) -> None:
    """Write and print the table, with the published figures of the protocol below."""
    records = comparison.records()
    rows, published = rows_of(records), published_rows(options.protocol)
    notes = _notes(comparison, options)
    cells = [[_cell(row, head) for head in HEADS] for row in rows]
    lines = [f"# Latent-space optimisation, protocol {options.protocol}", ""]
    lines += [*markdown_table(HEADS, cells), "", *(f"- {note}" for note in notes), ""]
    heads = ("system", "evaluations", "best", "valid", "average", "source")
    theirs = [[_plain(row.get(head)) for head in heads] for row in published]
    if theirs:
        lines += ["## Published on this protocol", "", *markdown_table(heads, theirs), ""]
    comparison.folder.write_text(TABLE, "\n".join(lines))
    comparison.folder.write_text(CSV, csv_table(tuple(rows[0]), [tuple(r.values()) for r in rows]))
    results = {
        "environment": environment(),
        "settings": comparison.folder.config["settings"],
        "notes": notes,
        "failed": comparison.failed(),
        "table": rows,
        "published": published,
        "trials": records,
    }
    write_json(comparison.path / RESULTS, results)
    terminal.table(f"protocol {options.protocol}", HEADS, cells)
    if theirs:
        terminal.table("published on this protocol", heads, theirs)
    for note in notes:
        terminal.print(f"- {note}")
    terminal.print(f"kept in {comparison.path}: {TABLE}, {CSV}, {RESULTS}")
    terminal.result(benchmark=str(comparison.path), table=rows, failed=comparison.failed())


def _notes(comparison: Comparison, options: Options) -> list[str]:
    """Return what a reader must know of the table."""
    protocol = comparison.setting.protocol
    seen = "the outputs of expressions" if options.outputs else "scores alone"
    return [
        f"{protocol.description}; score {protocol.score}; searches see {seen}.",
        "start: the best score known at the beginning; best: of all known after so many "
        "evaluations, the start included; mean ± standard error over trials.",
        "exact: trials that met the target (score at most 1e-9) within so many evaluations; exact "
        "at: the median evaluation of these. A trial ends when it meets the target.",
        "average: of the scores of what was evaluated, without the worst score. seconds: of "
        "processor time, the median over trials.",
    ]


def _cell(row: Any, head: str) -> str:
    if head.startswith("best at"):
        error = row[head.replace("best", "error")]
        return f"{row[head]:.3f}" + ("" if error is None else f" ± {error:.3f}")
    if head.startswith("exact by"):
        return f"{row[head]}/{row['trials']}"
    return _plain(row[head])


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if math.isfinite(value) else str(value)
    return "–" if value is None else str(value)


def _check_options(options: Options) -> None:
    check_name(options.name)
    check_ranges(
        options,
        drawn=(0, 10_000),
        seeds=(1, 1000),
        known=(2, 10_000_000),
        budget=(1, 1_000_000),
        batch=(1, 10_000),
        epochs=(1, 1_000_000),
        dim=(2, LARGEST_DIM),
        max_rules=LENGTHS,
        jobs=(1, 1024),
    )
