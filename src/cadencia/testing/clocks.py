"""Zones, instants and spans, clustered on the places where clocks go wrong.

Everything is drawn from small integers and short lists, the plainest value first, so that failures shrink to something
a person can read.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .._time.clock import DAY, HOUR, MINUTE, SECOND, day_number, micros, moment, read_instant, zone_of

__all__ = ["CONSTANT_ZONES", "ZONES", "clock_changes", "instants", "spans", "ticks", "ticks_near", "zones"]

#: Zones whose offset has not changed for decades.
CONSTANT_ZONES: Final = (
    "UTC", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12",
)  # fmt: skip

#: Zones that differ in what goes wrong: changes of an hour, of half an hour, at midnight, in winter, and a lost date.
ZONES: Final = (
    "Europe/Madrid", "America/New_York", *CONSTANT_ZONES, "Europe/London", "Australia/Lord_Howe", "America/St_Johns",
    "Africa/Cairo", "America/Santiago", "Africa/Casablanca", "Pacific/Chatham", "Pacific/Apia", "America/Havana",
)  # fmt: skip

_FIRST: Final = micros(read_instant("2026-03-02T12:00Z"))  # a Monday noon: where everything shrinks to
_YEARS: Final = (2026, 2024, 2025, 2027, 2028)
_DATE_LINE: Final = micros(read_instant("2011-12-30T10:00Z"))  # Apia went from 29 to 31 December 2011
_JITTER: Final = (0, 0, 0, 1, -1, SECOND, -SECOND, 30 * MINUTE, -30 * MINUTE)
_EDGES: Final = (9, 8, 12, 14, 17, 18, 20, 21, 22, 23)  # hours at which windows usually open or close
_UNITS: Final = (DAY, HOUR, 7 * DAY, 30 * MINUTE, MINUTE, 1)


def zones(*, constant: bool = False) -> SearchStrategy[str]:
    """Names of zones that differ in their clock changes; with `constant`, of zones that have none.

    Example:
        >>> from cadencia.testing import zones
        >>> from hypothesis import find
        >>> find(zones(), lambda zone: True)
        'Europe/Madrid'
    """
    return st.sampled_from(CONSTANT_ZONES if constant else ZONES)


@lru_cache(maxsize=4096)
def clock_changes(zone: str, start: int, end: int) -> tuple[int, ...]:
    """The instants of `[start, end)`, in microseconds, at which the offset of a zone changes.

    Example:
        >>> from cadencia.testing.clocks import clock_changes
        >>> year = 1767225600_000000, 1798761600_000000  # 2026
        >>> len(clock_changes("Europe/Madrid", *year)), len(clock_changes("Asia/Tokyo", *year))
        (2, 0)
    """
    return tuple(begin for begin, _, _ in zone_of(zone).stretches(start, end))[1:]


@st.composite
def ticks(draw: DrawFn, zone: str | None = None) -> int:
    """Instants as rules see them: microseconds since 1970-01-01T00:00Z, otherwise as `instants`."""
    name = draw(zones()) if zone is None else zone
    clock = zone_of(name)
    where = draw(st.sampled_from(("plain", "change", "midnight", "edge", "leap day", "year end", "date line")))
    if where == "plain":
        return _FIRST + draw(st.integers(0, 1000)) * DAY + draw(st.integers(-48, 47)) * 15 * MINUTE
    year = draw(st.sampled_from(_YEARS))
    jitter = draw(st.sampled_from(_JITTER))
    first = day_number(date(year, 1, 1))
    if where == "change":
        changes = clock_changes(name, first * DAY, (first + 365) * DAY)
        return (draw(st.sampled_from(changes)) if changes else clock.at(first)) + jitter
    if where == "leap day":
        return clock.at(day_number(date(2024, 2, 29)), draw(st.integers(0, 47)) * 30 * MINUTE) + jitter
    if where == "year end":
        return clock.at(first) + jitter
    if where == "date line":
        return _DATE_LINE + draw(st.integers(-36, 36)) * HOUR + jitter
    day = first + draw(st.integers(60, 364))
    return clock.at(day, draw(st.sampled_from(_EDGES)) * HOUR if where == "edge" else 0) + jitter


def instants(zone: str | None = None) -> SearchStrategy[datetime]:
    """Aware UTC datetimes, many within microseconds of a clock change, a local midnight or the edge of a window.

    Args:
        zone: whose clock changes and midnights; any of `zones()` when not given.

    Example:
        >>> from cadencia.testing import instants
        >>> from hypothesis import find
        >>> find(instants("Europe/Madrid"), lambda instant: True).isoformat()
        '2026-03-02T12:00:00+00:00'
    """
    return ticks(zone).map(moment)


@st.composite
def ticks_near(draw: DrawFn, around: int, zone: str, *, past: bool = True, future: bool = False) -> int:
    """Instants in microseconds, as far from `around` as rules reach: round lengths, wall clocks, midnights, changes.

    Args:
        around: the instant that counts, usually `as_of`.
        zone: on whose wall clock.
        past: whether earlier instants (and `around` itself) are drawn.
        future: whether later instants (and `around` itself) are drawn.
    """
    sign = -1 if past and (not future or draw(st.integers(0, 3)) < 3) else 1
    where = draw(st.sampled_from(("elapsed", "wall clock", "midnight", "edge", "change", "elapsed", "far")))
    count = draw(st.integers(0, 10))
    jitter = draw(st.sampled_from(_JITTER))
    if where == "elapsed":
        found = around + sign * count * draw(st.sampled_from(_UNITS)) + jitter
    elif where == "far":
        found = around + sign * (200 + 50 * count) * DAY
    elif where == "change":
        low, high = (around - 60 * DAY, around) if sign < 0 else (around, around + 60 * DAY)
        changes = clock_changes(zone, low, high)
        nearest = changes[-1 if sign < 0 else 0] if changes else around + sign * count * DAY
        found = nearest + jitter
    else:
        clock = zone_of(zone)
        day, time = divmod(around + clock.offset(around), DAY)
        if where == "midnight":
            time = 0
        elif where == "edge":
            time = draw(st.sampled_from(_EDGES)) * HOUR
        found = clock.at(day + sign * count, time) + jitter
    return min(found, around) if sign < 0 else max(found, around)


@st.composite
def spans(draw: DrawFn, around: datetime | None = None, zone: str | None = None) -> tuple[int, int]:
    """Half-open spans `(start, end)` in microseconds, as rules are asked about, from one microsecond to some months.

    Args:
        around: an instant that the span contains or nearly so; any when not given.
        zone: whose midnights and clock changes are good places for an edge.

    Example:
        >>> from cadencia.testing import spans
        >>> from hypothesis import find
        >>> start, end = find(spans(), lambda span: True)
        >>> start < end
        True
    """
    name = draw(zones()) if zone is None else zone
    middle = draw(ticks(name)) if around is None else micros(around)
    start = draw(ticks_near(middle, name, past=True, future=True))
    end = draw(ticks_near(middle, name, past=False, future=True))
    start, end = min(start, end), max(start, end)
    return start, end if start < end else start + draw(st.sampled_from((1, MINUTE, DAY, 30 * DAY)))
