"""Interesting instants: where an answer may change. For probing only; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from cadencia import Case

from .clock import FAR, TICK, edges, times_of
from .counting import end_of, pool
from .rules import latest, zones


def instants(rules: list[Any], case: Case, start: datetime, end: datetime) -> list[datetime]:
    """The instants of `[start, end]` at which one of the rules may begin or cease to forbid, and those beside them."""
    found = {start, end, *(part for part in parts((case, *rules)) if isinstance(part, datetime))}
    for rule in rules:
        for limit in getattr(rule, "rules", (rule,)):
            found.update(_of(limit, case, start, end))
    return sorted({near for t in found for near in (t - TICK, t, t + TICK) if start <= near <= end})


def parts(thing: Any) -> Iterator[Any]:
    """Something and all that it is made of."""
    yield thing
    if isinstance(thing, BaseModel):
        thing = tuple(getattr(thing, name) for name in type(thing).model_fields)
    for part in thing.values() if isinstance(thing, Mapping) else thing if isinstance(thing, tuple) else ():
        yield from parts(part)


def _of(rule: Any, case: Case, start: datetime, end: datetime) -> Iterator[datetime]:
    weeks = [getattr(rule, name, None) or {} for name in ("allow", "between", "dates") if rule.rule == "quiet_hours"]
    for zone in zones(getattr(rule, "clock", ("prospect",)), case):
        if zone is not None:
            yield from edges(zone, start, end, {time for week in weeks for time in times_of(week)})
    for touch in pool(case, "account"):
        for delay in parts(rule):
            yield from _delayed(delay, touch, rule, case)


def _delayed(delay: Any, touch: Any, rule: Any, case: Case) -> Iterator[datetime]:
    if hasattr(delay, "micros"):
        yield from (touch.at - delay.micros * TICK, touch.at + delay.micros * TICK, end_of(touch) + delay.micros * TICK)
    elif hasattr(delay, "amount") and (over := latest(delay, touch, rule, case)) != FAR:
        yield from (over, touch.at - (over - touch.at))
