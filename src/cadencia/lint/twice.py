"""Said twice: the same rule under two ids, a stop inside another stop, and choices that are none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

from ..errors import given
from ..rules.attempts import FrequencyCap, MaxAttempts
from ..rules.base import Rule
from ..rules.choice import Choice
from ..rules.combine import AnyOf
from ..rules.spacing import Spacing
from ..rules.stops import StopOn, StopOnStage
from ._told import Entry, Finding, Told, narrows
from ._wider import filters, speaks_wherever, wider
from .counts import cap_dominated, same
from .delays import spacing_dominated
from .hours import hides, on_the_clock


def findings(told: Told) -> Iterator[Finding]:
    """What is said twice."""
    for second, first in told.idle((Rule,), (Rule,), same, across="always"):
        yield _identical(first, second)
    for kind in (StopOn, StopOnStage):
        for idle, wide in told.idle((kind,), (kind,), _shadowed, across="never"):
            yield idle.finding(
                "stop_shadowed",
                f"never ends anything that rule {given(wide.id)} does not; leave it out, or tell them apart",
                "note",
            )
    for entry in told.of(AnyOf):
        yield from _choices(entry)


def _identical(first: Entry, second: Entry) -> Finding:
    if first.layer == second.layer:
        return second.finding("identical_rules", f"says the same as rule {given(first.id)}; keep one of them")
    words = {
        name: first.table.get(name)
        for name in set(first.table) | set(second.table)
        if first.table.get(name) != second.table.get(name)
    }
    but = f" (though the layers read {', '.join(given(name) for name in sorted(words))} differently)" if words else ""
    return second.finding(
        "duplicate_across_layers",
        f"says the same as rule {given(first.id)} of another layer{but}; one would do",
        "note",
    )


def _shadowed(idle: Any, wide: Any) -> bool:
    """Whether a stop for ever ends whatever another stop ends; the same stop under another id is said elsewhere."""
    if same(idle, wide) or any(value is not None for value in (wide.after, wide.lasts, wide.until, wide.lifted_by)):
        return False
    if wide.scope not in ("case", idle.scope) or not speaks_wherever(wide, idle):
        return False
    if isinstance(wide, StopOnStage):
        return wider(wide.on, idle.on)
    return (
        wide.over in ("account", idle.over)
        and wider(wide.dispositions, idle.dispositions)
        and filters(_all_ways(wide), _all_ways(idle))
    )


def _all_ways(rule: StopOn) -> Any:
    """The filter of a stop, which reads both directions unless some are named."""
    counts = rule.counts
    if counts.directions is not None:
        return counts
    return counts.model_copy(update={"directions": Choice(frozenset({"inbound", "outbound"}))})


def _choices(entry: Entry) -> Iterator[Finding]:
    rules = entry.rule.rules
    if len(rules) == 1:
        yield entry.finding(
            "choice_of_one",
            f"`rules` has only {given(rules[0].id)}, so there is no choice; write that rule on its own, or add another",
        )
    for first, second in combinations(rules, 2):
        if same(first, second):
            yield entry.finding(
                "identical_rules", f"its rules {given(first.id)} and {given(second.id)} say the same; keep one of them"
            )
    for loose, strict in permutations(rules, 2):
        if _forbids_less(loose, strict) and not (_forbids_less(strict, loose) and strict.id < loose.id):
            yield entry.finding(
                "choice_idle",
                f"its rule {given(strict.id)} adds no choice: whatever it permits, {given(loose.id)}"
                " permits already; leave it out",
            )


def _forbids_less(loose: Any, strict: Any) -> bool:
    """Whether one limit forbids nothing that the other permits."""
    if same(loose, strict):
        return False
    if isinstance(loose, (MaxAttempts, FrequencyCap)) and isinstance(strict, (MaxAttempts, FrequencyCap)):
        return cap_dominated(loose, strict)
    if isinstance(loose, Spacing) and isinstance(strict, Spacing):
        return spacing_dominated(loose, strict)
    if on_the_clock(loose) and on_the_clock(strict) and not set(narrows(loose)) - {"channels", "purposes", "unless"}:
        return speaks_wherever(strict, loose) and hides(strict, loose)
    return False


__all__ = ["findings"]
