"""A cadence as rules: a limit on candidates by step, the order of a step's channels, and what is owed.

A step's delay is a block `not_due`; the end of a cadence is a stop `finished`. So a cadence enters the engine as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from .._time.clock import EVER, FOREVER, micros
from .._time.spans import Span, cut, gaps, meet, union
from ..rules.base import Deadline, Due, Offer, Preference, StopRule
from ..rules.block import Block
from ..rules.delays import over
from .anchors import clockwork_of, shown, turn_of, windows_of
from .conditions import holds, required_spans
from .states import Run, State
from .taking import left_to_take, of_another_case
from .walk import runs_of, state_at

if TYPE_CHECKING:
    from .._view import Seen, View
    from ..rules.filters import Candidate
    from .models import Cadence, Step

__all__ = ["StepChannels", "StepDue", "StepLimit", "allowed_spans"]


def allowed_spans(cadence: Cadence, view: View, run: Run, state: State, name: str | None) -> tuple[list[Span], str]:
    """When a step of the sequence may be the one in turn in a state; for no step, when nothing is left, and the ending then.

    Steps whose condition does not hold are passed over; one with `if_impossible: skip` lets the next one in beside it.
    """
    left: list[Span] = [(state.lo, state.hi)]
    place = state.place
    seen: set[str] = set()
    while place in cadence.by_id and place not in seen:
        seen.add(place)
        step = cadence.by_id[place]
        if left_to_take(state, step):
            here = meet(left, holds(view, step.when, run.lo))
            if place == name:
                return here, ""
            if step.if_impossible == "hold" or name is None:
                left = cut(left, here)
        place = cadence.past(step)
    if name is None:
        return left, place if place is not None and place in cadence.ends else "exhausted"
    return [], ""


class Made(NamedTuple):
    """A touch of ours with what it was for, and the step that it was."""

    seen: Seen
    purpose: str | None
    step: str | None


def purposes_of(cadence: Cadence, view: View, person: View, entered: int | None) -> list[Made]:
    """The touches of ours to a person, each with what it was for: as it says, else as the step that it was in a case."""
    steps = {taken.seen.id: taken.step for run in runs_of(cadence, view, entered) for taken in run.taken}
    found: list[Made] = []
    for seen in person.touches:
        if seen.outbound and seen.out:
            name = steps.get(seen.id)
            ours = seen.person == view.prospect.id
            step = cadence.by_id[name] if name else of_another_case(cadence, seen) if ours else None
            found.append(Made(seen, seen.purpose or (None if step is None else step.purpose), name))
    return found


class StepLimit(StopRule):
    """No step before its time, out of its turn, or after the end."""

    rule: Literal["cadence"] = "cadence"
    cadence: Any
    entered: int | None = None
    frame: Any = None
    """The case whose cadence it is, where another person of its account is proposed."""
    over: str | None = None
    """The ending, where every step that was left is skipped."""

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        """The blocks of a candidate by its step, state by state."""
        person = case
        if self.frame is not None:
            yield from self._theirs(case)
            case = self.frame
        runs = runs_of(self.cadence, case, self.entered)
        for lo, hi in gaps(union((run.lo, run.hi) for run in runs), EVER, FOREVER):
            yield self.stop(lo, hi, "not_entered", needs=("entry",) if hi == FOREVER else ())
        step = None if candidate.step is None else self.cadence.by_id.get(candidate.step)
        for run in runs:
            for state in run.states:
                if state.lo < span[1] and state.hi > span[0]:
                    for block in self._state(case, person, run, state, step, candidate, span):
                        start, end = max(block.start, state.lo), min(block.end, state.hi)
                        if start < end:
                            yield block._replace(start=start, end=end)

    def _theirs(self, view: View) -> Iterator[Block]:
        """The opt-out of the other person who is proposed ends it for them."""
        for seen in view.touches:
            if self.cadence.reading.of(seen) == "opted_out" and self.cadence.ends["opted_out"].lifted_by == "nothing":
                yield self.stop(seen.lo, FOREVER, "opted_out", touches=(seen.id,), channel="", purpose="")

    def _state(
        self, view: View, person: View, run: Run, state: State, step: Step | None, candidate: Candidate, span: Span
    ) -> Iterator[Block]:
        if state.place is None or self.over is not None:
            yield self._ended(state, state.lo, state.hi, state.ending or self.over or "exhausted")
            return
        left, ending = allowed_spans(self.cadence, view, run, state, None)
        for lo, hi in left:
            yield self._ended(state, lo, hi, ending)
        if step is None or step.task:
            yield self.block(state.lo, state.hi, "no_step", needs=("step",))
            return
        yield from self._required(view, state, step)
        yield from self._same_purpose(view, person, step)
        meant = [] if self.frame is None else holds(person, step.whom)
        for lo, hi in gaps(meant, EVER, FOREVER) if step.person == "other" else ():
            needs = ("other_person",) if hi == FOREVER else ()
            yield self.block(lo, hi, "not_this_person", needs=needs, step=step.id)
        if step.person == "last" and state.by is not None and state.by.person != person.prospect.id:
            needs = ("other_person",) if state.hi == FOREVER else ()
            yield self.block(state.lo, state.hi, "not_this_person", needs=needs, step=step.id)
        if candidate.channel not in step.channels:
            yield self.block(
                state.lo, state.hi, "not_this_channel", needs=("step_channel",), step=step.id, channel=candidate.channel
            )
        ever = step.once == "ever"
        if step.id in state.once:
            yield self.block(
                state.lo, state.hi, "once",
                needs=("answer",) if state.hi == FOREVER and not ever else (),
                final=ever, step=step.id,
            )  # fmt: skip
        if step.optional:
            if not state.attempts and state.by is None:
                yield self.block(state.lo, state.hi, "not_this_step", needs=("step",), step=step.id, place=state.place)
            return
        if step.aside:
            yield from self._beside(view, run, state, step, span)
            return
        here, _ = allowed_spans(self.cadence, view, run, state, step.id)
        for lo, hi in cut([(state.lo, state.hi)], union([*here, *left])):
            yield self.block(lo, hi, "not_this_step", needs=("step",), step=step.id, place=state.place)
        turn = turn_of(self.cadence, view, run, state, step)
        touches = () if state.by is None else (state.by.id,)
        if turn.needs:
            yield self.block(
                state.lo, FOREVER, "when_unknown", needs=turn.needs, touches=touches, step=step.id, anchor=turn.anchor
            )
        elif turn.at > state.lo:
            yield self.block(
                state.lo, turn.at, "not_due",
                touches=touches, step=step.id, why=turn.why, anchor=turn.anchor, gap=turn.delay, at=shown(turn.at),
            )  # fmt: skip
        booked = state.next
        if booked is not None and booked.seen.booked and booked.step == step.id:
            yield self.block(state.lo, state.hi, "step_booked", touches=(booked.seen.id,), step=step.id)

    def _ended(self, state: State, lo: int, hi: int, ending: str) -> Block:
        lifts = hi == FOREVER and self.cadence.ends[ending].lifted_by != "nothing"
        return self.stop(
            lo, hi, "finished",
            needs=("answer",) if lifts else (),
            touches=() if state.by is None else (state.by.id,), ending=ending,
        )  # fmt: skip

    def _required(self, view: View, state: State, step: Step) -> Iterator[Block]:
        for requirement in step.requires:
            known = required_spans(view, requirement)
            for lo, hi in gaps(known, EVER, FOREVER):
                yield self.block(
                    lo, hi, "fact_missing",
                    needs=("fact",) if hi == FOREVER else (),
                    fact=requirement.fact, max_age="" if requirement.max_age is None else str(requirement.max_age),
                )  # fmt: skip

    def _same_purpose(self, view: View, person: View, step: Step) -> Iterator[Block]:
        """No two touches of ours running to a person have the same purpose, whatever they were: steps, beside the sequence, or neither."""
        made: list[Made] = person.remember(
            self, ("purposes", id(self)), lambda: purposes_of(self.cadence, view, person, self.entered)
        )
        for seen, purpose, taken in made:
            if purpose != step.purpose:
                continue
            start = seen.lo
            end = min((other.seen.hi for other in made if other.seen.lo > seen.hi), default=FOREVER)
            if seen.booked and (taken != step.id or step.aside):  # nor may a booking follow one that says the same
                start = max((other.seen.lo for other in made if other.seen.hi < seen.lo), default=EVER)
            yield self.block(
                start, end, "same_purpose",
                needs=("other_purpose",) if end == FOREVER else (), touches=(seen.id,), step=step.id, purpose=purpose,
            )  # fmt: skip

    def _beside(self, view: View, run: Run, state: State, step: Step, span: Span) -> Iterator[Block]:
        low, high = max(span[0], state.lo), min(span[1], state.hi)
        windows = list(windows_of(self.cadence, view, run, step, span))
        for window in windows:
            if window.needs:
                yield self.block(
                    state.lo, FOREVER, "when_unknown", needs=window.needs, step=step.id, anchor=window.anchor
                )
        spans = meet(
            union((window.lo, window.hi) for window in windows),
            meet([(state.lo, state.hi)], holds(view, step.when, run.lo)),
        )
        for lo, hi in gaps(spans, min(low, state.lo), max(high, state.hi)):
            yield self.block(lo, hi, "no_occasion", step=step.id)


class StepChannels(Preference):
    """The channels of a step, in its order."""

    rule: Literal["step_channels"] = "step_channels"
    rank: int = 1_000
    cadence: Any
    entered: int | None = None

    def key(self, case: View, offer: Offer) -> Any:
        """The place of the channel in the step's order."""
        step = None if offer.candidate.step is None else self.cadence.by_id.get(offer.candidate.step)
        channels = () if step is None else step.channels
        return channels.index(offer.candidate.channel) if offer.candidate.channel in channels else len(channels)


