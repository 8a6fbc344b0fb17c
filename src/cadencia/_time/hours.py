"""Weekly hours on the wall clock, and when they are open in real time.

Start inclusive, end exclusive; `>08:00` excludes the instant itself; `24:00` is an end; a window whose end is before its
start is overnight and belongs to the day on which it opens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from ..errors import InputError, did_you_mean, given
from .clock import DAY, HOUR, MINUTE, Zone, day_date, day_number, weekday
from .spans import Span, meet, union

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(>?)(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)")

Windows = tuple[Span, ...]


def read_days(text: Any) -> tuple[int, ...]:
    """The weekdays that `mon-fri`, `sat`, `fri-mon`, `mon,wed` or `daily` name; Monday is 0."""
    found: list[int] = []
    for part in (text if isinstance(text, str) else "").lower().replace(" ", "").split(","):
        if part in ("daily", "every-day"):
            return tuple(range(7))
        first, _, last = part.partition("-")
        for name in (first, last or first):
            if name not in DAYS:
                raise InputError(
                    f"{given(text)} is not a weekday; write for example `mon-fri`, `sat` or `daily`"
                    + did_you_mean(name, DAYS)
                )
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [(begin + i) % 7 for i in range((end - begin) % 7 + 1)]
    return tuple(dict.fromkeys(found))


def read_weekdays(value: Any) -> tuple[int, ...]:
    """A text of weekdays, a list of such texts, or weekdays as they were read before."""
    if isinstance(value, tuple) and all(type(day) is int and 0 <= day <= 6 for day in value):
        return tuple(sorted(set(value)))
    many = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    return tuple(sorted(read_days(",".join(value) if many else value)))


def days_text(days: tuple[int, ...]) -> str:
    """The shortest spelling of a set of weekdays: the normal form."""
    chosen = sorted(set(days))
    if len(chosen) == 7:
        return "daily"
    runs: list[list[int]] = []
    for day in chosen:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def read_window(text: Any) -> Span:
    """`09:00-14:00` as microseconds of the day; the end of an overnight window lies beyond 24 hours."""
    match = _WINDOW.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise InputError(f"{given(text)} is not a window; write for example `09:00-14:00` or `21:00-08:00`")
    after, h1, m1, h2, m2 = match.groups()
    start, end = int(h1) * HOUR + int(m1) * MINUTE, int(h2) * HOUR + int(m2) * MINUTE
    if int(m1) > 59 or int(m2) > 59 or start >= DAY or end > DAY:
        raise InputError(
            f"window {given(text)} has a time that does not exist; write 00:00 to 23:59, and `24:00` only as an end"
        )
    if start == end:
        raise InputError(
            f"window {given(text)} has equal edges; write `00:00-24:00` for the whole day, or leave it out"
        )
    if end < start:
        end += DAY
    return start + bool(after), end


def window_text(window: Span) -> str:
    """A window as it is written."""
    start, end = window
    after = ">" if start % MINUTE else ""
    hour, minute = divmod(start // MINUTE, 60)
    last = end // MINUTE
    if last > 24 * 60:
        last -= 24 * 60
    return f"{after}{hour:02}:{minute:02}-{last // 60:02}:{last % 60:02}"


def windows_text(windows: Windows) -> list[str]:
    """Windows as they are written. Overlapping ones may have merged into one of a day or longer, which takes two texts."""
    split = DAY - MINUTE
    parts: list[Span] = []
    for start, end in windows:
        long = end - start >= DAY and (start, end) != (0, DAY)
        parts += [(start, split), (split, end)] if long else [(start, end)]
    return [window_text(part) for part in parts]


def read_windows(value: Any) -> Windows:
    """One window or a list of windows, sorted and merged."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise InputError(f'{given(value)} is not a list of windows; write for example `["09:00-14:00", "17:00-20:00"]`')
    return tuple(union(item if _is_window(item) else read_window(item) for item in value))


def _is_window(value: Any) -> bool:
    """Whether a value is a window as it was read before."""
    return (
        isinstance(value, tuple) and [type(edge) for edge in value] == [int, int] and 0 <= value[0] < value[1] < 2 * DAY
    )


class WeekHours:
    """Windows by weekday, and windows of dates that differ from their weekday.

    `on(day)` gives the windows that belong to a day: those of its date if it is an exception, else of its weekday; `usual` the
    open parts of a weekday where no date stands apart, the tail of the night before included. `apart` says whether such a date
    cuts that tail off, as one of contact windows does; quiet windows last their night.
    """

    __slots__ = ("apart", "dates", "usual", "week")

    def __init__(
        self, week: tuple[Windows, ...], dates: Mapping[int, Windows] | None = None, apart: bool = True
    ) -> None:
        self.week = week
        self.dates = dict(dates or {})
        self.apart = apart
        self.usual = [
            union(
                [(start, min(end, DAY)) for start, end in week[day]]
                + [(0, end - DAY) for _, end in week[day - 1] if end > DAY]
            )
            for day in range(7)
        ]

    def on(self, day: int) -> Windows:
        """The windows that open on a day, in microseconds of that day; an overnight one ends beyond it."""
        special = self.dates.get(day)
        return self.week[weekday(day)] if special is None else special

    def spans(self, day: int, closed: bool = False, closed_before: bool = False) -> list[Span]:
        """The open parts of one date, in microseconds of it, last night's tail included unless the date stands apart."""
        if closed:
            return []
        if not closed_before and day not in self.dates and day - 1 not in self.dates:
            return self.usual[(day + 3) % 7]
        found = [(start, min(end, DAY)) for start, end in self.on(day)]
        if not closed_before and not (self.apart and day in self.dates):
            found += [(0, end - DAY) for _, end in self.on(day - 1) if end > DAY]
        return union(found)


