"""A cadence proposes, a policy disposes: the engine of a playbook asks the policy about the steps in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from .._time.clock import EVER, FOREVER, moment
from .._time.spans import Span, gaps, union
from ..decision import Decided, Stop
from ..engine import Engine, Question, Ruled
from ..errors import PolicyError, given
from ..record import Carried, Proposal
from ..rules.base import Due, Limit
from ..rules.block import Block, principal
from ..rules.filters import Candidate
from ..touch import DISPOSITIONS
from .anchors import turn_of, windows_of
from .conditions import current_fact, holds
from .limit import StepChannels, StepDue, StepLimit, allowed_spans
from .states import Run, State
from .stays import opted_out_at
from .telling import told
from .walk import runs_of, state_at

if TYPE_CHECKING:
    from .._lane.lane import Lane
    from .._view import View
    from ..case import Case
    from ..playbook import Playbook
    from .models import Cadence, Step

__all__ = ["CadenceEngine", "StepQuestion"]


class CadenceEngine(Engine):
    """The engine of a policy with the rules of a cadence added: the same question, the same answers."""

    def __init__(self, playbook: Playbook, entered: int | None = None) -> None:
        super().__init__(playbook.policy)
        self.playbook = playbook
        self.entered = entered
        cadence = playbook.cadence
        table = {**DISPOSITIONS, **playbook.dispositions} if playbook.dispositions else DISPOSITIONS
        name = f"cadence/{playbook.name}"
        self.limits.append(Ruled(StepLimit(id=name, cadence=cadence, entered=entered), table))
        order = StepChannels(id=f"{name}/channels", cadence=cadence, entered=entered, patience=cadence.patience)
        self.preferences.append(Ruled(order, table))
        self.deadlines.append(Ruled(StepDue(id=f"{name}/due", cadence=cadence, entered=entered), table))
        self.limits.sort(key=lambda item: item.rule.id)
        self.preferences.sort(key=lambda item: (item.rule.rank, item.rule.id))
        self.deadlines.sort(key=lambda item: item.rule.id)
        self.table = table

    @cached_property
    def lane(self) -> Lane | None:
        """No fast lane: a cadence reads the whole history."""
        return None

    @property
    def name(self) -> str:
        """The name of the playbook."""
        return self.playbook.name

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the playbook."""
        return self.playbook.fingerprint

    def without(self, ids: Iterable[str]) -> CadenceEngine:
        """The engine without some rules of the policy; what the cadence proposes stays."""
        named = [name for name in ids if not name.startswith("cadence/")]
        other = CadenceEngine(self.playbook.model_copy(update={"policy": self.policy.without(*named)}), self.entered)
        other.limits = [item for item in other.limits if item.rule.id not in set(ids)]
        return other

    def told(self, case: Case, start: int, fulfils: str | None = None) -> Case:
        """The case as the rules are to read it: each touch of ours with what it was for."""
        return told(self.playbook.cadence, case, case.view().at(start, fulfils).using(self.table), self.entered)

    def propose(self, case: Case, view: View, wanted: Candidate, start: int, end: int) -> Decided:
        """The answer for the step in turn: of those that may be taken, the one that opens first, ties in order."""
        limits = self.limits_of(view)
        steps = self._steps(view, start, end, wanted.step)
        best: Decided | None = None
        first: Decided | None = None
        skipped: Step | None = None
        for step, may_skip in steps:
            found = self._answer(case, view, limits, wanted, start, end, step)
            if found._at is not None and (best is None or _opening(found) < _opening(best)):
                best = found
            if step.aside:
                first = first or (found if len(steps) == 1 else None)
                continue
            skipped = step if may_skip and found._at is None else None
            first = first or found
            if found._at is not None or not may_skip:
                break
        if best is None and skipped is not None and skipped.if_impossible == "skip":
            return self._over(case, view, wanted, start, end, skipped)
        answer = best or first
        assert answer is not None
        return answer

    def _answer(
        self, case: Case, view: View, limits: list[Ruled], wanted: Candidate, start: int, end: int, step: Step
    ) -> Decided:
        """The answer for one step."""
        asked = wanted._replace(step=step.id, purpose=step.purpose)
        if step.person != "same":
            return self._another(case, view, asked, start, end, step)
        return StepQuestion(self, case, view, limits, asked, start, end, step).answer()

    def _over(self, case: Case, view: View, wanted: Candidate, start: int, end: int, last: Step) -> Decided:
        """The answer where every step that was left is skipped: the cadence has ended."""
        target = self.playbook.cadence.past(last)
        ending = target if target in self.playbook.cadence.ends else "exhausted"
        limits = _with_cadence(self.limits_of(view), {"over": ending})
        asked = wanted._replace(step=last.id, purpose=last.purpose)
        return StepQuestion(self, case, view, limits, asked, start, end, last, ending=ending).answer()

    def _another(self, case: Case, view: View, wanted: Candidate, start: int, end: int, step: Step) -> Decided:
        """The answer for the other person of the account who may be contacted first; where there is none, a block that says so."""
        found: Decided | None = None
        stay = state_at(runs_of(self.playbook.cadence, view.using(self.table), self.entered), start)
        who = None if stay is None or stay[1].by is None else stay[1].by.person
        if step.person == "last" and who in (None, case.prospect.id):
            return StepQuestion(self, case, view, self.limits_of(view), wanted, start, end, step).answer()
        asked = set() if stay is None else {taken.seen.person for taken in stay[0].taken}
        for other in other_cases(case):
            if other.prospect.id != who if step.person == "last" else other.prospect.id in asked:
                continue
            theirs = other.view().at(start, next(iter(view.fulfilled), None))
            limits = _with_cadence(self.limits_of(theirs), {"frame": view.using(self.table)})
            answer = StepQuestion(self, other, theirs, limits, wanted, start, end, step, case).answer()
            if answer._at is not None and (found is None or found._at is None or answer._at < found._at):
                found = answer
        if found is not None:
            return found
        alone = Ruled(NobodyElse(id=f"cadence/{self.playbook.name}/person"), self.table)
        limits = sorted([*self.limits_of(view), alone], key=lambda item: str(item.rule.id))
        return StepQuestion(self, case, view, limits, wanted, start, end, step).answer()

    def _steps(self, view: View, start: int, end: int, asked: str | None) -> list[tuple[Step, bool]]:
        """The steps to ask about, each with whether the next may be asked about when it never opens."""
        cadence = self.playbook.cadence
        seen = view.using(self.table)
        if asked is not None:
            return [(cadence.step(asked), False)]
        found = state_at(runs_of(cadence, seen, self.entered), start)
        if found is None or found[1].place is None:
            return [(next(step for step in cadence.sequence if not step.task), False)]
        run, state = found
        beside = [(step, False) for step in cadence.beside if _may_open(cadence, seen, run, step, (start, end))]
        return beside + list(self._in_turn(seen, run, state, start, end))

    def _in_turn(self, view: View, run: Run, state: State, start: int, end: int) -> Iterator[tuple[Step, bool]]:
        """The steps of the sequence that are in turn at some instant of the horizon, in order."""
        cadence = self.playbook.cadence
        place = state.place
        seen: set[str] = set()
        found = False
        while place in cadence.by_id and place not in seen:
            seen.add(place)
            step = cadence.by_id[place]
            if not step.task:
                here, _ = allowed_spans(cadence, view, run, state, step.id)
                if any(lo < end and hi > start for lo, hi in here):
                    found = True
                    always = any(lo <= start and hi >= end for lo, hi in here)
                    yield step, step.if_impossible == "skip" or not always
                    if step.if_impossible == "hold" and always:
                        return
            place = cadence.past(step)
        if not found:
            first = state.place if state.place is not None else cadence.sequence[0].id
            step = cadence.by_id[first]
            yield (step if not step.task else next(item for item in cadence.sequence if not item.task)), False


