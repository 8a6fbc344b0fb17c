"""How a touch came out, as a cadence sees it: each outcome is a set of dispositions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .._model import Model, Names

if TYPE_CHECKING:
    from .._view import Seen

__all__ = ["OUTCOMES", "Outcome", "Outcomes"]


class Outcome(Model):
    """A set of dispositions that mean the same to a cadence.

    Attributes:
        dispositions: these, whatever was promised.
        promised: these, when they promised to come back to us; looked at first.
    """

    dispositions: Names = ()
    promised: Names = ()


#: The outcomes that every cadence knows. A cadence may declare others, or say anew what one of these holds.
OUTCOMES: Final[Mapping[str, Outcome]] = MappingProxyType(
    {
        "no_answer": Outcome(
            dispositions=(
                "sent", "delivered", "opened", "clicked", "no_answer", "busy", "voicemail_left", "message_left", "no_show",
                "out_of_office", "unknown",
            )
        ),
        "reached": Outcome(dispositions=("connected", "replied", "held", "abandoned")),
        "yes": Outcome(dispositions=("interested", "meeting_set")),
        "won": Outcome(dispositions=("converted",)),
        "no": Outcome(dispositions=("refused",)),
        "not_interested": Outcome(dispositions=("not_interested",)),
        "still_thinking": Outcome(dispositions=("still_thinking",)),
        "will_get_back": Outcome(
            dispositions=("callback_requested",), promised=("connected", "replied", "held", "still_thinking", "interested")
        ),
        "wrong_person": Outcome(dispositions=("wrong_person",)),
        "not_arrived": Outcome(dispositions=("not_received",)),
        "opted_out": Outcome(dispositions=("opted_out",)),
    }
)  # fmt: skip

#: What comes to us by itself and is nobody's answer.
_NOBODY: Final = frozenset({"out_of_office", "cancelled"})


class Outcomes:
    """The outcomes of a cadence, by disposition."""

    def __init__(self, declared: Mapping[str, Outcome]) -> None:
        self.table: Mapping[str, Outcome] = {**OUTCOMES, **declared}
        claimed = {name for outcome in declared.values() for name in (*outcome.dispositions, *outcome.promised)}
        self._always: dict[str, str] = {}
        self._promised: dict[str, str] = {}
        for code, outcome in self.table.items():
            for names, table in ((outcome.dispositions, self._always), (outcome.promised, self._promised)):
                for name in names:
                    if code in declared or name not in claimed:
                        table[name] = code

    def of(self, seen: Seen) -> str | None:
        """The outcome of a touch; None for what moves no cadence: an automatic reply, or a touch that did not go out."""
        if seen.outbound and not seen.out:
            return None
        if seen.booked:
            return "no_answer"
        promise = seen.promise
        if promise is not None and promise.by == "them" and seen.disposition in self._promised:
            return self._promised[seen.disposition]
        found = self._always.get(seen.disposition, "reached" if seen.reached else "no_answer")
        if not seen.outbound and found == "no_answer":
            return None if seen.touch.automated or seen.disposition in _NOBODY else "reached"
        return found

    def answers(self, seen: Seen) -> bool:
        """Whether a touch is an answer: they came to us, or we reached them."""
        if seen.booked:
            return False
        return bool(seen.reached) if seen.outbound else self.of(seen) is not None
