"""When a condition holds, as a span set; and the ways into a cadence."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from .._time.clock import DAY, EVER, FOREVER, day_number, micros, read_instant
from .._time.spans import Span, cut, meet, union
from ..errors import InputError
from ..rules.choice import Choice
from ..rules.filters import consent_span

if TYPE_CHECKING:
    from .._model import Names
    from .._view import View
    from ..prospect import Fact, PendingItem
    from .models import Carry, Condition, Requirement

ALWAYS: list[Span] = [(EVER, FOREVER)]
_UNSET = (False, None, "", "no", "false")


def fact_span(fact: Fact | None) -> list[Span]:
    """When a fact is current; one whose value says no never is."""
    if fact is None or fact.value in _UNSET:
        return []
    start = EVER if fact.since is None else micros(fact.since)
    end = FOREVER if fact.until is None else micros(fact.until)
    return [(start, end)] if start < end else []


def current_fact(view: View, item: Carry, instant: int) -> Fact | None:
    """The fact that fills what a touch carries, if it is current then; of one that says until when it stands, before that is past."""
    fact = view.prospect.facts.get(item.fact or "")
    if fact is None or not any(start <= instant < end for start, end in fact_span(fact)):
        return None
    return fact if not item.stands or instant < _stands_until(view, fact.value) else None


def _stands_until(view: View, value: Any) -> int:
    """The instant until which something stands; a date is included, where it ends first. What cannot be read stands no more."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            try:
                value = read_instant(value, "until")
            except InputError:
                return EVER
    if isinstance(value, datetime):
        return EVER if value.tzinfo is None else micros(value)
    if not isinstance(value, date):
        return EVER
    after = day_number(value) + 1
    return min((zone.at(after) for zone in view.zones), default=view.date_range(day_number(value))[0] + DAY)


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
    if item.due is None:
        return FOREVER
    if isinstance(item.due, datetime):
        return micros(item.due)
    return max((zone.at(day_number(item.due)) for zone in view.zones), default=view.date_range(day_number(item.due))[1])


def holds(view: View, condition: Condition | None, since: int = EVER, closing: Names = ()) -> list[Span]:
    """When everything that a condition names holds. Touches are counted from `since`; `closing` stages count as the one before."""
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
        spans = meet(spans, _staged(condition.stages, stages_of(view, closing)))
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


def stages_of(view: View, closing: Names = ()) -> list[tuple[int, int, str]]:
    """The known stages; one that closes a case counts as the stage in which it was closed."""
    found: list[tuple[int, int, str]] = []
    for start, end, name in view.stages:
        found.append((start, end, found[-1][2] if name in closing and found else name))
    return found


def _staged(choice: Choice, stages: list[tuple[int, int, str]]) -> list[Span]:
    """When the stage is surely one of the names; with `except`, when it is surely not, an unknown stage included."""
    if choice.excluded:
        return cut(ALWAYS, union((start, end) for start, end, name in stages if not choice.has(name)))
    return union((start, end) for start, end, name in stages if choice.has(name))
