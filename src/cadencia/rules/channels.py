"""Not the same channel again and again, and not now one and then another."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from .._model import Whole
from .._time.clock import DAY, EVER, FOREVER
from .._time.periods import LengthField
from .._time.spans import Span
from ..errors import InputError
from .block import Block
from .clock import check_clock, zones_of
from .delays import ClockNames
from .filters import Candidate
from .history import ReadsHistory, Segment

if TYPE_CHECKING:
    from .._time.clock import Zone
    from .._view import Seen, View


class NoRepeatedChannel(ReadsHistory):
    """Not more than `at_most` counted touches running on one channel; 1 means never the same channel twice running.

    It can leave a prospect with a single channel blocked until another channel is there; `cadencia check` warns.
    """

    rule: Literal["no_repeated_channel"] = "no_repeated_channel"
    at_most: Annotated[Whole, Field(ge=1)] = 1

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for segment in self.history(case, candidate):
            if segment.lo >= span[1] or segment.hi <= span[0]:
                continue
            for block in self._segment(segment, candidate.channel, span):
                start, end = max(block.start, segment.lo), min(block.end, segment.hi)
                if start < end:
                    yield block._replace(start=start, end=end)

    def _segment(self, segment: Segment, channel: str, span: Span) -> Iterator[Block]:
        groups = segment.groups
        first = bisect_left(groups, True, key=lambda group: _over(group) > span[0])
        last = bisect_left(groups, span[1], key=lambda group: group[0])
        for place in range(first, last + 1):  # the candidate comes after `place` of the groups
            start = groups[place - 1][0] if place else EVER
            end = _over(groups[place]) if place < len(groups) else FOREVER
            before = self._running(groups, range(place - 1, -1, -1), channel)
            after = self._running(groups, range(place, len(groups)), channel)
            run = [name for ids in reversed(before) for name in ids][-self.at_most - 1 :]
            run += [name for ids in after for name in ids]
            if run and len(run) >= self.at_most and start < end:
                yield self.block(
                    start, end, "repeated_channel",
                    needs=("other_channel",) if end == FOREVER else (),
                    touches=run, channel=channel, running=len(run),
                )  # fmt: skip

    def _running(self, groups: list[tuple[int, int, list[Seen]]], places: range, channel: str) -> list[list[str]]:
        """The ids of the groups that run on the channel, from the candidate away, until they are more than enough."""
        found: list[list[str]] = []
        many = 0
        for place in places:
            ids = [seen.id for seen in groups[place][2] if seen.channel == channel]
            if not ids or many > self.at_most:
                break
            found.append(ids)
            many += len(ids)
        return found


def _over(group: tuple[int, int, list[Seen]]) -> int:
    """The first instant at which a group has surely begun, where its instant is known, else after its last one."""
    return group[1] + (group[1] != group[0])


class OneChannel(ReadsHistory):
    """Whoever was contacted by one channel is contacted by no other for a time.

    Exactly one of `within`, rolling elapsed time (a touch exactly that old is free again), and `dates`, rolling local dates
    with today as the last.

    Semantics: it looks both ways, so a touch by another channel that is booked for later counts as well.
    """

    rule: Literal["one_channel"] = "one_channel"
    within: LengthField | None = None
    dates: Annotated[Whole, Field(ge=1, le=3660)] | None = None
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)

    @model_validator(mode="after")
    def _one_period(self) -> OneChannel:
        if (self.within is None) == (self.dates is None):
            raise InputError("give exactly one of `within: 7d` and `dates: 7`")
        return self

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        zones: tuple[Zone | None, ...] = (None,) if self.within is not None else zones_of(case, self.clock)
        for segment in self.history(case, candidate):
            reach = (self.within.micros if self.within is not None else (self.dates or 0) * DAY) + 3 * DAY
            near = segment.touches if not zones else self._near(segment.touches, span[0] - reach, span[1] + reach)
            others = [seen for seen in near if seen.channel != candidate.channel]
            if segment.lo >= span[1] or segment.hi <= span[0] or not others:
                continue
            if not zones:
                yield self.block(
                    segment.lo, segment.hi, "zone_unknown", needs=("zone",), touches=(seen.id for seen in others)
                )
            for seen in others:
                for zone in zones:
                    for start, end in self._reach(seen, zone):  # of a touch of the segment, which it thus meets
                        start, end = max(start, segment.lo), min(end, segment.hi)
                        yield self.block(start, end, "other_channel", touches=(seen.id,), channel=seen.channel)

    @staticmethod
    def _near(touches: list[Seen], start: int, end: int) -> list[Seen]:
        """The touches that may lie between two instants; a date reaches over less than three days."""
        low = bisect_left(touches, start - 3 * DAY, key=lambda seen: seen.lo)
        return touches[low : bisect_left(touches, end, key=lambda seen: seen.lo)]

    def _reach(self, seen: Seen, zone: Zone | None) -> list[Span]:
        """The instants that share a period with a touch."""
        if zone is None:
            assert self.within is not None
            return [(seen.lo - self.within.micros + 1, seen.hi + self.within.micros)]
        assert self.dates is not None
        return zone.days(zone.day(seen.lo) - self.dates + 1, zone.day(seen.hi) + self.dates - 1)


__all__ = ["NoRepeatedChannel", "OneChannel"]
