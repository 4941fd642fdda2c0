"""From a file to clean numbers: read a table and its card, choose and clean its columns, split its rows."""

from kandisco.data.arrays import to_table
from kandisco.data.card import Card, Column, card_from, find_card, read_card
from kandisco.data.clean import find_column, to_dataset
from kandisco.data.described import as_table, described, header_of, read_dataset, read_with_card, rechosen, unmarked
from kandisco.data.known import Held, allowed, check_law
from kandisco.data.reading import read_table
from kandisco.data.splits import deal, rest, sample_rows, split
from kandisco.data.uncertainty import with_uncertainty
from kandisco.data.units import with_units

__all__ = [
    "Card",
    "Column",
    "Held",
    "allowed",
    "as_table",
    "card_from",
    "check_law",
    "deal",
    "described",
    "find_card",
    "find_column",
    "header_of",
    "read_card",
    "read_dataset",
    "read_table",
    "read_with_card",
    "rechosen",
    "rest",
    "sample_rows",
    "split",
    "to_dataset",
    "to_table",
    "unmarked",
    "with_uncertainty",
    "with_units",
]
