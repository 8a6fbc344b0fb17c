"""When a set of hours, business days and holidays is open in one place: transitions kept and filled lazily."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from ._clock import DAY, FOREVER, zone_of
from ._digest import Place
from ._holidays import closed_days
from ._hours import NO_DAYS, open_spans
from ._spans import Span, gaps, meet, union

if TYPE_CHECKING:
    from .rules.hours import OnTheClock

_WIDTH = 4 * DAY


class Timeline:
    """The open stretches of some hours rules together, for one zone and its regions.

    `next(t)` is one look-up: the first open instant from `t` on, and where that stretch closes.
    """

    __slots__ = ("_chunks", "_place", "_rules")

    def __init__(self, rules: tuple[OnTheClock, ...], place: Place) -> None:
        self._rules = rules
        self._place = place
        self._chunks: dict[int, tuple[list[int], list[int]]] = {}

    def next(self, instant: int, end: int, horizon: int) -> Span | None:
        """The first stretch that is open at `instant` or opens before `end`: `(opening, closing)`, closings up to `horizon`."""
        index = instant // _WIDTH
        while True:
            opens, closes = self._chunks.get(index) or self._fill(index)
            at = bisect_right(closes, instant)
            if at < len(opens):
                opening = opens[at]
                if opening < instant:
                    opening = instant
                elif opening >= end:
                    return None
                close = closes[at]
                return opening, close if close % _WIDTH else self._close(index, close, horizon)
            index += 1
            if index * _WIDTH >= end:
                return None

    def _close(self, index: int, close: int, end: int) -> int:
        """Where a stretch that may reach the end of a chunk closes, looked for up to `end`."""
        while (index + 1) * _WIDTH < end:
            index += 1
            opens, closes = self._chunks.get(index) or self._fill(index)
            if not opens or opens[0] > index * _WIDTH:
                return index * _WIDTH
            if closes[0] < (index + 1) * _WIDTH:
                return closes[0]
        return FOREVER

    def _fill(self, index: int) -> tuple[list[int], list[int]]:
        start, end = index * _WIDTH, (index + 1) * _WIDTH
        spans = self._open(self._rules[0], start, end)
        for rule in self._rules[1:]:
            spans = meet(spans, self._open(rule, start, end))
        chunk = self._chunks[index] = [span[0] for span in spans], [span[1] for span in spans]
        return chunk

    def _open(self, rule: OnTheClock, start: int, end: int) -> list[Span]:
        """What one rule leaves open of `[start, end)`, as its blocks would."""
        names: set[str] = set()
        for name in rule.holidays or ():
            if name == "prospect" and not self._place[1]:
                return []
            names.update(self._place[1] if name == "prospect" else (name,))
        regions = tuple(sorted(names))
        spans: list[Span] | None = None
        for name in rule.clock:
            zone = zone_of(self._place[0] if name == "prospect" else name)
            closed = closed_days(regions, zone.day(start) - 1, zone.day(end - 1) + 1) if regions else NO_DAYS
            hours, allowed = rule.table()
            named = (
                open_spans(hours, zone, start, end, closed, closed) if allowed else open_spans(hours, zone, start, end)
            )
            if not allowed:
                named = gaps(union([*named, *(span for day in closed for span in zone.days(day, day))]), start, end)
            spans = named if spans is None else meet(spans, named)
        assert spans is not None
        return spans
