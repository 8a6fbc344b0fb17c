"""How many: limits of 0, caps that another cap makes idle, and caps that delays keep out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._time.periods import Delay
from ..errors import given
from ..rules.attempts import FrequencyCap, MaxAttempts
from ..rules.cool_off import CoolOff
from ..rules.spacing import Spacing
from ..rules.stops import StopWhenExhausted
from ._lengths import dates_in, gaps_of, holds_gaps, least, lies_within, period
from ._told import Entry, Finding, Kinds, Told, between, narrows
from ._wider import counts_whatever, filters, governs, only_ours, speaks_wherever


def findings(told: Told) -> Iterator[Finding]:
    """What is odd about numbers."""
    for entry in told.of(MaxAttempts, FrequencyCap):
        if entry.rule.at_most == 0:
            yield _zero(entry)
    caps: Kinds = (MaxAttempts, FrequencyCap)
    for idle, strict in told.idle(caps, caps, cap_dominated):
        yield idle.finding(
            "dominated",
            f"{cap_text(idle.rule)} never binds, for rule {given(strict.id)} allows {cap_text(strict.rule)};"
            " leave one of them out",
            between(idle, strict),
        )
    for loose, strict in told.idle((FrequencyCap,), (FrequencyCap,), _adds_up):
        yield loose.finding(
            "cap_unreachable",
            f"{cap_text(loose.rule)} is never reached, for rule {given(strict.id)} allows {cap_text(strict.rule)};"
            " write a smaller number, or leave it out",
            between(loose, strict),
        )
    for cap, spacing in told.idle((FrequencyCap,), (Spacing,), _spaced_out):
        shortest = _shortest(spacing.rule)
        fits = holds_gaps(cap.rule, shortest, 1)
        why = "never lets so many touches into one period" if fits else "is no shorter than its period"
        yield cap.finding(
            "cap_unreachable" if fits else "spacing_exceeds_period",
            f"{cap_text(cap.rule)} never binds: the spacing {given(shortest)} of rule {given(spacing.id)} {why};"
            " write a shorter spacing or a smaller cap, or leave one of them out",
            between(cap, spacing),
        )
    for pause, spacing in told.idle((CoolOff,), (Spacing,), _never_latched):
        yield pause.finding(
            "cool_off_unreachable",
            f"{given(f'times: {pause.rule.times}, within: {pause.rule.within}')} is never reached: rule"
            f" {given(spacing.id)} keeps touches {given(_shortest(spacing.rule))} apart; write a longer `within`",
            between(pause, spacing),
        )
    for stop, limit in told.idle((StopWhenExhausted,), (MaxAttempts,), _stops_after):
        yield stop.finding(
            "stop_unreachable",
            f"`at_most: {stop.rule.at_most}` is never reached, for rule {given(limit.id)} allows"
            f" {cap_text(limit.rule)}; write {given(f'at_most: {limit.rule.at_most}')} or less",
            between(stop, limit),
        )


def _zero(entry: Entry) -> Finding:
    fields = narrows(entry.rule)
    chosen = ", ".join(given(name) for name in fields if name != "unless")
    what = (f" for what {chosen} chooses" if chosen else "") + (", but for its `unless`" if "unless" in fields else "")
    return entry.finding(
        "limit_zero",
        f"`at_most: 0` means never{what}; write 1 or more where some contact is meant, or leave the rule out for no"
        " limit",
        "note",
    )


def cap_text(rule: Any) -> str:
    """A cap as it is written, in backticks."""
    return given(f"at_most: {rule.at_most}" + (f", {period(rule)}" if isinstance(rule, FrequencyCap) else ""))


def cap_dominated(idle: Any, strict: Any) -> bool:
    """Whether a cap can only forbid what another forbids; the same cap under another id is said elsewhere."""
    if same(idle, strict) or not 0 < strict.at_most <= idle.at_most:
        return False
    if not speaks_wherever(strict, idle) or not counts_whatever(strict, idle):
        return False
    if isinstance(strict, MaxAttempts):
        return True
    return isinstance(idle, FrequencyCap) and lies_within(idle, strict)


def same(left: Any, right: Any) -> bool:
    """Whether two rules say the same, whatever they are called and why they are there."""
    if type(left) is not type(right):
        return False
    fields = (name for name in type(left).model_fields if name not in ("id", "because"))
    return all(getattr(left, name) == getattr(right, name) for name in fields)


def _adds_up(loose: FrequencyCap, strict: FrequencyCap) -> bool:
    """Whether a cap for a short period adds up to less than a cap for a longer one: 1 a day is 7 a week."""
    if not 0 < strict.at_most <= loose.at_most or not governs(strict, loose) or cap_dominated(loose, strict):
        return False
    if strict.within is not None:
        width = None if loose.within is None else (loose.within.micros, strict.within.micros)
    elif strict.each not in (None, "day") or strict.clock != loose.clock or loose.within is not None:
        return False
    else:
        width = (dates_in(loose) or 0, strict.dates or 1)
    return width is not None and -(-width[0] // width[1]) * strict.at_most <= loose.at_most


def _shortest(spacing: Spacing) -> Delay:
    return min(gaps_of(spacing), key=least)


def _spaced_out(cap: FrequencyCap, spacing: Spacing) -> bool:
    """Whether delays keep so many touches from ever sharing a period."""
    return (
        cap.at_most > 0
        and (cap.within is not None or cap.clock == spacing.clock)
        and governs(spacing, cap)
        and not any(holds_gaps(cap, gap, cap.at_most) for gap in gaps_of(spacing))
    )


def _never_latched(pause: CoolOff, spacing: Spacing) -> bool:
    return (
        pause.times > 1
        and pause.within is not None
        and governs(spacing, pause)
        and (pause.times - 1) * least(_shortest(spacing)) >= pause.within.micros
    )


def _stops_after(stop: StopWhenExhausted, limit: MaxAttempts) -> bool:
    return (
        0 < limit.at_most < stop.at_most
        and limit.since == "ever"
        and not limit.per
        and not narrows(limit)
        and only_ours(stop.counts)
        and filters(limit.counts, stop.counts)
        and limit.count in ("attempted", "planned")
        and stop.count != "planned"
    )


__all__ = ["cap_dominated", "cap_text", "findings", "same"]
