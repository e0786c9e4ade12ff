"""`image-lisa sweep --dataset NAME`."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from image_lisa.benchmark.sweep import GRIDS, RULE, SWEEP_TOOL, open_sweep, points_of
from image_lisa.benchmark.sweep_points import MeasuredPoint
from image_lisa.cli.options.sweep import Options
from image_lisa.cli.trainings import setting_of
from shared.cli.jobs import going_on, note_ends, on_backend, print_failed
from shared.cli.method_options import field_of, split_setting, value_of
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.jobs.backends import Backend
from shared.methods import Method
from shared.methods.registry import METHODS

_GRID = "HYPERPARAMETER=VALUE,VALUE,…, as in uniformity-weight=0,0.1,1"
MOST_POINTS = 10_000


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    if options.method not in METHODS:
        raise LisaError(unknown("method", options.method, METHODS))
    kind = METHODS[options.method]
    points = points_of(kind, grid_of(kind, options.grid))
    if len(points) > MOST_POINTS:
        raise LisaError(f"the grid has {len(points):,} points; at most {MOST_POINTS:,} are taken")
    name = options.name or f"{options.stem()}-{options.method}"
    sweep = open_sweep(options.out / name, setting_of(options), options.method)
    terminal.note(f"sweep: {sweep.path}, {len(points)} points")
    with going_on(sweep.path, SWEEP_TOOL):
        measured = sweep.run(
            points,
            options.seeds,
            backend,
            on_end=note_ends(terminal),
            notify=terminal.note,
        )
        print_failed(sweep.failed(), terminal)
        best = sweep.write(measured)
    _report(sweep.path, measured, best, terminal)


def grid_of(kind: type[Method], words: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Return the values of each hyperparameter that `--grid` names.

    Raises:
        LisaError: Naming the word that names no hyperparameter of the method, a value that is no
            number or one twice; or if there is no grid at all.
    """
    if not words:
        if kind.name not in GRIDS:
            raise LisaError(f"give the values to try for {kind.name}: --grid {_GRID}")
        return dict(GRIDS[kind.name])
    grid: dict[str, tuple[Any, ...]] = {}
    for word in words:
        source = f"--grid {word}"
        text, values = split_setting(word, "--grid", _GRID)
        name = field_of(kind, text, source)
        if name in grid:
            raise LisaError(f"{source}: {name} has its values already; name them all at once")
        grid[name] = tuple(_value(kind, name, value, source) for value in values.split(","))
        if len(set(grid[name])) < len(grid[name]):
            raise LisaError(f"{source}: a value stands there twice")
    return grid


def _value(kind: type[Method], name: str, text: str, source: str) -> int | float:
    value = value_of(kind, name, text.strip(), source)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LisaError(f"{source}: {name} is no number, so it cannot be swept")
    return value


def _report(
    path: Path, measured: Sequence[MeasuredPoint], best: MeasuredPoint, terminal: Terminal
) -> None:
    terminal.result(
        sweep=str(path),
        rule=RULE,
        chosen=dict(best.point.values),
        points=[
            {
                "values": dict(each.point.values),
                **{name: dataclasses.asdict(number) for name, number in each.numbers.items()},
            }
            for each in measured
        ],
    )
    shown = ("criterion", "fcd_gaussian", "fcd_gmm", "reconstruction", "uniformity_gap")
    names = list(best.point.values)
    rows = [
        (
            *(each.point.values[name] for name in names),
            *(each.numbers[name].show(3) for name in shown),
            "chosen" if each is best else "",
        )
        for each in measured
    ]
    called = {"fcd_gaussian": "FD (classifier), gaussian", "fcd_gmm": "FD (classifier), gmm"}
    heads = [called.get(word, word.replace("_", " ")) for word in (*names, *shown)]
    terminal.table("on validation images", (*heads, ""), rows)
    terminal.print(f"chosen, by {RULE}:")
    terminal.print(", ".join(f"{name} {value:g}" for name, value in best.point.values.items()))
    terminal.print(f"table and picture: {path}")
