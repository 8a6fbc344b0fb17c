"""When a condition holds, as a span set; and the ways into a cadence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._time.clock import EVER, FOREVER, day_number, micros
from .._time.spans import Span, cut, meet, union
from ..rules.choice import Choice
from ..rules.filters import consent_span, stage_spans

if TYPE_CHECKING:
    from .._view import View
    from ..prospect import Fact, PendingItem
    from .models import Condition, Requirement

ALWAYS: list[Span] = [(EVER, FOREVER)]
_UNSET = (False, None, "", "no", "false")


def fact_span(fact: Fact | None) -> list[Span]:
    """When a fact is current; one whose value says no never is."""
    if fact is None or fact.value in _UNSET:
        return []
    start = EVER if fact.since is None else micros(fact.since)
    end = FOREVER if fact.until is None else micros(fact.until)
    return [(start, end)] if start < end else []


def required_spans(view: View, requirement: Requirement) -> list[Span]:
    """When a required fact is current and young enough; one of unknown age is too old."""
    fact = view.prospect.facts.get(requirement.fact)
    spans = fact_span(fact)
    if requirement.max_age is None or not spans:
        return spans
    if fact is None or fact.since is None:
        return []
    since = micros(fact.since)
    return meet(spans, [(since, since + requirement.max_age.micros)])


def due_of(view: View, item: PendingItem) -> int:
    """The instant at which an item is due: a date is due when it begins; `FOREVER` where there is none."""
    from datetime import datetime

    if item.due is None:
        return FOREVER
    if isinstance(item.due, datetime):
        return micros(item.due)
    return max((zone.at(day_number(item.due)) for zone in view.zones), default=view.date_range(day_number(item.due))[1])


def holds(view: View, condition: Condition | None, since: int = EVER) -> list[Span]:
    """When everything that a condition names holds. Touches are counted from `since`."""
    if condition is None:
        return ALWAYS
    person = view.prospect
    spans = ALWAYS
    for name in condition.facts:
        spans = meet(spans, fact_span(person.facts.get(name)))
    for name in condition.without_facts:
        spans = cut(spans, fact_span(person.facts.get(name)))
    if condition.tags is not None and not _tagged(condition.tags, person.tags):
        return []
    if condition.stages is not None:
        spans = meet(spans, _staged(view, condition.stages))
    if condition.consent is not None:
        given = union(consent_span(item) for item in person.consents)
        spans = meet(spans, given) if condition.consent else cut(spans, given)
    if condition.pending:
        items = [item for item in person.pending if item.kind in condition.pending]
        spans = meet(spans, union(_unresolved(item) for item in items))
    if condition.made is not None:
        made = condition.made
        counted = [
            seen.hi
            for seen in view.touches
            if seen.lo >= since and not seen.booked and (seen.outbound or made.counts.directions is not None)
            and seen.out and made.counts.surely(seen)
        ]  # fmt: skip
        counted.sort()
        spans = meet(spans, [(counted[made.at_least - 1], FOREVER)] if len(counted) >= made.at_least else [])
    return spans


def _unresolved(item: PendingItem) -> Span:
    start = EVER if item.since is None else micros(item.since)
    return start, FOREVER if item.done_at is None else max(micros(item.done_at), start)


def _tagged(choice: Choice, tags: tuple[str, ...]) -> bool:
    return not choice.names.intersection(tags) if choice.excluded else choice.has_any(tags)


def _staged(view: View, choice: Choice) -> list[Span]:
    """When the stage is surely one of the names; with `except`, when it is surely not, an unknown stage included."""
    if choice.excluded:
        return stage_spans(view, choice)
    return union((start, end) for start, end, name in view.stages if choice.has(name))
