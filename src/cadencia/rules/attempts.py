"""How many: attempts in all, and touches within a period."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from .._model import Whole
from .._time.clock import DAY, EVER, FOREVER
from .._time.hours import DAYS
from .._time.periods import LengthField, Period, period_days, period_index
from .._time.spans import Span
from ..errors import InputError, did_you_mean, given
from .block import Block
from .clock import check_clock, zones_of
from .delays import ClockNames
from .evidence import Staying, Stretch
from .filters import Candidate
from .history import ReadsHistory, Segment

if TYPE_CHECKING:
    from .._time.clock import Zone
    from .._view import Seen, View


def _weekday_name(value: str) -> str:
    if value not in DAYS:
        raise InputError(f"{given(value)} is not a weekday; write one of {', '.join(DAYS)}" + did_you_mean(value, DAYS))
    return value


class MaxAttempts(ReadsHistory):
    """At most so many counted touches in all; 0 means never.

    Since ever, the count is final: nothing lifts it. With another `since`, what begins the count again lifts it.

    Semantics: the maximum includes the first attempt; touches booked for later count; touches that did not go out do not,
    unless `count: planned`.
    """

    rule: Literal["max_attempts"] = "max_attempts"
    at_most: Annotated[Whole, Field(ge=0)]

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        final = self.since == "ever" or self.at_most == 0
        for lo, hi, touches, _ in self.history(case, candidate):
            if len(touches) >= self.at_most and lo < span[1] and hi > span[0]:
                yield self.block(
                    lo, hi, "exhausted",
                    needs=() if final else ("fresh_start",),
                    touches=(seen.id for seen in touches),
                    final=final,
                    at_most=self.at_most, made=len(touches),
                )  # fmt: skip


#: No calendar period has more dates.
_LONGEST: dict[Period, int] = {"day": 1, "week": 7, "half_month": 16, "month": 31, "quarter": 92, "year": 366}


class FrequencyCap(ReadsHistory):
    """At most so many counted touches within a period.

    Exactly one of: `within`, rolling elapsed time (`7d`: a touch exactly that old is free again); `dates`, rolling local dates
    with today as the last; `each`, a calendar period (`day`, `week` from `week_start`, `half_month`, `month`, `quarter`,
    `year`) on a `clock` (the prospect's zones, a named zone, or both).

    Semantics: a cap looks both ways, so a touch is also forbidden when a touch booked for later would break the cap with it.
    """

    rule: Literal["frequency_cap"] = "frequency_cap"
    at_most: Annotated[Whole, Field(ge=0)]
    within: LengthField | None = None
    dates: Annotated[Whole, Field(ge=1, le=3660)] | None = None
    each: Period | None = None
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    week_start: Annotated[str, AfterValidator(_weekday_name)] = "mon"

    @model_validator(mode="after")
    def _one_period(self) -> FrequencyCap:
        if sum(value is not None for value in (self.within, self.dates, self.each)) != 1:
            raise InputError("give exactly one of `within: 7d`, `dates: 7` and `each: week`")
        return self

    @property
    def memory(self) -> int | None:
        return None if self.since != "ever" else self._width

    @property
    def _width(self) -> int:
        """Touches farther apart than this share the period on no clock: a clock is never turned by more than a day."""
        if self.within is not None:
            return self.within.micros
        return ((_LONGEST[self.each] if self.each is not None else self.dates or 0) + 1) * DAY

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        if self.at_most == 0:
            yield self.block(EVER, FOREVER, "exhausted", final=True, at_most=0, made=0)
            return
        zones = () if self.within is not None else zones_of(case, self.clock)
        for segment in self.history(case, candidate):
            if len(segment.touches) < self.at_most or segment.lo >= span[1] or segment.hi <= span[0]:
                continue
            if self.within is not None:
                found: Iterable[Block] = self._rolling(segment, span, self.within.micros)
            elif not zones:
                found = self._anywhere(segment, span)
            else:
                found = (block for zone in zones for block in self._local(segment, span, zone))
            for block in found:
                start, end = max(block.start, segment.lo), min(block.end, segment.hi)
                if start < end:  # pragma: no branch - only a touch at the very end of its segment leaves nothing
                    yield block._replace(start=start, end=end)

    def _rolling(self, segment: Segment, span: Span, width: int) -> Iterator[Block]:
        for start, end, ids in self._elapsed(segment, span, width):
            yield self.full(start, end, ids)

    def _anywhere(self, segment: Segment, span: Span) -> Iterator[Block]:
        """Where no zone is known: closed while some clock may put as many touches into one period."""
        for start, end, ids in self._elapsed(segment, span, self._width):
            yield self.block(start, end, "zone_unknown", needs=("zone",), touches=ids)

    def _elapsed(self, segment: Segment, span: Span, width: int) -> Iterator[tuple[int, int, Sequence[str]]]:
        near = _near(segment.touches, span[0] - width, span[1] + width)
        numbered = [(seen.lo, seen.hi, seen.id) for seen in near]
        return crowded(numbered, self.at_most, width, segment.exact, span)

    def _local(self, segment: Segment, span: Span, zone: Zone) -> Iterator[Block]:
        """The same count over local dates, or over the numbers of calendar periods."""
        if self.dates is not None:
            width, reach = self.dates, (self.dates + 2) * DAY
            number: Callable[[int], int] = zone.day
        else:
            assert self.each is not None
            period, first = self.each, DAYS.index(self.week_start)
            width, reach = 1, 370 * DAY

            def number(instant: int) -> int:
                return period_index(zone.day(instant), period, first)

        near = _near(segment.touches, span[0] - reach, span[1] + reach)
        # sorted again: where a clock goes back over midnight, a later instant has the earlier date
        numbered = sorted(((number(seen.lo), number(seen.hi), seen.id) for seen in near), key=lambda item: item[0])
        bounds = min(number(span[0] - DAY), number(span[0])), number(span[1] + DAY) + 1
        for start, end, ids in crowded(numbered, self.at_most, width, segment.exact, bounds):
            if self.dates is None:
                days = period_days(start, period, first)[0], period_days(end - 1, period, first)[1]
            else:
                days = start, end - 1
            for begin, finish in zone.days(*days):
                yield self.full(begin, finish, ids)

    def counted(self, case: View, candidate: Candidate, instant: int) -> tuple[str, ...]:
        """The touches inside the period at an instant."""
        held = super().counted(case, candidate, instant)
        ids = set(held)
        touches = [seen for seen in self.pool(case) if seen.id in ids]
        zones = () if self.within is not None else zones_of(case, self.clock)
        if not zones:
            return tuple(seen.id for seen in touches if instant - self._width < seen.hi and seen.lo <= instant)
        reach = 2 * DAY + DAY * (self.dates or 370)
        touches = _near(touches, instant - reach, instant + reach)
        first = DAYS.index(self.week_start)
        found: dict[str, None] = {}
        for zone in zones:
            today = zone.day(instant)
            for seen in touches:
                low, high = zone.day(seen.lo), zone.day(seen.hi)
                if self.dates is not None:
                    inside = high > today - self.dates and low <= today
                else:
                    assert self.each is not None
                    low, high = period_index(low, self.each, first), period_index(high, self.each, first)
                    inside = low <= period_index(today, self.each, first) <= high
                if inside:
                    found[seen.id] = None
        return tuple(found)

    def full(self, start: int, end: int, ids: Sequence[str]) -> Block:
        """The block while these touches fill the period."""
        period = str(self.within) if self.within else self.each or f"{self.dates} date{'s' if self.dates != 1 else ''}"
        return self.block(start, end, "frequency_cap", touches=ids, at_most=self.at_most, period=period)


def _near(touches: list[Seen], start: int, end: int) -> list[Seen]:
    """The touches that may lie between two instants; a date reaches over less than three days."""
    low = bisect_left(touches, start - 3 * DAY, key=lambda seen: seen.lo)
    high = bisect_right(touches, end, key=lambda seen: seen.lo)
    return touches[low:high]


def crowded(
    touches: list[tuple[int, int, str]], count: int, width: int, exact: bool, bounds: Span
) -> Iterator[tuple[int, int, Sequence[str]]]:
    """Where one more touch would share a window of `width` with `count` of these: `(start, end, ids)`.

    Each touch lies anywhere in `[lo, hi]`. A window holds the numbers `[a, a + width)`. For each run of windows that may hold
    the same `count` or more touches, every number that one of those windows holds is crowded. With `exact`, every `lo` is `hi`.
    What ends before the `bounds` or begins after them may be left out.
    """
    if len(touches) < count:
        return
    if exact:
        ids = tuple(item[2] for item in touches)
        for index in range(len(touches) - count + 1):
            first, last = touches[index][0], touches[index + count - 1][0]
            if last - first < width and first + width > bounds[0] and last - width + 1 < bounds[1]:
                yield last - width + 1, first + width, Stretch(ids, index, index + count)
        return
    edges = sorted({lo - width + 1 for lo, _, _ in touches} | {hi + 1 for _, hi, _ in touches})
    ids, leaves = tuple(item[2] for item in touches), [item[1] + 1 for item in touches]
    leaving = sorted(leaves)
    oldest = come = gone = 0  # every touch before the oldest has left
    for begin, finish in pairwise(edges):
        while come < len(touches) and touches[come][0] - width + 1 <= begin:
            come += 1
        while gone < len(leaving) and leaving[gone] <= begin:
            gone += 1
        while oldest < come and leaves[oldest] <= begin:
            oldest += 1
        held = come - gone
        if held >= count and begin < bounds[1] and finish - 1 + width > bounds[0]:
            yield begin, finish - 1 + width, Staying(ids, oldest, come, leaves, begin, held)
