"""Whom an agenda asks: a policy, a playbook, or a shelf of playbooks of which one proposes for each case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from .._time.clock import micros
from ..bookshelf import Playbooks
from ..case import Case
from ..decision import Decided
from ..engine import Engine
from ..errors import InputError, PolicyError, given
from ..playbook import Playbook
from ..policy import Policy

if TYPE_CHECKING:
    from ..rules.block import Block
    from ..touch import Touch

__all__ = ["Answer", "Source"]


class Answer(NamedTuple):
    """A decision, with what made it.

    Attributes:
        playbook: the one that proposes; None for a plain policy.
        entered: since when, where another handed the case over (microseconds).
    """

    decision: Decided
    playbook: Playbook | None
    entered: int | None
    engine: Engine


class Source:
    """A policy, a playbook or a shelf, asked in one way."""

    def __init__(self, asked: Policy | Playbook | Playbooks, horizon: str | None) -> None:
        if not isinstance(asked, (Policy, Playbook, Playbooks)):
            raise InputError(
                f"{given(type(asked).__name__)} cannot be asked; give a policy, a playbook, or `Playbooks(...)`"
            )
        self.policy = asked if isinstance(asked, Policy) else None
        self.shelf = (
            asked if isinstance(asked, Playbooks) else Playbooks(*([asked] if isinstance(asked, Playbook) else []))
        )
        if self.policy is None and not len(self.shelf):
            raise PolicyError("no playbook is on the shelf; write for example `Playbooks.packaged()`")
        self.horizon = horizon

    def ask(self, case: Case, as_of: datetime) -> Answer:
        """The decision for a case; where it has entered no playbook, the first says so."""
        if self.policy is not None:
            decision = self.policy.decide(case, as_of=as_of, horizon=self.horizon or "90 days")
            return Answer(decision, None, None, self.policy.engine)
        chosen = self.shelf.which(case, as_of=as_of)
        playbook = next(iter(self.shelf)) if chosen is None else chosen.playbook
        entered = None if chosen is None else chosen.entered
        decision = playbook.decide(case, as_of=as_of, horizon=self.horizon, entered=entered)
        since = None if entered is None else micros(entered)
        return Answer(decision, playbook, since, playbook.engine)

    @staticmethod
    def forbids(answer: Answer, case: Case, booked: Touch, instant: datetime) -> tuple[Block, ...]:
        """What the policy has against a booking when it is due; nothing where it may be kept.

        A cadence is not asked: it proposes, and what people have booked need not be a step of it.
        """
        rest = tuple(touch for touch in case.touches if touch.id != booked.id)
        return answer.engine.policy.why_not(
            case.model_copy(update={"touches": rest}), instant, booked.channel, as_of=instant,
            contact_point=booked.contact_point, purpose=booked.purpose, step=booked.step,
        )  # fmt: skip

    def made_for(self) -> Iterator[tuple[str, str]]:
        """The names and fingerprints of whom is asked."""
        if self.policy is not None:
            yield self.policy.name, self.policy.fingerprint
        for playbook in self.shelf:
            yield playbook.name, playbook.fingerprint
