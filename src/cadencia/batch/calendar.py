"""When hours are open, for every place at once: the transitions of the calendar as one table with one look-up.

The stretches are those of `Timeline`; nothing is worked out twice. Time is cut into slots, and for each slot and place the
table says which stretch is the first that closes after the slot begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .._lane.digest import Place
from .._lane.lane import Gap
from .._lane.timeline import Timeline
from .._time.clock import DAY, EVER, FOREVER, HOUR, MINUTE, day_date, zone_of
from .._time.holidays import holiday_days
from .._time.spans import Span
from .coding import Ints

__all__ = ["Calendars", "Days", "Openings", "after"]

#: How far the table reaches at first: longer than most limits hold, after the day in which it begins.
_REACH: Final = 12 * DAY
_SLOTS: Final = 1 << 20
_NARROWEST: Final = 15 * MINUTE

Where = npt.NDArray[np.int32]


class _Table(NamedTuple):
    """The stretches of every place up to `high`, one after another; after each place's last comes one that never opens.

    Attributes:
        slots: for each place and slot of `width`, the first stretch that closes after the slot begins.
        last: for each place, the stretch that never opens.
        even: whether every transition lies on the edge of a slot, so that the slot alone says which stretch it is.
    """

    high: int
    width: int
    many: int
    slots: Where
    opens: Ints
    closes: Ints
    last: Where
    even: bool


class Openings:
    """The open stretches of one set of hours in every place, from `start` on; first worked out for a question that ends at `end`.

    `find(place, instant, end)` gives for each row the stretch that is open at an instant or opens next. The table grows when
    a row asks for more, up to the end asked for; threads, and questions one after the other, may share it.
    """

    def __init__(self, spans: Callable[[Place, int, int], list[Span]], places: Sequence[Place], start: int, end: int):
        self._spans = spans
        self._places = places
        self._start = start
        self._stretches: list[list[Span]] = [[] for _ in places]
        self._growing = Lock()
        self._table = self._grown(start, min(end, start + _REACH))

    def find(self, place: Where, instant: Ints, end: int) -> tuple[Ints, Ints]:
        """For each row, when the stretch that is open at `instant`, or the next one before `end`, opens and closes.

        `instant` lies at the start or later. Where none comes, both are `FOREVER`, or some instant from `end` on; a stretch
        that reaches the end closes there or later.
        """
        table = self._table
        while True:
            found = _look(table, place, instant - self._start, instant)
            closes = table.closes[found]
            if table.high >= end or not ((closes >= table.high) & (instant < end)).any():
                return table.opens[found], closes
            with self._growing:
                if self._table is table:  # pragma: no branch - else another thread was quicker
                    high = min(end, self._start + 3 * (table.high - self._start))
                    self._table = self._grown(table.high, high)
                table = self._table

    def _grown(self, low: int, high: int) -> _Table:
        """The table up to `high`, when the stretches up to `low` are known."""
        opens: list[int] = []
        closes: list[int] = []
        begins: list[int] = []
        for place, known in zip(self._places, self._stretches, strict=True):
            for begin, finish in self._spans(place, low, high):
                if known and known[-1][1] == begin:
                    known[-1] = (known[-1][0], finish)
                else:
                    known.append((begin, finish))
            begins.append(len(opens))
            opens += [span[0] for span in known]
            closes += [span[1] for span in known]
            opens.append(FOREVER)
            closes.append(FOREVER)
        width = _NARROWEST
        while (high - self._start) // width * len(begins) > _SLOTS:
            width *= 2
        count = (high - self._start) // width + 1
        edges = self._start + np.arange(count, dtype=np.int64) * width
        closing = np.array(closes, np.int64)
        last = np.array([*begins[1:], len(opens)], np.int32) - 1
        slots = np.empty((len(begins), count), np.int32)
        for row, (first, end) in enumerate(zip(begins, last.tolist(), strict=True)):
            slots[row] = first + np.searchsorted(closing[first:end], edges, side="right")
        even = not ((closing[closing < high] - self._start) % width).any()
        return _Table(high, width, count, slots.reshape(-1), np.array(opens, np.int64), closing, last, even)


def _look(table: _Table, place: Where, slot: Ints, instant: Ints) -> Where:
    """The stretch of each row; `slot` is how long after the start its instant lies, and is used up."""
    slot //= table.width
    np.minimum(slot, table.many - 1, out=slot)
    slot += place.astype(np.int64) * table.many
    found = table.slots[slot]
    if table.even:
        late = np.flatnonzero(instant >= table.high)
        found[late] = table.last[place[late]]
        return found
    behind = np.flatnonzero(table.closes[found] <= instant)
    while len(behind):
        found[behind] += 1
        behind = behind[table.closes[found[behind]] <= instant[behind]]
    return found


class Calendars:
    """The tables of several sets of hours, for some places and from some day on; kept by the policy they are of."""

    def __init__(self, places: tuple[Place, ...], start: int) -> None:
        self.places = places
        self.number = {place: number for number, place in enumerate(places)}
        self._start = start
        self._known: dict[tuple[int, ...], Openings] = {}
        self._making = Lock()

    def of(self, rules: tuple[Any, ...], end: int) -> Openings:
        """The table of some hours rules together; channels with the same hours share it."""

        def spans(place: Place, low: int, high: int) -> list[Span]:
            return Timeline(rules, place).spans(low, high)

        key = tuple(map(id, rules))
        known = self._known.get(key)
        if known is None:
            with self._making:
                known = self._known.get(key)
                if known is None:  # pragma: no branch - else another thread was quicker
                    known = self._known[key] = Openings(spans, self.places, self._start, end)
        return known


class Days:
    """The local date of instants, by place."""

    def __init__(self, places: Sequence[Place], low: int, high: int) -> None:
        edges: list[int] = []
        offsets: list[int] = []
        self._low = low - DAY
        self._size = high - self._low + 2 * DAY
        for index, (name, _) in enumerate(places):
            for begin, _, offset in zone_of(name).stretches(self._low, high + DAY):
                edges.append(index * self._size + begin - self._low)
                offsets.append(offset)
        self._edges = np.array(edges, np.int64)
        self._offsets = np.array(offsets, np.int64)

    def of(self, place: Where, instant: Ints) -> Ints:
        """The day numbers."""
        key = place.astype(np.int64) * self._size + (instant - self._low)
        day: Ints = (instant + self._offsets[np.searchsorted(self._edges, key, side="right") - 1]) // DAY
        return day


def after(gap: Gap, places: Sequence[Place], place: Where, latest: Ints, now: Any) -> Ints:
    """When a gap in dates or business days after the latest touches is over; `EVER` where it is over before `now`.

    Each date of each place is worked out once, and none that is long past.
    """
    found = np.full(len(latest), EVER, np.int64)
    touched = np.flatnonzero(latest > EVER)
    if not len(touched):
        return found
    instants, where = latest[touched], place[touched]
    low, high = int(instants.min()), int(instants.max())
    days = Days(places, low, high).of(where, instants)
    first, count = int(days.min()), int(days.max()) - int(days.min()) + 1
    used = np.zeros((len(places), count), np.bool_)
    used[where, days - first] = True
    table = np.full((len(places), count), EVER, np.int64)
    earliest = int(np.min(now))
    for index in range(len(places)):
        asked = np.flatnonzero(used[index])
        if len(asked):
            cut = _past(gap, places[index], first, first + int(asked[-1]), earliest) - first
            zone = zone_of(places[index][0])
            for day in asked[asked >= cut].tolist():
                table[index, day] = gap.after(zone.at(first + day, 12 * HOUR), places[index])
    found[touched] = table[where, days - first]
    return found


def _past(gap: Gap, place: Place, first: int, last: int, now: int) -> int:
    """The first date after which a gap may still hold at `now`; what is left out is surely over.

    A later date is never over sooner while the calendar reaches; before it reaches, nothing is left out.
    """
    zone = zone_of(place[0])

    def over(day: int) -> bool:
        return gap.after(zone.at(day, 12 * HOUR), place) <= now

    years = range(day_date(first).year, day_date(last).year + 1)
    if any(holiday_days(region, year) is None for region in gap.regions(place) for year in years):
        return first
    if not over(first):
        return first
    low, high = first, last + 1  # over at `low`
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if over(middle) else (low, middle)
    return low + 1
