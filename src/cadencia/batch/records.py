"""JSON Lines before columns are made of them: whether its records read the same in a column, and a copy where they do not.

In a column every record has the keys of all others, also within, and all values are of one kind: a copy keeps lists and records
as texts, and addresses as contact points where some records say nothing of addresses.
"""

from __future__ import annotations

import json
from array import array
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json

from ..errors import InputError, given, one_line
from ..reading.cells import EXACT
from ..reading.json_lines import record_of
from ..reading.plain import json_columns, prospect_columns, touch_columns
from ..reading.rows import Row, lines_of, read_rows
from ..touch import CHANNELS

__all__ = ["PROBLEM", "copied_records", "is_packed", "plain_records"]

#: The column of a copy that says what is wrong with a row.
PROBLEM: Final = "__problem"
#: What is kept of a record that cannot be read: whom it is about.
_NAMES: Final = ("id", "prospect", "account")
_NESTED: Final = frozenset({dict, list})
#: What reads the same whatever else is in its column.
_SAFE: Final = frozenset({str, int, type(None)})
_FLAGS: Final = frozenset({"booked", "cancelled", "automated", "objective_met"})
#: The columns in which `true` can be read; of a column that is not ours, others say so.
_YES_NO: Final = _FLAGS | {"duration"}
#: The columns in which no list or record can be read.
_KNOWN: Final = frozenset({*prospect_columns, *touch_columns})
_SINGLE: Final = _KNOWN - json_columns
_ADDRESSES: Final = frozenset(CHANNELS)


def is_packed(path: Path) -> bool:
    """Whether a file is gzipped."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def plain_records(path: Path) -> bool:
    """Whether each line is a record, without a key twice, whose values read the same in a column; and all or none have addresses."""
    if is_packed(path):
        return False
    with_addresses: set[bool] = set()
    for _, text, good in lines_of(path):
        if not good or not text or text.isspace():
            return False
        try:
            cells, problem = from_json(text, allow_inf_nan=False), None
            # Each key is followed by a colon, at once: so many pairs, and as many keys, are no key twice.
            sure = (
                type(cells) is dict
                and text.count('":') == len(cells)
                and not ('" ' in text or '"\t' in text or '"\r' in text or "\\u0000" in text)
            )
        except ValueError:
            sure = False
        if not sure:
            cells, problem = record_of(text)
        if problem is not None or not (_SAFE.issuperset(map(type, cells.values())) or _alike(cells)):
            return False
        if not _ADDRESSES.isdisjoint(cells):
            with_addresses.add(True)
        elif cells.get("contact_points") is None:
            with_addresses.add(False)
    return len(with_addresses) == 1


def _alike(cells: dict[str, Any]) -> bool:
    """Whether each value of a record reads the same in a column: a broken number does, and `true` where it belongs."""
    for name, value in cells.items():
        kind = type(value)
        if kind in _NESTED or (kind is bool and name not in _FLAGS) or (kind is float and value.is_integer()):
            return False
    return True


def copied_records(path: Path, copy: Path) -> npt.NDArray[np.int64]:
    """Write a copy that columns can be read from, and give the line of each of its records."""
    lines = array("q")
    with copy.open("w", encoding="ascii") as file:
        for row in read_rows(path, "jsonl"):
            lines.append(row.line)
            file.write(_record(row) + "\n")
    return np.array(lines, np.int64)


def _record(row: Row) -> str:
    problem = row.problem
    if problem is None:
        try:
            cells = {name: _cell(name, value) for name, value in row.cells.items()}
            return json.dumps(_with_points(cells), allow_nan=False)
        except InputError as error:
            problem = one_line(error, 300)
        except ValueError:
            problem = "a number is out of range; write a smaller one, or text in quotes"
    named = {name: _number(row.cells[name]) for name in _NAMES if type(row.cells.get(name)) in (str, int, float)}
    return json.dumps({**named, PROBLEM: problem})


def _number(value: Any) -> Any:
    """A value; a whole number without a point."""
    return int(value) if type(value) is float and value.is_integer() and abs(value) < EXACT else value


def _cell(name: str, value: Any) -> Any:
    """A value of a record; a list or record within it as the text that it is read from where it may stand."""
    value = _number(value)
    if type(value) is bool and name in _KNOWN - _YES_NO:
        raise InputError(f"{name}: {given(value)} is no text; put it in quotes if it is a name")
    if type(value) not in _NESTED:
        return value
    if name in _SINGLE:
        raise InputError(f"{name}: {given(value)} is not one value; write one text or number")
    return json.dumps(value, allow_nan=False)


def _with_points(cells: dict[str, Any]) -> dict[str, Any]:
    """A record with its addresses among its contact points, so that one without any says nothing of them in a column either."""
    if _ADDRESSES.isdisjoint(cells):
        return cells
    rest = {name: value for name, value in cells.items() if name not in _ADDRESSES}
    points = rest.get("contact_points")
    if isinstance(points, str):
        points = points.strip()
    try:
        found = json.loads(points) if points else []
    except (ValueError, TypeError, RecursionError):
        return rest  # it cannot be read either way
    known: list[Any] = [*found] if isinstance(found, list) else [found]
    for channel in CHANNELS:
        address = cells.get(channel)
        if address is not None and (text := str(address).strip()):
            known.append({"channel": channel, "address": text})
    return {**rest, "contact_points": json.dumps(known)}
