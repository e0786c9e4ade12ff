"""A page as one HTML file: styles, scripts, charts and pictures are all in it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from shared.common.errors import LisaError
from shared.reports.page import Page
from shared.runs.files import to_json, write_atomically

REPORT, COMPARISON = "report.html", "comparison.html"
LARGEST = 8_000_000
"""The most bytes of a report."""

_NUMBER = re.compile(
    r"[-−]?\d[\d,.]*(e[-+]?\d+)?( ?%| s| ± .*| [★•]| of \d+|/\d+| (min|h)( .*)?)?|∞"
)
"""What stands at the right: a number, perhaps with a unit, a deviation or of how many."""
_ESCAPED_IN_SCRIPTS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


def render(page: Page) -> str:
    """Return a page as HTML.

    Every text is escaped, so that a sentence such as `<script>` is shown and never run.
    """
    charts = [
        block
        for blocks in (page.blocks, *(section.blocks for section in page.sections))
        for block in blocks
        if block.kind == "chart"
    ]
    script = _plotly() if charts else ""
    return _environment().get_template("page.html").render(page=page, plotly=script)


def write_page(path: Path, page: Page) -> Path:
    """Write a page, and return its path.

    Raises:
        LisaError: It cannot be written, or takes more than `LARGEST` bytes.
    """
    content = render(page).encode()
    if len(content) > LARGEST:
        raise LisaError(
            f"the report would take {len(content):,} bytes, more than {LARGEST:,}; name fewer runs"
        )
    write_atomically(path, content)
    return path


@contextmanager
def explaining_damage(runs: Sequence[Path]) -> Iterator[None]:
    """Turn what a damaged file of runs leads to into one message.

    Raises:
        LisaError: Something in the block found a value missing or of another kind.
    """
    try:
        yield
    except LisaError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        names = ", ".join(map(str, runs))
        raise LisaError(
            f"a file in {names} is not as it was written ({error!r}); restore it from a copy"
        ) from error


def report_path(runs: Sequence[Path], out: Path | str | None) -> Path:
    """Return where the report of runs goes: in the folder of the first, unless `out` is given.

    Raises:
        LisaError: It is to go where no file can be.
    """
    name = REPORT if len(runs) == 1 else COMPARISON
    path = runs[0] / name if out is None else Path(out)
    if path.is_dir():
        raise LisaError(f"{path} is a folder; name a file, such as {path / name}")
    return path


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("shared.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["json"] = _script_json
    found.filters["number"] = _is_number
    return found


def _script_json(value: object) -> str:
    """Return JSON that can stand in a script element, where nothing of it ends the element."""
    return to_json(value).translate(_ESCAPED_IN_SCRIPTS)


def _is_number(text: object) -> bool:
    """Tell whether a cell stands at the right: a number, perhaps with a unit or a deviation."""
    return isinstance(text, str) and bool(_NUMBER.fullmatch(text))


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script
