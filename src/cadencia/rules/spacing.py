"""How far apart: spacing between touches."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from math import ceil, log
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from .._model import Model, OneOrMore
from .._time.clock import DAY, EVER, FOREVER
from .._time.periods import Delay, DelayField, LengthField
from .._time.spans import Span
from ..errors import InputError
from ._places import Places
from .block import Block
from .delays import DATED, Clockwork, Over, close_to, over
from .filters import Candidate, TouchFilter
from .history import Segment
from .timed import KeepsTime

if TYPE_CHECKING:
    from .._view import Seen, View

__all__ = ["Backoff", "Spacing", "TouchFilter"]

#: After so many attempts a backoff grows no more.
_STEPS = 200


class Backoff(Model):
    """Gaps that grow: `first`, then each `factor` times the one before, never more than `at_most`. All elapsed time."""

    first: LengthField
    factor: Annotated[float, Field(ge=1, le=100)] = 2
    at_most: LengthField


class Spacing(KeepsTime):
    """At least so much time between touches: from the end of every counted touch, both ways.

    Exactly one of `at_least` (one delay), `gaps` (after the first attempt, the second, ...; the last one repeats) and
    `backoff`. `counts` says after what; `per: channel` keeps channels apart.

    Semantics: measured from the touch as it really happened, from its end; permitted at the very instant the delay is over.
    """

    rule: Literal["spacing"] = "spacing"
    at_least: DelayField | None = None
    gaps: Annotated[tuple[DelayField, ...], OneOrMore] = ()
    backoff: Backoff | None = None

    @model_validator(mode="after")
    def _one_gap(self) -> Spacing:
        if sum((self.at_least is not None, bool(self.gaps), self.backoff is not None)) != 1:
            raise InputError("give exactly one of `at_least: 48h`, `gaps: [24h, 3 days]` and `backoff`")
        return self

    @property
    def memory(self) -> int | None:
        if self.at_least is None or self.since != "ever" or self.at_least.kind != "elapsed":
            return None
        return self.at_least.amount

    def delays(self) -> tuple[Delay, ...]:
        return (self.at_least,) if self.at_least else self.gaps

    def gap(self, attempt: int) -> Delay:
        """The delay after the n-th counted touch, from 1."""
        if self.at_least is not None:
            return self.at_least
        if self.gaps:
            return self.gaps[min(attempt, len(self.gaps)) - 1]
        assert self.backoff is not None
        grown = min(
            self.backoff.first.micros * self.backoff.factor ** min(attempt - 1, _STEPS), self.backoff.at_most.micros
        )
        return Delay(f"{int(grown) // 1_000_000}s", "elapsed", int(grown))

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = self.clockwork(case)
        for segment in self.history(case, candidate):
            if not segment.touches or segment.lo >= span[1] or segment.hi <= span[0]:
                continue
            for block in self._segment(segment, clockwork, span):
                start, end = max(block.start, segment.lo), min(block.end, segment.hi)
                if start < end:
                    yield block._replace(start=start, end=end)

    @property
    def changes(self) -> int:
        """After so many attempts every gap is the same."""
        if self.backoff is None:
            return max(len(self.gaps) - 1, 0)
        if self.backoff.factor == 1:
            return 0
        grows = max(self.backoff.at_most.micros / self.backoff.first.micros, 1)
        return min(ceil(log(grows, self.backoff.factor)) + 1, _STEPS)

    def _segment(self, segment: Segment, clockwork: Clockwork, span: Span) -> Iterator[Block]:
        touches, latest = segment.touches, segment.ends
        places = None if segment.exact or not self.changes else Places.of(touches)
        longest = self.longest(clockwork)
        floor = 0  # every touch before this one is long over
        for index in range(len(touches) - 1, -1, -1):
            seen, gap = touches[index], self.gap(index + 1)
            done = over(gap, clockwork, seen.hi, seen.end)
            if places is not None:
                gap, done = max(
                    ((gap, over(gap, clockwork, seen.hi, seen.end)) for gap in places.gaps(self, index)),
                    key=lambda item: item[1],
                )
            if done.at > span[0]:
                yield self._wait(seen.lo, done, gap, seen)
            elif longest and all(
                over(item, clockwork, latest[index], latest[index]).at + 2 * DAY <= span[0] for item in longest
            ):
                floor = index + 1
                break
        for alone in clockwork.apart():
            if places is not None:
                for start, end, seen, gap in places.ahead(self, alone, span):
                    yield self.block(start, end, "spacing", touches=(seen.id,), gap=str(gap))
            elif any(seen.hi > span[0] for seen in reversed(touches)):
                yield from self._before_bookings(touches, alone, span, floor)

    def _wait(self, start: int, done: Over, gap: Delay, seen: Seen) -> Block:
        if done.needs:
            code = f"{done.needs[0]}_unknown"
            about = dict(done.about)
            return self.block(start, FOREVER, code, needs=done.needs, touches=(seen.id,), gap=str(gap), **about)
        return self.block(start, done.at, "spacing", touches=(seen.id,), gap=str(gap))

    def longest(self, clockwork: Clockwork) -> tuple[Delay, ...]:
        """Delays none of which any gap outlasts; none where an unknown calendar may make an old gap the longest."""
        if self.at_least is not None:
            return (self.at_least,)
        if self.backoff is not None:
            return (self.gap(_STEPS + 1),)
        dated = any(delay.kind in DATED for delay in self.gaps)
        return () if dated and clockwork.calendar.regions != () else self.gaps

    def _before_bookings(self, touches: list[Seen], clockwork: Clockwork, span: Span, floor: int) -> Iterator[Block]:
        """What a touch would break at later touches: by coming too close, or by moving them one place up the list of gaps."""

        def ends(index: int, attempt: int) -> Over:
            return over(self.gap(attempt), clockwork, touches[index].hi, touches[index].end)

        sound: list[int] = []
        latest = EVER
        for index in range(floor, len(touches)):
            if touches[index].hi > span[0] and latest <= touches[index].lo:
                sound.append(index)
            latest = max(latest, ends(index, index + 1).at)
        steps = self.changes  # from here on one place up is the same gap
        for place in range(floor, len(touches) + 1):  # the candidate comes after `place` of the touches
            low = touches[place - 1].lo if place else EVER
            high = touches[place].hi if place < len(touches) else FOREVER
            low, high = max(low, span[0]), min(high, span[1])
            if low >= high:
                continue
            gap = self.gap(place + 1)
            farthest = over(gap, clockwork, high, high).at + (0 if gap.kind == "elapsed" else 2 * DAY)
            moved, past = EVER, place
            for later in islice(sound, bisect_left(sound, place), None):
                seen = touches[later]
                for index in range(past, min(later, steps)):
                    moved = max(moved, ends(index, index + 2).at)
                past = max(past, later)
                if moved > seen.lo:
                    yield self.block(low, high, "spacing", touches=(seen.id,), gap=str(gap))
                    continue
                if seen.lo >= farthest:
                    if later >= steps:
                        break
                    continue

                for start, end in close_to(gap, clockwork, seen.lo, (low, high)):
                    yield self.block(start, end, "spacing", touches=(seen.id,), gap=str(gap))
