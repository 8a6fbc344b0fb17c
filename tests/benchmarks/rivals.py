"""The rival: the same policy written by hand in plain Python, as one would without a library.

Slotted dataclasses, zoneinfo, and the national calendars of `holidays` as frozensets of dates. It gives the
whole answer: stop, contact now, or wait; the channel, the exact instant, the end of the window, and the names
of the rules that block at `now`. Nothing is cached but the holidays of a country.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from workload import CHANNELS, Row

TWO_DAYS = timedelta(hours=48)
FOUR_DAYS = timedelta(hours=96)
SEVEN_DAYS = timedelta(hours=168)
ONE_DAY = timedelta(days=1)
MIDNIGHT = time(0)
LOOK_AHEAD_DAYS = 60

Windows = tuple[tuple[time, time], ...]


def _week(days: range, *hours: tuple[int, int]) -> tuple[Windows, ...]:
    windows = tuple((time(opens), time(closes)) for opens, closes in hours)
    return tuple(windows if day in days else () for day in range(7))


WEEK: dict[str, tuple[Windows, ...]] = {
    "phone": _week(range(5), (9, 14), (17, 20)),
    "email": _week(range(7), (7, 22)),
    "sms": _week(range(6), (10, 19)),
    "social": _week(range(7), (8, 21)),
}
"""Per channel and weekday, the windows on the local wall clock, start inclusive, end exclusive."""

ROTATION: dict[str | None, tuple[str, ...]] = {
    None: CHANNELS,
    **{channel: CHANNELS[i + 1 :] + CHANNELS[: i + 1] for i, channel in enumerate(CHANNELS)},
}
"""The order in which channels are preferred, by the channel of the last outbound touch."""


@dataclass(slots=True)
class Policy:
    """What the variants of the policy differ in."""

    name: str
    at_most: int | None = 7
    business_days: bool = False


@dataclass(slots=True)
class Touch:
    """One touch already made."""

    at: datetime
    channel: str
    disposition: str
    inbound: bool


@dataclass(slots=True)
class Prospect:
    """A prospect with the touches in time order."""

    id: str
    zone: ZoneInfo
    country: str
    touches: list[Touch]


@dataclass(slots=True)
class Answer:
    """The whole answer; `rules` blocks the answered channel at `now`, or stops everything."""

    kind: str
    channel: str | None
    at: datetime | None
    until: datetime | None
    rules: tuple[str, ...]


POLICIES = {
    "base": Policy("base"),
    "open_ended": Policy("open_ended", at_most=None),
    "business": Policy("business", business_days=True),
}


def ready(row: Row) -> Prospect:
    """The row as the objects this implementation decides on."""
    touches = [Touch(*touch) for touch in row.touches]
    return Prospect(row.id, ZoneInfo(row.zone), row.country, touches)


@cache
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The national public holidays of a year and of the two next to it."""
    return frozenset(holidays.country_holidays(country, years=(year - 1, year, year + 1)))


def decide(policy: Policy, prospect: Prospect, now: datetime) -> Answer:
    """Stop, contact now, or wait until when, through which channel, and which rules block it now."""
    answered = False
    bounced: set[str] = set()
    attempts: list[datetime] = []
    last_on: dict[str, datetime] = {}
    last_channel: str | None = None
    for touch in prospect.touches:
        if not touch.inbound:
            last_channel = touch.channel
            last_on[last_channel] = touch.at
            attempts.append(touch.at)
        if touch.disposition == "bounced_hard":
            bounced.add(touch.channel)
        elif touch.disposition in ("replied", "opted_out"):
            answered = True

    stops = []
    if answered:
        stops.append("answered")
    if len(bounced) == len(CHANNELS):
        stops.append("all-bounced")
    if policy.at_most is not None and len(attempts) >= policy.at_most:
        stops.append("exhausted")
    if stops:
        return Answer("stop", None, None, None, tuple(stops))

    zone = prospect.zone
    closed = public_holidays(prospect.country, now.year)
    earliest = now
    capped = spaced = None
    if attempts:
        if policy.business_days:
            spaced = business_days_after(attempts[-1], 2, zone, closed)
        else:
            spaced = attempts[-1] + TWO_DAYS
        if spaced > earliest:
            earliest = spaced
        if len(attempts) >= 3:
            capped = attempts[-3] + SEVEN_DAYS
            if capped > earliest:
                earliest = capped

    best: str | None = None
    best_at = best_until = best_spaced = None
    for channel in ROTATION[last_channel]:
        if channel == last_channel or channel in bounced:
            continue
        start = earliest
        channel_spaced = None
        if channel in last_on:
            if policy.business_days:
                channel_spaced = business_days_after(last_on[channel], 4, zone, closed)
            else:
                channel_spaced = last_on[channel] + FOUR_DAYS
            if channel_spaced > start:
                start = channel_spaced
        if best_at is not None and start >= best_at:
            continue
        opening = next_open(channel, start, zone, closed)
        if opening is not None and (best_at is None or opening[0] < best_at):
            best, best_spaced = channel, channel_spaced
            best_at, best_until = opening
            if best_at == now:
                return Answer("contact", best, best_at, best_until, ())

    if best is None:
        return Answer("blocked", None, None, None, ("bounced", "no-repeat"))
    rules = []
    if capped is not None and capped > now:
        rules.append("weekly-cap")
    if spaced is not None and spaced > now:
        rules.append("spacing")
    if best_spaced is not None and best_spaced > now:
        rules.append("channel-spacing")
    if not is_open(best, now, zone, closed):
        rules.append(f"{best}-hours")
    return Answer("wait", best, best_at, best_until, tuple(rules))


def next_open(
    channel: str, start: datetime, zone: ZoneInfo, closed: frozenset[date]
) -> tuple[datetime, datetime] | None:
    """The first instant from `start` inside a window of the channel, and the end of that window, in UTC."""
    week = WEEK[channel]
    local = start.astimezone(zone)
    day = local.date()
    clock = local.time()
    for _ in range(LOOK_AHEAD_DAYS):
        if day not in closed:
            for opens, closes in week[day.weekday()]:
                if clock < closes:
                    until = datetime.combine(day, closes, zone).astimezone(UTC)
                    if clock >= opens:
                        return start, until
                    return datetime.combine(day, opens, zone).astimezone(UTC), until
        day += ONE_DAY
        clock = MIDNIGHT
    return None


def is_open(channel: str, at: datetime, zone: ZoneInfo, closed: frozenset[date]) -> bool:
    """Whether the channel may be used on the wall clock and the date of the zone at that instant."""
    local = at.astimezone(zone)
    day = local.date()
    clock = local.time()
    return day not in closed and any(opens <= clock < closes for opens, closes in WEEK[channel][day.weekday()])


def business_days_after(at: datetime, count: int, zone: ZoneInfo, closed: frozenset[date]) -> datetime:
    """Local 00:00, in UTC, of the `count`-th business day after the date of `at`."""
    day = at.astimezone(zone).date()
    while count:
        day += ONE_DAY
        if day.weekday() < 5 and day not in closed:
            count -= 1
    return datetime.combine(day, MIDNIGHT, zone).astimezone(UTC)