def _may_open(cadence: Cadence, view: View, run: Run, step: Step, span: Span) -> bool:
    """Whether a step beside the sequence has a window inside the span."""
    return any(
        window.lo < span[1] and window.hi > span[0] and not window.needs
        for window in windows_of(cadence, view, run, step, span)
    ) and any(lo < span[1] and hi > span[0] for lo, hi in holds(view, step.when, run.lo))


def _opening(found: Decided) -> int:
    """The first instant at which a step may be taken, whatever preferences wait for."""
    return min(option.opening for option in found.inquiry().options if option.opening is not None)


def _with_cadence(limits: list[Ruled], update: dict[str, Any]) -> list[Ruled]:
    """The limits with that of the cadence changed."""
    return [
        Ruled(item.rule.model_copy(update=update), item.table) if isinstance(item.rule, StepLimit) else item
        for item in limits
    ]


def other_cases(case: Case) -> Iterator[Case]:
    """The case of each other person of the account, with the one of this case among the others."""
    account = case.account
    if account is None:
        return
    own = tuple(
        touch if touch.prospect else touch.model_copy(update={"prospect": case.prospect.id}) for touch in case.touches
    )
    for person in account.people:
        theirs = tuple(touch for touch in account.touches if touch.prospect == person.id)
        rest = tuple(touch for touch in account.touches if touch.prospect != person.id)
        people = (case.prospect, *(item for item in account.people if item.id != person.id))
        yield case.model_copy(
            update={
                "prospect": person,
                "touches": theirs,
                "account": account.model_copy(update={"people": people, "touches": (*own, *rest)}),
            }
        )


class NobodyElse(Limit):
    """No other person of the account may be contacted."""

    rule: Literal["nobody_else"] = "nobody_else"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        """Always: it is asked only where there is nobody."""
        yield self.block(EVER, FOREVER, "nobody_else", needs=("other_person",))


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
        if self.engine.channels is None:
            raise PolicyError(
                f"policy {given(self.engine.policy.name)} names no channels; write `channels: [phone, email]`"
            )
        return super().answer()

    def without(self, ids: tuple[str, ...]) -> Decided:
        """The answer as it would be without some rules."""
        engine = self.engine.without(ids)
        limits = [item for item in engine.limits_of(self.view) if item.rule.id not in ids]
        if self.origin is not self.case:
            limits = _with_cadence(limits, {"frame": self._frame})
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
