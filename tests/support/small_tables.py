"""Small tables of data, written as users write them."""

from grammar_lisa.regression import TableOptions, read_table

ROWS = [(0.5 * i, 1.25 * i * i + 0.5) for i in range(1, 8)]
PLAIN = "x,y\n" + "".join(f"{x},{y}\n" for x, y in ROWS)


def written(folder, content, name="t.csv"):
    """A file with this content, text or bytes."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table_of(folder, content, name="t.csv", **options):
    """The table that a file with this content gives."""
    return read_table(written(folder, content, name), TableOptions(**options))


def columns_of(table):
    """The features and the target as lists."""
    values = {name: column.tolist() for name, column in table.features.items()}
    return {**values, table.target_name: table.target.tolist()}
