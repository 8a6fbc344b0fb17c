"""Whether a step may be taken with somebody, naively: it is in its turn, its time has come, and it is meant for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from cadencia import Case, Prospect, Touch
from cadencia.cadence import Cadence, Step

from . import counting as count
from .clock import FAR
from .steps import (
    Place,
    falls_due,
    ignored,
    lapsed,
    moving,
    named_for_others,
    outcome,
    own,
    place,
    replayed,
    start_of,
    stepped,
    with_whom,
)  # fmt: skip


class Made(NamedTuple):
    """A touch of ours, with what it was for and the step that it was."""

    touch: Touch
    said: str | None
    step: str | None


def step_forbidden(
    cadence: Cadence, case: Case, step: str, channel: str, t: datetime, person: Prospect | None = None
) -> bool:
    """Whether a step on a channel, with somebody, is out of its turn, before its time, or after the end, or for somebody else."""
    here = place(cadence, case, t)
    if here.step != step or channel not in cadence.step(step).channels:
        return True
    who = person or case.prospect
    return (
        for_somebody_else(cadence, case, here, cadence.step(step), who, t)
        or booked_next(cadence, case, here, step, t)
        or not_due(cadence, case, step, here, t)
        or said_twice(cadence, case, step, who.id, t)
    )


def for_somebody_else(cadence: Cadence, case: Case, here: Place, step: Step, person: Prospect, t: datetime) -> bool:
    """Whether a step is not for a person: it is for ours, for the last one, or for another who was not asked and is meant."""
    ours = person.id == case.prospect.id
    if step.person == "same":
        return not ours
    if not ours and any(outcome(item) == "opted_out" and start_of(item) <= t for item in touches_of(case, person.id)):
        return True
    if step.person == "last":
        return person.id != with_whom(case, here.touch)
    asked = {with_whom(case, item.touch) for item in made_to(cadence, case, person.id) if item.step is not None}
    return ours or person.id in asked or not meant(step.whom, person, t)


def meant(condition: Any, person: Prospect, t: datetime) -> bool:
    """Whether a person meets a condition on tags and facts; what is unknown never does."""
    if condition is None:
        return True
    facts = {
        name
        for name, fact in person.facts.items()
        if fact.value and (fact.since is None or fact.since <= t) and (fact.until is None or t < fact.until)
    }
    tags = condition.tags
    tagged = tags is None or bool({*tags.names} & {*person.tags}) is not tags.excluded
    return tagged and {*condition.facts} <= facts and not {*condition.without_facts} & facts


def touches_of(case: Case, who: str) -> list[Touch]:
    """All touches with a person."""
    return [touch for touch in count.pool(case, "account") if with_whom(case, touch) == who]


def made_to(cadence: Cadence, case: Case, who: str) -> list[Made]:
    """The touches of ours to a person, then and later, each with what it was for."""
    steps = replayed(cadence, case, FAR)[1]
    found = []
    for touch in touches_of(case, who):
        if touch.direction == "outbound" and not ignored(touch):
            step = steps.get(touch.id)
            meant = cadence.step(step) if step else named_for_others(cadence, touch) if own(case, touch) else None
            found.append(Made(touch, touch.purpose or (meant.purpose if meant else None), step))
    return found


def said_twice(cadence: Cadence, case: Case, name: str, who: str, t: datetime) -> bool:
    """Whether the touch of ours before, or a booking after, to a person has the purpose of a step; all of one instant count."""
    purpose = cadence.step(name).purpose
    made = made_to(cadence, case, who)
    before = [item for item in made if start_of(item.touch) <= t]
    later = [item for item in made if start_of(item.touch) > t]
    last = max((start_of(item.touch) for item in before), default=None)
    first = min((start_of(item.touch) for item in later), default=None)
    return any(item.said == purpose and start_of(item.touch) == last for item in before) or any(
        item.said == purpose and item.touch.booked and item.step != name and start_of(item.touch) == first
        for item in later
    )


def booked_next(cadence: Cadence, case: Case, here: Place, step: str, t: datetime) -> bool:
    """Whether the next touch that moves the case is a booking of that step, made before the step lapses."""
    for touch in moving(cadence, case):
        if start_of(touch) > t:
            if lapsed(cadence, case, here, start_of(touch)).since != here.since:
                return False
            here, found, moved = stepped(cadence, case, here, touch)
            if moved:
                return touch.booked and found is not None and found.id == step
    return False


def not_due(cadence: Cadence, case: Case, name: str, here: Place, t: datetime) -> bool:
    """Whether the delay of a step is not over, in some plausible zone."""
    step = cadence.step(name)
    due = falls_due(cadence, case, here, step)
    return t < due if due is not None else step.after.delay is not None
