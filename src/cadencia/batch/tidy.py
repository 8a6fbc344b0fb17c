"""Text files before columns are made of them: a reader of columns must find the rows that the reader of rows finds.

A reader of columns fills a row that breaks off with nothing, takes the first of two keys, gives up at a byte that is
not UTF-8, and gives every record the keys of all others: an opt-out may hide in each. So a file is looked through first.
Where every row reads the same either way it is left as it is; otherwise a copy is made of what the reader of rows makes
out, with what is wrong with a row beside it.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..reading.rows import Row, header_of, lines_of, read_rows
from .engine import ALSO
from .records import PROBLEM, copied_records, is_packed, plain_records

__all__ = ["PROBLEM", "Tidy", "tidied"]


class Tidy(NamedTuple):
    """A file that columns can be read from.

    Attributes:
        path: the file itself, or a copy.
        header: the columns of a CSV file; None for JSON Lines.
        first: the line of its first row; every row has a line of its own unless `lines` says otherwise.
        lines: the line on which each row of a copy begins.
    """

    path: Path
    header: tuple[str, ...] | None
    first: int
    lines: npt.NDArray[np.int64] | None = None

    def line(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The lines of some rows, counted from 0."""
        return rows.astype(np.int64) + self.first if self.lines is None else self.lines[rows]


def tidied(path: Path, format_: str, separator: str, copy: Path, known: Callable[[], Container[str]]) -> Tidy:
    """A file that columns can be read from; where need be it is made at `copy`.

    `known` says who the prospects are: a row of touches whose cells do not fit the header is about all of them that any of
    its cells may name, and is there once for each.

    Raises:
        InputError: the file is empty, cut, or has a header that cannot be used.
    """
    if format_ == "jsonl":
        if plain_records(path):
            return Tidy(path, None, 1)
        return Tidy(copy, None, 1, copied_records(path, copy))
    header = header_of(path, "csv", separator) or ()
    if _plain_cells(path, header, separator):
        return Tidy(path, header, 2)
    return Tidy(copy, header, 2, _copied_cells(path, header, separator, copy, known))


def _plain_cells(path: Path, header: tuple[str, ...], separator: str) -> bool:
    """Whether each line of a CSV file is a row with as many cells as the header, its quotes where quotes belong."""
    lines, more = lines_of(path), len(header) - 1
    first = next(lines)[1]
    if is_packed(path) or first not in (separator.join(header), separator.join(f'"{name}"' for name in header)):
        return False
    cell, between = rf'(?:"(?:[^"]|"")*"|[^"{re.escape(separator)}]*)', re.escape(separator)
    quoted = re.compile(f"{cell}(?:{between}{cell}){{{more}}}")
    for _, text, good in lines:
        if not good or "\r" in text or "\0" in text or not text:
            return False
        if '"' in text:
            if quoted.fullmatch(text) is None:
                return False
        elif text.count(separator) != more or (not more and text.isspace()):
            return False
    return True


def _copied_cells(
    path: Path, header: tuple[str, ...], separator: str, copy: Path, known: Callable[[], Container[str]]
) -> npt.NDArray[np.int64]:
    lines = array("q")
    with copy.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file, delimiter=separator, lineterminator="\n").writerow
        write([*header, PROBLEM])
        for row in read_rows(path, "csv", separator):
            lines.append(row.line)
            meant = list(_meant(row, known)) if "prospect" in header else []
            cells = row.cells | {"prospect": meant[0]} if meant else row.cells
            write([*(cells.get(name, "") for name in header), row.problem or ""])
            for person in meant[1:]:
                lines.append(row.line)
                cells = {**row.cells, "prospect": person}
                write([*(cells.get(name, "") for name in header), f"{ALSO}{row.problem}"])
    return np.array(lines, np.int64)


def _meant(row: Row, known: Callable[[], Container[str]]) -> dict[str, None]:
    """The prospects whom a row may be about whose cells do not fit the header."""
    names = dict.fromkeys(cells.get("prospect", "") for cells in row.ways)
    people = known() if names else ()
    return {name: None for name in names if name in people}
