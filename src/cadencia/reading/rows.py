"""Rows of CSV and JSON Lines files, gzipped or not, each with its place; a row that cannot be read says why.

A file that cannot be read to its end (a cut gzip, no header) is an `InputError`: what was in the lost part is not
known, so nothing may be decided from the rest. A single bad row is a `Row` with a `problem`; the rows around it are
read.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..errors import InputError, given, one_line
from .json_lines import record_of

__all__ = ["Format", "Row", "check_separator", "format_of", "header_of", "lines_of", "read_rows"]

Format = Literal["csv", "jsonl"]

#: A quoted cell may hold line breaks, but a record of more lines than this has a quote that was never closed.
_LONGEST_RECORD = 1_000
_JSONL = (".jsonl", ".ndjson", ".jsonlines")
_CSV = (".csv", ".tsv", ".txt")


class Row(NamedTuple):
    """One record of a file.

    Attributes:
        file: the name of the file, without its folder.
        line: the line it begins on; the header is line 1.
        cells: value by column; texts, or for JSON Lines whatever the record holds. With a problem: what was made out.
        problem: why the row cannot be read, or None.
        ways: of a bad row with too many cells or too few: every way to put them under the header.
        again: it was counted before, under another prospect whom it may be about as well.
    """

    file: str
    line: int
    cells: dict[str, Any]
    problem: str | None = None
    ways: Iterable[dict[str, Any]] = ()
    again: bool = False

    @property
    def place(self) -> str:
        """`touches.csv:12`."""
        return f"{self.file}:{self.line}"


def format_of(path: Path) -> Format:
    """The format that a file's name says, `.gz` left aside.

    Raises:
        InputError: the name says neither CSV nor JSON Lines.
    """
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_JSONL):
        return "jsonl"
    if name.endswith(_CSV):
        return "csv"
    raise InputError(
        f"{path.name or path}: {given(path.suffix or path)} is neither CSV nor JSON Lines; write `.csv` or `.jsonl` (`.gz` may follow)"
    )


def read_rows(path: Path, format: Format | None = None, separator: str | None = None) -> Iterator[Row]:
    """Every record of a file in order; blank lines are no records.

    Args:
        path: the file; gzip is told from its first bytes, not from its name.
        format: `csv` or `jsonl`; by default what the name says.
        separator: one character between CSV cells; by default a comma, a tab for `.tsv`.

    Raises:
        InputError: the file is missing, empty, cut, has no header, or has a header that cannot be used.
    """
    format = format or format_of(path)
    if format == "jsonl":
        yield from _json_rows(path)
    else:
        yield from _csv_rows(path, separator or _separator(path))


def header_of(path: Path, format: Format | None = None, separator: str | None = None) -> tuple[str, ...] | None:
    """The columns of a CSV file; None for JSON Lines, where each record names its own.

    Raises:
        InputError: the file is missing, empty, or has a header that cannot be used.
    """
    if (format or format_of(path)) == "jsonl":
        return None
    lines = lines_of(path)
    try:
        return _header(path, next(lines, None), separator or _separator(path))
    finally:
        lines.close()


def _separator(path: Path) -> str:
    return "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","


class _Ways:
    """Every way to put the cells of a row under a header that has fewer, or more.

    A separator too many, unquoted, may stand before, in or after any cell; a missing one may have been anywhere.
    """

    __slots__ = ("_cells", "_header", "_separator")

    def __init__(self, header: tuple[str, ...], cells: Sequence[str], separator: str) -> None:
        self._header = header
        self._cells = cells
        self._separator = separator

    def __iter__(self) -> Iterator[dict[str, Any]]:
        header, cells = self._header, self._cells
        over = len(cells) - len(header)
        for skipped in range(max(-over, 0) + 1):
            yield _paired(header[skipped:], cells)
        for skipped in range(1, over + 1):
            yield _paired(header, cells[skipped : skipped + len(header)])
        for place in range(len(header) if over > 0 else 0):
            end = place + over + 1
            whole = self._separator.join(cells[place:end])
            yield _paired(header, [*cells[:place], whole, *cells[end:]])


_Line = tuple[int, str, bool]


def lines_of(path: Path) -> Generator[_Line, None, None]:
    """Number, text without its line end, and whether the bytes were UTF-8, of every line."""
    try:
        with path.open("rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                try:
                    text, good = raw.decode("utf-8"), True
                except UnicodeDecodeError:
                    text, good = raw.decode("utf-8", "backslashreplace"), False
                yield number, text.rstrip("\r\n"), good
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{path.name}: the gzip file is cut or damaged ({one_line(error)}); nothing is decided from a part of it"
        ) from None
    except IsADirectoryError:
        raise InputError(f"{path}: this is a folder; name a file") from None
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({one_line(error.strerror or error)})") from None


def _header(path: Path, first: _Line | None, separator: str) -> tuple[str, ...]:
    if first is None:
        raise InputError(
            f"{path.name}: the file is empty; a CSV file begins with a header line, even when it has no rows"
        )
    _, text, good = first
    if not good:
        raise InputError(f"{path.name}:1: the header is not UTF-8; save the file as UTF-8")
    if "\r" in text:
        raise InputError(f"{path.name}:1: lines end with a bare carriage return; save the file with ordinary line ends")
    cells, problem = _cells(text, separator)
    names = tuple(name.strip() for name in cells)
    if problem or not any(names):
        check_separator(names, f"{path.name}:1")  # quotes around each cell are none around the only one
        raise InputError(f"{path.name}:1: there is no header; the first line names the columns")
    if "" in names:
        raise InputError(f"{path.name}:1: column {names.index('') + 1} has no name; every column needs one")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path.name}:1: column {given(twice[0])} comes twice; every column needs a name of its own")
    return names


def check_separator(columns: Sequence[str], where: str, *, frame: bool = False) -> None:
    """Refuse a header that is one cell with another separator in it.

    Raises:
        InputError: what parts its cells, and how to say so.
    """
    found = next((mark for mark in ";\t|" if mark in columns[0]), None) if len(columns) == 1 else None
    if found is not None:
        mark = {"\t": r"\t"}.get(found, found)
        instead = f'read its file with the separator `"{mark}"`'
        if not frame:
            instead = f'write `separator: "{mark}"` in a mapping (`--mapping`)'
        raise InputError(f"{where}: the header is one cell, {given(columns[0])}; {instead}")


def _cells(text: str, separator: str) -> tuple[Sequence[str], str | None]:
    """The cells of one record, and what is wrong with its quotes if anything is."""
    if '"' not in text:
        return text.split(separator), None
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), []), None
    except csv.Error as error:
        return text.split(separator), one_line(error)


def _csv_rows(path: Path, separator: str) -> Iterator[Row]:
    if len(separator) != 1 or separator in '"\r\n':
        raise InputError(f"{path.name}: separator {given(separator)} cannot be used; write one character such as `;`")
    file = path.name
    lines = lines_of(path)
    header = _header(path, next(lines, None), separator)
    waiting: deque[_Line] = deque()
    width = len(header)
    while True:
        item = waiting.popleft() if waiting else next(lines, None)
        if item is None:
            return
        number, text, good = item
        if not text.strip():
            continue
        if text.count('"') % 2:
            cells, good, problem = _rest_of_record(text, good, separator, width, waiting, lines)
        else:
            cells, problem = _cells(text, separator)
        if not good:
            problem = "the bytes are not UTF-8; save the file as UTF-8"
        elif problem is None and any("\0" in cell for cell in cells):
            problem = "it holds the byte NUL (`\\x00`), which no text has; take it out"
        elif problem is None and len(cells) != width:
            problem = (
                f"{len(cells)} cells under a header of {width}; quote cells with a {given(separator)} or a line break"
            )
        if problem:
            ways = () if len(cells) == width else _Ways(header, cells, separator)
            yield Row(file, number, _paired(header, cells), problem, ways)
        else:
            yield Row(file, number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})


def _rest_of_record(
    text: str, good: bool, separator: str, width: int, waiting: deque[_Line], lines: Iterator[_Line]
) -> tuple[Sequence[str], bool, str | None]:
    """The cells of the record that a line with an open quote begins; if it makes no sense, only this line is given up.

    So one stray quote costs one row, and never swallows the rows after it.
    """
    parts, whole = [text], good
    taken: list[_Line] = []
    alike = text.count(separator) >= width - 1
    while len(taken) < _LONGEST_RECORD and (item := waiting.popleft() if waiting else next(lines, None)) is not None:
        taken.append(item)
        if _like_a_row(item[1], separator, width) and (alike or not item[1].count('"') % 2):
            break  # a row of its own; but the end of a break in the first cell has as many cells as a row
        parts.append(item[1])
        whole = whole and item[2]
        if item[1].count('"') % 2:
            cells, problem = _cells("\n".join(parts), separator)
            if problem is None and len(cells) == width:
                return cells, whole, None
            break
    waiting.extendleft(reversed(taken))
    return text.split(separator), good, 'a quote `"` is opened and not closed before the next row'


def _like_a_row(text: str, separator: str, width: int) -> bool:
    """Whether a line inside a quoted cell looks like a row of its own: as many separators, none followed by a blank."""
    return width > 2 and text.count(separator) == width - 1 and f"{separator} " not in text


def _paired(header: tuple[str, ...], cells: Sequence[str]) -> dict[str, Any]:
    """What can be made out of a bad row: its cells by position, a quote that was left on a name taken off."""
    return {name: cell.strip().strip('"').strip() for name, cell in zip(header, cells, strict=False)}


def _json_rows(path: Path) -> Iterator[Row]:
    file, empty = path.name, True
    for number, text, good in lines_of(path):
        if not text.strip():
            continue
        empty = False
        if good:
            yield Row(file, number, *record_of(text))
        else:
            cells, _ = record_of(text.replace("\\x", "\\\\x"))
            yield Row(file, number, cells, "the bytes are not UTF-8; save the file as UTF-8")
    if empty:
        raise InputError(f"{file}: the file is empty; leave it out if there is nothing in it")
