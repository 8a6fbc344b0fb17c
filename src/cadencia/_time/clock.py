"""Instants as integers, zones as stretches of constant offset, and the wall clock between them.

Inside the library an instant is an `int`: microseconds since 1970-01-01T00:00Z. A local *day* is an `int` too: days
since 1970-01-01 on the wall clock of a zone. Both compare, sort and hash without surprises around clock changes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from ..errors import InputError, did_you_mean, given

if TYPE_CHECKING:
    import pendulum

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = date(1970, 1, 1).toordinal()

#: No instant lies before this one or at or after `FOREVER`; both stand for "without bound".
EVER = -62_135_510_400 * SECOND  # 0001-01-02T00:00Z
FOREVER = 253_370_764_800 * SECOND  # 9999-01-01T00:00Z

#: A date as people write it somewhere: which number is the month is not guessed.
_ORDER: Final = re.compile(
    r"(\d{1,2}([./-])\d{1,2}\2(\d{4}|\d\d)|\d{4}([./])\d{1,2}\4\d{1,2}|\d{4}-(\d-\d{1,2}|\d\d-\d))(?!\d)"
)

_CHUNK = 8 * DAY
#: No zone has changed its offset and changed it back within so short a time since 1970; a test holds the zone data to it.
_PROBE = 4 * DAY
_GRAIN = 15 * MINUTE
_FARTHEST = 26 * HOUR  # no offset, past or present, is as large


def micros(moment: datetime) -> int:
    """The instant of an aware datetime as microseconds since the epoch, exactly."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def moment(instant: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return EPOCH + timedelta(microseconds=instant)


def local_moment(instant: int, zone: str | None) -> pendulum.DateTime:
    """The instant as a pendulum DateTime on the wall clock of `zone` (UTC when none)."""
    import pendulum

    return pendulum.instance(moment(instant)).in_timezone(zone or "UTC")


def iso(instant: int, zone: str | None = None) -> str:
    """ISO 8601 with offset, in `zone` (UTC when none): the one spelling of an instant in data and text."""
    if zone is None:
        return moment(instant).isoformat().replace("+00:00", "Z")
    return moment(instant).astimezone(ZoneInfo(zone)).isoformat()


def read_instant(value: Any, what: str = "instant") -> datetime:
    """An aware datetime or ISO 8601 text with an offset, as a UTC datetime.

    Raises:
        InputError: no offset, not a time, or outside the years 1 to 9998. Nothing falls back to a zone.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            form = "YYYY-MM-DD, then the time and its offset, as" if _ORDER.match(text) else "for example"
            raise InputError(f"{what}: {given(text)} is not a time; write {form} `2026-03-06T21:30-05:00`") from None
        if len(text) <= 10:
            raise InputError(f"{what}: {given(text)} is a date without a time; write for example `{text}T09:00+01:00`")
    if type(value) is datetime and value.tzinfo is UTC and 1 < value.year < 9999:
        return value  # the common case, as it is
    if not isinstance(value, datetime):
        raise InputError(f"{what}: {given(value)} is not a time; write for example `2026-03-06T21:30-05:00`")
    if value != value:  # the NaT of pandas, a datetime that is none
        raise InputError(f"{what}: {given(value)} is not a time; leave it out where nothing is known")
    if value.utcoffset() is None:
        raise InputError(
            f"{what}: {given(value.isoformat())} has no UTC offset; write for example `{value.isoformat()}+01:00`"
        )
    try:
        instant: datetime = EPOCH + (value - EPOCH)
    except OverflowError:
        raise InputError(f"{what}: {given(value)} is out of range; write a year from 2 to 9998") from None
    if not 1 < instant.year < 9999:
        raise InputError(f"{what}: {given(value)} is out of range; write a year from 2 to 9998")
    return instant


def read_when(value: Any, what: str = "instant") -> datetime | date:
    """An instant with offset, or a date where only the day is known."""
    if type(value) is datetime:
        return read_instant(value, what)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value.strip()) == 10:
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    if isinstance(value, str) and len(value.strip()) <= 10 and _ORDER.match(value.strip()):
        raise InputError(f"{what}: {given(value)} is not a date; write YYYY-MM-DD, as `2026-03-06`")
    return read_instant(value, what)


def _write(value: datetime | date) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _validated(value: Any) -> datetime:
    return read_instant(value)


def _validated_when(value: Any) -> datetime | date:
    return read_when(value)


Instant = Annotated[
    datetime,
    PlainValidator(_validated),
    PlainSerializer(_write, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A field that holds an instant: aware, kept in UTC, to the microsecond."""

When = Annotated[
    datetime | date,
    PlainValidator(_validated_when),
    PlainSerializer(_write, return_type=str),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}),
]
"""A field that holds an instant, or a date where only the day is known."""


