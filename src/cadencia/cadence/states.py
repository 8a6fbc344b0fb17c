"""What a walk through a cadence leaves behind: states between touches, stays, and what was said to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .._view import Seen
    from .models import Step

__all__ = ["Owed", "Run", "Said", "State", "Taken"]


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


class Said(NamedTuple):
    """What the last touch of ours to each person was for."""

    own: str
    by: Mapping[str, str | None]

    def to(self, step: Step, seen: Seen | None) -> str | None:
        """To the one whom a step is with, our own person where nothing has led anywhere; nothing to somebody who has not been asked."""
        if step.person == "other":
            return None
        return self.by.get(self.own if step.person == "same" or seen is None else seen.person)

    def then(self, person: str, purpose: str | None) -> Said:
        """After a touch to somebody."""
        return Said(self.own, {**self.by, person: purpose})


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
        said: what the last touch of ours to each person was for.
        promised: the touch whose promise stands: not yet taken up, and nobody has answered since.
        once: steps that may not be taken again: taken since the last answer, or ever.
        next: the touch that ends this state, if it is a step.
        lapsed: whether the step in turn was passed over at the end of this state, as nobody had taken it.
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
    said: Said | None = None
    promised: Seen | None = None
    next: Taken | None = None
    lapsed: bool = False


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
