"""No means no: a refusal ends contact, for a time or for ever, or until the person agrees again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from .._time.clock import FOREVER, micros
from .._time.spans import Span
from .block import Block
from .choice import Choice, ChoiceField
from .filters import Candidate, ConsentFact, TouchFilter, consent_covers, consent_span
from .history import Per, shares
from .stops import Lasting

if TYPE_CHECKING:
    from .._view import Seen, View

_REFUSALS = Choice(frozenset({"refused", "not_interested", "opted_out"}))


class StopOnRefusal(Lasting):
    """Stops after a refusal, at once or when `after` has passed, until `lasts` is over or a newer consent is recorded.

    Attributes:
        dispositions: what a refusal is.
        counts: which touches may be one; of both directions unless it names them.
        per: only refusals that share the candidate's `subject`, `purpose`, `channel`, `step` or `contact_point`; unknown may.
        lifted_by_consent: a consent given after the refusal ends the stop; a `ConsentFact`, nothing when not given.
    """

    rule: Literal["stop_on_refusal"] = "stop_on_refusal"
    dispositions: ChoiceField = _REFUSALS
    counts: TouchFilter = TouchFilter()
    per: Per = ()
    lifted_by_consent: ConsentFact | None = None

    def tells(self, seen: Seen) -> bool:
        """Whether a touch is a refusal."""
        return not seen.booked and self.dispositions.has(seen.disposition) and self.counts.counts(seen)

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        consents = self._consents(case, candidate)
        per = self.per if self.scope == "case" else (*self.per, self.scope)
        for seen in case.touches:
            if not self.tells(seen) or not shares(per, seen, candidate):
                continue
            start, end, needs = self.between(case, seen, case.touches)
            again = min((since for since in consents if since > seen.hi), default=FOREVER)
            end = min(end, again)
            if self.lifted_by_consent is not None and end == FOREVER:
                needs = needs or ("consent",)
            if start < end:
                yield self.stop(
                    start, end, "stopped",
                    needs=needs if end == FOREVER else (), touches=(seen.id,), disposition=seen.disposition,
                )  # fmt: skip

    def _consents(self, case: View, candidate: Candidate) -> list[int]:
        """When consents begin that cover the candidate."""
        fact = self.lifted_by_consent
        if fact is None:
            return []
        purpose = fact.purpose or candidate.purpose
        return [
            consent_span(item)[0]
            for item in case.prospect.consents
            if consent_covers(item, candidate.channel, purpose, fact.basis)
            and (item.until is None or micros(item.since) < micros(item.until))
        ]


__all__ = ["StopOnRefusal"]
