"""How far apart: spacing between touches, recall by disposition, and cool-off."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice
from math import ceil, log
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from .._model import Model, OneOrMore
from .._time.clock import DAY, EVER, FOREVER
from .._time.hours import DaysField, WeekField, WeekHours, week_table
from .._time.periods import Delay, DelayField, LengthField
from .._time.spans import Span
from ..errors import InputError
from ._places import Places
from .block import Block, Stretch
from .clock import check_clock, zones_of
from .delays import DATED, ClockNames, Clockwork, Holidays, Over, calendar_of, close_to, over
from .filters import Candidate, TouchFilter
from .history import ReadsHistory, Segment

if TYPE_CHECKING:
    from .._view import Seen, View

#: What a touch does to a silence: it completes the count, or comes before the silence is over.
_WHOLE, _AGAIN = 2, 1
#: After so many attempts a backoff grows no more.
_STEPS = 200


class Backoff(Model):
    """Gaps that grow: `first`, then each `factor` times the one before, never more than `at_most`. All elapsed time."""

    first: LengthField
    factor: Annotated[float, Field(ge=1, le=100)] = 2
    at_most: LengthField


class KeepsTime(ReadsHistory):
    """A limit with delays: on which clock, calendar and hours they run.

    Attributes:
        clock: the prospect's zones, a named zone, or both; the later end counts.
        calendar: whose public holidays are no business days: regions, `prospect` or `prospect_country`.
        business_days: the weekdays that are business days.
        hours: what a business hour is; needed for delays in business hours.
    """

    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: Holidays | None = None
    business_days: DaysField = (0, 1, 2, 3, 4)
    hours: WeekField | None = None

    def delays(self) -> tuple[Delay, ...]:
        """Every delay the rule may use."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _hours_given(self) -> KeepsTime:
        if self.hours is None and any(delay.kind == "business_hours" for delay in self.delays()):
            raise InputError(
                'a delay in business hours needs `hours`; write for example `hours: {mon-fri: ["09:00-18:00"]}`'
            )
        return self

    def clockwork(self, view: View) -> Clockwork:
        """The zones, calendar and hours for a case."""
        key = ("clockwork", id(self))
        known = view.memo.get(key)
        if known is None:
            hours = None if self.hours is None else WeekHours(week_table(self.hours))
            known = view.memo[key] = (
                self,
                Clockwork(zones_of(view, self.clock), calendar_of(view, self.calendar, self.business_days), hours),
            )
        made: Clockwork = known[1]
        return made


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


class Recall(KeepsTime):
    """How long to wait after an attempt, by how it ended, and by the how-manieth in a row it was.

    `after` is a table: a disposition (or `otherwise`) with one delay, or a list for the first, second, ... in a row. Only the
    last attempt speaks (all attempts of that instant, the longest wait). Bookings have no disposition and do not speak.
    """

    rule: Literal["recall"] = "recall"
    after: dict[str, Annotated[tuple[DelayField, ...], OneOrMore]]

    @model_validator(mode="after")
    def _some(self) -> Recall:
        if not self.after or not all(self.after.values()):
            raise InputError(
                "`after` needs at least one delay a line; write for example `after: {busy: 30m, otherwise: 1 day}`"
            )
        return self

    def delays(self) -> tuple[Delay, ...]:
        return tuple(delay for row in self.after.values() for delay in row)

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = self.clockwork(case)
        for segment in self.history(case, candidate):
            if segment.lo >= span[1] or segment.hi <= span[0]:
                continue
            touches, starts, tops, runs = segment.done, segment.done_starts, segment.done_tops, segment.done_runs

            def speaks(index: int, starts: list[int] = starts, tops: list[int] = tops) -> bool:
                """Whether a touch, or an earlier one, may be the last when the span begins."""
                after = bisect_right(starts, tops[index])
                return after == len(starts) or tops[after] > span[0]

            for index in range(bisect_left(range(len(touches)), True, key=speaks), bisect_left(starts, span[1])):
                seen = touches[index]
                row = self.after.get(seen.disposition, self.after.get("otherwise"))
                if row is None:
                    continue
                after = bisect_right(starts, seen.hi)
                until = segment.hi if after == len(touches) else min(segment.hi, touches[after].hi)
                if until <= span[0]:  # pragma: no cover - `speaks` begins at what may matter; this only spares work
                    continue
                delay = row[min(runs[index], len(row)) - 1]
                done = over(delay, clockwork, seen.hi, seen.end)
                end = min(FOREVER if done.needs else done.at, until)
                start = max(seen.lo, segment.lo)
                if start < end:
                    code = f"{done.needs[0]}_unknown" if done.needs else "recall"
                    yield self.block(
                        start, end, code, needs=done.needs, touches=(seen.id,),
                        disposition=seen.disposition, gap=str(delay), nth=runs[index], **dict(done.about),
                    )  # fmt: skip


