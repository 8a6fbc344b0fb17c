"""The step a case is at, derived from its touches: nothing is stored elsewhere.

A touch naming a step is that step; an unnamed one that went out on the step's channels, with its purpose or none, is the current
step; others count for limits only. An answer, whoever began it, moves the case by its outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .._time.clock import EVER, FOREVER
from .._time.spans import union
from .._view import Seen
from .conditions import ALWAYS, holds

if TYPE_CHECKING:
    from .._view import View
    from .models import Cadence, Entry, Step

__all__ = ["Owed", "Run", "State", "runs_of", "state_at"]


class Owed(NamedTuple):
    """A task that a touch gave rise to."""

    step: str
    touch: str
    start: int
    end: int


class Taken(NamedTuple):
    """A touch that was a step, with the place it was taken from."""

    step: str
    seen: Seen
    current: bool


class State(NamedTuple):
    """Where a case stands between two touches.

    Attributes:
        lo, hi: from when until when; `hi` is the last instant at which the next touch may have begun.
        place: the step in turn; None where the cadence has ended.
        ending: how it ended.
        by: the touch that led here; None at the start.
        outcome: of that touch.
        attempts: steps taken since the last answer.
        met: milestones whose objective was met.
        answered: the last answer.
        once: steps that may not be taken again: taken since the last answer, or ever.
        next: the touch that ends this state, if it is a step.
    """

    lo: int
    hi: int
    place: str | None
    ending: str | None = None
    by: Seen | None = None
    outcome: str | None = None
    attempts: int = 0
    once: frozenset[str] = frozenset()
    met: frozenset[str] = frozenset()
    answered: Seen | None = None
    next: Taken | None = None


class Run(NamedTuple):
    """One stay in a cadence.

    Attributes:
        lo, hi: from when until when the case is in it.
        start: the instant from which delays of the anchor `start` run; None where it is not known.
        states: in order.
        tasks: what the touches gave rise to.
        taken: the touches that were steps.
    """

    lo: int
    hi: int
    start: int | None
    states: tuple[State, ...]
    tasks: tuple[Owed, ...]
    taken: tuple[Taken, ...]


def runs_of(cadence: Cadence, view: View, since: int | None = None) -> list[Run]:
    """Every stay of a case in a cadence; `since` is the instant at which another playbook handed it over."""
    runs: list[Run] = view.remember(cadence, ("runs", id(cadence), since), lambda: list(_runs(cadence, view, since)))
    return runs


def state_at(runs: list[Run], instant: int) -> tuple[Run, State] | None:
    """Where a case stands at an instant; the later of two that may be, None where it is in no stay."""
    found = None
    for run in runs:
        if run.lo <= instant < run.hi:
            for state in run.states:
                if state.lo <= instant:
                    found = run, state
    return found


def _runs(cadence: Cadence, view: View, since: int | None) -> Iterator[Run]:
    if since is not None:
        yield _walk(cadence, view, since, FOREVER, since, _later(cadence, view, since + 1, FOREVER))
        return
    doors = [entry for entry in cadence.enters if entry.by is not None]
    if doors:
        yield from _through_doors(cadence, view, doors)
        return
    spans = union(span for entry in cadence.enters for span in holds(view, entry)) if cadence.enters else ALWAYS
    for lo, hi in spans:
        start = lo if lo > EVER else view.opened
        yield _walk(cadence, view, lo, hi, start, _later(cadence, view, lo, hi))


def _through_doors(cadence: Cadence, view: View, doors: list[Entry]) -> Iterator[Run]:
    """A stay begins with each touch that opens the door while the case is not inside."""
    inside: Run | None = None
    for place, seen in enumerate(view.touches):
        if not any(_opens(view, entry, place) for entry in doors):
            continue
        if inside is not None:
            last = [state for state in inside.states if state.lo < seen.lo or state.by is None][-1]
            if last.place is not None or (last.ending is not None and cadence.ends[last.ending].lifted_by == "nothing"):
                continue
        if inside is not None:
            yield _until(inside, seen.lo)
        inside = _walk(cadence, view, seen.lo, FOREVER, seen.hi, view.touches[place + 1 :])
    if inside is not None:
        yield inside


def _opens(view: View, entry: Entry, place: int) -> bool:
    """Whether a touch opens a door: it matches, the condition holds then, and enough conversations came before."""
    seen = view.touches[place]
    assert entry.by is not None
    if not entry.by.surely(seen) or (entry.by.directions is None and not seen.reached):
        return False
    before = sum(1 for other in view.touches[:place] if other.reached)
    return before >= entry.worked and any(lo <= seen.hi < hi for lo, hi in holds(view, entry))


def _until(run: Run, instant: int) -> Run:
    """A stay cut where the next one begins."""
    states = tuple(state._replace(hi=min(state.hi, instant)) for state in run.states if state.lo < instant)
    return run._replace(hi=instant, states=states)


def _later(cadence: Cadence, view: View, lo: int, hi: int) -> list[Seen]:
    """The touches that may belong to a stay: the person's own, and those of others of the account that name one of its steps."""
    own = [seen for seen in view.touches if lo <= seen.lo < hi]
    others = [
        seen
        for seen in view.others
        if lo <= seen.lo < hi and seen.step is not None and seen.step in cadence.by_id
        and cadence.by_id[seen.step].person == "other"
    ]  # fmt: skip
    return sorted([*own, *others], key=Seen.order) if others else own


