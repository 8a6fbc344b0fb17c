"""When a set of hours, business days and holidays is open in one place: transitions kept and filled lazily."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from .._time.clock import DAY, FOREVER, Zone, zone_of
from .._time.holidays import closed_days, regions_named
from .._time.hours import NO_DAYS, opened
from .._time.spans import Span, gaps, meet, union
from .digest import Place

if TYPE_CHECKING:
    from ..rules.hours import OnTheClock

Stretch = tuple[int, int, int]

#: The width of a chunk.
WIDTH = 4 * DAY


class Timeline:
    """The open stretches of some hours rules together, for one zone and its regions.

    `edges` holds, by chunk, where a stretch opens, where it closes, where the next opens, and so on: so one bisection tells
    whether an instant is open (an odd place) and where the next edge lies. Who reads it directly falls back on `next`.
    """

    __slots__ = ("_place", "_rules", "edges")

    def __init__(self, rules: tuple[OnTheClock, ...], place: Place) -> None:
        self._rules = rules
        self._place = place
        self.edges: dict[int, list[int]] = {}

    def next(self, instant: int, end: int, horizon: int) -> Span | None:
        """The first stretch that is open at `instant` or opens before `end`: `(opening, closing)`, closings up to `horizon`."""
        index = instant // WIDTH
        while True:
            edges = self.edges.get(index)
            if edges is None:
                edges = self._fill(index)
            at = bisect_right(edges, instant)
            if at < len(edges):
                opening, close = (instant, edges[at]) if at & 1 else (edges[at], edges[at + 1])
                if opening >= end:
                    return None
                return opening, close if close % WIDTH else self.close(close, horizon)
            index += 1
            if index * WIDTH >= end:
                return None

    def open(self, instant: int) -> bool:
        """Whether it is open at an instant."""
        edges = self.edges.get(instant // WIDTH)
        if edges is None:
            edges = self._fill(instant // WIDTH)
        return bool(bisect_right(edges, instant) & 1)

    def close(self, close: int, end: int) -> int:
        """Where a stretch that reaches the end of a chunk closes, looked for up to `end`."""
        index = close // WIDTH
        while index * WIDTH < end:
            edges = self.edges.get(index)
            if edges is None:
                edges = self._fill(index)
            if not edges or edges[0] > index * WIDTH:
                return index * WIDTH
            index += 1
            if edges[1] < index * WIDTH:
                return edges[1]
        return FOREVER

    def spans(self, start: int, end: int) -> list[Span]:
        """The open stretches of `[start, end)`, cut to it."""
        spans = self._open(self._rules[0], start, end)
        for rule in self._rules[1:]:
            spans = meet(spans, self._open(rule, start, end))
        return spans

    def _fill(self, index: int) -> list[int]:
        spans = self.spans(index * WIDTH, (index + 1) * WIDTH)
        edges = self.edges[index] = [edge for span in spans for edge in span]
        return edges

    def _open(self, rule: OnTheClock, start: int, end: int) -> list[Span]:
        """What one rule leaves open of `[start, end)`, as its blocks would."""
        regions = regions_named(rule.holidays or (), self._place[1])
        if regions is None:
            return []
        hours, allowed = rule.table()
        spans: list[Span] | None = None
        for name in rule.clock:
            zone = zone_of(self._place[0] if name == "prospect" else name)
            stretches, closed = _days(zone, regions, start, end)
            if allowed:
                named = opened(hours, stretches, closed, closed)
            else:
                quiet = opened(hours, stretches)
                named = gaps(union([*quiet, *(span for day in closed for span in zone.days(day, day))]), start, end)
            spans = named if spans is None else meet(spans, named)
        assert spans is not None
        return spans


@lru_cache(maxsize=1024)
def _days(zone: Zone, regions: tuple[str, ...], start: int, end: int) -> tuple[list[Stretch], frozenset[int]]:
    """The stretches of a chunk and the dates closed around it: the same for every rule of a place."""
    stretches = list(zone.stretches(start, end))
    first, last = (start + stretches[0][2]) // DAY, (end - 1 + stretches[-1][2]) // DAY
    return stretches, closed_days(regions, first - 1, last + 1) if regions else NO_DAYS
