"""Time, naively: one instant at a time, with `datetime` and `zoneinfo` alone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
FAR = datetime(9990, 1, 1, tzinfo=UTC)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Windows = tuple[tuple[int, int], ...]  # microseconds of the day; the end of an overnight window lies beyond 24 hours


class Unknown(Exception):
    """A zone, a region or a calendar that is needed is not known: closed."""


@cache
def _info(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


def wall(t: datetime, zone: str | None) -> datetime:
    """What the clock on the wall shows."""
    if zone is None:
        raise Unknown("zone")
    return t.astimezone(_info(zone)).replace(tzinfo=None)


@cache
def first_showing(shown: datetime, zone: str) -> datetime:
    """The first instant whose wall clock shows this time or later: past a gap, and the first of two passes."""
    early, late = sorted(shown.replace(tzinfo=_info(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    if wall(early, zone) == shown:
        return early
    while late - early > TICK:  # a gap lies between the two readings
        middle = early + (late - early) / 2
        early, late = (early, middle) if wall(middle, zone) >= shown else (middle, late)
    return late


def midnight(day: date, zone: str) -> datetime:
    """When a date begins."""
    return first_showing(datetime.combine(day, time()), zone)


@cache
def clock_changes(zone: str, year: int) -> tuple[datetime, ...]:
    """The instants of a year at which the offset changes."""

    def offset(t: datetime) -> timedelta:
        return wall(t, zone) - t.replace(tzinfo=None)

    found, t = [], datetime(year, 1, 1, tzinfo=UTC)
    while t.year == year:
        low, high = t, t + DAY / 4
        t = high
        if offset(low) != offset(high):
            while high - low > TICK:
                middle = low + (high - low) / 2
                low, high = (low, middle) if offset(middle) != offset(low) else (middle, high)
            found.append(high)
    return tuple(found)


@cache
def is_holiday(day: date, region: str) -> bool:
    """Whether a date is a public holiday of a region."""
    country, _, part = region.partition("-")
    calendar = holidays.country_holidays(country, subdiv=part or None, years=day.year)
    if not calendar.start_year <= day.year <= calendar.end_year:
        raise Unknown("calendar")
    return day in calendar


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
    if text == "daily":
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, last = (
            (WEEK.index(name) for name in (part.split("-") * 2)[:2]) if "-" in part else (WEEK.index(part),) * 2
        )
        found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(found)


def inside(week: Mapping[str, Windows], special: Mapping[date, Windows], shown: datetime) -> bool:
    """Whether a wall-clock time lies in a window of its date, or of the night before unless its date stands apart."""

    def windows(day: date) -> list[tuple[int, int]]:
        if day in special:
            return list(special[day])
        return [window for days, some in week.items() if day.weekday() in weekdays(days) for window in some]

    today = shown.date()
    now = (shown - datetime.combine(today, time())) // TICK
    if any(start <= now < end for start, end in windows(today)):
        return True
    return today not in special and any(start <= now + DAY // TICK < end for start, end in windows(today - DAY))


def after(
    delay: Any, start: datetime, end: datetime, zone: str | None, rule: Any = None, regions: Any = ()
) -> datetime:
    """When a delay after a touch is over, in one zone; never, where what it needs is not known."""
    hours = tuple((days, tuple(some)) for days, some in (getattr(rule, "hours", None) or {}).items())
    regions = None if regions is None else tuple(regions)
    try:
        return _after(delay, start, end, zone, tuple(getattr(rule, "business_days", range(5))), regions, hours)
    except Unknown:
        return FAR


@lru_cache(4096)
def _after(
    delay: Any, start: datetime, end: datetime, zone: str | None, days: Any, regions: Any, hours: Any
) -> datetime:
    if delay.kind == "elapsed":
        return end + timedelta(microseconds=delay.amount)
    ends, starts = wall(end, zone), wall(start, zone).date()
    assert zone is not None
    if delay.kind == "days":
        return first_showing(ends + delay.amount * DAY, zone)
    if delay.kind == "months":
        year, month = divmod(ends.year * 12 + ends.month - 1 + delay.amount, 12)
        return first_showing(
            ends.replace(year=year, month=month + 1, day=min(ends.day, monthrange(year, month + 1)[1])), zone
        )
    if delay.kind == "full_months":
        year, month = divmod(starts.year * 12 + starts.month - 1 + delay.amount, 12)
        last = date(year, month + 1, min(starts.day, monthrange(year, month + 1)[1]))
        return midnight(last + DAY, zone)
    if delay.kind == "dates":
        return midnight(starts + delay.amount * DAY, zone)
    if delay.kind in ("business_days", "full_business_days"):
        day, left = starts, delay.amount
        while left:
            day += DAY
            left -= is_business_day(day, days, regions)
        return midnight(day + DAY if delay.kind == "full_business_days" else day, zone)
    return _business_hours(delay.amount * DAY / 24, end, zone, days, regions, dict(hours))


def _business_hours(
    left: timedelta, t: datetime, zone: str, days: Any, regions: Any, hours: Mapping[str, Windows]
) -> datetime:
    edges = {edge % (DAY // TICK) * TICK for windows in hours.values() for window in windows for edge in window}
    day, worked = wall(t, zone).date(), t
    while t - worked < 400 * DAY:  # from edge to edge, adding up what is open between
        stops = {first_showing(datetime.combine(day, time()) + edge, zone) for edge in edges}
        stops |= {change for change in clock_changes(zone, t.year) if change < midnight(day + DAY, zone)}
        for stop in sorted({*stops, midnight(day + DAY, zone)}):
            if stop <= t:
                continue
            today = wall(t, zone).date()
            shut: dict[date, Windows] = {
                date: () for date in (today - DAY, today) if not is_business_day(date, days, regions)
            }
            if inside(hours, shut, wall(t, zone)):
                if stop - t >= left:
                    return t + left
                left, worked = left - (stop - t), stop
            t = stop
        day += DAY
    raise Unknown("calendar")
