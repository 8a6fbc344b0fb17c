"""A cadence proposes, a policy disposes: the engine of a playbook asks the policy about the steps in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from .._time.clock import EVER, FOREVER
from .._time.spans import Span
from ..decision import Decided
from ..engine import Engine, Ruled
from ..rules.base import Limit
from ..rules.block import Block
from ..rules.filters import Candidate
from ..touch import DISPOSITIONS
from .anchors import windows_of
from .conditions import holds
from .limit import StepChannels, StepDue, StepLimit, allowed_spans
from .states import Run, State
from .step_question import StepQuestion, with_cadence
from .telling import told
from .walk import runs_of, state_at

if TYPE_CHECKING:
    from .._lane.lane import Lane
    from .._view import View
    from ..case import Case
    from ..playbook import Playbook
    from .models import Cadence, Step

__all__ = ["CadenceEngine"]


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
        limits = with_cadence(self.limits_of(view), {"over": ending})
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
            limits = with_cadence(self.limits_of(theirs), {"frame": view.using(self.table)})
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
