"""From files to cases: CSV and JSON Lines, a mapping of columns, and a book that accounts for every row."""

from .book import Book, Problem, Tally
from .files import plan, read_book, read_jobs
from .mapping import Mapping
from .rows import Row, read_rows
from .targets import check_dispositions

__all__ = [
    "Book",
    "Mapping",
    "Problem",
    "Row",
    "Tally",
    "check_dispositions",
    "plan",
    "read_book",
    "read_jobs",
    "read_rows",
]
