from .read_table import read_columns as read_columns
from .table import Split as Split
from .table import Table as Table
from .table import read_split as read_split
from .table import read_table as read_table
from .table_options import ReadOptions as ReadOptions
from .table_options import TableOptions as TableOptions

__all__ = [
    "ReadOptions",
    "Split",
    "Table",
    "TableOptions",
    "read_columns",
    "read_split",
    "read_table",
]
