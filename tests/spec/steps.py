"""The step a case is at, naively: replayed from its touches, one after the other.

For cadences without occasions, pending items, tasks, conditions on our own person and doors; touches with a time. It reads the
fields of the models, and knows nothing of states, spans and views.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """Where a case is.

    Attributes:
        step, ending: the step in turn, or how it ended.
        touch: the touch that led there; `since` is when, also where a step lapsed.
        said: by person, what the last touch of ours was for.
        asked: by person, the step by which another was asked, since our own person answered.
    """

    step: str | None
    ending: str | None = None
    touch: Touch | None = None
    since: datetime | None = None
    said: Mapping[str, str | None] = {}
    asked: Mapping[str, str] = {}


def place(cadence: Cadence, case: Case, t: datetime) -> Place:
    """Where a case is at an instant."""
    return replayed(cadence, case, t)[0]


def replayed(cadence: Cadence, case: Case, t: datetime) -> tuple[Place, dict[str, str]]:
    """Where a case is at an instant, and the steps that its touches until then were."""
    here = Place(cadence.steps[0].id)
    steps: dict[str, str] = {}
    for touch in moving(cadence, case):
        if start_of(touch) <= t:
            here, step, _ = stepped(cadence, case, lapsed(cadence, case, here, start_of(touch)), touch)
            if step is not None:
                steps[touch.id] = step.id
    return lapsed(cadence, case, here, t), steps


def moving(cadence: Cadence, case: Case) -> list[Touch]:
    """The touches that may move a case: with the person, and with others a step that is for others, or an answer."""
    return [
        touch
        for touch in count.pool(case, "account")
        if not ignored(touch)
        and (own(case, touch) or named_for_others(cadence, touch) is not None or count.reached(touch))
    ]


def ignored(touch: Touch) -> bool:
    """Whether a touch moves no cadence: it did not go out, or it is nobody's answer."""
    if touch.direction == "inbound":
        return touch.automated or touch.disposition == "out_of_office"
    return not count.went_out(touch, DISPOSITIONS)


def with_whom(case: Case, touch: Touch | None) -> str:
    """The person whom a touch was with; our own where there is none."""
    return case.prospect.id if touch is None or touch.prospect is None else touch.prospect


def own(case: Case, touch: Touch) -> bool:
    """Whether a touch was with the person of the case."""
    return with_whom(case, touch) == case.prospect.id


def named_for_others(cadence: Cadence, touch: Touch) -> Step | None:
    """The step for others that a touch names."""
    return next((step for step in cadence.steps if step.id == touch.step and step.person != "same"), None)


def outcome(touch: Touch) -> str:
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


def taken(cadence: Cadence, case: Case, here: Place, touch: Touch) -> Step | None:
    """The step that a touch is: the one it names, or the one in turn where person, channel and purpose are its own.

    With our own person a step for others is one of somebody else's case, unless it has come to be with them.
    """
    if touch.direction == "inbound" or here.step is None:
        return None
    current = cadence.step(here.step)
    come_to_us = current.person == "last" and with_whom(case, here.touch) == case.prospect.id
    if touch.step is not None:
        named = next((step for step in cadence.steps if step.id == touch.step), None)
        if named is None or own(case, touch) is (named.person == "same"):
            return named
        return named if own(case, touch) and named is current and come_to_us else None
    meant = (current.purpose,) if current.named else (None, current.purpose)
    with_us = own(case, touch) and (current.person == "same" or come_to_us)
    return current if with_us and touch.channel in current.channels and touch.purpose in meant else None


def stepped(cadence: Cadence, case: Case, here: Place, touch: Touch) -> tuple[Place, Step | None, bool]:
    """Where a touch leads, the step that it was, and whether it led anywhere."""
    person, answer = with_whom(case, touch), bool(count.reached(touch))
    step = taken(cadence, case, here, touch)
    in_turn, led_by = here.step, here.touch
    if own(case, touch) and answer:
        here = here._replace(asked={})
    if step is not None and not own(case, touch):
        here = here._replace(asked={**here.asked, person: step.id})
    if touch.direction == "outbound" and (own(case, touch) or step is not None):
        meant = step or named_for_others(cadence, touch)
        here = here._replace(said={**here.said, person: touch.purpose or (meant.purpose if meant else None)})
    target: str | None
    if step is not None:
        target = track(cadence, step, outcome(touch), own(case, touch))
    elif not own(case, touch):
        target = answered_by_another(cadence, here, touch) if answer else None
    elif answer or outcome(touch) == "opted_out":
        target = answered(cadence, here, touch)
    else:  # what we were to say was said, though it was no step
        target = in_turn if in_turn and said_to(case, here, cadence.step(in_turn), led_by) else None
    if target is None:
        return here, step, False
    return settled(cadence, case, here._replace(touch=touch, since=start_of(touch)), target), step, True


