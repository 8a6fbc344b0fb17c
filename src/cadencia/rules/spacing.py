"""How far apart: spacing between touches, recall by disposition, and cool-off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from .._clock import DAY, EVER, FOREVER
from .._hours import DaysField, WeekField, WeekHours, week_table
from .._model import Model, OneOrMore
from .._periods import Delay, DelayField, LengthField
from .._spans import Span
from ..errors import InputError, given
from .base import Block, ReadsHistory, Segment, check_clock, zones_of
from .delays import ClockNames, Clockwork, Holidays, Over, calendar_of, over, too_close
from .filters import Candidate, TouchFilter

if TYPE_CHECKING:
    from .._view import Seen, View

_FARTHEST_BACK = 64 * DAY


class Backoff(Model):
    """Gaps that grow: `first`, then each `factor` times the one before, never more than `at_most`. All elapsed time."""

    first: LengthField
    factor: Annotated[float, Field(ge=1, le=100)] = 2
    at_most: LengthField


class KeepsTime(ReadsHistory):
    """A limit with delays: on which clock, calendar and hours they run.

    Attributes:
        clock: the prospect's zones, a named zone, or both; the later end counts.
        calendar: whose public holidays are no business days: regions, or `prospect`.
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
            self.backoff.first.micros * self.backoff.factor ** min(attempt - 1, 200), self.backoff.at_most.micros
        )
        return Delay(f"{int(grown) // 1_000_000}s", "elapsed", int(grown))

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = self.clockwork(case)
        for segment in self.history(case, candidate):
            if not segment.touches:
                continue
            for block in self._segment(segment, clockwork, span):
                start, end = max(block.start, segment.lo), min(block.end, segment.hi)
                if start < end:
                    yield block._replace(start=start, end=end)

    def _segment(self, segment: Segment, clockwork: Clockwork, span: Span) -> Iterator[Block]:
        touches = segment.touches
        latest: list[
            int
        ] = []  # the latest end so far: touches may be long, so starts alone do not say when to stop looking
        for seen in touches:
            latest.append(max(seen.end, latest[-1]) if latest else seen.end)
        for index in range(len(touches) - 1, -1, -1):
            seen, gap = touches[index], self.gap(index + 1)
            done = over(gap, clockwork, seen.hi, seen.end)
            if done.at > span[0]:
                yield self._wait(seen.lo, done, gap, seen)
            elif (
                self.at_least is not None and over(gap, clockwork, latest[index], latest[index]).at + 2 * DAY <= span[0]
            ):
                break
        if touches[-1].lo > span[0]:
            yield from self._before_bookings(touches, clockwork, span)

    def _wait(self, start: int, done: Over, gap: Delay, seen: Seen) -> Block:
        if done.needs:
            return self.block(
                start, FOREVER, f"{done.needs[0]}_unknown", needs=done.needs, touches=(seen.id,), gap=str(gap)
            )
        return self.block(start, done.at, "spacing", touches=(seen.id,), gap=str(gap))

    def _before_bookings(self, touches: list[Seen], clockwork: Clockwork, span: Span) -> Iterator[Block]:
        """What a touch would break at later touches: by coming too close, or by moving them one place up the list of gaps."""

        def ends(index: int, attempt: int) -> Over:
            return over(self.gap(attempt), clockwork, touches[index].hi, touches[index].end)

        sound = [
            all(ends(earlier, earlier + 1).at <= touches[later].lo for earlier in range(later))
            if touches[later].lo > span[0]
            else False
            for later in range(len(touches))
        ]
        for place in range(len(touches) + 1):  # the candidate comes after `place` of the touches
            low = touches[place - 1].lo if place else EVER
            high = touches[place].hi if place < len(touches) else FOREVER
            low, high = max(low, span[0]), min(high, span[1])
            if low >= high:
                continue
            gap = self.gap(place + 1)
            for later in range(place, len(touches)):
                if not sound[later]:
                    continue
                seen = touches[later]
                if any(ends(index, index + 2).at > seen.lo for index in range(place, later)):
                    yield self.block(low, high, "spacing", touches=(seen.id,), gap=str(gap))
                    continue

                def after(instant: int, gap: Delay = gap) -> int:
                    return over(gap, clockwork, instant, instant).at

                since = max(low, EVER + DAY)
                reach = _FARTHEST_BACK
                while seen.lo - reach > since and after(seen.lo - reach) > seen.lo:
                    reach *= 2
                since = max(since, seen.lo - reach)
                for start, end in too_close(after, clockwork.zones, seen.lo, since) if since < seen.lo else ():
                    if start < high:
                        yield self.block(
                            start,
                            min(end, high) if end < seen.lo else high,
                            "spacing",
                            touches=(seen.id,),
                            gap=str(gap),
                        )


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
            touches = [seen for seen in segment.touches if not seen.booked]
            run: dict[str, int] = {}
            for index, seen in enumerate(touches):
                run = {seen.disposition: run.get(seen.disposition, 0) + 1}
                row = self.after.get(seen.disposition, self.after.get("otherwise"))
                if row is None:
                    continue
                until = segment.hi
                for later in touches[index + 1 :]:
                    if later.lo > seen.hi:
                        until = min(until, later.hi)
                        break
                if until <= span[0]:
                    continue
                delay = row[min(run[seen.disposition], len(row)) - 1]
                done = over(delay, clockwork, seen.hi, seen.end)
                end = min(FOREVER if done.needs else done.at, until)
                start = max(seen.lo, segment.lo)
                if start < end:
                    code = f"{done.needs[0]}_unknown" if done.needs else "recall"
                    yield self.block(
                        start, end, code, needs=done.needs, touches=(seen.id,),
                        disposition=seen.disposition, gap=str(delay), nth=run[seen.disposition],
                    )  # fmt: skip


class CoolOff(KeepsTime):
    """So many counted touches within a period, and then silence.

    Latched by the touch that completes the count, restarted by each further one. Counts what has happened, not bookings.
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
            touches = [seen for seen in segment.touches if not seen.booked]
            first = 0
            for index, seen in enumerate(touches):
                if self.within is not None:
                    while touches[first].hi <= seen.lo - self.within.micros:
                        first += 1
                counted = touches[first : index + 1] if self.within is not None else touches[index : index + 1]
                if len(counted) < self.times:
                    continue
                done = over(self.silence, clockwork, seen.hi, seen.end)
                start, end = max(seen.lo, segment.lo), min(FOREVER if done.needs else done.at, segment.hi)
                if start < end and end > span[0]:
                    code = f"{done.needs[0]}_unknown" if done.needs else "cool_off"
                    yield self.block(
                        start, end, code, needs=done.needs, touches=(item.id for item in counted),
                        times=self.times, silence=str(self.silence),
                    )  # fmt: skip


def table_text(after: Mapping[str, Any]) -> str:
    """A recall table on one line, for explanations."""
    return ", ".join(f"{name} {given(row)}" for name, row in after.items())


__all__ = ["Backoff", "CoolOff", "Recall", "Spacing", "TouchFilter"]
