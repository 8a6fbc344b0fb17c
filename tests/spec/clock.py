"""Time, naively: one instant at a time, with `datetime` and `zoneinfo` alone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import holidays

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
BEGINNING, FAR = datetime(1, 1, 2, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Windows = tuple[tuple[int, int], ...]  # microseconds of the day; the end of an overnight window lies beyond 24 hours

_info = cache(ZoneInfo)


class Unknown(Exception):
    """A zone, a region or a calendar that is needed is not known: closed."""


def wall(t: datetime, zone: str | None) -> datetime:
    """What the clock on the wall shows."""
    if zone is None:
        raise Unknown("zone")
    return t.astimezone(_info(zone)).replace(tzinfo=None)


def turn(low: datetime, high: datetime, holds: Callable[[datetime], bool]) -> datetime:
    """The first instant after `low` at which something holds that holds at `high`, and not at `low`."""
    while high - low > TICK:
        middle = low + (high - low) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


@cache
def first_showing(shown: datetime, zone: str) -> datetime:
    """The first instant whose wall clock shows this time or later: past a gap, and the first of two passes."""
    early, late = sorted(shown.replace(tzinfo=_info(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return early if wall(early, zone) == shown else turn(early, late, lambda t: wall(t, zone) >= shown)


def midnight(day: date, zone: str) -> datetime:
    """When a date begins."""
    return first_showing(datetime.combine(day, time()), zone)


@cache
def clock_changes(zone: str, year: int) -> tuple[datetime, ...]:
    """The instants of a year at which the offset changes."""

    def offset(t: datetime) -> timedelta:
        return wall(t, zone) - t.replace(tzinfo=None)

    grid = [datetime(year, 1, 1, tzinfo=UTC) + step * DAY / 4 for step in range(4 * 366)]
    steps = [step for step in pairwise(grid) if offset(step[0]) != offset(step[1])]
    return tuple(turn(low, high, lambda t, high=high: offset(t) == offset(high)) for low, high in steps)  # type: ignore[misc]


def edges(zone: str, start: datetime, end: datetime, times: Iterable[timedelta]) -> Iterator[datetime]:
    """When dates begin, the clock is changed, or some times of the day are shown."""
    for year in range(start.year, end.year + 1):
        yield from (change for change in clock_changes(zone, year) if start <= change <= end)
    day = wall(start, zone).date()
    while day <= wall(end, zone).date():
        yield from (first_showing(datetime.combine(day, time()) + at, zone) for at in {timedelta(), *times})
        day += DAY


@cache
def is_holiday(day: date, region: str) -> bool:
    """Whether a date is a public holiday of a region."""
    country, _, part = region.partition("-")
    calendar = holidays.country_holidays(country, subdiv=part or None, years=day.year)
    if not calendar.start_year <= day.year <= calendar.end_year:
        raise Unknown("calendar")
    return day in calendar


@cache
def places(region: str) -> tuple[str, ...]:
    """Where somebody may be whose region is given: of a bare country the country and any part that has holidays of its own."""
    parts = holidays.list_supported_countries(include_aliases=False).get(region, ())
    return (region, *(f"{region}-{part}" for part in parts))


def is_business_day(day: date, days: Iterable[int], regions: Iterable[str] | None) -> bool:
    """Whether a date is one of the weekdays and no public holiday."""
    if day.weekday() not in days:
        return False
    if regions is None:
        raise Unknown("region")
    return not any(is_holiday(day, region) for region in sorted(regions))


@cache
def weekdays(text: str) -> frozenset[int]:
    """What `mon-fri`, `fri-mon`, `mon,wed` and `daily` name."""
    found: set[int] = set()
    for part in text.replace("daily", "mon-sun").split(","):
        first, _, last = part.partition("-")
        start, stop = WEEK.index(first), WEEK.index(last or first)
        found |= {(start + step) % 7 for step in range((stop - start) % 7 + 1)}
    return frozenset(found)


def inside(week: Mapping[str, Windows], special: Mapping[date, Windows], shown: datetime) -> bool:
    """Whether a wall-clock time lies in a window of its date, or of the night before unless its date stands apart."""
    today = shown.date()
    return in_window_of(today, week, special, shown) or (
        today not in special and in_window_of(today - DAY, week, special, shown)
    )


def quiet(week: Mapping[str, Windows], special: Mapping[date, Windows], shown: datetime) -> bool:
    """Whether a wall-clock time is quiet: in a quiet window of its date or of the night before, or on a closed date."""
    today, other = shown.date(), {day: windows for day, windows in special.items() if windows}
    return special.get(today) == () or any(in_window_of(day, week, other, shown) for day in (today, today - DAY))


def in_window_of(day: date, week: Mapping[str, Windows], special: Mapping[date, Windows], shown: datetime) -> bool:
    """Whether a wall-clock time lies in a window that belongs to a date, by that date or by its weekday."""
    usual = [window for days, some in week.items() if day.weekday() in weekdays(days) for window in some]
    since = (shown - datetime.combine(day, time())) // TICK
    return any(start <= since < end for start, end in special.get(day, usual))


def times_of(week: Mapping[Any, Windows]) -> set[timedelta]:
    """The times of the day at which windows begin and end."""
    return {edge * TICK % DAY for windows in week.values() for window in windows for edge in window}


def after(
    delay: Any, start: datetime, end: datetime, zone: str | None, rule: Any = None, regions: Iterable[str] | None = ()
) -> datetime:
    """When a delay after a touch is over, in one zone; never, where what it needs is not known."""
    hours = tuple((days, tuple(some)) for days, some in (getattr(rule, "hours", None) or {}).items())
    days = tuple(getattr(rule, "business_days", range(5)))
    try:
        return _after(delay, start, end, zone, days, None if regions is None else tuple(regions), hours)
    except Unknown:
        return FAR


@lru_cache(4096)
def _after(
    delay: Any, start: datetime, end: datetime, zone: str | None, days: Any, regions: Any, hours: Any
) -> datetime:
    if delay.kind == "elapsed":
        return end + timedelta(microseconds=delay.amount)
    first, last = wall(start, zone).date(), wall(end, zone)
    assert zone is not None
    if delay.kind == "days":
        return first_showing(last + delay.amount * DAY, zone)
    if delay.kind == "months":
        year, month = divmod(last.year * 12 + last.month - 1 + delay.amount, 12)
        day = min(last.day, monthrange(year, month + 1)[1])
        return first_showing(last.replace(year=year, month=month + 1, day=day), zone)
    if delay.kind == "full_months":
        year, month = divmod(first.year * 12 + first.month - 1 + delay.amount, 12)
        return midnight(date(year, month + 1, min(first.day, monthrange(year, month + 1)[1])) + DAY, zone)
    if delay.kind == "dates":
        return midnight(first + delay.amount * DAY, zone)
    if delay.kind in ("business_days", "full_business_days"):
        left = delay.amount
        while left:
            first += DAY
            left -= is_business_day(first, days, regions)
        return midnight(first + DAY if delay.kind == "full_business_days" else first, zone)
    return _business_hours(delay.amount * DAY / 24, end, zone, days, regions, dict(hours))


def _business_hours(
    left: timedelta, t: datetime, zone: str, days: Any, regions: Any, hours: Mapping[str, Windows]
) -> datetime:
    worked = t
    while t - worked < 400 * DAY:  # from edge to edge, adding up what is open between
        until = t + 2 * DAY
        for edge in sorted(edges(zone, t, until, times_of(hours))):
            if t < edge <= until:
                now = wall(t, zone)
                both = (now.date() - DAY, now.date())
                if inside(hours, {day: () for day in both if not is_business_day(day, days, regions)}, now):
                    if edge - t >= left:
                        return t + left
                    left, worked = left - (edge - t), edge
                t = edge
    raise Unknown("calendar")