def _walk(cadence: Cadence, view: View, lo: int, hi: int, start: int | None, touches: list[Seen]) -> Run:
    reading = cadence.reading
    first = cadence.sequence[0].id
    tasks: list[Owed] = []
    taken: list[Taken] = []
    said = next(  # what the last touch of ours was for
        (seen.purpose for seen in reversed(view.touches) if seen.outbound and seen.out and seen.hi <= lo), None
    )
    state = _at(cadence, State(lo, hi, None), first, None, tasks, said)
    states: list[State] = []
    for seen in touches:
        outcome = reading.of(seen)
        if outcome is None:
            continue
        answer = reading.answers(seen)
        step = step_of(cadence, view, state, seen, lo)
        if seen.outbound:
            said = seen.purpose or (None if step is None else step.purpose)
        if step is None:
            if not answer and outcome != "opted_out":
                continue
            target = _answered(cadence, state, seen, outcome)
        elif step.aside:
            said_more = (
                answer and outcome != "reached"
            )  # to have been reached changes nothing: the step was beside the sequence
            target = step.tracks.get(outcome) or (cadence.answer(outcome) if said_more else None) or ""
            target = "" if target in ("next", "again") else target
        else:
            target = cadence.target(step.id, outcome)
        if target is None:
            continue
        note = None if step is None else Taken(step.id, seen, state.place == step.id)
        if note is not None:
            taken.append(note)
        once = state.once | {step.id} if step is not None and step.once else state.once
        attempts = state.attempts + (step is not None)
        states.append(state._replace(hi=min(seen.hi, hi), next=note))
        if answer:
            once, attempts = frozenset(name for name in once if cadence.by_id[name].once == "ever"), 0
        met = state.met | {step.id} if step is not None and step.milestone and seen.touch.objective_met else state.met
        moved = state._replace(
            lo=seen.lo,
            hi=hi,
            attempts=attempts,
            once=once,
            met=met,
            answered=seen if answer else state.answered,
            next=None,
        )
        if target:
            moved = moved._replace(by=seen, outcome=outcome, ending=None)
            moved = _at(cadence, moved, target, seen, tasks, said)
        state = moved
    states.append(state)
    return Run(lo, hi, start, tuple(item for item in states if item.lo < item.hi), tuple(tasks), tuple(taken))


def step_of(cadence: Cadence, view: View, state: State, seen: Seen, lo: int) -> Step | None:
    """The step that a touch is; None where it counts for limits only. A step whose condition does not hold then is passed over."""
    if not seen.outbound or not seen.out or state.place is None:
        return None
    if seen.step is not None:
        named = cadence.by_id.get(seen.step)
        return None if named is None or named.task else named
    place: str | None = state.place
    passed: set[str] = set()
    while place in cadence.by_id and place not in passed:
        passed.add(place)
        step = cadence.by_id[place]
        if not step.task and step.id not in state.once and step.id not in state.met:
            in_turn = any(start <= seen.lo < end for start, end in holds(view, step.when, lo))
            if in_turn and seen.channel in step.channels and seen.purpose in (None, step.purpose):
                return step
            if in_turn and step.if_impossible == "hold":
                return None
        place = cadence.past(step)
    return None


def _answered(cadence: Cadence, state: State, seen: Seen, outcome: str) -> str | None:
    """Where an answer that is no step leads; None where it changes nothing."""
    if state.ending is not None:
        lifted_by = cadence.ends[state.ending].lifted_by
        if lifted_by == "nothing" or (lifted_by == "inbound" and seen.outbound and outcome != "opted_out"):
            return None
    if state.place is not None and seen.outbound and outcome == "reached":
        return state.place  # we spoke: there is nothing to answer
    target = cadence.answer(outcome)
    if target is not None:
        return target
    return state.place or cadence.sequence[0].id


def _at(cadence: Cadence, state: State, target: str, seen: Seen | None, tasks: list[Owed], said: str | None) -> State:
    """The state at a target: tasks are noted and passed through, what may be taken once is not taken twice, and a step with the
    purpose of the last touch gives way to the one named `instead`.
    """
    passed: set[str] = set()
    while target in cadence.by_id:
        step = cadence.by_id[target]
        if target in passed:  # every step of a circle may be taken once, and has been
            target = "exhausted"
            break
        passed.add(target)
        if step.task:
            if seen is not None:
                tasks.append(Owed(step.id, seen.id, seen.hi, seen.end))
            target = cadence.target(step.id, "no_answer")
        elif step.id in state.once or step.id in state.met:
            target = cadence.past(step)
        elif step.instead is not None and step.purpose == said and step.instead not in passed:
            target = step.instead
        else:
            return state._replace(place=target, ending=None)
    return state._replace(place=None, ending=target)
