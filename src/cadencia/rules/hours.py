"""When: quiet hours and contact windows, business days, and the period in which a policy is active."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from .._clock import DAY, EVER, FOREVER, HOUR, When, day_date, day_number, micros
from .._hours import DatesField, DaysField, WeekField, WeekHours, date_name, dates_table, open_spans, week_table
from .._holidays import holiday_days
from .._spans import Span, gaps
from ..errors import InputError, given
from .base import Block, Limit, check_clock, zones_of
from .delays import ClockNames, Holidays, regions_of
from .filters import Candidate

if TYPE_CHECKING:
    from .._clock import Zone
    from .._view import View


class OnTheClock(Limit):
    """A limit that reads the wall clock and perhaps a holiday calendar.

    Attributes:
        clock: the prospect's zones, a named zone, or both at once: what one forbids is forbidden.
        holidays: regions whose public holidays are closed, midnight to midnight; `prospect` for every plausible region.
    """

    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    holidays: Holidays | None = None

    @property
    def memory(self) -> int | None:
        return 0

    def closed_spans(self, zone: Zone, span: Span) -> Iterator[tuple[int, int, str]]:
        """What the wall clock of a zone closes on a span, holidays aside: `(start, end, code)`."""
        raise NotImplementedError

    def table(self) -> tuple[WeekHours, bool] | None:
        """The hours as a table, and whether they are the open ones; None when the rule cannot be said so."""
        return None

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        zones = zones_of(case, self.clock)
        if not zones:
            yield self.block(EVER, FOREVER, "zone_unknown", needs=("zone",))
            return
        for zone in zones:
            for start, end, code in self.closed_spans(zone, span):
                yield self.block(start, end, code, zone=zone.name)
        if self.holidays is None:
            return
        regions = regions_of(case, self.holidays)
        if regions is None:
            yield self.block(EVER, FOREVER, "region_unknown", needs=("region",))
            return
        for zone in zones:
            for region in regions:
                yield from self._holidays(zone, region, span)

    def _holidays(self, zone: Zone, region: str, span: Span) -> Iterator[Block]:
        first, last = zone.day(span[0]) - 1, zone.day(span[1] - 1) + 1
        for year in range(day_date(first).year, day_date(last).year + 1):
            days = holiday_days(region, year)
            if days is None:
                bounds = day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
                for start, end in zone.days(*bounds):
                    yield self.block(start, end, "calendar_unknown", needs=("calendar",), region=region, year=year)
                continue
            for day in sorted(days):
                if first <= day <= last:
                    for start, end in zone.days(day, day):
                        yield self.block(start, end, "holiday", date=date_name(day), region=region)


class QuietHours(OnTheClock):
    """Wall-clock times without contact; exactly one of `allow` and `between`.

    `allow` names the contact windows by weekday (unnamed days are closed); `between` names the quiet ones (unnamed days are
    open). Several windows a day and overnight windows are normal; an overnight one belongs to the day it opens on.
    `dates` gives dates whose windows differ; `closed` closes one. A closed or special date stands apart: last night's window does
    not reach into it.

    Semantics: start inclusive, end exclusive, on the wall clock at that instant; `>08:00` excludes the instant itself.
    """

    rule: Literal["quiet_hours"] = "quiet_hours"
    allow: WeekField | None = None
    between: WeekField | None = None
    dates: DatesField = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of(self) -> QuietHours:
        if (self.allow is None) == (self.between is None):
            raise InputError("give exactly one of `allow` (contact windows) and `between` (quiet windows)")
        return self

    def table(self) -> tuple[WeekHours, bool]:
        """The hours as a table, and whether they are the open ones. Made once."""
        known: tuple[WeekHours, bool] | None = self.__dict__.get("_table")
        if known is None:
            named = self.allow if self.allow is not None else self.between
            assert named is not None
            known = WeekHours(week_table(named), dates_table(self.dates)), self.allow is not None
            self.__dict__["_table"] = known
        return known

    def closed_spans(self, zone: Zone, span: Span) -> Iterator[tuple[int, int, str]]:
        hours, open_ = self.table()
        named = open_spans(hours, zone, *span)
        for start, end in gaps(named, *span) if open_ else named:
            yield start, end, "quiet_hours"


class BusinessDays(OnTheClock):
    """Contact only on business days: the `days` named, less public holidays."""

    rule: Literal["business_days"] = "business_days"
    days: DaysField = (0, 1, 2, 3, 4)

    def table(self) -> tuple[WeekHours, bool]:
        """Whole days."""
        return WeekHours(tuple(((0, DAY),) if day in self.days else () for day in range(7))), True

    def closed_spans(self, zone: Zone, span: Span) -> Iterator[tuple[int, int, str]]:
        for start, end in gaps(open_spans(self.table()[0], zone, *span), *span):
            yield start, end, "business_days"


class ActivePeriod(Limit):
    """Contact only between `from` (inclusive) and `until` (a date includes that date, an instant does not)."""

    rule: Literal["active_period"] = "active_period"
    from_: When | None = Field(default=None, alias="from")
    until: When | None = None
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)

    model_config = {"populate_by_name": True, "serialize_by_alias": True}

    @model_validator(mode="after")
    def _some(self) -> ActivePeriod:
        if self.from_ is None and self.until is None:
            raise InputError("give `from`, `until` or both")
        return self

    @property
    def memory(self) -> int | None:
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        zones = zones_of(case, self.clock)
        if self.from_ is not None:
            starts = [self._edge(self.from_, zone, 0) for zone in zones] or [self._edge(self.from_, None, 0, 12 * HOUR)]
            yield self.block(EVER, max(starts), "not_yet_active", start=_text(self.from_))
        if self.until is not None:
            ends = [self._edge(self.until, zone, 1) for zone in zones] or [self._edge(self.until, None, 1, -14 * HOUR)]
            yield self.block(min(ends), FOREVER, "expired", final=True, end=_text(self.until))

    @staticmethod
    def _edge(value: datetime | date, zone: Zone | None, days: int, shift: int = 0) -> int:
        if isinstance(value, datetime):
            return micros(value)
        day = day_number(value) + days
        return zone.at(day) if zone is not None else day * DAY + shift


def _text(value: datetime | date) -> str:
    return value.isoformat().replace("+00:00", "Z")


__all__ = ["ActivePeriod", "BusinessDays", "OnTheClock", "QuietHours", "given"]
