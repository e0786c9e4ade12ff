"""Which columns of a table are inputs, target and weights, and which are left out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from grammar_lisa.regression.tables.column_names import (
    EXPRESSION,
    find_column,
    listed,
    names_of,
    quoted,
)
from grammar_lisa.regression.tables.columns import Column
from grammar_lisa.regression.tables.layout import shown
from grammar_lisa.regression.tables.missing_values import find_code
from grammar_lisa.regression.tables.reading import Columns
from grammar_lisa.regression.tables.row_checks import (
    check_numbers,
    in_quotes,
    rows_kept,
    weights_of,
)
from grammar_lisa.regression.tables.table import Table
from grammar_lisa.regression.tables.table_options import TableOptions
from shared.common.arrays import Floats
from shared.common.errors import LisaError

_HOLDS: Final = {
    "number": "holds numbers",
    "boolean": "holds true and false",
    "unit": "holds numbers with units",
    "date": "holds dates",
    "text": "holds text",
    "empty": "is empty",
}
_ERROR_WORDS: Final = ("err", "error", "sigma", "std", "stderr", "uncertainty", "unc", "dy")


def choose(columns: Columns, options: TableOptions, needed: Sequence[str] | None = None) -> Table:
    """Choose the columns of a table.

    Args:
        columns: All of the table.
        options: Which are what.
        needed: The only inputs to look at, by the file's name or that of formulas, where `options`
            names none.

    Raises:
        LisaError: An option names no column, two options one column, a column that is needed holds
            no numbers, or a value is missing or infinite.
    """
    return _Choice(columns, options).choose(needed)


class _Choice:
    """The choice of columns from one table.

    Args:
        columns: All of the table.
        options: Which are what.
    """

    def __init__(self, columns: Columns, options: TableOptions) -> None:
        self._columns, self._options = columns, options
        self._by_name = names_of(columns)
        self._notes: list[str] = list(columns.notes)

    def choose(self, needed: Sequence[str] | None) -> Table:
        """Return the choice; see `choose`."""
        self._check_some_numbers()
        ignored = self._named("ignore")
        scale = self._scale()
        target = self._target([*ignored, *([scale] if scale else [])])
        others = [*ignored, target, *([scale] if scale else [])]
        features = self._features(others, needed)
        self._tell_names([*features, target])
        used = [*features, target, *([scale] if scale else [])]
        for name in used:
            check_numbers(self._columns, name)
            self._tell_code(name)
        kept, note = rows_kept(self._columns, used, drop=self._options.drop_missing)
        if kept is not None:
            self._columns = self._columns.at(kept)
            self._by_name = names_of(self._columns)
            self._notes.append(note)
        self._tell_constants([*features, target])
        return Table(
            MappingProxyType({name: self._by_name[name].values for name in features}),
            self._by_name[target].values,
            target,
            self._weights(scale),
            MappingProxyType({name: self._by_name[name].name for name in (*features, target)}),
            tuple(self._notes),
        )

    def _named(self, option: str) -> list[str]:
        """Return the columns that an option lists."""
        text = getattr(self._options, option)
        if text is None:
            return []
        whole = [safe for safe, column in self._by_name.items() if text in (safe, column.name)]
        if whole:
            return [find_column(self._columns, text, f"--{option}")]
        words = next(csv.reader([text], skipinitialspace=True), [])
        found = [find_column(self._columns, word.strip(), f"--{option}") for word in words]
        return list(dict.fromkeys(found))

    def _scale(self) -> str | None:
        """Return the column of weights or of errors."""
        for option in ("weights", "errors"):
            name = getattr(self._options, option)
            if name is not None:
                return find_column(self._columns, name, f"--{option}")
        return None

    def _check_some_numbers(self) -> None:
        """Refuse a table that holds no numbers at all.

        Raises:
            LisaError: Saying what its columns hold.
        """
        kinds = {name: column.kind for name, column in self._by_name.items()}
        if len(kinds) > 1 and set(kinds.values()) <= {"text", "date", "empty"}:
            holds = [f"{self._own(name)} {_HOLDS[kind]}" for name, kind in kinds.items()]
            raise LisaError(
                f"{self._columns.path} has no column of numbers: {listed(holds)}; an input and a "
                "target in numbers are needed, such as days for dates and 0 and 1 for two kinds"
                + ("; take the quotation marks away" if self._is_quoted() else "")
            )

    def _is_quoted(self) -> bool:
        """Tell whether a text stands in marks other than double quotes."""
        return any(c.odd is not None and in_quotes(c.odd.cell) for c in self._columns.columns)

    def _target(self, others: Sequence[str]) -> str:
        named = self._options.target
        if named is not None:
            self._check_alone(named, others)
            target = find_column(self._columns, named, "--target")
            if target in others:
                which = "--ignore" if target in self._named("ignore") else "--weights or --errors"
                raise LisaError(f"the column {self._own(target)} is the --target and in {which}")
            return target
        filled = [n for n, c in self._by_name.items() if n not in others and c.kind != "empty"]
        if not filled:
            raise LisaError(f"{self._columns.path} has no column left for the target")
        target = filled[-1]
        note = f"the target is {self._own(target)}, the last column; --target names another"
        if self._options.errors is None and _says_errors(self._own(target)):
            note += f"; if it holds errors, weigh the rows: --errors {quoted(self._own(target))}"
        self._notes.append(note)
        return target

    def _check_alone(self, named: str, others: Sequence[str]) -> None:
        """Refuse a name of the target that several columns have.

        Raises:
            LisaError: Saying how they are told apart.
        """
        alike = [n for n, c in self._by_name.items() if c.name == named and n not in others]
        if len(alike) > 1:
            raise LisaError(
                f"--target {named}: {self._columns.path} has {len(alike)} columns of that name; "
                f"rename one in the file, or take the last by --target {alike[-1]}, the first by "
                f"--ignore {','.join(alike[1:])}"
            )

    def _features(self, others: Sequence[str], needed: Sequence[str] | None) -> list[str]:
        """Return the inputs; tell what is left out.

        Raises:
            LisaError: There is none.
        """
        if self._options.features is not None:
            return self._named_features(others)
        if needed is not None:
            safe = {find_column(self._columns, name, EXPRESSION): name for name in needed}
            for name in others:
                if name in safe:
                    raise LisaError(
                        f"{EXPRESSION} uses {safe[name]}, which is the target, a weight, or in "
                        "--ignore"
                    )
            return [name for name in self._by_name if name in safe]
        features = []
        for place, (name, column) in enumerate(self._by_name.items(), start=1):
            if name in others:
                continue
            reason = self._why_left_out(name, column, place)
            if reason is None:
                features.append(name)
                self._tell_errors(name)
            else:
                self._notes.append(reason)
        if not features:
            raise LisaError(self._no_inputs(others))
        return features

    def _named_features(self, others: Sequence[str]) -> list[str]:
        features = self._named("features")
        for name in features:
            if name in others:
                raise LisaError(
                    f"the column {self._own(name)} is in --features and is also the target, a "
                    "weight, or in --ignore; name it once"
                )
        if not features:
            raise LisaError("--features names no column")
        return features

    def _tell_errors(self, name: str) -> None:
        own = self._own(name)
        if self._options.errors is None and _says_errors(own):
            self._notes.append(
                f"the column {own} counts as an input; if it holds errors of the target, weigh the "
                f"rows: --errors {quoted(own)}"
            )

    def _why_left_out(self, name: str, column: Column, place: int) -> str | None:
        """Return why a column is no input, '' where nobody asks; None where it is one."""
        if column.nameless and column.kind == "number":
            if place == 1 and column.numbers_rows:
                does = "counts" if column.counts_rows else "numbers"
                return f"the first column has no name and {does} the rows; it is left out"
            if column.counts_rows:
                return f"column {place} has no name and counts the rows; it is left out"
        if column.kind == "empty":
            # A separator at the end of each row makes a column that nobody meant.
            return f"the column {self._own(name)} is empty and left out" if column.name else ""
        if column.usable or column.kind == "unit":
            return None
        kind = "dates" if column.kind == "date" else "text"
        return (
            f"the column {self._own(name)} holds {kind} ({self._example(column)}); it is left out"
        )

    def _example(self, column: Column) -> str:
        assert column.odd is not None
        return f"{shown(column.odd.cell)} in row {self._columns.line(column.odd.row)}"

    def _no_inputs(self, others: Sequence[str]) -> str:
        path = self._columns.path
        if len(self._by_name) == 1:
            (name,) = map(self._own, self._by_name)
            return (
                f"{path} has the single column {shown(name)}: at least one input and the target "
                "are needed; --sep names what separates columns"
            )
        left = [name for name in self._by_name if name not in others]
        if not left:
            return f"{path} has no column left to explain the target with; name fewer in --ignore"
        kinds = [f"{self._own(name)} {_HOLDS[self._by_name[name].kind]}" for name in left]
        return (
            f"{path} has no column of numbers but the target to explain it with: {listed(kinds)}; "
            "write what they say as numbers, such as days for dates and 0 and 1 for two kinds"
        )

    def _weights(self, scale: str | None) -> Floats | None:
        if scale is None:
            return None
        errors = self._options.errors is not None
        weights = weights_of(self._columns, scale, errors=errors)
        how = "1/error² from " if errors else ""
        self._notes.append(f"rows are weighted by {how}{self._own(scale)}")
        return weights

    def _tell_names(self, used: Sequence[str]) -> None:
        self._notes = [note for note in self._notes if note]
        renamed = [n for n in used if self._by_name[n].name != n]
        if renamed:
            pairs = [f"{self._written(name)} is {name}" for name in renamed]
            self._notes.append(f"in formulas {listed(pairs)}")
        for name in used:
            if self._by_name[name].kind == "boolean":
                words = "yes and no" if self._by_name[name].answers else "true and false"
                self._notes.append(f"{self._own(name)} holds {words}: they count as 1 and 0")

    def _tell_code(self, name: str) -> None:
        code = find_code(self._by_name[name].values)
        if code is not None:
            self._notes.append(
                f"the column {self._own(name)} is {code}, give --missing={code.value:.15g}"
            )

    def _tell_constants(self, used: Sequence[str]) -> None:
        if len(self._by_name[used[0]].values) == 1:
            self._notes.append("there is a single row: any formula through it fits")
            return
        if len(self._by_name[used[0]].values) == 2:
            self._notes.append("there are 2 rows: any line through them fits, whatever is true")
        for name in used:
            values = self._by_name[name].values
            same = bool((values == values[0]).all())
            if self._by_name[name].rounded:
                self._notes.append(
                    f"the column {self._own(name)} holds whole numbers of which floats keep the "
                    f"first 53 bits alone{' and are then all alike' if same else ''}: take what "
                    f"all share, such as {values.min():.0f}, off them in the file"
                )
            elif same:
                self._notes.append(f"the column {self._own(name)} is {values[0]:g} in every row")

    def _written(self, name: str) -> str:
        """Return a name as the file has it, with its place where that does not say which."""
        own = self._by_name[name].name
        if [column.name for column in self._by_name.values()].count(own) == 1 and own:
            return own
        return f"{own or 'the one without a name'} (column {list(self._by_name).index(name) + 1})"

    def _own(self, name: str) -> str:
        return self._by_name[name].name or name


def _says_errors(name: str) -> bool:
    words = "".join(c if c.isalpha() else " " for c in name.lower()).split()
    return any(word in _ERROR_WORDS or word.endswith(("err", "error")) for word in words)
