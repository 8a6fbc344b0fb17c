"""What a decision was made from: the question, who put it, and every option with its opening.

A decision knows the engine and the question only as they are described here, so that dependencies point one way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from ._lane.lane import Lane
    from ._lane.rows import Raw
    from ._view import View
    from .case import Case
    from .errors import RuleFailure
    from .record import Reasons, Record
    from .rules.block import Block
    from .rules.filters import Candidate

__all__ = ["Answering", "Ask", "Asked", "Inquiry", "Option"]


class Answering(Protocol):
    """An engine, as the decisions of its fast lane see it."""

    @property
    def lane(self) -> Lane | None:
        """The fast lane of the policy."""

    @property
    def reasons(self) -> Callable[[Ask, str | None, int | None, str], Reasons | None]:
        """Verdicts and chain for a channel, an instant and an answer; None where the general path must say."""

    @property
    def endings(self) -> Callable[[Ask], list[Block] | None]:
        """The blocks that ended a stopped case; None where the general path must say."""

    def inquire(self, ask: Ask, channel: str | None) -> Inquiry:
        """The options behind a fast answer."""


#: A question as it was put to the fast lane: engine, case, start, end, purpose and step. A bare tuple, as it is made for every answer.
Ask = tuple[Answering, "Case | Raw", int, int, str | None, str | None]


class Asked(Protocol):
    """A question, as its decision sees it."""

    view: View
    wanted: Candidate
    start: int
    failures: dict[str, RuleFailure]

    def blocks(self, candidate: Candidate, start: int, end: int) -> list[Block]:
        """Every block of a candidate on a span."""

    def record(self, decision: Any) -> Record:
        """The whole of an answer to it as plain data."""

    def without(self, ids: tuple[str, ...]) -> Any:
        """The answer as it would be without some rules."""


class Option(NamedTuple):
    """A candidate with its opening, and the end of the stretch that it opens; None where nothing opens."""

    candidate: Candidate
    opening: int | None
    until: int | None


class Inquiry(NamedTuple):
    """What a decision was made from: the question, and every option with its opening."""

    question: Asked
    options: tuple[Option, ...]
    chosen: Candidate | None = None
