"""How good a run is, as `train` and `info` print it."""

from typing import Any

from grammar_lisa.models.run import run_architecture
from shared.cli.terminal import Terminal, show
from shared.common.durations import duration
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.runs.run import SUMMARY, Run


def print_quality(terminal: Terminal, folder: Run) -> None:
    """Print the summary of a finished run.

    Raises:
        LisaError: The summary is damaged.
    """
    summary = folder.read_json(SUMMARY)
    try:
        _print_summary(terminal, folder, summary)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LisaError(
            f"{folder.path / SUMMARY} is no summary of a training ({error!r}); restore it from a "
            "copy, or remove it and write it again with --resume"
        ) from error
    terminal.result(run=str(folder.path), summary=summary)


def _print_summary(terminal: Terminal, folder: Run, summary: Any) -> None:
    rec, geometry, training = (
        summary["reconstruction"],
        summary["geometry"],
        summary["training"],
    )
    terminal.print(
        f"{folder.path}: {counted(training['sentences'], 'sentence')}, "
        f"{counted(training['epochs'], 'epoch')} in "
        f"{duration(training['seconds'])} ({training['sentences_per_second']:,.0f} sentences/s)"
    )
    unit = run_architecture(folder).unit
    same = rec.get("texts", rec["exact"])
    texts = f" ({same:.4f} as texts)" if same > rec["exact"] else ""
    terminal.print(
        f"held-out reconstruction, {counted(summary['held_out'], 'sentence')}: exact "
        f"{rec['exact']:.4f}{texts}, {unit} {rec['rules']:.5f}, {rec['loss']:.4f} nats a sentence"
    )
    ranges = summary.get("by_length", [])
    if len(ranges) > 1:
        terminal.table(
            "held-out sentences by length",
            (unit, "sentences", "exact"),
            [
                (
                    f"{each['from']} to {each['to']}",
                    f"{each['sentences']:,}",
                    f"{each['exact']:.4f}",
                )
                for each in ranges
            ],
        )
    if "alignment" in summary:
        terminal.print(
            "alignment: held-out R² of what sentences do, read from their directions: "
            f"{show(summary['alignment']['r2'])}"
        )
    terminal.print(
        f"directions: uniformity gap {geometry['uniformity_gap']:.4f}, "
        f"λ_max {geometry['lambda_max']:.4f}, λ_max/λ_min {show(geometry['condition'])}, "
        f"effective rank {geometry['effective_rank']:.2f}"
    )
    terminal.table(
        f"samples, {summary['draws']:,} draws each",
        ("sampler", "valid", "unique", "novel"),
        [
            (name, f"{found['valid']:.4f}", f"{found['unique']:.4f}", f"{found['novel']:.4f}")
            for name, found in summary["samples"].items()
        ],
    )
    for line in summary.get("advice", []):
        terminal.print(line)
