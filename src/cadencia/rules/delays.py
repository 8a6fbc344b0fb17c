"""When a delay is over, and from when a touch would come too close to a later one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, BeforeValidator

from .._model import Names
from .._time.clock import DAY, EVER, FOREVER, Zone, day_date, weekday
from .._time.holidays import (
    OF_PROSPECT,
    OWN_NAME,
    calendar_name,
    check_region,
    each_plausible,
    holiday_days,
    regions_named,
)
from .._time.hours import WeekHours, open_spans
from .._time.periods import Delay, DelayField, add_months, same_wall_clock
from .._time.spans import Span
from ..errors import InputError, given

if TYPE_CHECKING:
    from .._view import View

_FARTHEST_BACK = 64 * DAY
_LONGEST_WAIT = 4000  # days searched for a business day before the calendar is called closed for good


class CalendarUnknown(Exception):
    """A calendar does not cover a year, or the region whose calendar is asked for is not known."""

    def __init__(self, need: str, **about: Any) -> None:
        self.need = need
        self.about = tuple(sorted(about.items()))
        super().__init__(need)


def _check_regions(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name if name in OF_PROSPECT else check_region(name) for name in value}))


def _check_holidays(value: tuple[str, ...]) -> tuple[str, ...]:
    own = {name for name in value if re.fullmatch(OWN_NAME, name) and name not in OF_PROSPECT}
    return tuple(sorted({*own, *_check_regions(tuple(name for name in value if name not in own))}))


RegionHolidays = Annotated[Names, AfterValidator(_check_regions)]
"""Regions whose public holidays are closed dates: ISO codes, `prospect` for every plausible region of the prospect, or
`prospect_country` for the national holidays of its countries."""

Holidays = Annotated[Names, AfterValidator(_check_holidays)]
"""The same, and calendars of the policy's own by name."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which dates are business days: some weekdays, less the public holidays of some regions (None: not known)."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    regions: tuple[str, ...] | None = ()

    def business(self, day: int) -> bool:
        """Whether a date is a business day; raises `CalendarUnknown` where the calendar does not reach."""
        if weekday(day) not in self.days:
            return False
        if self.regions is None:
            raise CalendarUnknown("region")
        year = day_date(day).year
        for region in self.regions:
            holidays = holiday_days(region, year)
            if holidays is None:
                raise CalendarUnknown("calendar", region=calendar_name(region), year=year)
            if day in holidays:
                return False
        return True

    def after(self, day: int, count: int) -> int:
        """The `count`-th business day after a date, which never counts itself."""
        for later in range(day + 1, day + _LONGEST_WAIT + 7 * count):
            if self.business(later):
                count -= 1
                if count <= 0:
                    return later
        raise self.unknown(later)

    def unknown(self, day: int) -> CalendarUnknown:
        """What is raised where no end of closed dates is found up to a date."""
        return CalendarUnknown(
            "calendar", region=", ".join(map(calendar_name, self.regions or ())), year=day_date(day).year
        )


def calendar_of(view: View, holidays: Names | None, days: tuple[int, ...] = (0, 1, 2, 3, 4)) -> Calendar:
    """The business calendar of a rule for a case."""
    return Calendar(days, regions_of(view, holidays))


def regions_of(view: View, holidays: Names | None) -> tuple[str, ...] | None:
    """The regions that a rule's `holidays` names; None when the prospect's are asked for and none is known."""
    return () if holidays is None else regions_named(holidays, view.regions)


def calendars_apart(view: View, holidays: Names | None) -> list[Calendar]:
    """The same for each plausible region alone: for what begins after a delay, and must not begin too late in any of them."""
    if holidays is None or not view.regions or not {*OF_PROSPECT} & {*holidays}:
        return [calendar_of(view, holidays)]
    meant = (regions_named(holidays, (region,)) or () for region in view.regions)
    each = (regions for names in meant for regions in product(*map(each_plausible, names)))
    return [Calendar(regions=tuple(sorted(set(regions)))) for regions in dict.fromkeys(each)]


def _no_business_hours(value: Delay) -> Delay:
    if value.kind == "business_hours":
        raise InputError(
            f"{given(value)} needs the `hours` that this rule does not have; write for example `8h` or `1 business day`"
        )
    return value


TimelessDelay = Annotated[DelayField, AfterValidator(_no_business_hours)]
"""A delay of a rule without `hours`, so that business hours mean nothing."""


#: The kinds of delay that a holiday calendar decides.
DATED: Final = ("business_days", "full_business_days", "business_hours")


