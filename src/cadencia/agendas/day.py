"""The day of an agenda: from midnight to midnight on one wall clock, that of the desk."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .._time.clock import DAY, micros, moment, read_instant, zone_of

__all__ = ["Day", "day_of"]


class Day(NamedTuple):
    """When the question is asked, and the day that it falls on: `start <= now < end`, in microseconds."""

    now: int
    start: int
    end: int
    zone: str | None
    offset: int

    @property
    def as_of(self) -> datetime:
        """The instant of the question."""
        return moment(self.now)

    def shown(self, instant: int) -> datetime:
        """An instant on the wall clock of the desk."""
        clock = timezone(timedelta(microseconds=self.offset)) if self.zone is None else ZoneInfo(self.zone)
        return moment(instant).astimezone(clock)

    def number(self, instant: int) -> int:
        """The date of an instant, as a day number."""
        if self.zone is not None:
            return zone_of(self.zone).day(instant)
        return (instant + self.offset) // DAY

    def after(self, number: int) -> int:
        """The midnight that ends a date."""
        if self.zone is not None:
            return zone_of(self.zone).at(number + 1)
        return (number + 1) * DAY - self.offset

    def holds(self, instant: int) -> bool:
        """Whether an instant lies in the day."""
        return self.start <= instant < self.end


def day_of(as_of: datetime | str, zone: str | None) -> Day:
    """The day of an instant on the wall clock of `zone`; without one, on that of the offset which `as_of` is written with.

    Raises:
        InputError: a time without offset, or a zone that does not exist.
    """
    now = micros(read_instant(as_of, "as_of"))
    if zone is not None:
        clock = zone_of(zone)
        today = clock.day(now)
        return Day(now, clock.at(today), clock.at(today + 1), zone, 0)
    written = datetime.fromisoformat(as_of.strip()) if isinstance(as_of, str) else as_of
    offset = written.utcoffset()
    assert offset is not None
    shift = offset // timedelta(microseconds=1)
    today = (now + shift) // DAY
    return Day(now, today * DAY - shift, (today + 1) * DAY - shift, None, shift)
