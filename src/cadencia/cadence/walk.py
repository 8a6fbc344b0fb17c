"""The step a case is at, derived from its touches: nothing is stored elsewhere.

A touch naming a step is that step; an unnamed one that went out on the step's channels, with its purpose or none, is the current
step; others count for limits only. An answer, whoever began it, moves the case by its outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from .._time.clock import EVER, FOREVER
from .._time.spans import union
from .._view import Seen
from ..rules.delays import over
from .anchors import clockwork_of, turn_of
from .conditions import ALWAYS, holds
from .states import Owed, Run, Said, State, Taken
from .stays import opens, opted_out_before, reopened
from .taking import for_others, in_turn, of_another_case, served_by, step_of

if TYPE_CHECKING:
    from .._view import View
    from .models import Cadence, Entry, Step

__all__ = ["runs_of", "state_at"]


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
    closing = cadence.closing
    spans = union(span for entry in cadence.enters for span in holds(view, entry, closing=closing))
    steps: dict[str, str] = {}
    for lo, hi in reopened(view, closing, spans if cadence.enters else ALWAYS):
        start = lo if lo > EVER else view.opened
        run = _walk(cadence, view, lo, hi, start, _later(cadence, view, lo, hi), steps)
        steps |= {taken.seen.id: taken.step for taken in run.taken}
        yield run


def _through_doors(cadence: Cadence, view: View, doors: list[Entry]) -> Iterator[Run]:
    """A stay begins with each touch that opens the door while the case is not inside."""
    inside: Run | None = None
    steps: dict[str, str] = {}
    for place, seen in enumerate(view.touches):
        if not any(opens(view, entry, place) for entry in doors):
            continue
        if inside is not None:
            last = [state for state in inside.states if state.lo < seen.lo or state.by is None][-1]
            if last.place is not None or (last.ending is not None and cadence.ends[last.ending].lifted_by == "nothing"):
                continue
        if inside is not None:
            yield _until(inside, seen.lo)
            steps |= {taken.seen.id: taken.step for taken in inside.taken}
        inside = _walk(cadence, view, seen.lo, FOREVER, seen.end, view.touches[place + 1 :], steps)
    if inside is not None:
        yield inside


def _until(run: Run, instant: int) -> Run:
    """A stay cut where the next one begins."""
    states = tuple(state._replace(hi=min(state.hi, instant)) for state in run.states if state.lo < instant)
    return run._replace(hi=instant, states=states)


def _later(cadence: Cadence, view: View, lo: int, hi: int) -> list[Seen]:
    """The touches that may belong to a stay: the person's own, those to others of the account that name a step for others, and
    what others answer.
    """
    own = [seen for seen in view.touches if lo <= seen.lo < hi]
    others = [
        seen
        for seen in view.others
        if lo <= seen.lo < hi and (for_others(cadence, seen) or cadence.reading.answers(seen))
    ]  # fmt: skip
    return sorted([*own, *others], key=Seen.order) if others else own


def _walk(
    cadence: Cadence, view: View, lo: int, hi: int, start: int | None, touches: list[Seen],
    before: Mapping[str, str] = MappingProxyType({}),
) -> Run:  # fmt: skip
    """One stay; `before` says which steps the touches of earlier stays were."""
    reading = cadence.reading
    first = cadence.sequence[0].id
    tasks: list[Owed] = []
    taken: list[Taken] = []
    us = view.prospect.id
    last = next((seen for seen in reversed(view.touches) if seen.outbound and seen.out and seen.hi <= lo), None)
    said = Said(us, {})
    if last is not None:
        said = said.then(us, last.purpose or (cadence.by_id[before[last.id]].purpose if last.id in before else None))
    once_ever = frozenset().union(
        *(served_by(cadence, seen, before.get(seen.id)) for seen in view.touches if seen.hi < lo)
    )
    state = _at(cadence, State(lo, hi, None, once=once_ever), first, None, tasks, said)
    if (
        gone := opted_out_before(cadence, view, lo)
    ) is not None:  # an opt-out ends everything, in whatever stay it was said
        state = State(lo, hi, None, "opted_out", gone, "opted_out", said=said)
    states: list[State] = []
    asked: dict[
        str, str
    ] = {}  # others of the account, by the step by which each was asked since our own person answered
    for seen in touches:
        outcome = reading.of(seen)
        if outcome is None:
            continue
        state = _lapsed(cadence, view, state, start, min(seen.lo, hi - 1), states, tasks, said)
        answer = reading.answers(seen)
        turn = list(in_turn(cadence, view, state._replace(said=said), seen, lo))
        step = step_of(cadence, view, state, seen, turn)
        own = seen.person == us
        if own and answer:
            asked.clear()
        elif step is not None and not own:
            asked[seen.person] = step.id
        if seen.outbound and (own or step is not None):
            meant = step or of_another_case(cadence, seen)
            said = said.then(seen.person, seen.purpose or (None if meant is None else meant.purpose))
        gives_way = state.place if any(item.purpose == said.to(item, state.by) for item in turn) else None
        if step is None and not (answer or outcome == "opted_out"):
            target = gives_way if own else None  # what we were to say to our own person was said, though it was no step
        elif step is None and _holds_out(cadence, state, seen, outcome):
            target = None
        elif step is None and own:
            target = _answered(cadence, state, seen, outcome)
        elif step is None:
            target = _said_by_another(cadence, asked, seen, outcome)
        elif step.aside:
            said_more = (
                answer and outcome != "reached"
            )  # to have been reached changes nothing: the step was beside the sequence
            target = step.tracks.get(outcome) or (cadence.answer(outcome) if said_more else None) or ""
            target = gives_way or "" if target in ("next", "again", "") else target
        else:
            target = cadence.target(step.id, outcome, theirs=not own)
        served = state.once | served_by(cadence, seen, None if step is None else step.id)
        if target is None and served == state.once:
            continue
        note = None if step is None else Taken(step.id, seen, state.place == step.id)
        if note is not None:
            taken.append(note)
        once = served | {step.id} if step is not None and step.once else served
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
            said=said,
            promised=_promised(state, seen, step, answer),
            next=None,
        )
        if target:
            moved = moved._replace(by=seen, outcome=outcome, ending=None)
            moved = _at(cadence, moved, target, seen, tasks, said)
        state = moved
    states.append(_lapsed(cadence, view, state, start, hi - 1, states, tasks, said))
    return Run(lo, hi, start, tuple(item for item in states if item.lo < item.hi), tuple(tasks), tuple(taken))


def _lapsed(
    cadence: Cadence, view: View, state: State, start: int | None, until: int, states: list[State], tasks: list[Owed],
    said: Said,
) -> State:  # fmt: skip
    """The state at an instant, if nothing happens before: steps that nobody took in their time are passed over.

    `said` is what was said by then, by touches that changed nothing else as well.
    """
    while state.place is not None and (lapses := cadence.by_id[state.place].lapses) is not None:
        step = cadence.by_id[state.place]
        turn = turn_of(cadence, view, Run(state.lo, FOREVER, start, (), (), ()), state, step)
        due = max(turn.at, state.lo)
        done = over(lapses, clockwork_of(cadence, view), due, due)
        if turn.needs or due <= EVER or done.needs or done.at > until:
            break
        states.append(state._replace(hi=done.at, lapsed=True))
        left = state._replace(lo=done.at)
        state = _at(cadence, left, cadence.past(step), state.by, tasks, said)
    return state


def _promised(state: State, seen: Seen, step: Step | None, answer: bool) -> Seen | None:
    """The touch whose promise stands after a touch: sending something again does not take up the date that was agreed."""
    if seen.promise is not None:
        return seen
    taken_up = step is not None and step.after.anchor == "promise"
    return None if answer or taken_up else state.promised


def _holds_out(cadence: Cadence, state: State, seen: Seen, outcome: str) -> bool:
    """Whether a case is over, and stays so whatever is answered, or where we began the talk."""
    if state.ending is None:
        return False
    lifted_by = cadence.ends[state.ending].lifted_by
    return lifted_by == "nothing" or (lifted_by == "inbound" and seen.outbound and outcome != "opted_out")


def _said_by_another(cadence: Cadence, asked: Mapping[str, str], seen: Seen, outcome: str) -> str | None:
    """Where an answer of somebody else at the account leads: as an outcome of the step by which we asked; else nowhere."""
    step = asked.get(seen.person)
    return None if step is None else cadence.target(step, outcome, theirs=True)


def _answered(cadence: Cadence, state: State, seen: Seen, outcome: str) -> str | None:
    """Where an answer that is no step leads; None where it changes nothing."""
    if state.place is not None and seen.outbound and outcome == "reached":
        return state.place  # we spoke: there is nothing to answer
    if cadence.stays(outcome):
        return state.place
    target = cadence.answer(outcome)
    if target is not None:
        return target
    return state.place or cadence.sequence[0].id


def _at(cadence: Cadence, state: State, target: str, seen: Seen | None, tasks: list[Owed], said: Said) -> State:
    """The state at a target: tasks are noted and passed through, what may be taken once is not taken twice, and a step with the
    purpose of the last touch to that person gives way to the one named `instead`, or else is passed over.
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
            target = cadence.onward(step, state.outcome)
        elif step.id in state.once or step.id in state.met:
            target = cadence.past(step)
        elif step.purpose == said.to(step, seen):
            target = step.instead if step.instead is not None and step.instead not in passed else cadence.past(step)
        else:
            return state._replace(place=target, ending=None, said=said)
    return state._replace(place=None, ending=target, said=said)
