"""Times and durations as exports write them: counted, in a pattern, without an offset, or as a bare date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .._time.clock import day_number, moment, zone_of
from ..errors import InputError, given
from .source import Source

__all__ = ["read_duration", "time_reader"]

_WHENS = frozenset({"at", "due", "date"})  # a date is enough here
_UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}


def time_reader(source: Source, name: str, zone: str | None) -> Callable[[Any], Any] | None:
    """The reader of a time; None where the model's own reading is all that is asked for."""
    if not (source.unit or source.format or source.date or zone):
        return None
    unit, pattern, date_as, twice = source.unit, source.format, source.date, source.twice
    info = ZoneInfo(zone) if zone else None

    def read(value: Any) -> Any:
        found: Any = value
        if unit is not None:
            found = _counted(value, unit, name)
        elif pattern is not None:
            found = _written(value, pattern, name)
        elif isinstance(value, str):
            found = _iso(value, name)
        if isinstance(found, datetime):
            if found.tzinfo is None and info is not None and date_as != "only":
                found = _placed(found, info, twice, name)
            if date_as == "only":
                found = found.date()
        elif isinstance(found, date) and name not in _WHENS and date_as in ("start", "end"):
            found = _edge(found, date_as, info, name)
        return found

    return read


def _counted(value: Any, unit: str, name: str) -> datetime:
    if unit not in ("ms", "s"):
        raise InputError(f"{name}: unit {given(unit)} counts a duration; an instant is counted in `ms` or `s`")
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(float(value) * _UNITS[unit]))
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{name}: {given(value)} is not a number of {unit} since 1970") from None


def _written(value: Any, pattern: str, name: str) -> datetime | date:
    try:
        found = datetime.strptime(str(value), pattern)
    except ValueError:
        raise InputError(f"{name}: {given(value)} is not written as {given(pattern)}") from None
    return found if any(code in pattern for code in ("%H", "%I", "%c", "%X")) else found.date()


def _iso(value: str, name: str) -> datetime | date:
    try:
        return date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value)
    except ValueError:
        raise InputError(
            f"{name}: {given(value)} is not a time; write for example `2026-03-06T21:30-05:00`, or say its `format`"
        ) from None


def _placed(naive: datetime, zone: ZoneInfo, twice: str | None, name: str) -> datetime:
    """A wall clock in its zone; one that a clock change skips is no time, one that it shows twice needs `twice`."""
    first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise InputError(
            f"{name}: {given(naive.isoformat(' '))} does not exist in {zone.key}: the clocks went forward over it"
        )
    if twice is None:
        raise InputError(
            f"{name}: {given(naive.isoformat(' '))} comes twice in {zone.key}; "
            "write the offset, or `twice: first` in the mapping"
        )
    return first if twice == "first" else second


def _edge(day: date, which: str, zone: ZoneInfo | None, name: str) -> datetime:
    """The first instant of a date, or of the next one for its end."""
    if zone is None:
        raise InputError(f"{name}: {given(day)} begins at another instant in each zone; say which `zone`")
    return moment(zone_of(zone.key).at(day_number(day) + (which == "end")))


def read_duration(value: Any, unit: str) -> timedelta:
    """A duration counted in `ms`, `s`, `m` or `h`, or written as `HH:MM` or `HH:MM:SS`."""
    try:
        if unit in _UNITS:
            span = timedelta(microseconds=round(float(value) * _UNITS[unit]))
        else:
            parts = [int(part) for part in str(value).split(":")]
            if len(parts) != unit.count(":") + 1 or any(part > 59 for part in parts[1:]) or min(parts) < 0:
                raise ValueError
            span = timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2] if len(parts) == 3 else 0)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"duration: {given(value)} is not a duration in {given(unit)}") from None
    if span < timedelta(0):
        raise InputError(f"duration: {given(value)} is negative")
    return span