NO_DAYS: frozenset[int] = frozenset()


def open_spans(
    hours: WeekHours,
    zone: Zone,
    start: int,
    end: int,
    closed: frozenset[int] = NO_DAYS,
    tailless: frozenset[int] = NO_DAYS,
) -> list[Span]:
    """When the hours are open in real time between two instants, exactly, clock changes included.

    An instant is open when the wall clock of the zone at that instant is inside a window of a date not in `closed`. Of a date
    in `tailless` only the part after midnight of its overnight window does not open.
    """
    return opened(hours, zone.stretches(start, end), closed, tailless)


def opened(
    hours: WeekHours,
    stretches: Iterable[tuple[int, int, int]],
    closed: frozenset[int] = NO_DAYS,
    tailless: frozenset[int] = NO_DAYS,
) -> list[Span]:
    """When the hours are open in stretches of constant offset; see `open_spans`."""
    found: list[Span] = []
    shut = closed if tailless is closed else closed | tailless
    plain = not hours.dates
    for begin, finish, offset in stretches:
        for day in range((begin + offset) // DAY, (finish - 1 + offset) // DAY + 1):
            base = day * DAY - offset
            if plain and day not in shut and day - 1 not in shut:
                windows = hours.usual[(day + 3) % 7]
            else:
                windows = hours.spans(day, day in closed, day - 1 in shut)
            for low, high in windows:
                low += base
                high += base
                if low < begin:
                    low = begin
                if high > finish:
                    high = finish
                if low < high:
                    if found and found[-1][1] == low:
                        found[-1] = (found[-1][0], high)
                    else:
                        found.append((low, high))
    return found


def read_week(value: Any) -> dict[str, Windows]:
    """`{"mon-fri": [...], "sat": [...]}`, or a bare list for every day, in normal form."""
    if isinstance(value, (str, list, tuple)):
        value = {"daily": value}
    if not isinstance(value, Mapping) or not value:
        raise InputError(f'{given(value)} are not hours; write for example `{{mon-fri: ["09:00-14:00"]}}`')
    week: dict[int, list[Span]] = {}
    for days, windows in value.items():
        for day in read_days(days):
            week.setdefault(day, []).extend(read_windows(windows))
    by_windows: dict[Windows, list[int]] = {}
    for day, spans in sorted(week.items()):
        by_windows.setdefault(tuple(union(spans)), []).append(day)
    return {days_text(tuple(days)): windows for windows, days in by_windows.items()}


def week_table(value: Mapping[str, Windows]) -> tuple[Windows, ...]:
    """Seven entries, Monday first."""
    table: list[Windows] = [()] * 7
    for days, windows in value.items():
        for day in read_days(days):
            table[day] = windows
    return tuple(table)


def _write_week(value: Mapping[str, Windows]) -> dict[str, list[str]]:
    return {days: windows_text(windows) for days, windows in value.items()}


def read_dates(value: Any) -> dict[date, Windows]:
    """`{2026-12-24: ["09:00-13:00"], 2026-12-25: closed}`: dates whose hours differ from their weekday's."""
    if not isinstance(value, Mapping):
        raise InputError(
            f'{given(value)} are not dated hours; write for example `{{2026-12-24: ["09:00-13:00"], 2026-12-25: closed}}`'
        )
    found: dict[date, Windows] = {}
    for key, windows in value.items():
        try:
            day = key if type(key) is date else date.fromisoformat(key)
        except (ValueError, TypeError):
            raise InputError(f"{given(key)} is not a date; write for example `2026-12-24`") from None
        found[day] = () if isinstance(windows, str) and windows == "closed" else read_windows(windows)
    return dict(sorted(found.items()))


def _write_dates(value: Mapping[date, Windows]) -> dict[str, Any]:
    return {day.isoformat(): windows_text(windows) or "closed" for day, windows in value.items()}


def dates_table(value: Mapping[date, Windows]) -> dict[int, Windows]:
    """The same by day number."""
    return {day_number(day): windows for day, windows in value.items()}


def date_name(day: int) -> str:
    """The date of a day number, as it is written."""
    return day_date(day).isoformat()


_WINDOWS_SCHEMA = {"type": "array", "items": {"type": "string", "pattern": r"^>?\d\d:\d\d-\d\d:\d\d$"}}
WeekField = Annotated[
    dict[str, Windows],
    PlainValidator(read_week),
    PlainSerializer(_write_week, return_type=dict[str, list[str]]),
    WithJsonSchema(
        {"type": "object", "additionalProperties": _WINDOWS_SCHEMA, "examples": [{"mon-fri": ["09:00-14:00"]}]}
    ),
]
DatesField = Annotated[
    dict[date, Windows],
    PlainValidator(read_dates),
    PlainSerializer(_write_dates, return_type=dict[str, Any]),
    WithJsonSchema({"type": "object", "additionalProperties": {"anyOf": [_WINDOWS_SCHEMA, {"const": "closed"}]}}),
]
DaysField = Annotated[
    tuple[int, ...],
    PlainValidator(read_weekdays),
    PlainSerializer(days_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["mon-fri"]}),
]

__all__ = ["DatesField", "DaysField", "WeekField", "WeekHours", "meet", "open_spans"]
