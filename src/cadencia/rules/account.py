"""One voice: what the other people of an account, and our colleagues, mean for this prospect."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from .._model import Whole
from .._time.clock import DAY, EVER, FOREVER
from .._time.periods import LengthField
from .._time.spans import Span, union
from .base import Limit
from .block import Block
from .clock import check_clock, zones_of
from .delays import ClockNames, Clockwork, Holidays, TimelessDelay, calendar_of, over
from .evidence import Staying
from .filters import Candidate, TouchFilter

if TYPE_CHECKING:
    from .._view import View


class AccountReply(Limit):
    """A reply of anybody else at the account delays contact by `lasts`, or until further notice when not given.

    `counts` says which touches of the others are a reply; inbound ones and those that reached the person, or may have, when
    not given.
    """

    rule: Literal["account_reply"] = "account_reply"
    lasts: TimelessDelay | None = None
    counts: TouchFilter = TouchFilter(reached=True)
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: Holidays | None = None

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = Clockwork(zones_of(case, self.clock), calendar_of(case, self.calendar))
        for seen in case.others:
            if seen.booked or not self.counts.counts(seen):
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
                code, about = f"{done.needs[0]}_unknown", dict(done.about)
                yield self.block(seen.lo, FOREVER, code, needs=done.needs, touches=(seen.id,), **about)
            elif seen.lo < done.at:
                yield self.block(seen.lo, done.at, "account_reply", touches=(seen.id,), person=seen.person)


class AccountLoad(Limit):
    """At most `at_most` people of an account in conversation at once.

    A person is in conversation for `within` after each touch of ours that went out or is booked. Whoever is already in
    conversation may go on. It looks both ways: whom a later booking brings into conversation is not crowded out.
    """

    rule: Literal["account_load"] = "account_load"
    at_most: Annotated[Whole, Field(ge=0)]
    within: LengthField

    @property
    def memory(self) -> int | None:
        return self.within.micros

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if self.at_most == 0:
            yield self.block(EVER, FOREVER, "exhausted", final=True, at_most=0, made=0)
            return
        if not case.others:
            return
        talks: _Conversations = case.remember(
            self, ("account_load", id(self)), lambda: _Conversations(case, self.within.micros)
        )
        for start, end, busy, people in talks.pieces(span):
            if people >= self.at_most:
                yield self._full(start, end, busy)
        ahead: list[Block] = case.remember(self, ("account_load_ahead", id(self)), lambda: self._ahead(talks))
        first = bisect_left(ahead, span[0] - self.within.micros - 3 * DAY, key=lambda block: block.start)
        for block in ahead[first : bisect_left(ahead, span[1], key=lambda block: block.start)]:
            if block.end > span[0]:
                yield block

    def _ahead(self, talks: _Conversations) -> list[Block]:
        """What would crowd out somebody whom a later touch brings into conversation."""
        found: list[Block] = []
        entries = iter(talks.entries)
        entry = next(entries, None)
        for start, end, busy, people in talks.pieces((EVER, FOREVER)):
            while entry is not None and entry[1] <= start:
                entry = next(entries, None)
            if entry is None:
                break
            # where every instant is known, a conversation too many without us is no reason to wait
            if people == self.at_most or (people > self.at_most and not talks.exact):
                low, high = max(start, entry[0]), min(end, entry[1])
                if low < high:
                    found.append(self._full(low - talks.width + 1, high, busy))
        return sorted(found)

    def _full(self, start: int, end: int, busy: Staying) -> Block:
        return self.block(start, end, "account_load", touches=busy, at_most=self.at_most)


class _Conversations:
    """Who of the others may be in conversation when, while the prospect is not surely.

    Attributes:
        exact: whether every instant is known.
        entries: when somebody may be brought into conversation.
    """

    def __init__(self, case: View, width: int) -> None:
        touches = [[seen for seen in pool if seen.outbound and seen.out] for pool in (case.touches, case.others)]
        self.width = width
        self.exact = all(seen.lo == seen.hi for pool in touches for seen in pool)
        self.own = union((seen.hi, seen.lo + width) for seen in touches[0])
        self.others = touches[1]
        self.entries = union(self._entries())
        spans = [*self.own, *((seen.lo, seen.hi + width) for seen in self.others), *self.entries]
        self.edges = sorted({edge for span in spans for edge in span})

    def _entries(self) -> Iterator[Span]:
        until: dict[str, int] = {}  # by person, the end of a conversation whose instants are known
        for seen in self.others:
            if seen.lo < seen.hi or seen.lo >= until.get(seen.person, EVER):
                yield seen.lo, seen.hi + 1
            if seen.lo == seen.hi:
                until[seen.person] = seen.lo + self.width

    def pieces(self, span: Span) -> Iterator[tuple[int, int, Staying, int]]:
        """Stretches in which nothing changes, with the touches that keep others in conversation, and how many those are."""
        edges = self.edges
        first = max(bisect_right(edges, span[0]) - 1, 0)
        last = bisect_left(edges, span[1])
        if first >= last:
            return
        latest = edges[min(last, len(edges) - 1)]
        waiting = [seen for seen in self.others if seen.lo < latest and seen.hi + self.width > edges[first]]
        ids, leaves = tuple(seen.id for seen in waiting), [seen.hi + self.width for seen in waiting]
        leaving = sorted(range(len(waiting)), key=leaves.__getitem__)
        people: Counter[str] = Counter()
        oldest = come = gone = 0  # every touch before the oldest has left
        mine = bisect_right(self.own, edges[first], key=lambda item: item[1])
        for start, end in zip(edges[first:last], edges[first + 1 : last + 1], strict=False):
            while come < len(waiting) and waiting[come].lo <= start:
                people[waiting[come].person] += 1
                come += 1
            while gone < len(leaving) and leaves[leaving[gone]] <= start:
                person = waiting[leaving[gone]].person
                people[person] -= 1
                if not people[person]:
                    del people[person]
                gone += 1
            while mine < len(self.own) and self.own[mine][1] <= start:
                mine += 1
            while oldest < come and leaves[oldest] <= start:
                oldest += 1
            if come > gone and not (mine < len(self.own) and self.own[mine][0] <= start):
                yield start, end, Staying(ids, oldest, come, leaves, start, come - gone), len(people)


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