def check_zone(name: Any) -> str:
    """The name of a zone that exists (a `ZoneInfo` gives its own), or an `InputError` that offers the nearest one."""
    if isinstance(name, ZoneInfo):
        name = name.key
    if not isinstance(name, str) or name not in _zone_names():
        raise InputError(
            f"zone {given(name)} is not known; write an IANA name such as `Europe/Madrid`"
            + did_you_mean(name, _zone_names())
        )
    return name


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


class Zone:
    """A time zone as stretches of constant offset, found lazily in chunks of 8 days and kept.

    Use `zone_of(name)`: one object per name.
    """

    __slots__ = ("_chunks", "_info", "name")

    def __init__(self, name: str) -> None:
        self.name = check_zone(name)
        self._info = ZoneInfo(name)
        self._chunks: dict[int, list[tuple[int, int]]] = {}

    def __repr__(self) -> str:
        return f"zone_of({self.name!r})"

    def offset(self, instant: int) -> int:
        """The UTC offset at an instant, in microseconds."""
        chunk = self._chunks.get(instant // _CHUNK)
        if chunk is None:
            chunk = self._chunk(instant // _CHUNK)
        if len(chunk) == 1:
            return chunk[0][1]
        return chunk[bisect_right(chunk, (instant, FOREVER)) - 1][1]

    def day(self, instant: int) -> int:
        """The local date at an instant, as a day number."""
        return (instant + self.offset(instant)) // DAY

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Pieces `(start, end, offset)` of `[start, end)`, each of one offset, in order."""
        begun: tuple[int, int] | None = None
        index = start // _CHUNK
        while index * _CHUNK < end:
            for at, offset in self._chunks.get(index) or self._chunk(index):
                if at >= end:
                    break
                if begun is None or at <= start:
                    begun = (max(at, start), offset)
                elif offset != begun[1]:
                    yield begun[0], at, begun[1]
                    begun = (at, offset)
            index += 1
        if begun is not None and begun[0] < end:
            yield begun[0], end, begun[1]

    def at(self, day: int, time: int = 0) -> int:
        """The first instant whose wall clock shows `time` (microseconds) of `day` or later.

        So a time in a gap is the first valid instant, a time that comes twice is its first pass, and later wall times
        never give earlier instants.
        """
        wall = day * DAY + time
        for start, end, offset in self.stretches(wall - _FARTHEST, wall + _FARTHEST):
            instant = max(start, wall - offset)
            if instant < end:
                return instant
        raise AssertionError("a zone's offset is less than 26 hours")  # pragma: no cover - no zone has such an offset

    def days(self, first: int, last: int) -> list[tuple[int, int]]:
        """The instants whose local date lies in `first..last`, as sorted disjoint spans (one, but for odd clock changes)."""
        spans: list[tuple[int, int]] = []
        low, high = first * DAY, (last + 1) * DAY
        for start, end, offset in self.stretches(low - _FARTHEST, high + _FARTHEST):
            begin, finish = max(start, low - offset), min(end, high - offset)
            if begin < finish:
                if spans and spans[-1][1] == begin:
                    spans[-1] = (spans[-1][0], finish)
                else:
                    spans.append((begin, finish))
        return spans

    def _chunk(self, index: int) -> list[tuple[int, int]]:
        """Where offsets begin inside a chunk: probed every few days, then bisected to the second."""
        start, found = index * _CHUNK, []
        before = self._probe(start)
        found.append((start, before))
        for probe in range(start + _PROBE, start + _CHUNK + 1, _PROBE):
            offset = self._probe(probe)
            if offset != before:
                low, high = probe - _PROBE, probe
                grain = _GRAIN  # most clocks change at a full quarter of an hour, and the rest at a full second
                while high - low > grain:
                    middle = low + (high - low) // (2 * grain) * grain
                    low, high = (middle, high) if self._probe(middle) == before else (low, middle)
                    if high - low <= grain and grain > SECOND and self._probe(high - SECOND) != before:
                        grain = SECOND
                if high < start + _CHUNK:
                    found.append((high, offset))
                before = offset
        self._chunks[index] = found
        return found

    def _probe(self, instant: int) -> int:
        at = datetime.fromtimestamp(min(max(instant, EVER + DAY), FOREVER) // SECOND, self._info)
        offset = at.utcoffset()
        assert offset is not None
        return (offset.days * 86_400 + offset.seconds) * SECOND + offset.microseconds


@cache
def zone_of(name: str) -> Zone:
    """The one `Zone` of that name; an unknown name is an `InputError`."""
    return Zone(name)


def day_number(value: date) -> int:
    """The day number of a calendar date."""
    return value.toordinal() - FIRST_DAY


def day_date(day: int) -> date:
    """The calendar date of a day number."""
    return date.fromordinal(day + FIRST_DAY)


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + 3) % 7
