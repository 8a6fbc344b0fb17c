"""One voice: what the other people of an account, and our colleagues, mean for this prospect."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from .._clock import DAY, EVER, FOREVER
from .._periods import LengthField
from .._spans import Span, union
from .base import Block, Limit, check_clock, zones_of
from .delays import ClockNames, Clockwork, Holidays, TimelessDelay, calendar_of, over
from .filters import Candidate, TouchFilter

if TYPE_CHECKING:
    from .._view import Seen, View


class AccountReply(Limit):
    """A reply of anybody else at the account delays contact by `lasts`, or until further notice when not given.

    `counts` says which touches of the others are a reply; inbound ones and those that reached the person, when not given.
    """

    rule: Literal["account_reply"] = "account_reply"
    lasts: TimelessDelay | None = None
    counts: TouchFilter = TouchFilter(reached=True)
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: Holidays | None = None

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = Clockwork(zones_of(case, self.clock), calendar_of(case, self.calendar))
        for seen in case.others:
            if seen.booked or not self.counts.counts(seen) or (self.counts.reached and seen.reached is None):
                continue
            if self.lasts is None:
                yield self.block(
                    seen.lo,
                    FOREVER,
                    "account_reply",
                    needs=("account_cleared",),
                    touches=(seen.id,),
                    person=seen.person,
                )
                continue
            done = over(self.lasts, clockwork, seen.hi, seen.end)
            if done.needs:
                yield self.block(seen.lo, FOREVER, f"{done.needs[0]}_unknown", needs=done.needs, touches=(seen.id,))
            elif seen.lo < done.at:
                yield self.block(seen.lo, done.at, "account_reply", touches=(seen.id,), person=seen.person)


class AccountLoad(Limit):
    """At most `at_most` people of an account in conversation at once.

    A person is in conversation for `within` after each touch of ours that went out or is booked. Whoever is already in
    conversation may go on.
    """

    rule: Literal["account_load"] = "account_load"
    at_most: Annotated[int, Field(ge=0)]
    within: LengthField

    @property
    def memory(self) -> int | None:
        return self.within.micros

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        width = self.within.micros
        if self.at_most == 0:
            yield self.block(EVER, FOREVER, "exhausted", final=True, at_most=0, made=0)
            return
        if not case.others:
            return
        own, edges, spans = case.remember(self, ("account_load", id(self)), lambda: self._edges(case, width))
        first = max(bisect_right(edges, span[0]) - 1, 0)
        last = bisect_left(edges, span[1])
        if first >= last:
            return
        latest = edges[min(last, len(edges) - 1)]
        waiting = [item for item in spans if item[0] < latest and item[1] > edges[first]]
        leaving = sorted((finish, place) for place, (_, finish, _) in enumerate(waiting))
        busy: dict[int, Seen] = {}  # by place, and so in the order of touches
        people: Counter[str] = Counter()
        come = gone = 0
        mine = bisect_right(own, edges[first], key=lambda item: item[1])
        for start, end in zip(edges[first:last], edges[first + 1 : last + 1], strict=False):
            while come < len(waiting) and waiting[come][0] <= start:
                busy[come] = waiting[come][2]
                people[waiting[come][2].person] += 1
                come += 1
            while gone < len(leaving) and leaving[gone][0] <= start:
                person = busy.pop(leaving[gone][1]).person
                people[person] -= 1
                if not people[person]:
                    del people[person]
                gone += 1
            while mine < len(own) and own[mine][1] <= start:
                mine += 1
            if mine < len(own) and own[mine][0] <= start:
                continue
            if busy and len(people) >= self.at_most:
                ids = [seen.id for seen in busy.values()]
                yield self.block(start, end, "account_load", touches=ids, at_most=self.at_most)

    @staticmethod
    def _edges(case: View, width: int) -> tuple[list[Span], list[int], list[tuple[int, int, Seen]]]:
        """When the prospect is in conversation, every edge in order, and when the others are."""
        own = [
            (seen.hi, seen.lo + width) for seen in case.touches if seen.outbound and seen.out
        ]  # surely in conversation
        others = [(seen.lo, seen.hi + width, seen) for seen in case.others if seen.outbound and seen.out]
        edges = {edge for item in own for edge in item} | {edge for item in others for edge in item[:2]}
        return union(own), sorted(edges), others


class AccountDay(Limit):
    """Not two of us on one day: closed on the dates on which somebody other than the owner touches anyone of the account.

    A touch whose author is not known, or a prospect without an owner, counts as somebody else.
    """

    rule: Literal["account_day"] = "account_day"
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)

    @property
    def memory(self) -> int | None:
        return 4 * DAY

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        owner = case.prospect.owner
        zones = zones_of(case, self.clock)
        for seen in (*case.touches, *case.others):
            if seen.hi < span[0] - 4 * DAY or seen.lo > span[1] + 4 * DAY:
                continue
            if not seen.outbound or not seen.out or (owner is not None and seen.by == owner):
                continue
            if not zones:
                yield self.block(
                    seen.lo - 3 * DAY, seen.hi + 3 * DAY, "zone_unknown", needs=("zone",), touches=(seen.id,)
                )
                continue
            for zone in zones:
                for start, end in zone.days(zone.day(seen.lo), zone.day(seen.hi)):
                    yield self.block(start, end, "account_day", touches=(seen.id,), by=seen.by or "")
