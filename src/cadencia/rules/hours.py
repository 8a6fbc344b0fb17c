"""When: quiet hours and contact windows, business days, and the period in which a policy is active."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from .._time.clock import DAY, EVER, FOREVER, HOUR, When, day_date, day_number, micros, weekday, zone_of
from .._time.holidays import calendar_name, closed_days, holiday_days, kept_in, regions_named
from .._time.hours import DatesField, DaysField, WeekField, WeekHours, date_name, dates_table, open_spans, week_table
from .._time.spans import Span, gaps, meet, union
from ..errors import InputError
from .base import Limit, check_order
from .block import Block
from .clock import check_clock, zones_of
from .delays import ClockNames, Holidays, regions_of
from .filters import Candidate

if TYPE_CHECKING:
    from .._time.clock import Zone
    from .._view import View


CHUNK = 16 * DAY
_MOST_KEPT = 20_000
#: How far a closed stretch is followed: two years; one that is longer is cut there.
_FARTHEST = 2 * 366 * DAY


class OnTheClock(Limit):
    """A limit that reads the wall clock and perhaps a holiday calendar.

    Attributes:
        clock: the prospect's zones, a named zone, or both at once: what one forbids is forbidden.
        holidays: regions whose public holidays are closed, midnight to midnight; `prospect` for every plausible region (a bare country
            may be any of its parts), `prospect_country` for the national ones only.
    """

    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    holidays: Holidays | None = None

    @property
    def memory(self) -> int | None:
        return 0

    #: The word for what the hours close.
    closes: ClassVar[str]

    def table(self) -> tuple[WeekHours, bool]:
        """The hours as a table, and whether they are the open ones (else the quiet ones)."""
        raise NotImplementedError

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        zones = zones_of(case, self.clock)
        if not zones:
            yield self.block(EVER, FOREVER, "zone_unknown", needs=("zone",))
            return
        regions = regions_of(case, self.holidays)
        if regions is None:
            yield self._no_region()
            regions = ()
        chunks = range(span[0] // CHUNK, (span[1] - 1) // CHUNK + 1)
        seen: set[Block] = set()
        for zone in zones:
            for index in chunks:
                for block in self.kept(zone, regions, index):
                    if len(chunks) == 1:
                        yield block
                    elif block not in seen:
                        seen.add(block)
                        yield block

    def kept_at(self, home: str, own: tuple[str, ...], index: int) -> Iterator[Block]:
        """The same for somebody in a zone and in `own` regions, on every clock that the rule reads."""
        regions = regions_named(self.holidays or (), own)
        if regions is None:
            yield self._no_region()
        for name in self.clock:
            yield from self.kept(zone_of(home if name == "prospect" else name), regions or (), index)

    def _no_region(self) -> Block:
        return self.block(EVER, FOREVER, "region_unknown", needs=("region",))

    def kept(self, zone: Zone, regions: tuple[str, ...], index: int) -> tuple[Block, ...]:
        """The blocks that meet a chunk of sixteen days: made once for all cases of a zone and regions."""
        memo: dict[tuple[str, tuple[str, ...], int], tuple[Block, ...]] = self.__dict__.setdefault("_blocks", {})
        key = zone.name, regions, index
        known = memo.get(key)
        if known is None:
            if len(memo) >= _MOST_KEPT:  # pragma: no cover - a bound on memory, far above what a test should reach
                memo.clear()
            low, high = index * CHUNK, (index + 1) * CHUNK
            beyond = CHUNK // 2
            while True:  # a stretch is followed beyond the chunk, so that its ends are its own and not the chunk's
                span = low - beyond, high + beyond
                first, last = zone.day(span[0]) - 1, zone.day(span[1] - 1) + 1
                closed = self.closed_spans(zone, span, closed_days(regions, first, last))
                mine = [item for item in closed if item[0] < high and item[1] > low]
                if beyond >= _FARTHEST or not any(start <= span[0] or end >= span[1] for start, end in mine):
                    break
                beyond *= 4
            blocks = [self.block(start, end, self.closes, zone=zone.name) for start, end in mine]
            blocks += [block for region in regions for block in self._holidays(zone, region, first, last)]
            known = memo[key] = tuple(block for block in blocks if block.start < high and block.end > low)
        return known

    def closed_spans(self, zone: Zone, span: Span, closed: frozenset[int]) -> list[Span]:
        """What the wall clock of a zone closes on a span, closed dates aside.

        A contact window that belongs to a closed date does not open, so the part of it after midnight is closed too.
        """
        hours, allowed = self.table()
        return (
            gaps(open_spans(hours, zone, *span, tailless=closed), *span) if allowed else open_spans(hours, zone, *span)
        )

    def _holidays(self, zone: Zone, region: str, first: int, last: int) -> Iterator[Block]:
        for year in range(day_date(first).year, day_date(last).year + 1):
            days = holiday_days(region, year)
            if days is None:
                bounds = day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
                for start, end in zone.days(*bounds):
                    yield self.block(
                        start, end, "calendar_unknown", needs=("calendar",), region=calendar_name(region), year=year
                    )
                continue
            for day in sorted(days):
                if first <= day <= last:
                    for start, end in zone.days(day, day):
                        yield self.block(start, end, "holiday", date=date_name(day), region=kept_in(region, day))


class QuietHours(OnTheClock):
    """Wall-clock times without contact; exactly one of `allow` and `between`.

    `allow` names the contact windows by weekday (unnamed days are closed); `between` names the quiet ones (unnamed days are
    open). Several windows a day and overnight windows are normal; an overnight one belongs to the day it opens on.
    `dates` gives dates whose windows differ; `closed` (or an empty list) closes one, midnight to midnight, with `between` too. A
    closed or special date stands apart: last night's contact window does not reach into it, though last night's quiet window does.

    Semantics: start inclusive, end exclusive, on the wall clock at that instant; `>08:00` excludes the instant itself.
    """

    rule: Literal["quiet_hours"] = "quiet_hours"
    closes: ClassVar[str] = "quiet_hours"
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
            week, dates, allowed = week_table(named), dates_table(self.dates), self.allow is not None
            if not allowed:  # closed is quiet all day, and the night that the weekday has after it
                for day, windows in dates.items():
                    dates[day] = windows or tuple(union([(0, DAY), *week[weekday(day)]]))
            known = WeekHours(week, dates, apart=allowed), allowed
            self.__dict__["_table"] = known
        return known


class BusinessDays(OnTheClock):
    """Contact only on business days: the `days` named, less public holidays."""

    rule: Literal["business_days"] = "business_days"
    closes: ClassVar[str] = "business_days"
    days: DaysField = (0, 1, 2, 3, 4)

    def table(self) -> tuple[WeekHours, bool]:
        """Whole days."""
        return WeekHours(tuple(((0, DAY),) if day in self.days else () for day in range(7))), True


class HolidayEves(OnTheClock):
    """On the day before a public holiday, contact only in the windows of `allow` (unnamed weekdays are closed)."""

    rule: Literal["holiday_eves"] = "holiday_eves"
    closes: ClassVar[str] = "holiday_eve"
    allow: WeekField
    holidays: Holidays

    def table(self) -> tuple[WeekHours, bool]:
        """The windows of an eve."""
        return WeekHours(week_table(self.allow)), True

    def closed_spans(self, zone: Zone, span: Span, closed: frozenset[int]) -> list[Span]:
        eves = union(item for day in closed for item in zone.days(day - 1, day - 1))
        return meet(gaps(open_spans(self.table()[0], zone, *span), *span), eves)

    def _holidays(self, zone: Zone, region: str, first: int, last: int) -> Iterator[Block]:
        """Where the calendar does not reach the day after, nobody knows whether a date is an eve."""
        for year in range(day_date(first).year, day_date(last + 1).year + 1):
            if holiday_days(region, year) is None:
                bounds = day_number(date(year, 1, 1)) - 1, day_number(date(year, 12, 31)) - 1
                for start, end in zone.days(*bounds):
                    yield self.block(
                        start, end, "calendar_unknown", needs=("calendar",), region=calendar_name(region), year=year
                    )


class ActivePeriod(Limit):
    """Contact only between `from` (inclusive) and `until` (a date includes that date, an instant does not)."""

    rule: Literal["active_period"] = "active_period"
    from_: When | None = Field(default=None, alias="from")
    until: When | None = None
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _some(self) -> ActivePeriod:
        if self.from_ is None and self.until is None:
            raise InputError("give `from`, `until` or both")
        if self.from_ is not None and self.until is not None:
            check_order("from", self.from_, "until", self.until)
        return self

    @property
    def memory(self) -> int | None:
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        zones = zones_of(case, self.clock)
        if self.from_ is not None:
            starts = [self._edge(self.from_, zone, 0) for zone in zones] or [self._edge(self.from_, None, 0, 12 * HOUR)]
            yield self.block(EVER, max(starts), "not_yet_active", begins=_text(self.from_))
        if self.until is not None:
            ends = [self._edge(self.until, zone, 1) for zone in zones] or [self._edge(self.until, None, 1, -14 * HOUR)]
            yield self.block(min(ends), FOREVER, "expired", final=True, ends=_text(self.until))

    @staticmethod
    def _edge(value: datetime | date, zone: Zone | None, days: int, shift: int = 0) -> int:
        if isinstance(value, datetime):
            return micros(value)
        day = day_number(value) + days
        return zone.at(day) if zone is not None else day * DAY + shift


def _text(value: datetime | date) -> str:
    return value.isoformat().replace("+00:00", "Z")


__all__ = ["ActivePeriod", "BusinessDays", "HolidayEves", "OnTheClock", "QuietHours"]
