"""What commands say at the end of a benchmark."""

from grammar_lisa.benchmark.results import BenchmarkResults
from shared.cli.jobs import print_failed
from shared.cli.terminal import Terminal
from shared.jobs.folder import JobFolder


def report_results(
    results: BenchmarkResults,
    folder: JobFolder,
    terminal: Terminal,
    **more: object,
) -> None:
    """Write the files of a benchmark, print its tables and notes, and give its rows as JSON."""
    results.write(folder)
    for table in results.tables:
        if table.printed:
            title = f"{results.title}: {table.heading}" if table.heading else results.title
            terminal.table(title, table.heads, table.cells)
    for note in results.notes:
        terminal.print(f"- {note}")
    print_failed(results.failed, terminal)
    terminal.print(f"kept in {folder.path}: {', '.join(results.files)}")
    terminal.result(benchmark=str(folder.path), table=results.record["table"], **more)