class StepDue(Deadline):
    """What a cadence owes: a step that has a `within`, and the tasks that touches gave rise to."""

    rule: Literal["cadence_due"] = "cadence_due"
    cadence: Any
    entered: int | None = None

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        """Tasks and steps of the present stay, met or not."""
        runs = runs_of(self.cadence, case, self.entered)
        found = state_at(runs, as_of)
        if found is None:
            return
        run, state = found
        for owed in run.tasks:
            if owed.start <= as_of:
                yield self._task(case, owed.step, owed.touch, owed.start, owed.end)
        for taken in run.taken:
            if taken.seen.lo <= as_of and not taken.seen.booked and self.cadence.reading.answers(taken.seen):
                yield from self._learned(case, taken.step, taken.seen)
        for before in run.states:
            if before.lo <= as_of and (before is state or before.next is not None or before.lapsed):
                yield from self._step(case, run, before, as_of)

    def _task(self, view: View, name: str, touch: str, start: int, end: int) -> Due:
        step = self.cadence.by_id[name]
        done = [
            micros(item.done_at)
            for item in view.prospect.pending
            if item.id == name and item.done_at is not None and micros(item.done_at) >= start
        ]
        person = view.prospect
        owner, kind = next(
            (person.owner_of(item) for item in person.pending if item.id == name and item.owner),
            (person.owner, person.owner_kind),
        )
        due: int | None = end
        if step.after.delay is not None:
            after = over(step.after.delay, clockwork_of(self.cadence, view), start, end)
            due = None if after.needs else after.at
        return self.owed(view, "task", touch, start, due, min(done, default=None), step)._replace(
            owner=owner, owner_kind=kind
        )

    def _learned(self, view: View, name: str, seen: Seen) -> Iterator[Due]:
        """What a conversation was to find out: owed until it is on record."""
        step = self.cadence.by_id[name]
        for fact in step.learns:
            known = view.prospect.facts.get(fact)
            met = (
                None
                if known is None or known.value is None
                else seen.hi
                if known.since is None
                else micros(known.since)
            )
            if met is not None and met < seen.lo:
                met = None
            due = self.owed(view, "record", seen.id, seen.lo, seen.end, met, step)
            yield due._replace(details=(*due.details, ("fact", fact)), met=None if met is None else min(met, seen.end))

    def _step(self, view: View, run: Run, state: State, as_of: int) -> Iterator[Due]:
        step = None if state.place is None else self.cadence.by_id[state.place]
        if (
            state.next is None and not state.lapsed
        ):  # what is owed now is the step that is in turn now, those passed over left out
            step = self._in_turn(view, run, state, as_of)
        if step is None or step.within is None:
            return
        turn = turn_of(self.cadence, view, run, state, step)
        if turn.needs or turn.at <= EVER:  # nobody knows since when
            return
        since = turn.at
        after = over(step.within, clockwork_of(self.cadence, view), since, since)
        taken = state.next
        met = taken.seen.lo if taken is not None and taken.step == step.id and not taken.seen.booked else None
        if taken is not None and taken.step != step.id and not taken.seen.booked:
            return
        yield self.owed(view, "step", turn.anchor, since, None if after.needs else after.at, met, step)

    def _in_turn(self, view: View, run: Run, state: State, as_of: int) -> Step | None:
        """The first step that may be the one in turn at an instant."""
        step = None if state.place is None else self.cadence.by_id.get(state.place)
        passed: set[str] = set()
        while step is not None and step.id not in passed:
            passed.add(step.id)
            here, _ = allowed_spans(self.cadence, view, run, state, step.id)
            if any(lo <= as_of < hi for lo, hi in here):
                break
            step = self.cadence.by_id.get(self.cadence.past(step))
        else:
            return None
        return cast("Step", step)

    def owed(self, view: View, code: str, anchor: str, since: int, due: int | None, met: int | None, step: Step) -> Due:
        """A due of the cadence, with the owner of the prospect."""
        person = view.prospect
        details = (("carries", [item.what for item in step.carries]), ("purpose", step.purpose), ("step", step.id))
        return Due(self.id, code, anchor, since, due, met, person.owner, person.owner_kind, details)
