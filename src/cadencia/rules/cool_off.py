"""Cool-off: so many touches, and then silence."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from .._model import Whole
from .._time.clock import DAY, EVER, FOREVER
from .._time.periods import Delay, DelayField, LengthField
from .._time.spans import Span
from ..errors import InputError
from .block import Block
from .delays import DATED, Clockwork, over
from .evidence import Stretch
from .filters import Candidate, TouchFilter
from .history import Segment
from .timed import KeepsTime

if TYPE_CHECKING:
    from .._view import Seen, View

__all__ = ["CoolOff", "TouchFilter"]

#: What a touch does to a silence: it completes the count, or comes before the silence is over.
_WHOLE, _AGAIN = 2, 1


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
    times: Annotated[Whole, Field(ge=1)] = 1
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
