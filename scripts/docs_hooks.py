"""What the site is built from beside its pages: the help of every command, and docstrings."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority

import grammar_lisa.cli
import image_lisa.cli
from shared.cli.commands import CommandGroup

ROOT = Path(__file__).resolve().parent.parent

COMMANDS_MARK, RESULTS_MARK = "<!-- commands -->", "<!-- results -->"


_SOURCES = tempfile.TemporaryDirectory()


@event_priority(100)
def on_config(config: Any) -> Any:
    """Read docstrings from a copy without stubs, of which one hides a package by a function."""
    for package in ("grammar_lisa", "image_lisa", "shared"):
        shutil.copytree(
            ROOT / package,
            Path(_SOURCES.name) / package,
            ignore=shutil.ignore_patterns("*.pyi", "__pycache__"),
            dirs_exist_ok=True,
        )
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [_SOURCES.name]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the help of every command, and the index of results, in the places of their marks."""
    for mark, text in ((COMMANDS_MARK, _commands), (RESULTS_MARK, _results)):
        markdown = markdown.replace(mark, text()) if mark in markdown else markdown
    return markdown


def _results() -> str:
    index, _, _ = (ROOT / "results" / "README.md").read_text(encoding="utf-8").partition("\n## ")
    return index.partition("\n")[2].replace("](../docs/", "](")


def _commands() -> str:
    lines: list[str] = []
    os.environ |= {"COLUMNS": "96", "NO_COLOR": "1"}
    for name, tool in (("grammar-lisa", grammar_lisa.cli), ("image-lisa", image_lisa.cli)):
        lines += [f"## {name}", ""]
        for first, command in tool.COMMANDS.items():
            members = command.commands if isinstance(command, CommandGroup) else {"": command}
            for member, each in members.items():
                words = [first, *([member] if member else [])]
                lines += [f"### {name} {' '.join(words)}", "", f"{each.summary}", ""]
                lines += ["```text", _help(tool.main, words), "```", ""]
    return "\n".join(lines)


def _help(main: Callable[[Sequence[str]], int], words: list[str]) -> str:
    shown = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")  # of which frames are drawn as lines
    with redirect_stdout(shown), suppress(SystemExit):
        main([*words, "--help"])
    shown.seek(0)
    return shown.read().strip()