def track(cadence: Cadence, step: Step, code: str, ours: bool = True) -> str:
    """Where an outcome of a step leads. The tracks of the cadence speak of the person of the case, and not of others; an opt-out of
    another is their own: the case goes on by the step's own track for it, else as after silence.
    """
    if code == "opted_out" and ours:
        return "opted_out"
    if code == "opted_out" and code not in step.tracks:
        code = "no_answer"
    tracks = {**(cadence.tracks if step.person == "same" else {}), **step.tracks}
    found = tracks.get(code) or (None if code in ("no_answer", "reached") else tracks.get("reached"))
    order = [item.id for item in cadence.steps]
    following = order[order.index(step.id) + 1] if step.id != order[-1] else "exhausted"
    return {None: following, "next": following, "again": step.id}.get(found) or str(found)


def opens_again(cadence: Cadence, here: Place, touch: Touch) -> bool:
    """Whether an answer may move a case: it has not ended, or its ending is lifted by such an answer."""
    if here.ending in (None, "exhausted"):
        return True
    lifted_by = cadence.endings[here.ending].lifted_by if here.ending in cadence.endings else "nothing"
    return lifted_by == "answer" or (lifted_by == "inbound" and touch.direction == "inbound")


def answered(cadence: Cadence, here: Place, touch: Touch) -> str | None:
    """Where an answer of our own person leads that is no step."""
    code = outcome(touch)
    if code == "opted_out":
        return code
    if not opens_again(cadence, here, touch):
        return None
    if here.step is not None and touch.direction == "outbound" and code == "reached":
        return here.step  # we spoke: there is nothing to answer
    found = cadence.tracks.get(code) or cadence.tracks.get("reached")
    if found == "again":
        return here.step
    return found or here.step or cadence.steps[0].id


def answered_by_another(cadence: Cadence, here: Place, touch: Touch) -> str | None:
    """Where an answer of somebody else leads: as an outcome of the step by which we asked them; else nowhere."""
    asked = here.asked.get(str(touch.prospect))
    if asked is None or not opens_again(cadence, here, touch):
        return None
    return track(cadence, cadence.step(asked), outcome(touch), ours=False)


def said_to(case: Case, here: Place, step: Step, led_by: Touch | None) -> bool:
    """Whether the last touch of ours to the one whom a step is with had its purpose; another has not been asked yet."""
    if step.person == "other":
        return False
    person = with_whom(case, led_by) if step.person == "last" else case.prospect.id
    return here.said.get(person) == step.purpose


def settled(cadence: Cadence, case: Case, here: Place, target: str) -> Place:
    """At a target: a step for what was said last is passed over, as silence would; nothing is left where all are."""
    known = {step.id for step in cadence.steps}
    passed: set[str] = set()
    while target in known and said_to(case, here, cadence.step(target), here.touch):
        passed.add(target)
        target = track(cadence, cadence.step(target), "no_answer")
        target = "exhausted" if target in passed else target
    return here._replace(step=target, ending=None) if target in known else here._replace(step=None, ending=target)


def lapsed(cadence: Cadence, case: Case, here: Place, t: datetime) -> Place:
    """Where a case is at an instant if nothing happens before: what nobody took in its time is passed over, as silence would."""
    while here.step is not None:
        step = cadence.step(here.step)
        due = falls_due(cadence, case, here, step)
        if step.lapses is None or due is None:
            break
        due = max(due, here.since or due)
        over = max(after(step.lapses, due, due, zone) for zone in zones_of(case))
        if over > t:
            break
        here = settled(cadence, case, here._replace(since=over), track(cadence, step, "no_answer"))
    return here


def zones_of(case: Case) -> list[Any]:
    """Every plausible zone, as delays run on each."""
    return [item.zone for item in case.prospect.zones] or [None]


def falls_due(cadence: Cadence, case: Case, here: Place, step: Step) -> datetime | None:
    """When a step falls due, in the last of the plausible zones; None where nobody knows from when to count."""
    if here.touch is None or step.after.anchor == "start":
        begin = end = case.opened_at
    else:
        begin, end = start_of(here.touch), count.end_of(here.touch)
    if begin is None or end is None or step.after.delay is None:
        return end
    return max(after(step.after.delay, begin, end, zone) for zone in zones_of(case))