class Clockwork(NamedTuple):
    """What a delay is computed with: zones (empty: not known), a calendar, and hours for business hours."""

    zones: tuple[Zone, ...]
    calendar: Calendar
    hours: WeekHours | None = None

    def apart(self) -> list[Clockwork]:
        """The same for each zone alone: what one zone forbids is forbidden, whatever another would say."""
        return [self._replace(zones=(zone,)) for zone in self.zones] if len(self.zones) > 1 else [self]


class Over(NamedTuple):
    """When a delay is over, and what must be known first where that cannot be said, with details for the explanation."""

    at: int
    needs: tuple[str, ...] = ()
    about: tuple[tuple[str, Any], ...] = ()


def over(delay: Delay, clockwork: Clockwork, start: int, end: int) -> Over:
    """The instant at which a delay after a touch from `start` to `end` is over in every zone.

    Dates and business days count from the date on which the touch starts, the other delays from its end.
    """
    if delay.kind == "elapsed":
        return Over(end + delay.amount)
    if not clockwork.zones:
        return Over(FOREVER, ("zone",))
    try:
        return Over(max(_over_in(delay, clockwork, zone, start, end) for zone in clockwork.zones))
    except CalendarUnknown as unknown:
        return Over(FOREVER, (unknown.need,), unknown.about)


def _over_in(delay: Delay, clockwork: Clockwork, zone: Zone, start: int, end: int) -> int:
    if delay.kind == "days":
        return same_wall_clock(zone, end, days=delay.amount)
    if delay.kind == "months":
        return same_wall_clock(zone, end, months=delay.amount)
    if delay.kind == "full_months":
        return zone.at(add_months(zone.day(start), delay.amount) + 1)
    if delay.kind == "dates":
        return zone.at(zone.day(start) + delay.amount)
    if delay.kind == "full_business_days":
        return zone.at(clockwork.calendar.after(zone.day(start), delay.amount) + 1)
    if delay.kind == "business_days":
        return zone.at(clockwork.calendar.after(zone.day(start), delay.amount))
    assert clockwork.hours is not None
    return _business_hours(delay.amount, clockwork.calendar, clockwork.hours, zone, end)


def _business_hours(hours: int, calendar: Calendar, week: WeekHours, zone: Zone, start: int) -> int:
    left = hours * DAY // 24
    day = zone.day(start)
    for ahead in range(_LONGEST_WAIT):
        today = day + ahead
        closed = frozenset(item for item in (today - 1, today) if not calendar.business(item))
        for begin, finish in zone.days(today, today):
            for low, high in open_spans(week, zone, max(begin, start), finish, closed):
                if low + left <= high:
                    return low + left
                left -= high - low
    raise calendar.unknown(day + _LONGEST_WAIT)


def close_to(delay: Delay, clockwork: Clockwork, later: int, span: Span) -> Iterator[Span]:
    """The stretches of a span from which a delay would not be over at a later instant, to the end of the span from just before it."""

    def ends(instant: int) -> int:
        return over(delay, clockwork, instant, instant).at

    low, high = span
    if low >= later:  # the later touch is known to the day only: it may come after all
        if ends(later - 1) > later:
            yield span
        return
    since, reach = max(low, EVER + DAY), _FARTHEST_BACK
    while later - reach > since and ends(later - reach) > later:
        reach *= 2
    since = max(since, later - reach)
    for start, end in too_close(ends, clockwork.zones, later, since) if since < later else ():
        if start < high:
            yield start, min(end, high) if end < later else high


def too_close(ends: Callable[[int], int], zones: tuple[Zone, ...], before: int, since: int) -> list[Span]:
    """The instants of `[since, before)` from which a delay (`ends`) would not be over at `before`.

    Computed forward from each instant, never by subtracting: inside a stretch of constant offset `ends` never falls, so a
    bisection finds the edge.
    """
    found: list[Span] = []
    edges = {since, before}
    for zone in zones:
        edges.update(start for start, _, _ in zone.stretches(since, before))
    cuts = sorted(edge for edge in edges if since <= edge <= before)
    for low, high in pairwise(cuts):
        if ends(high - 1) <= before:
            continue
        first, last = low, high - 1
        while first < last:
            middle = (first + last) // 2
            if ends(middle) > before:
                last = middle
            else:
                first = middle + 1
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], high)
        else:
            found.append((first, high))
    return found


def _one_clock(value: object) -> object:
    return (value,) if isinstance(value, str) else value


ClockNames = Annotated[tuple[str, ...], BeforeValidator(_one_clock)]
