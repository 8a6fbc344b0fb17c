"""Interesting instants: where an answer may change. For probing only; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cadencia import Case

from .clock import DAY, FAR, TICK, clock_changes, first_showing, midnight, wall
from .counting import end_of, pool
from .rules import latest, zones


def instants(rules: list[Any], case: Case, start: datetime, end: datetime) -> list[datetime]:
    """The instants of `[start, end]` at which one of the rules may begin or cease to forbid, and those beside them."""
    found = {start, end}
    for rule in rules:
        found.update(_of(rule, case, start, end))
    return sorted({near for t in found for near in (t - TICK, t, t + TICK) if start <= near <= end})


def _of(rule: Any, case: Case, start: datetime, end: datetime) -> Iterator[datetime]:
    places = [zone for zone in zones(getattr(rule, "clock", ("prospect",)), case) if zone is not None]
    touches = pool(case, "account")
    yield from _known(case)
    for touch in touches:
        yield from (touch.at, end_of(touch))  # type: ignore[misc]
        for delay in _delays(rule):
            yield from _delayed(delay, touch, rule, case)
    for zone in places:
        yield from (change for year in range(start.year, end.year + 1) for change in clock_changes(zone, year))
        day = wall(start, zone).date()
        while day <= wall(end, zone).date():
            yield midnight(day, zone)
            yield from (first_showing(datetime(day.year, day.month, day.day) + edge, zone) for edge in _edges(rule))
            day += DAY
    for limit in getattr(rule, "rules", ()):
        yield from _of(limit, case, start, end)


def _known(case: Case) -> Iterator[datetime]:
    person = case.prospect
    dated: list[Any] = [
        *person.consents,
        *person.opt_outs,
        *person.suppressions,
        *person.stages,
        *person.facts.values(),
    ]
    for item in (*dated, *(person.contact_points or ())):
        yield from (t for t in (item.since, getattr(item, "until", None)) if t is not None)
    if case.opened_at is not None:
        yield case.opened_at


def _edges(rule: Any) -> set[timedelta]:
    weeks = [getattr(rule, name, None) or {} for name in ("allow", "between", "dates")]
    edges = {
        edge
        for week in weeks
        if isinstance(week, dict)
        for windows in week.values()
        for window in windows
        for edge in window
    }
    return {edge % (DAY // TICK) * TICK for edge in edges}


def _delays(rule: Any) -> Iterator[Any]:
    for name in ("at_least", "silence", "lasts", "within", "undated", "valid_for"):
        if (value := getattr(rule, name, None)) is not None:
            yield value
    yield from getattr(rule, "gaps", ())
    after = getattr(rule, "after", None) or {}
    for row in after.values() if isinstance(after, dict) else [[after]]:
        yield from row


def _delayed(delay: Any, touch: Any, rule: Any, case: Case) -> Iterator[datetime]:
    if hasattr(delay, "micros"):
        yield from (touch.at - delay.micros * TICK, touch.at + delay.micros * TICK, end_of(touch) + delay.micros * TICK)
    elif (over := latest(delay, touch, rule, case)) != FAR:
        yield from (over, touch.at - (over - touch.at))
