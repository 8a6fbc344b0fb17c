"""One question, and the decision that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..decision import Contact, Wait
from ..inquiry import Inquiry, Option
from .choosing import choose
from .closed import closed
from .foresight import booked_for, might_meet
from .openings import Openings

if TYPE_CHECKING:
    from .._view import View
    from ..decision import Decided, Decision
    from ..record import Proposal, Record
    from ..rules.base import Due
    from ..rules.filters import Candidate

__all__ = ["Question"]


class Question(Openings):
    """One question put to the engine: a case, what is wanted, and the span in which an answer is looked for."""

    __slots__ = ()

    def answer(self) -> Decided:
        """The decision."""
        channels = self.engine.channels
        assert channels is not None
        options = [self.option(candidate, self.start, self.end) for candidate in self.candidates(channels)]
        open_ = [option for option in options if option.opening is not None]
        inquiry = Inquiry(self, tuple(options))
        if not open_:
            return closed(self, inquiry)
        chosen, at = choose(self, open_)
        until = self._until(chosen, at)
        kind = Contact if at == self.start else Wait
        return kind(inquiry._replace(chosen=chosen.candidate), chosen.candidate.channel, at, until)

    def without(self, ids: tuple[str, ...]) -> Decided:
        """The answer as it would be without some rules."""
        engine = self.engine.policy.without(*(name for name in ids if not name.startswith("wish/"))).engine
        limits = [item for item in engine.limits_of(self.view) if item.rule.id not in ids]
        return Question(engine, self.case, self.view, limits, self.wanted, self.start, self.end).answer()

    def record(self, decision: Decision) -> Record:
        """The whole of an answer as plain data; what explains it is loaded when somebody reads."""
        from ..explain import record_of

        return record_of(self, decision)

    def proposal(self, decision: Decision) -> Proposal | None:
        """What a cadence proposes; nothing where a policy is asked alone."""
        return None

    def odd(self, decision: Decision) -> list[tuple[str, ...]]:
        """What else is reported, each a code with its details."""
        return []

    @property
    def owing(self) -> View:
        """The case by which something may be owed."""
        return self.view

    def owes(self, item: Due) -> bool:
        """Whether something that a rule says is owed still is."""
        return True

    def might_meet(self, rule: Any, item: Due) -> list[Candidate]:
        """What might be done to meet something owed."""
        return list(might_meet(self, rule))

    def booked_for(self, rule: Any, view: View, item: Due) -> bool:
        """Whether a booking would meet something owed by its due."""
        return booked_for(rule, view, item)

    def excuse(self, item: Due, missed: bool) -> tuple[tuple[str, ...], bool]:
        """The limits that kept something owed from being done when it was due, and whether for them nobody is to blame."""
        return (), False

    def _until(self, chosen: Option, at: int) -> int | None:
        if at == chosen.opening:
            return chosen.until
        return self.option(chosen.candidate, at, self.end).until
