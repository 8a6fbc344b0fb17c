"""From the cells of a row to the values of our fields: what each `Source` and `Part` of a mapping does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from ..errors import InputError, did_you_mean, given
from .source import Part, Source
from .times import read_duration, time_reader

__all__ = ["EXACT", "Context", "columns_of", "duration_of", "getter", "is_chosen", "number_text"]

Getter = Callable[[Mapping[str, Any]], Any]

_TIMES = frozenset({"at", "end", "since", "until", "recorded_at", "opened_at", "due", "done_at", "date"})
_TYPED = frozenset({"value", "booked", "cancelled", "automated", "objective_met", "yearly", "wishes", "facts"})
_YES = frozenset({"true", "yes", "1", "on", "y", "t"})
_NO = frozenset({"false", "no", "0", "off", "n", "f", ""})
#: Up to here each whole number is a float of its own.
EXACT = 1 << 53
_COLUMN = re.compile(r"\{([^{}]+)\}")


class Context(NamedTuple):
    """What holds for a whole section: the zone of times without an offset, and the texts that mean nothing is known."""

    zone: str | None
    blank: tuple[str, ...]


def getter(spec: Source | Part | tuple[Source | Part, ...], name: str, context: Context) -> Getter:
    """The function from a row's cells to the value of field `name`; None where the row says nothing.

    The function raises `InputError` for a cell that cannot be read.
    """
    if isinstance(spec, tuple):
        parts = [getter(item, name, context) for item in spec]
        if name == "promise":
            return lambda cells: _single([part(cells) for part in parts], name)
        return lambda cells: _joined(part(cells) for part in parts)
    if isinstance(spec, Part):
        return _record(spec, context)
    return _source(spec, name, context)


def columns_of(specs: Iterable[Any]) -> Iterable[str]:
    """Every column that some fields read."""
    for spec in specs:
        if isinstance(spec, tuple):
            yield from columns_of(spec)
        elif isinstance(spec, Part):
            yield from (*spec.only, *spec.if_given, *spec.if_true)
            yield from columns_of(spec.fields.values())
        elif spec.template is not None:
            yield from _COLUMN.findall(spec.template)
        else:
            yield from (spec.column,) if spec.column is not None else spec.columns


def is_chosen(part: Part, cells: Mapping[str, Any], context: Context) -> bool:
    """Whether the conditions of a part hold for a row."""
    for column in part.if_given:
        if _cell(cells, column, context.blank) is None:
            return False
    for column in part.if_true:
        if not _says_yes(_cell(cells, column, context.blank), column):
            return False
    return all(choice.has(label(cells, column, context.blank)) for column, choice in part.only.items())


def label(cells: Mapping[str, Any], column: str, blank: tuple[str, ...]) -> str:
    """The cell as a label: a text, empty where nothing is known."""
    value = _cell(cells, column, blank)
    return "" if value is None else _text(value)


def duration_of(value: Any) -> timedelta:
    """A duration that has been read by its unit, or a constant in seconds."""
    if isinstance(value, timedelta):
        return value
    return read_duration(value, "s")


def _cell(cells: Mapping[str, Any], column: str, blank: tuple[str, ...]) -> Any:
    value = cells.get(column)
    if value is None and "." in column and column not in cells:
        value = cells
        for part in column.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        value = value.strip()
        return None if not value or value in blank else value
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, float) else str(value)


def number_text(value: float) -> str:
    """A number that is a name: `7` and `7.0` are one number, and so one name."""
    return str(int(value)) if value.is_integer() and abs(value) < EXACT else str(value)


def _says_yes(value: Any, column: str) -> bool:
    word = "" if value is None else _text(value).lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise InputError(f"column {given(column)}: {given(value)} says neither yes nor no; write `true` or `false`")


def _joined(values: Iterable[Any]) -> Any:
    """The values of several sources as one list, lists among them spread out."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, (list, tuple)):
            found.extend(value)
        elif value is not None:
            found.append(value)
    return found


def _single(values: Iterable[Any], name: str) -> Any:
    """The one value that several sources have for a field that holds one."""
    found = [value for value in values if value is not None]
    if len(found) > 1:
        raise InputError(f"{name}: it is given twice; keep one form")
    return found[0] if found else None


def _record(part: Part, context: Context) -> Getter:
    fields = [
        (name, getter(spec, name, context), isinstance(spec, Source) and spec.value is not None)
        for name, spec in part.fields.items()
    ]
    conditional = bool(part.only or part.if_given or part.if_true)

    def read(cells: Mapping[str, Any]) -> Any:
        if conditional and not is_chosen(part, cells, context):
            return None
        record, said = {}, conditional
        for name, get, constant in fields:
            value = get(cells)
            if value is not None:
                record[name] = value
                said = said or not constant
        return record if said else None

    return read


def _source(source: Source, name: str, context: Context) -> Getter:
    blank = context.blank
    refine = _refiner(source, name, context)
    default = source.default
    if source.value is not None:
        constant = source.value
        return lambda cells: constant
    if source.template is not None:
        pieces = _COLUMN.split(source.template)

        def filled(cells: Mapping[str, Any]) -> Any:
            parts = list(pieces)
            for index in range(1, len(parts), 2):
                value = _cell(cells, parts[index], blank)
                if value is None:
                    raise InputError(f"{name}: column {given(parts[index])} is empty; the template needs it")
                parts[index] = _text(value)
            return refine("".join(parts))

        return filled
    if source.columns:
        columns = source.columns

        def gathered(cells: Mapping[str, Any]) -> Any:
            values = (_cell(cells, column, blank) for column in columns)
            return [refine(value) for value in values if value is not None] or default

        return gathered
    column = source.column
    assert column is not None
    split = source.split

    def read(cells: Mapping[str, Any]) -> Any:
        value = _cell(cells, column, blank)
        if value is None:
            return default if not (source.values and "" in source.values) else source.values[""]
        if split is not None and isinstance(value, str) and not (source.json_ and value[:1] in "[{"):
            return [refine(item.strip()) for item in value.split(split) if item.strip()]
        return refine(value)

    if any(
        (
            source.values,
            source.json_,
            split,
            name in _TIMES and time_reader(source, name, source.zone or context.zone),
            name == "duration",
            "." in column,
        )
    ):
        return read

    def quick(cells: Mapping[str, Any]) -> Any:
        """The same for a text that is taken as it stands: most cells, so worth a function of their own."""
        value = cells.get(column)
        if type(value) is str:
            value = value.strip()
            return value if value and value not in blank else default
        return read(cells)

    return quick


def _refiner(source: Source, name: str, context: Context) -> Callable[[Any], Any]:
    """What happens to one cell that is not empty: JSON, labels, times, durations, numbers that are names."""
    values, otherwise, holds_json = source.values, source.otherwise, source.json_
    time = time_reader(source, name, source.zone or context.zone) if name in _TIMES else None
    unit = source.unit
    typed = name in _TYPED

    def refine(value: Any) -> Any:
        if holds_json and isinstance(value, str) and value[:1] in "[{":
            return _read_json(value, name)
        if values is not None:
            word = _text(value)
            if word in values:
                value = values[word]
            elif otherwise is not None:
                value = otherwise
            else:
                raise InputError(
                    f"{name}: the mapping does not know {given(word)}; add it under `values`"
                    + did_you_mean(word, values)
                )
        if time is not None:
            return time(value)
        if name == "duration":
            return read_duration(value, unit or "s")
        if not typed and isinstance(value, (int, float)) and not isinstance(value, bool):
            return _text(value)
        return value

    return refine


def _read_json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{name}: {given(text)} begins like JSON and is not; check its quotes and brackets") from None
