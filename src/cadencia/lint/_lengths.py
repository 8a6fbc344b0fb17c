"""Delays and periods compared without a calendar: bounds that hold in every zone and season.

A touch is taken to be short beside the delay that follows it, and the zone to be known.
"""

from __future__ import annotations

from typing import Any, Final

from .._time.clock import DAY, HOUR
from .._time.periods import Delay
from ..rules.attempts import FrequencyCap
from ..rules.spacing import Spacing

#: By how much a clock change may stretch or shrink a day.
SHIFT: Final = 2 * HOUR
_DATES: Final = {"day": 1, "week": 7, "half_month": 16, "month": 31, "quarter": 92, "year": 366}
_INSIDE: Final = ("day", "half_month", "month", "quarter", "year")


def least(delay: Delay) -> int:
    """At least so much time passes."""
    if delay.kind == "elapsed":
        return delay.amount
    if delay.kind == "business_hours":
        return delay.amount * HOUR
    days = {"days": delay.amount, "months": 28 * delay.amount}.get(delay.kind, delay.amount - 1)
    return max(days * DAY - SHIFT, 0)


def most(delay: Delay) -> int | None:
    """At most so much time passes; None where a calendar decides."""
    if delay.kind == "elapsed":
        return delay.amount
    if delay.kind in ("days", "dates", "months"):
        return delay.amount * (31 if delay.kind == "months" else 1) * DAY + SHIFT
    return None


def dates_apart(delay: Delay) -> int:
    """At least so many dates lie between a touch and what may follow it."""
    if delay.kind in ("elapsed", "business_hours"):
        return max((least(delay) - SHIFT) // DAY, 0)
    return delay.amount * (28 if delay.kind == "months" else 1)


def never_longer(short: Delay, long: Delay, one_clock: bool) -> bool:
    """Whether a delay is over, whenever it begins, no later than another."""
    if short.kind == long.kind:
        return short.amount <= long.amount and (one_clock or short.kind == "elapsed")
    dated = short.kind == "dates" and long.kind in ("days", "months", "business_days")
    if one_clock and (dated or (short.kind, long.kind) == ("days", "months")) and short.amount <= dates_apart(long):
        return True
    high = most(short)
    return high is not None and high <= least(long)


def gaps_of(rule: Spacing) -> tuple[Delay, ...]:
    """The delays of a spacing rule, its shortest and longest among them."""
    if rule.backoff is None:
        return rule.delays()
    low = min(rule.backoff.first, rule.backoff.at_most, key=lambda item: item.micros)
    return tuple(Delay(str(item), "elapsed", item.micros) for item in (low, rule.backoff.at_most))


def one_clock(left: Any, right: Any) -> bool:
    """Whether two rules keep time alike."""
    return all(
        getattr(left, name, None) == getattr(right, name, None)
        for name in ("clock", "calendar", "business_days", "hours")
    )


def dates_in(cap: FrequencyCap) -> int | None:
    """How many dates the period of a cap holds at most; None for elapsed time."""
    return cap.dates if cap.each is None else _DATES[cap.each]


def lies_within(short: FrequencyCap, long: FrequencyCap) -> bool:
    """Whether touches that share a period of one cap always share one of the other."""
    if short.within is not None:
        if long.within is not None:
            return short.within.micros <= long.within.micros
        return long.dates is not None and long.dates >= (short.within.micros + SHIFT) // DAY + 2
    held = dates_in(short)
    assert held is not None
    if long.within is not None:
        return held * DAY + SHIFT <= long.within.micros
    if not set(short.clock) <= set(long.clock):
        return False
    if long.dates is not None:
        return held <= long.dates
    if held == 1:
        return True
    if short.each == "week" or long.each == "week":
        return short.each == long.each and short.week_start == long.week_start
    if short.each is None:
        return False
    return _INSIDE.index(short.each) <= _INSIDE.index(str(long.each))


def holds_gaps(cap: FrequencyCap, delay: Delay, count: int) -> bool:
    """Whether so many delays in a row fit into one period of a cap: touches at both ends still count together."""
    if cap.within is not None:
        return count * least(delay) < cap.within.micros
    held = dates_in(cap)
    assert held is not None
    return count * dates_apart(delay) < held and count * least(delay) < held * DAY + SHIFT


def period(cap: FrequencyCap) -> str:
    """The period of a cap as it is written."""
    return f"within: {cap.within}" if cap.within else f"each: {cap.each}" if cap.each else f"dates: {cap.dates}"


__all__ = [
    "SHIFT",
    "dates_apart",
    "gaps_of",
    "holds_gaps",
    "least",
    "lies_within",
    "most",
    "never_longer",
    "one_clock",
    "period",
]
