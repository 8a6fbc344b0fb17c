"""Lengths and delays: each meaning has its own spelling, and a spelling has one meaning.

A *length* is exact elapsed time (`7d` is 168 hours). A *delay* says when something may follow something:

| spelling | meaning |
|---|---|
| `90m`, `48h` | elapsed time |
| `2 days` | the same wall clock two dates later |
| `2 dates` | 00:00 two dates later |
| `60 full dates` | after sixty whole dates have passed: 00:00 of the sixty-first |
| `3 business days` | 00:00 of the third business day after the date |
| `3 full business days` | after three whole business days have passed: 00:00 of the date after the third |
| `4 business hours` | after four hours of the rule's own `hours` |
| `2 months` | the same wall clock two months later; the 31st clamps |
| `2 full months` | after two whole months have passed: 00:00 of the date after that day |
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from ..errors import InputError, given
from .clock import DAY, HOUR, MINUTE, SECOND, Zone, day_date, day_number

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_LENGTH = re.compile(r"(\d{1,6}) ?([smhd])")
_DELAY = re.compile(
    r"(\d{1,5}) (full dates?|dates?|calendar days?|days?|weeks?|full months?|months?|full business days?|business days?|business hours?)"
)
_PARTS = re.compile(r"(\d{1,6}) ?([smh])(?: (\d{1,6}) ?([smh]))?")

Kind = Literal[
    "elapsed", "days", "dates", "business_days", "full_business_days", "business_hours", "months", "full_months"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Length:
    """Elapsed time in microseconds, as it was written."""

    text: str
    micros: int

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Delay:
    """A delay of one kind: `amount` is microseconds for elapsed time, else a count."""

    text: str
    kind: Kind
    amount: int

    def __str__(self) -> str:
        return self.text


def read_length(value: Any) -> Length:
    """`7d`, `48h`, `90m`, `30s`: exact elapsed time; `d` is 24 hours."""
    if isinstance(value, Length):
        return value
    text = value.strip() if isinstance(value, str) else value
    match = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        if isinstance(text, str) and "month" in text:
            raise InputError(f"{given(value)} is not a fixed length; use `each: month` or `within: 30d`")
        raise InputError(f"{given(value)} is not a length; write for example `7d`, `48h` or `90m`")
    amount, unit = int(match[1]), match[2]
    if amount == 0:
        raise InputError(f"{given(value)} is no time at all; write a length above 0, for example `7d`")
    return Length(f"{amount}{unit}", amount * _UNITS[unit])


def read_delay(value: Any) -> Delay:
    """The delay that a text spells; see the table at the top of the module."""
    if isinstance(value, Delay):
        return value
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if match := _PARTS.fullmatch(text):
        total = int(match[1]) * _UNITS[match[2]] + (int(match[3]) * _UNITS[match[4]] if match[3] else 0)
        return Delay(text.replace(" ", "") if not match[3] else text, "elapsed", total)
    match = _DELAY.fullmatch(text)
    if match is None:
        if bare := re.fullmatch(r"(\d+) ?d", text):
            hours, days = int(bare[1]) * 24, bare[1]
            raise InputError(
                f"{given(value)} does not say which days; write `{hours}h` for elapsed time or `{days} days` for the same wall clock"
            )
        raise InputError(
            f"{given(value)} is not a delay; write for example `48h`, `2 days`, `2 dates`, `3 business days` or `1 month`"
        )
    amount, unit = int(match[1]), match[2].rstrip("s").removeprefix("calendar ")
    plural = "" if amount == 1 else "s"
    if unit == "week":
        return Delay(f"{amount} week{plural}", "days", amount * 7)
    if unit == "full date":
        return Delay(f"{amount} full date{plural}", "dates", amount + 1)
    kinds: dict[str, Kind] = {
        "day": "days",
        "date": "dates",
        "month": "months",
        "full month": "full_months",
        "full business day": "full_business_days",
        "business day": "business_days",
        "business hour": "business_hours",
    }
    return Delay(f"{amount} {unit}{plural}", kinds[unit], amount)


def add_months(day: int, months: int) -> int:
    """The day number `months` later; a day the month does not have becomes its last."""
    start = day_date(day)
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return day_number(date(year, month, min(start.day, monthrange(year, month)[1])))


PERIODS = ("day", "week", "half_month", "month", "quarter", "year")
Period = Literal["day", "week", "half_month", "month", "quarter", "year"]


def period_index(day: int, period: Period, week_start: int) -> int:
    """The number of the calendar period that a day lies in; consecutive periods have consecutive numbers."""
    if period == "day":
        return day
    if period == "week":
        return (day + 3 - week_start) // 7
    at = day_date(day)
    month = at.year * 12 + at.month - 1
    if period == "half_month":
        return month * 2 + (at.day > 15)
    return month // {"month": 1, "quarter": 3, "year": 12}[period]


def period_days(index: int, period: Period, week_start: int) -> tuple[int, int]:
    """The first and last day of a calendar period."""
    if period == "day":
        return index, index
    if period == "week":
        first = index * 7 - 3 + week_start
        return first, first + 6
    if period == "half_month":
        month, half = divmod(index, 2)
        first = day_number(date(month // 12, month % 12 + 1, 1))
        return (first + 15, add_months(first, 1) - 1) if half else (first, first + 14)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    first = day_number(date(index * months // 12, index * months % 12 + 1, 1))
    return first, add_months(first, months) - 1


def same_wall_clock(zone: Zone, instant: int, days: int = 0, months: int = 0) -> int:
    """The instant at the same wall clock some days or months later."""
    wall = instant + zone.offset(instant)
    day, time = divmod(wall, DAY)
    return zone.at(add_months(day, months) + days, time)


LengthField = Annotated[
    Length,
    PlainValidator(read_length),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+[smhd]$", "examples": ["7d", "48h"]}),
]
DelayField = Annotated[
    Delay,
    PlainValidator(read_delay),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["48h", "2 days", "2 dates", "3 business days", "1 month"]}),
]
