"""A question about one step of a cadence: its channels, what it must carry, what it owes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._time.clock import EVER, FOREVER, moment
from .._time.spans import gaps, union
from ..decision import Decided, Stop
from ..engine import Question, Ruled
from ..record import Carried, Proposal
from ..rules.base import Due
from ..rules.block import principal
from ..rules.filters import Candidate
from .anchors import turn_of, windows_of
from .conditions import current_fact
from .limit import StepLimit, allowed_spans
from .stays import opted_out_at
from .walk import runs_of, state_at

if TYPE_CHECKING:
    from .._view import View
    from ..case import Case
    from .models import Step
    from .proposing import CadenceEngine

__all__ = ["StepQuestion", "with_cadence"]


class StepQuestion(Question):
    """A question about one step: its channels, under the policy and the cadence."""

    __slots__ = ("ending", "origin", "step")

    engine: CadenceEngine

    def __init__(
        self, engine: CadenceEngine, case: Case, view: View, limits: list[Ruled], wanted: Candidate, start: int, end: int,
        step: Step, origin: Case | None = None, ending: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(engine, case, view, limits, wanted, start, end)
        self.step = step
        self.origin = origin or case
        self.ending = ending

    def candidates(self, channels: Iterable[str]) -> list[Candidate]:
        """The channels of the step that the policy allows, in the step's order."""
        allowed = set(channels)
        return super().candidates(channel for channel in self.step.channels if channel in allowed)

    def answer(self) -> Decided:
        """The decision; a policy that allows none of the step's channels blocks it."""
        self.engine.check_channels()
        return super().answer()

    def without(self, ids: tuple[str, ...]) -> Decided:
        """The answer as it would be without some rules."""
        engine = self.engine.without(ids)
        limits = [item for item in engine.limits_of(self.view) if item.rule.id not in ids]
        if self.origin is not self.case:
            limits = with_cadence(limits, {"frame": self._frame})
        return StepQuestion(
            engine,
            self.case,
            self.view,
            limits,
            self.wanted,
            self.start,
            self.end,
            self.step,
            self.origin,
            self.ending,
        ).answer()

    def proposal(self, decision: Any) -> Proposal:
        """Which step, why now, and what it must carry; or how the cadence ended, and where the case goes."""
        cadence = self.engine.playbook.cadence
        view = self._frame
        found = state_at(runs_of(cadence, view, self.engine.entered), self.start)
        name = self.engine.playbook.name
        if found is None:
            return Proposal(name, why="not_entered")
        run, state = found
        by = None if state.by is None else state.by.id
        if state.place is None or (isinstance(decision, Stop) and decision_code(decision) == "finished"):
            ending = state.ending or self.ending or allowed_spans(cadence, view, run, state, None)[1]
            return Proposal(
                name, why="finished", anchor=by, outcome=state.outcome, attempts=state.attempts, ending=ending,
                goes_to=cadence.ends[ending].goes_to,
            )  # fmt: skip
        step = self.step
        at = self.start if decision._at is None else decision._at
        told = Proposal(
            name, step.id, step.purpose, attempts=state.attempts, outcome=state.outcome, tone=step.tone,
            carries=tuple(self._carries(step, decision)), person="same" if self.origin is self.case else "other",
        )  # fmt: skip
        if step.optional:
            return replace(told, why="asked", anchor=by)
        if step.aside:
            windows = [item for item in windows_of(cadence, view, run, step, (at, at + 1)) if item.lo <= at < item.hi]
            if windows:
                first = windows[0]
                return replace(told, why=first.why, anchor=first.anchor, kind=first.kind, due=_moment(first.lo))
            return replace(told, why="no_occasion")
        turn = turn_of(cadence, view, run, state, step)
        kind = None
        if state.promised is not None and state.promised.promise is not None and turn.why == "promise":
            kind = state.promised.promise.kind
        return replace(
            told, why=turn.why, anchor=turn.anchor, delay=turn.delay or None, due=_moment(turn.at), kind=kind
        )

    @property
    def owing(self) -> View:
        """What is owed is owed by the case, whoever of its account is proposed."""
        return self.view if self.origin is self.case else self.origin.view().at(self.start)

    @property
    def _frame(self) -> View:
        """The case whose cadence it is."""
        return self.owing.using(self.engine.table)

    def odd(self, decision: Any) -> list[tuple[str, ...]]:
        """A case that we closed before enough attempts were made, without an answer, was given up early."""
        least = self.engine.playbook.cadence.at_least
        if least is None or not isinstance(decision, Stop) or decision_code(decision) != "stage":
            return []
        found = state_at(runs_of(self.engine.playbook.cadence, self._frame, self.engine.entered), self.start)
        if found is None or found[1].answered is not None or found[1].attempts >= least:
            return []
        return [("given_up_early", str(found[1].attempts), str(least))]

    def _carries(self, step: Step, decision: Any) -> Iterator[Carried]:
        channel = decision._channel
        at = self.start if decision._at is None else decision._at
        for item in step.carries:
            if item.channels and channel is not None and channel not in item.channels:
                continue
            if item.what == "other_people_contacted":
                others = (seen for seen in self.view.others if seen.outbound and seen.out and seen.lo <= at)
                people = tuple(sorted({seen.person for seen in others}))
                if people:
                    yield Carried(item.what, ", ".join(people))
                continue
            if item.fact is None:
                yield Carried(item.what)
            elif (fact := current_fact(self.owing, item, at)) is not None:
                yield Carried(item.what, str(fact.value))

    def owes(self, item: Due) -> bool:
        """After an opt-out nothing is owed to the person any more; what was already late then stays on record."""
        if item.code not in _TO_THEM:
            return True
        gone = opted_out_at(self.engine.playbook.cadence, self._frame)
        met = item.met is not None and item.met <= gone
        return met or (item.due is not None and item.due < gone)

    def _of_owed(self, item: Due) -> list[Candidate]:
        """What might be done about something owed: the step that is, whatever step the question is about."""
        step = self.engine.playbook.cadence.by_id.get(str(dict(item.details).get("step")), self.step)
        allowed = set(self.engine.channels or ())
        found = super().candidates(channel for channel in step.channels if channel in allowed)
        return [candidate._replace(step=step.id, purpose=step.purpose) for candidate in found]

    def might_meet(self, rule: Any, item: Due) -> list[Candidate]:
        """What might be done about something owed: the step that is owed, else the one in turn; where no channel of it would do, any."""
        if item.code == "step":
            return self._of_owed(item)
        mine = self.candidates(self.engine.channels or ())
        return [candidate for candidate in super().might_meet(rule, item) if candidate in mine] or mine

    def booked_for(self, rule: Any, view: View, item: Due) -> bool:
        """Whether a booking would meet something owed by its due; a step is met by the booking that is that step."""
        if item.code != "step":
            return super().booked_for(rule, view, item)
        run = state_at(runs_of(self.engine.playbook.cadence, view, self.engine.entered), self.start)
        name, due = dict(item.details).get("step"), item.due
        taken = () if run is None or due is None else run[0].taken
        return any(one.step == name and one.seen.booked and item.since <= one.seen.hi <= (due or 0) for one in taken)

    def excuse(self, item: Due, missed: bool) -> tuple[tuple[str, ...], bool]:
        """The limits that still defer a step past its due; nobody is to blame where they left no instant for it at all."""
        if item.code not in ("step", "attend") or item.due is None:
            return (), False
        since = min(item.since, item.due)
        last = max(self.start if missed else item.due, item.due) + (not missed)
        names: set[str] = set()
        passing: set[str] = set()  # what time alone lifts is what defers
        blameless = True
        for candidate in self._of_owed(item):
            mine = self.blocks(candidate, since, max(last, since + 1))
            left = gaps(union((block.start, block.end) for block in mine), since, max(last, since + 1))
            if any(end > item.due for _, end in left):
                return (), False
            blameless = blameless and not left
            then = [block for block in mine if block.start <= item.due < block.end]
            names |= {block.rule for block in then}
            passing |= {block.rule for block in then if not block.needs}
        return tuple(sorted(passing or names)), blameless


#: What is owed to the person: deadlines that a contact would meet.
_TO_THEM = frozenset({"respond", "attend", "promise", "touch", "step"})


def decision_code(decision: Stop) -> str:
    """The code of the block that ended a case, read without the whole record."""
    question, options, _ = decision.inquiry()
    candidate = options[0].candidate if options else question.wanted
    return principal(question.blocks(candidate, question.start, question.start + 1), question.start).code


def _moment(instant: int) -> Any:
    return None if instant <= EVER or instant >= FOREVER else moment(instant)


def with_cadence(limits: list[Ruled], update: dict[str, Any]) -> list[Ruled]:
    """The limits with that of the cadence changed."""
    return [
        Ruled(item.rule.model_copy(update=update), item.table) if isinstance(item.rule, StepLimit) else item
        for item in limits
    ]
