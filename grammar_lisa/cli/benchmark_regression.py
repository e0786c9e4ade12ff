"""`grammar-lisa benchmark regression --suite feynman`."""

from grammar_lisa.benchmark.regression_rows import regression_results
from grammar_lisa.benchmark.regression_suites import chosen_problems, suite
from grammar_lisa.benchmark.regression_systems import regression_system
from grammar_lisa.benchmark.regression_trials import (
    REGRESSION_TOOL,
    RegressionBenchmark,
    RegressionSettings,
)
from grammar_lisa.cli.benchmark_results import report_results
from grammar_lisa.cli.options.benchmark_regression import Options
from shared.cli.jobs import going_on, note_ends, on_backend
from shared.cli.terminal import Terminal
from shared.jobs.backends import Backend
from shared.runs.folders import open_folder


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    for name in options.all_systems:
        regression_system(name)
    problems = suite(options.suite, options.data)
    chosen = chosen_problems(problems, options.problems)
    settings = RegressionSettings(options.suite, problems, options.seconds, options.seed)
    path = options.out / (options.name or f"regression-{options.suite}")
    benchmark = RegressionBenchmark(open_folder(path, REGRESSION_TOOL, settings.record()), settings)
    terminal.note(f"benchmark: {benchmark.path}")
    own = None if options.suite == "tables" else 0.0
    systems, noises = options.all_systems, options.noise or (own,)
    with going_on(benchmark.path, REGRESSION_TOOL):
        benchmark.do(chosen, systems, noises, options.trials, backend, note_ends(terminal))
        report_results(regression_results(benchmark), benchmark, terminal)
