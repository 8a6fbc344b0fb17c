"""Where a case stands, and the next touches if nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .._time.clock import moment
from ..case import Case
from ..decision import Contact, Decided, Wait
from ..errors import InputError, given
from ..record import Proposal
from ..touch import Touch
from .walk import runs_of, state_at

if TYPE_CHECKING:
    from ..playbook import Playbook

__all__ = ["Plan", "Planned", "Position", "plan", "position"]

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Position:
    """Where a case stands in a playbook.

    Attributes:
        step: the step in turn; None where the cadence has ended, or the case has not entered.
        ending, goes_to: how it ended, and the playbook that takes the case up.
        since: when the touch that led here ended; None at the start.
        touch, outcome: that touch, and how it came out.
        attempts: steps taken since the last answer.
        taken: the touches that were steps, as `(touch id, step)`, in order.
        tasks: what touches gave rise to, as `(step, touch id)`.
        inside: whether the case is in the playbook at all.
    """

    step: str | None = None
    ending: str | None = None
    goes_to: str | None = None
    since: datetime | None = None
    touch: str | None = None
    outcome: str | None = None
    attempts: int = 0
    taken: tuple[tuple[str, str], ...] = ()
    tasks: tuple[tuple[str, str], ...] = ()
    inside: bool = True


def position(playbook: Playbook, case: Case, instant: int, since: int | None) -> Position:
    """See `Playbook.position`."""
    cadence = playbook.cadence
    view = case.view().at(instant).using(playbook.engine.table)
    found = state_at(runs_of(cadence, view, since), instant)
    if found is None:
        return Position(inside=False)
    run, state = found
    by = state.by
    return Position(
        step=state.place,
        ending=state.ending,
        goes_to=None if state.ending is None else cadence.ends[state.ending].goes_to,
        since=None if by is None else moment(by.end),
        touch=None if by is None else by.id,
        outcome=state.outcome,
        attempts=state.attempts,
        taken=tuple((item.seen.id, item.step) for item in run.taken if item.seen.lo <= instant),
        tasks=tuple((item.step, item.touch) for item in run.tasks if item.start <= instant),
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """One touch of a plan: when and until when (on the prospect's wall clock), how, with whom, and what the cadence says of it."""

    at: datetime
    until: datetime | None
    channel: str
    contact_point: str | None
    step: str
    purpose: str
    proposal: Proposal
    touch: Touch
    prospect: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The next touches if nobody answers; `end` is the answer after the last one, where it is no contact."""

    touches: tuple[Planned, ...]
    end: Decided | None = None

    def __iter__(self) -> Iterator[Planned]:
        return iter(self.touches)

    def __len__(self) -> int:
        return len(self.touches)


def plan(
    playbook: Playbook, case: Case, n: int, as_of: datetime | str, horizon: timedelta | str | None,
    entered: datetime | str | None,
) -> Plan:  # fmt: skip
    """See `Playbook.plan`: each touch is decided with the ones before it made, and unanswered."""
    if not 0 <= n <= _MOST:
        raise InputError(f"n: {given(n)} is out of range; write 0 to {_MOST}")
    made: list[Planned] = []
    now: datetime | str = as_of
    while len(made) < n:
        decision = playbook.decide(case, as_of=now, horizon=horizon, entered=entered)
        if not isinstance(decision, (Contact, Wait)):
            return Plan(tuple(made), decision)
        proposal = decision.proposal
        assert proposal is not None
        assert proposal.step is not None
        assert proposal.purpose is not None
        touch = Touch(
            id=f"plan-{len(made) + 1}",
            at=decision.at,
            channel=decision.channel,
            prospect=decision.prospect,
            contact_point=decision.contact_point,
            purpose=proposal.purpose,
            step=proposal.step,
            disposition=playbook.cadence.silent(decision.channel),
        )
        assert isinstance(touch.at, datetime)
        made.append(
            Planned(
                decision.at,
                decision.until,
                decision.channel,
                decision.contact_point,
                proposal.step,
                proposal.purpose,
                proposal,
                touch,
                decision.prospect,
            )
        )
        case = _made(case, touch)
        now = touch.at
    return Plan(tuple(made))


def _made(case: Case, touch: Touch) -> Case:
    """The case with a touch made, its own or one of another person of the account."""
    if touch.prospect == case.prospect.id or case.account is None:
        return case.model_copy(update={"touches": (*case.touches, touch)})
    account = case.account.model_copy(update={"touches": (*case.account.touches, touch)})
    return case.model_copy(update={"account": account})
