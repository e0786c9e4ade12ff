"""A bar of progress over searches that several processes carry out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.cli.terminal import Terminal
from shared.common.polling import polling


@contextmanager
def shown_progress(
    terminal: Terminal, label: str, records: Sequence[Path], total: int
) -> Iterator[None]:
    """Show a bar of progress that counts the lines of records, whoever writes them.

    Args:
        terminal: Where the bar is shown.
        label: What is being done.
        records: JSONL files, each with a header and a line an evaluation.
        total: Evaluations in all of them, in the end.
    """
    with terminal.progress(label, total) as bar:

        def look() -> None:
            bar.update(sum(_lines(path) for path in records), "evaluations")

        with polling(look, 0.5):
            yield
        look()


def _lines(path: Path) -> int:
    """Return evaluations on record: the lines after the header."""
    return max(0, path.read_bytes().count(b"\n") - 1) if path.exists() else 0
