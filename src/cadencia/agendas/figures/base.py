"""What every figure reads: a case with its answer, and the words that the data uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ..._clock import FOREVER, micros
from ..._model import Model, Names
from ..._view import Seen, View
from ...case import Case
from ...decision import Record, Stop
from ...rules.deadlines import TouchAtLeastEvery
from ..asking import Answer
from ..day import Day
from ..models import Entry, Figure

if TYPE_CHECKING:
    from ...cadence.planning import Position
    from ...prospect import Fact

__all__ = ["Collector", "Inputs", "Known", "fact_name"]

_NO = (False, None, "", "no", "false")


class Inputs(Model):
    """Under which names the data holds what figures need: facts of the prospect, dispositions, stages.

    Attributes:
        value: what a case is worth, a number.
        referred_by: who referred them, a prospect's id or name.
        qualified: whether the prospect is qualified; where it is not said, `qualified_stages` and `unqualified_stages` tell.
        rebought, recommended, referred: what makes a client active, each current since it happened.
        refusal_reason, refusal_winner: why they refused, and who won.
        refused, won: dispositions.
    """

    value: str = "value"
    referred_by: str = "referred_by"
    qualified: str = "qualified"
    qualified_stages: Names = ("qualified", "proposal", "negotiation", "client")
    unqualified_stages: Names = ("unqualified", "disqualified")
    rebought: str = "rebought"
    recommended: str = "recommended"
    referred: str = "referred"
    refusal_reason: str = "refusal_reason"
    refusal_winner: str = "refusal_winner"
    refused: Names = ("refused", "soft_no")
    won: Names = ("converted",)


def fact_name(name: str) -> str:
    """How a missing fact is named."""
    return f"fact:{name}"


@dataclass
class Known:
    """A case with its answer and its place, as figures read it."""

    case: Case
    answer: Answer
    entry: Entry
    day: Day
    inputs: Inputs

    @property
    def id(self) -> str:
        """The id of the prospect."""
        return self.case.prospect.id

    @cached_property
    def view(self) -> View:
        """The history, under the words of whoever was asked, each touch with what it was for."""
        playbook = self.answer.playbook
        if playbook is None:
            return self.case.view().at(self.day.now)
        case = playbook.engine.told(self.case, self.day.now)
        return case.view().at(self.day.now).using(playbook.engine.table)

    @property
    def record(self) -> Record:
        """The decision as data."""
        return self.answer.decision.record

    @property
    def stopped(self) -> bool:
        """Whether the case is over."""
        return isinstance(self.answer.decision, Stop)

    @cached_property
    def position(self) -> Position | None:
        """Where the case stands in its playbook; None without one."""
        from ...cadence.planning import position

        playbook = self.answer.playbook
        return None if playbook is None else position(playbook, self.case, self.day.now, self.answer.entered)

    @cached_property
    def made(self) -> list[Seen]:
        """Touches of ours that went out."""
        return [
            seen for seen in self.view.touches
            if seen.outbound and seen.out and not seen.booked and seen.lo <= self.day.now
        ]  # fmt: skip

    def answers(self, seen: Seen) -> bool:
        """Whether a touch is an answer: they came to us, or we reached them; a no counts."""
        if self.answer.playbook is not None:
            return self.answer.playbook.cadence.reading.answers(seen)
        return not seen.booked and seen.reached is True and not seen.touch.automated

    @cached_property
    def period(self) -> TouchAtLeastEvery | None:
        """The rule that says how often everybody is touched: who is under it is in the portfolio, unless the case is over."""
        return None if self.stopped else self.rule

    @cached_property
    def rule(self) -> TouchAtLeastEvery | None:
        """The same, of a case that is over too."""
        found = (item.rule for item in self.answer.engine.deadlines if isinstance(item.rule, TouchAtLeastEvery))
        return next(found, None)

    def recent(self, seen: Seen) -> bool:
        """Whether a touch lies within the period of the portfolio."""
        assert self.period is not None
        ends = self.period.due(self.view, self.period.every, seen.hi, seen.end)
        return ends is not None and ends >= self.day.now

    def fact(self, name: str) -> Fact | None:
        """A fact that is current and says something."""
        found = self.case.prospect.facts.get(name)
        if found is None or found.value is None or found.value == "":
            return None
        since = found.since is None or micros(found.since) <= self.day.now
        until = FOREVER if found.until is None else micros(found.until)
        return found if since and self.day.now < until else None

    def says(self, name: str) -> bool | None:
        """What a fact says, yes or no; None where it is not known."""
        found = self.fact(name)
        return None if found is None else found.value not in _NO


class Collector(Protocol):
    """One figure, or several of one kind, gathered while cases pass by."""

    def add(self, known: Known) -> None:
        """Take a case in."""

    def figures(self) -> Mapping[str, Figure]:
        """The figures, by code."""