class _Silence(NamedTuple):
    """From when to when, after which touch, and what is missing to say when it ends, with details."""

    start: int
    end: int
    last: int
    needs: tuple[str, ...]
    about: tuple[tuple[str, Any], ...]


class CoolOff(KeepsTime):
    """So many counted touches within a period, and then silence.

    Latched by the touch that completes the count, restarted by each further one that is made before the silence is over, whether
    or not it completes the count anew. Counts what has happened, not bookings.
    With `times: 1` it is a pause after one touch: `counts: {dispositions: [refused]}, silence: 60 full dates`.

    Semantics: `within: 10d` is rolling elapsed time; a touch exactly that old no longer counts.
    """

    rule: Literal["cool_off"] = "cool_off"
    times: Annotated[int, Field(ge=1)] = 1
    within: LengthField | None = None
    silence: DelayField

    @model_validator(mode="after")
    def _within_given(self) -> CoolOff:
        if self.times > 1 and self.within is None:
            raise InputError(f"`times: {self.times}` needs a period; write for example `within: 10d`")
        return self

    def delays(self) -> tuple[Delay, ...]:
        return (self.silence,)

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = self.clockwork(case)
        for segment in self.history(case, candidate):
            if segment.lo >= span[1] or segment.hi <= span[0]:
                continue
            touches, tops = segment.done, segment.done_tops
            latches = case.remember(self, ("latches", id(segment)), lambda: self._latches(segment, clockwork))  # noqa: B023
            for start, end, index, needs, about in self._silences(segment, clockwork, span, latches):
                if end <= span[0]:
                    continue
                whole = latches.rfind(_WHOLE, 0, index + 1)
                place, last = sorted((index, whole if whole >= 0 else latches.find(_WHOLE)))
                width = None if self.within is None else self.within.micros
                first = place if width is None else bisect_right(tops, touches[place].lo - width)
                code = f"{needs[0]}_unknown" if needs else "cool_off"
                yield self.block(
                    start, end, code,
                    needs=needs, touches=Stretch(segment.done_ids, first, last + 1),
                    times=self.times, silence=str(self.silence), **dict(about),
                )  # fmt: skip

    def _silences(self, segment: Segment, clockwork: Clockwork, span: Span, latches: bytearray) -> list[_Silence]:
        """Each silence; it ends where one that lasts as long begins."""
        touches, ends = segment.done, segment.done_ends
        first = 0
        if self.silence.kind not in DATED or clockwork.calendar.regions == ():
            first = bisect_left(
                ends, True, key=lambda end: over(self.silence, clockwork, end, end).at + 2 * DAY > span[0]
            )
        over_: list[_Silence] = []
        open_: list[_Silence] = []  # each ends after the one that follows it
        for index in range(first, bisect_left(segment.done_starts, span[1])):
            seen = touches[index]
            if not latches[index]:
                continue
            done = over(self.silence, clockwork, seen.hi, seen.end)
            start, end = max(seen.lo, segment.lo), min(FOREVER if done.needs else done.at, segment.hi)
            if start >= end:
                continue
            while open_ and open_[-1].end <= end and open_[-1].needs in ((), done.needs):
                before = open_.pop()
                if before.start < min(before.end, start):
                    over_.append(before._replace(end=min(before.end, start)))
            open_.append(_Silence(start, end, index, done.needs, done.about))
        return sorted(over_ + open_)

    def _latches(self, segment: Segment, clockwork: Clockwork) -> bytearray:
        """For each touch whether silence follows: as it completes the count, or may lie in a silence that another began."""
        touches, starts, tops = segment.done, segment.done_starts, segment.done_tops
        if self.within is None:
            return bytearray([_WHOLE]) * len(touches)
        width = self.within.micros
        found = bytearray(
            _WHOLE * (place + 1 - bisect_right(tops, seen.lo - width) >= self.times)
            for place, seen in enumerate(touches)
        )
        again = 0 in found and _WHOLE in found
        while again:  # once where every instant is known: only a date may lie after a touch that comes later in order
            again, until = False, EVER
            late: Seen | None = (
                None  # of those that silence follows, the one that begins last and the one that ends last:
            )
            long: Seen | None = None  # no silence is longer than theirs
            for place, seen in enumerate(touches):
                if not found[place]:
                    for last in (late, long):
                        if last is not None:
                            done = over(self.silence, clockwork, last.hi, last.end)
                            until = FOREVER if done.needs else max(until, done.at)
                    late = long = None
                    if seen.lo < until or any(found[place : bisect_right(starts, seen.hi)]):
                        found[place], again = _AGAIN, again or not segment.exact
                if found[place]:
                    late = seen if late is None or seen.hi > late.hi else late
                    long = seen if long is None or seen.end > long.end else long
        return found


__all__ = ["Backoff", "CoolOff", "Recall", "Spacing", "TouchFilter"]
