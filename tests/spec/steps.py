"""The step a case is at, naively: replayed from its touches, one after the other. And whether a step is not due.

For cadences without occasions, pending items, tasks, conditions and doors; touches with a time. It reads the fields of the
models, and knows nothing of states, spans and views.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from cadencia import Case, Touch
from cadencia.cadence import OUTCOMES, Cadence, Step
from cadencia.touch import DISPOSITIONS

from . import counting as count
from .clock import after


def start_of(touch: Touch) -> datetime:
    """When a touch began; touches here have a time."""
    assert isinstance(touch.at, datetime)
    return touch.at


class Place(NamedTuple):
    """Where a case is: the step in turn, or how it ended; the touch that led there, attempts since the last answer, and what
    the last touch of ours was for.
    """

    step: str | None
    ending: str | None
    touch: Touch | None
    attempts: int
    said: str | None = None


def outcome(cadence: Cadence, touch: Touch) -> str:
    """How a touch came out; a booking has not, and an answer that says nothing else has reached."""
    if touch.booked:
        return "no_answer"
    if touch.promise is not None and touch.promise.by == "them":
        for code, found in OUTCOMES.items():
            if touch.disposition in found.promised:
                return code
    for code, found in OUTCOMES.items():
        if touch.disposition in found.dispositions and not (code == "no_answer" and touch.direction == "inbound"):
            return code
    return "reached" if count.reached(touch) else "no_answer"


def place(cadence: Cadence, case: Case, t: datetime) -> Place:
    """Where a case is at an instant."""
    return replayed(cadence, case, t)[0]


def replayed(cadence: Cadence, case: Case, t: datetime) -> tuple[Place, list[Made]]:
    """Where a case is at an instant, and the touches of ours until then."""
    order = [step.id for step in cadence.steps]
    here = Place(order[0], None, None, 0)
    made: list[Made] = []
    for touch in count.own(case):
        if start_of(touch) > t or ignored(touch):
            continue
        answer = bool(count.reached(touch))
        step = taken(cadence, here, touch)
        if touch.direction == "outbound":
            said = touch.purpose or (step.purpose if step is not None else None)
            made.append(Made(touch, said, None if step is None else step.id))
            here = here._replace(said=said)
        if step is not None or answer:
            here = settled(cadence, moved(cadence, order, here, touch, step, answer))
        elif here.step is not None and cadence.step(here.step).purpose == here.said:
            here = settled(cadence, here._replace(touch=touch))
    return here, made


class Made(NamedTuple):
    """A touch of ours, with what it was for and the step that it was."""

    touch: Touch
    said: str | None
    step: str | None


def settled(cadence: Cadence, here: Place) -> Place:
    """A step for what was said last is passed over, as silence would; nothing is left where all are."""
    passed: set[str] = set()
    while here.step is not None and cadence.step(here.step).purpose == here.said:
        target = "exhausted" if here.step in passed else cadence.target(here.step, "no_answer")
        passed.add(here.step)
        known = target in {step.id for step in cadence.steps}
        here = here._replace(step=target if known else None, ending=None if known else target)
    return here


def ignored(touch: Touch) -> bool:
    """Whether a touch moves no cadence: it did not go out, or it is nobody's answer."""
    if touch.direction == "inbound":
        return touch.automated or touch.disposition == "out_of_office"
    return not count.went_out(touch, DISPOSITIONS)


def taken(cadence: Cadence, here: Place, touch: Touch) -> Step | None:
    """The step that a touch is: the one it names, or the one in turn where channel and purpose are its own."""
    if touch.direction == "inbound" or here.step is None:
        return None
    by_id = {step.id: step for step in cadence.steps}
    if touch.step is not None:
        return by_id.get(touch.step)
    current = by_id[here.step]
    return current if touch.channel in current.channels and touch.purpose in (None, current.purpose) else None


def moved(cadence: Cadence, order: list[str], here: Place, touch: Touch, step: Step | None, answer: bool) -> Place:
    """Where a touch leads."""
    code = outcome(cadence, touch)
    attempts = 0 if answer else here.attempts + 1
    target: str | None
    if code == "opted_out":
        target = "opted_out"
    elif step is not None:
        following = order[order.index(step.id) + 1] if step.id != order[-1] else "exhausted"
        silent = code in ("no_answer", "reached")
        track = step.tracks.get(code) or cadence.tracks.get(code)
        track = track or (None if silent else step.tracks.get("reached") or cadence.tracks.get("reached"))
        target = {None: following, "next": following, "again": step.id}.get(track, track)
    else:
        if here.ending is not None and here.ending != "exhausted":
            ending = cadence.endings.get(here.ending)
            if ending is None or ending.lifted_by == "nothing":
                return here
            if ending.lifted_by == "inbound" and touch.direction == "outbound":
                return here
        if here.step is not None and touch.direction == "outbound" and code == "reached":
            target = here.step
        else:
            track = cadence.tracks.get(code) or cadence.tracks.get("reached")
            if track == "again" and here.step is None:
                return here
            target = here.step or order[0] if track in (None, "again") else track
    if target in order:
        return Place(target, None, touch, attempts, here.said)
    return Place(None, target, touch, attempts, here.said)


def step_forbidden(cadence: Cadence, case: Case, step: str, channel: str, t: datetime) -> bool:
    """Whether a step on a channel is out of its turn, before its time, or after the end."""
    here = place(cadence, case, t)
    if here.step != step or channel not in next(item.channels for item in cadence.steps if item.id == step):
        return True
    return (
        booked_next(cadence, case, here, step, t)
        or not_due(cadence, case, step, here, t)
        or said_twice(cadence, case, step, t)
    )


def said_twice(cadence: Cadence, case: Case, name: str, t: datetime) -> bool:
    """Whether the touch of ours before, or a booking after, has the purpose of a step; all of one instant count."""
    purpose = cadence.step(name).purpose
    made = replayed(cadence, case, datetime.max.replace(tzinfo=t.tzinfo))[1]
    before = [item for item in made if start_of(item.touch) <= t]
    later = [item for item in made if start_of(item.touch) > t]
    last = max((start_of(item.touch) for item in before), default=None)
    first = min((start_of(item.touch) for item in later), default=None)
    return any(item.said == purpose and start_of(item.touch) == last for item in before) or any(
        item.said == purpose and item.touch.booked and item.step != name and start_of(item.touch) == first
        for item in later
    )


def booked_next(cadence: Cadence, case: Case, here: Place, step: str, t: datetime) -> bool:
    """Whether the next touch that moves the case is a booking of that step."""
    for touch in count.own(case):
        if start_of(touch) <= t or ignored(touch):
            continue
        found = taken(cadence, here, touch)
        said = touch.purpose if touch.direction == "outbound" else None
        gives_way = here.step is not None and said == cadence.step(here.step).purpose
        if found is not None or count.reached(touch) or gives_way:
            return touch.booked and found is not None and found.id == step
    return False


def not_due(cadence: Cadence, case: Case, name: str, here: Place, t: datetime) -> bool:
    """Whether the delay of a step is not over, in some plausible zone."""
    step: Any = next(item for item in cadence.steps if item.id == name)
    touch = here.touch
    if touch is None or step.after.anchor == "start":
        begin = end = case.opened_at
    else:
        begin, end = start_of(touch), count.end_of(touch)
    if step.after.delay is None:
        return end is not None and t < end
    if begin is None or end is None:
        return True
    zones: list[Any] = [item.zone for item in case.prospect.zones] or [None]
    return any(t < after(step.after.delay, begin, end, zone) for zone in zones)
