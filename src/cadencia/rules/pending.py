"""What must come first: an impediment that is lifted, a hold that ends, and enough given before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from .._model import Names, Whole
from .._time.clock import EVER, FOREVER, day_number, micros
from .._time.spans import Span
from ..errors import InputError, did_you_mean, given
from ..prospect import ITEM_KINDS
from .base import Limit
from .block import Block
from .filters import Candidate
from .history import ReadsHistory, tells

if TYPE_CHECKING:
    from .._view import Seen, View


def _item_kinds(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if name not in ITEM_KINDS:
            raise InputError(
                f"{given(name)} is no kind of pending item; write one of {', '.join(ITEM_KINDS)}"
                + did_you_mean(name, ITEM_KINDS)
            )
    return value


class AwaitPending(Limit):
    """Something open keeps us from going on: until it is done, or due if that comes first.

    Attributes:
        kinds: which pending items; impediments, and what an owner holds, when not given.

    Semantics: a date as `due` lifts the block when it begins, in the latest plausible zone. An item without a date that is not
    done closes the case until it has one: nothing pending is ever without a date.
    """

    rule: Literal["await_pending"] = "await_pending"
    kinds: Annotated[Names, AfterValidator(_item_kinds)] = ("impediment", "hold")

    @property
    def memory(self) -> int | None:
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for item in case.prospect.pending:
            if item.kind not in self.kinds:
                continue
            start = EVER if item.since is None else micros(item.since)
            done = FOREVER if item.done_at is None else micros(item.done_at)
            end = FOREVER
            if isinstance(item.due, datetime):
                end = micros(item.due)
            elif item.due is not None:
                day = day_number(item.due)
                end = max((zone.at(day) for zone in case.zones), default=case.date_range(day)[1])
            end = min(end, done)
            if start < end:
                needs = ("pending_date",) if end == FOREVER else ()
                yield self.block(
                    start, end, "await_pending", needs=needs, item=item.id, kind=item.kind, owner=item.owner or ""
                )


class EarnFirst(ReadsHistory):
    """Give before asking: not before so many counted touches have been made.

    Narrow it to what asks, with `purposes`; `counts` says which touches give. What is not known gives nothing: a
    touch of unknown kind, with `count: reached` one that may not have reached the person, and with `per` one that may be of another step.

    Semantics: permitted at the very instant of the last touch that is needed; bookings have given nothing yet.
    """

    rule: Literal["earn_first"] = "earn_first"
    least: Annotated[Whole, Field(ge=1)]

    surely: ClassVar[bool] = True

    def tells(self, seen: Seen) -> bool:
        """Whether a touch surely gave."""
        if seen.booked or (self.counts.directions is None and not seen.outbound):
            return False
        reached = self.count != "reached" or seen.reached is True
        return reached and self.counts.surely(seen) and tells(self.count, seen)

    def shares(self, seen: Seen, candidate: Candidate) -> bool:
        """Whether a touch surely shares with the candidate what `per` names."""
        known = {
            "channel": True,
            "contact_point": candidate.point is None or seen.point is not None,
            "step": candidate.step is None or seen.step is not None,
            "purpose": candidate.purpose is None or seen.purpose is not None,
            "subject": bool(seen.subjects or not candidate.subjects),
        }
        return all(known[what] for what in self.per) and super().shares(seen, candidate)

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for lo, hi, touches, _ in self.history(case, candidate):
            made = sorted(seen.hi for seen in touches)
            enough = len(made) >= self.least
            end = max(lo, made[self.least - 1]) if enough else hi
            if lo < end and lo < span[1] and end > span[0]:
                yield self.block(
                    lo, min(end, hi), "not_earned",
                    needs=() if enough or hi < FOREVER else ("touches_of_value",),
                    least=self.least,
                )  # fmt: skip


__all__ = ["AwaitPending", "EarnFirst"]
