"""`grammar-lisa benchmark latent-bo --protocol t-lbo`."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from grammar_lisa.benchmark.drawn import drawn_targets, targets_among
from grammar_lisa.benchmark.latent_bo import LATENT_BO_TOOL, LatentBOBenchmark, latent_bo_rows
from grammar_lisa.benchmark.published import published_rows
from grammar_lisa.cli.entrants import entrant_of
from grammar_lisa.cli.options.benchmark_latent_bo import Options
from grammar_lisa.grammar import load_grammar
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from shared.cli.jobs import going_on, note_ends, on_backend
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.tables import csv_table, markdown_table
from shared.jobs.backends import Backend
from shared.runs.folders import open_folder

RESULTS, TABLE, CSV = "results.json", "latent-bo.md", "latent-bo.csv"
HEADS = (
    "target", "system", "trials", "start", "exact by 100", "exact by 250", "exact by 500",
    "exact at", "best at 100", "best at 250", "best at 500", "average", "seconds",
)  # fmt: skip


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    budget = options.budget or options.how.budget
    entrants = [entrant_of(text, budget, options.batch) for text in options.systems]
    if options.data is None and options.protocol not in ("clean", "none"):
        raise LisaError(
            f"the protocol {options.protocol} begins from lines of a file; name it with --data FILE"
        )
    name = f"latent-bo-{options.protocol}" + ("-outputs" if options.outputs else "")
    path = options.out / (options.name or name)
    benchmark = LatentBOBenchmark(open_folder(path, LATENT_BO_TOOL, options.record()), options)
    terminal.note(f"benchmark: {benchmark.path}")
    for each in entrants:
        terminal.note(f"{each.name}: {each.config.describe()}")
    targets = _targets(options, benchmark)
    with going_on(benchmark.path, LATENT_BO_TOOL):
        for target in targets:
            on_end = note_ends(terminal, f"{target}: ")
            benchmark.do(target, entrants, options.trials, backend, on_end)
        _report(benchmark, options, terminal)


def _targets(options: Options, benchmark: LatentBOBenchmark) -> Sequence[str]:
    """Return what is looked for: what was named, or targets that the seed draws."""
    if not options.drawn:
        return options.target or (KUSNER_TARGET,)
    points = benchmark.objective(KUSNER_TARGET).data
    of_lines = options.drawn // 2 if options.data is not None else 0
    targets = drawn_targets(
        load_grammar(options.grammar),
        options.max_rules,
        points,
        options.drawn - of_lines,
        derive_seed(options.seed, "targets"),
        benchmark.tells,
    )
    if of_lines:
        rng = np.random.default_rng(derive_seed(options.seed, "target lines"))
        order = rng.permutation(len(benchmark.lines)).tolist()
        lines = [benchmark.lines[row] for row in order]
        targets += targets_among(
            lines, points, of_lines, f"lines of {options.data}", benchmark.tells
        )
    return targets


def _report(benchmark: LatentBOBenchmark, options: Options, terminal: Terminal) -> None:
    """Write and print the table, with the published figures of the protocol below."""
    records = benchmark.records()
    rows, published = latent_bo_rows(records), published_rows(options.protocol)
    notes = _notes(benchmark, options)
    cells = [[_cell(row, head) for head in HEADS] for row in rows]
    lines = [f"# Latent-space optimisation, protocol {options.protocol}", ""]
    lines += [*markdown_table(HEADS, cells), "", *(f"- {note}" for note in notes), ""]
    heads = ("system", "evaluations", "best", "valid", "average", "source")
    theirs = [[_plain(row.get(head)) for head in heads] for row in published]
    if theirs:
        lines += ["## Published on this protocol", "", *markdown_table(heads, theirs), ""]
    benchmark.folder.write_text(TABLE, "\n".join(lines))
    heading = tuple(rows[0]) if rows else HEADS
    benchmark.folder.write_text(CSV, csv_table(heading, [tuple(row.values()) for row in rows]))
    failed = benchmark.failed()
    results = {"notes": notes, "failed": failed, "table": rows}
    benchmark.write_results(RESULTS, results | {"published": published, "trials": records})
    terminal.table(f"protocol {options.protocol}", HEADS, cells)
    if theirs:
        terminal.table("published on this protocol", heads, theirs)
    for note in notes:
        terminal.print(f"- {note}")
    terminal.print(f"kept in {benchmark.path}: {TABLE}, {CSV}, {RESULTS}")
    terminal.result(benchmark=str(benchmark.path), table=rows, failed=failed)


def _notes(benchmark: LatentBOBenchmark, options: Options) -> list[str]:
    """Return what a reader must know of the table."""
    protocol = benchmark.setting.how
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
