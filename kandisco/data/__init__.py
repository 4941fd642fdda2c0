"""From a file to clean numbers: read a table, choose and clean its columns, split its rows."""

from kandisco.data.arrays import to_table
from kandisco.data.clean import to_dataset
from kandisco.data.reading import read_table
from kandisco.data.splits import rest, sample_rows, split
from kandisco.data.units import with_units

__all__ = ["read_table", "rest", "sample_rows", "split", "to_dataset", "to_table", "with_units"]
