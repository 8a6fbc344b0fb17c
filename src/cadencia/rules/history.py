"""Limits that count touches: which ones, in which stretch, together with whose."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

from .._model import OneOrMore
from .._time.clock import EVER, FOREVER
from .base import Limit
from .filters import Candidate, Since, TouchFilter

if TYPE_CHECKING:
    from .._view import Seen, View

__all__ = ["Count", "Over", "Per", "ReadsHistory", "Segment", "shares", "tells", "together"]


class _Segment(NamedTuple):
    lo: int
    hi: int
    touches: list[Seen]
    exact: bool = True


class Segment(_Segment):
    """A stretch of time with the touches that count in it: counters begin again between two segments.

    Attributes:
        lo, hi: from when to when.
        touches: those that count, in order.
        exact: whether the instant of every touch of the history is known; asked of all, so that the answer does not
            depend on the span.
    """

    @cached_property
    def done(self) -> list[Seen]:
        """The touches that have happened, bookings left out."""
        return [seen for seen in self.touches if not seen.booked]

    @cached_property
    def groups(self) -> list[tuple[int, int, list[Seen]]]:
        """The touches of one instant, or whose dates overlap, together: the last touch is all of the last group."""
        return together(self.touches)

    @cached_property
    def ends(self) -> list[int]:
        """For each touch the latest end so far: touches may be long, so starts do not say when to stop looking."""
        return list(accumulate((seen.end for seen in self.touches), max))

    @cached_property
    def done_ids(self) -> tuple[str, ...]:
        """The ids of the touches that have happened, which blocks share."""
        return tuple(seen.id for seen in self.done)

    @cached_property
    def done_starts(self) -> list[int]:
        """Where each touch that has happened begins, at the earliest."""
        return [seen.lo for seen in self.done]

    @cached_property
    def done_tops(self) -> list[int]:
        """For each touch that has happened the latest beginning so far: a date may begin late."""
        return list(accumulate((seen.hi for seen in self.done), max))

    @cached_property
    def done_ends(self) -> list[int]:
        """For each touch that has happened the latest end so far."""
        return list(accumulate((seen.end for seen in self.done), max))

    @cached_property
    def done_runs(self) -> list[int]:
        """For each touch that has happened the how-manieth in a row with its disposition it is."""
        runs: list[int] = []
        before = None
        for seen in self.done:
            runs.append(runs[-1] + 1 if seen.disposition == before else 1)
            before = seen.disposition
        return runs


def together(touches: list[Seen]) -> list[tuple[int, int, list[Seen]]]:
    """Touches of one instant, or whose dates overlap, as `(lo, hi, touches)` in order."""
    groups: list[tuple[int, int, list[Seen]]] = []
    for seen in touches:
        if groups and seen.lo <= groups[-1][1]:
            lo, hi, group = groups[-1]
            group.append(seen)
            if seen.hi > hi:
                groups[-1] = lo, seen.hi, group
        else:
            groups.append((seen.lo, seen.hi, [seen]))
    return groups


Count = Literal["planned", "attempted", "delivered", "reached"]
Over = Literal["prospect", "account", "others"]


def tells(count: Count, seen: Seen) -> bool:
    """Whether a touch counts in this way of counting; unknown may have been reached."""
    if count == "attempted":
        return seen.out
    if count == "delivered":
        return seen.delivered
    if count == "reached":
        return seen.reached is not False and seen.out and not seen.booked
    return True


Per = Annotated[tuple[Literal["channel", "step", "subject", "contact_point", "purpose"], ...], OneOrMore]


def shares(per: Iterable[str], seen: Seen, candidate: Candidate) -> bool:
    """Whether a touch shares with a candidate what `per` names; unknown may share."""
    for what in per:
        if what == "channel":
            if seen.channel != candidate.channel:
                return False
        elif what == "contact_point":
            if seen.channel != candidate.channel or (
                None not in (seen.point, candidate.point) and seen.point != candidate.point
            ):
                return False
        elif what == "step":
            if None not in (seen.step, candidate.step) and seen.step != candidate.step:
                return False
        elif what == "purpose":
            if None not in (seen.purpose, candidate.purpose) and seen.purpose != candidate.purpose:
                return False
        elif seen.subjects and candidate.subjects and not set(seen.subjects) & set(candidate.subjects):
            return False
    return True


class ReadsHistory(Limit):
    """A limit that counts touches.

    Attributes:
        counts: which touches; outbound ones unless directions are named.
        count: `planned` (all not cancelled), `attempted` (gone out or booked), `delivered`, or `reached`.
        since: `ever`, `case` (since it was opened), or the last touch that matches a filter: counters begin again there.
        per: count only touches that share the candidate's `channel`, `step`, `subject`, `contact_point` or `purpose`.
        over: whose touches: the `prospect`'s, the whole `account`'s, or only the `others`'.
    """

    counts: TouchFilter = TouchFilter()
    count: Count = "attempted"
    since: Since = "ever"
    per: Per = ()
    over: Over = "prospect"

    #: Whether a touch counts only where it surely lies after the counters began again: where what is counted permits.
    surely: ClassVar[bool] = False

    def tells(self, seen: Seen) -> bool:
        """Whether a touch counts, but for `per`."""
        if self.counts.directions is None and not seen.outbound:
            return False
        if not self.counts.counts(seen):
            return False
        return tells(self.count, seen)

    def shares(self, seen: Seen, candidate: Candidate) -> bool:
        """Whether a touch shares with the candidate what `per` names; unknown may share."""
        return shares(self.per, seen, candidate)

    def pool(self, view: View) -> list[Seen]:
        """The touches of those whose touches count."""
        if self.over == "prospect":
            return view.touches
        if self.over == "others":
            return view.others
        return view.everybody

    def history(self, view: View, candidate: Candidate) -> list[Segment]:
        """The counted touches, split where counters begin again. Remembered per view and candidate."""
        key = (
            (id(self), candidate.channel, candidate.point, candidate.purpose, candidate.step, candidate.subjects)
            if self.per
            else id(self)
        )
        segments: list[Segment] = view.remember(self, key, lambda: self._history(view, candidate))
        return segments

    def counted(self, case: View, candidate: Candidate, instant: int) -> tuple[str, ...]:
        if not self.covers(case, candidate):
            return ()
        segments = [item for item in self.history(case, candidate) if item.lo <= instant < item.hi]
        return tuple(dict.fromkeys(seen.id for item in segments for seen in item.touches))

    def _history(self, view: View, candidate: Candidate) -> list[Segment]:
        pool = self.pool(view)
        counted = [seen for seen in pool if self.tells(seen) and self.shares(seen, candidate)]
        exact = all(seen.lo == seen.hi for seen in counted)
        if self.since == "ever":
            return [Segment(EVER, FOREVER, counted, exact)]
        early = 0
        if (
            self.since == "case"
        ):  # a touch at the very opening is of the case; one that matches a filter ends what was before
            anchors, early = [] if view.opened is None else [(view.opened, view.opened)], 1
        else:
            filter_ = self.since
            anchors = [(seen.lo, seen.hi) for seen in pool if filter_.surely(seen)]
        if not anchors:
            return [Segment(EVER, FOREVER, counted, exact)]
        starts = [seen.lo for seen in counted]
        tops = list(accumulate((seen.hi for seen in counted), max))
        edges = [(EVER, EVER), *sorted(set(anchors))]
        segments: list[Segment] = []
        top = EVER
        for index, (lo, hi) in enumerate(edges):
            top = max(top, hi)
            last = index + 1 == len(edges)
            next_lo, next_hi = (FOREVER, FOREVER) if last else edges[index + 1]
            first = bisect_right(tops, lo - early) if index else 0
            until = len(counted) if last else bisect_right(starts, next_lo - early)
            touches = counted[first:until]
            if index and self.surely:
                touches = [seen for seen in touches if seen.lo > top - early]
            elif index:
                touches = [seen for seen in touches if seen.hi > lo - early]
            segments.append(Segment(lo, next_hi, touches, exact))
        return segments
