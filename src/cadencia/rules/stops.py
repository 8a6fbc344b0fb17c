"""What ends it: an answer, a stage, an opt-out, exhaustion, or never having qualified."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Protocol

from pydantic import AfterValidator, Field, model_validator

from .._time.clock import DAY, EVER, FOREVER, When, day_number, micros
from .._time.spans import Span, gaps, meet, union
from ..errors import InputError
from .base import StopRule
from .block import Block
from .choice import ChoiceField
from .clock import check_clock, zones_of
from .delays import ClockNames, Clockwork, Holidays, TimelessDelay, calendar_of, over
from .filters import Candidate, Since, TouchFilter
from .history import Count, Over

if TYPE_CHECKING:
    from .._time.clock import Zone
    from .._view import Seen, View


class Known(Protocol):
    """What a stop follows: it begins between `lo` and `hi`, and ends by `end`."""

    @property
    def lo(self) -> int: ...

    @property
    def hi(self) -> int: ...

    @property
    def end(self) -> int: ...


class Moment(NamedTuple):
    """An instant that is known."""

    lo: int
    hi: int
    end: int


class Lasting(StopRule):
    """A stop that lasts for ever, for a time (`lasts`), until a date (`until`), or until a touch (`lifted_by`).

    With `after` it begins that delay later than what it follows, and a touch of `lifted_by` before then prevents it.
    Where the delay cannot be computed (the zone or a calendar is not known) it begins at once.
    """

    after: TimelessDelay | None = None
    lasts: TimelessDelay | None = None
    until: When | None = None
    lifted_by: TouchFilter | None = None
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: Holidays | None = None

    def between(self, view: View, seen: Known, touches: list[Seen]) -> tuple[int, int, tuple[str, ...]]:
        """From when until when a stop holds that follows this, and what is missing to say so.

        `touches` are those that may lift it, in order.
        """
        start, end = seen.lo, FOREVER
        last, finish = seen.hi, seen.end
        needs: tuple[str, ...] = ()
        if self.after is not None:
            clockwork = self._clockwork(view)
            done = over(self.after, clockwork, seen.hi, seen.end)
            needs = done.needs
            if not needs:
                earliest = seen.end if seen.lo == seen.hi else seen.lo
                alone: list[tuple[Zone, ...]] = [(zone,) for zone in clockwork.zones]
                start = min(
                    over(self.after, clockwork._replace(zones=zone), seen.lo, earliest).at for zone in alone or [()]
                )
                last = finish = done.at
        if self.lasts is not None and not needs:
            done = over(self.lasts, self._clockwork(view), last, finish)
            end, needs = (FOREVER, done.needs) if done.needs else (done.at, ())
        if self.until is not None:
            end = min(end, self._until(view))
        if self.lifted_by is not None:
            lifts: list[Seen] = view.remember(self, ("lifts", id(self)), lambda: self._lifts(touches))
            first = bisect_right(lifts, seen.hi, key=lambda later: later.lo)
            if first < len(lifts):
                end = min(end, lifts[first].hi)
            else:
                needs = needs or (("event",) if end == FOREVER else ())
        return start, end, needs if end == FOREVER else ()

    def _lifts(self, touches: list[Seen]) -> list[Seen]:
        assert self.lifted_by is not None
        return [seen for seen in touches if self.lifted_by.surely(seen)]

    def _clockwork(self, view: View) -> Clockwork:
        made: Clockwork = view.remember(
            self,
            ("clockwork", id(self)),
            lambda: Clockwork(zones_of(view, self.clock), calendar_of(view, self.calendar)),
        )
        return made

    def _until(self, view: View) -> int:
        from datetime import datetime

        assert self.until is not None
        if isinstance(self.until, datetime):
            return micros(self.until)
        day = day_number(self.until) + 1
        zones = zones_of(view, self.clock)
        return max((zone.at(day) for zone in zones), default=day * DAY + DAY // 2)


class StopOn(Lasting):
    """Stops on a touch: one of these dispositions, or one that matches `counts`.

    `after: 30 days` makes it a standing stop, thirty days after the touch, or as soon after it as it may have been.
    `over: account` stops when anybody at the account did; `others` when anybody else did.
    """

    rule: Literal["stop_on"] = "stop_on"
    dispositions: ChoiceField | None = None
    counts: TouchFilter = TouchFilter()
    over: Literal["prospect", "account", "others"] = "prospect"

    @model_validator(mode="after")
    def _some(self) -> StopOn:
        if self.dispositions is None and not self.counts.model_fields_set:
            raise InputError("name `dispositions` or `counts`; a stop on every touch is never meant")
        return self

    def tells(self, seen: Seen) -> bool:
        """Whether a touch is one that stops."""
        return (
            not seen.booked
            and (self.dispositions is None or self.dispositions.has(seen.disposition))
            and self.counts.counts(seen)
        )

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        pools = {"prospect": case.touches, "others": case.others, "account": case.everybody}
        pool = pools[self.over]
        told: list[Seen] = case.remember(self, ("told", id(self)), lambda: [seen for seen in pool if self.tells(seen)])
        for seen in told:
            if self.scope != "case" and seen.channel != candidate.channel:
                continue
            if (
                self.scope == "contact_point"
                and None not in (seen.point, candidate.point)
                and seen.point != candidate.point
            ):
                continue
            start, end, needs = self.between(case, seen, pool)
            if start < end:
                yield self.stop(start, end, "stopped", needs=needs, touches=(seen.id,), disposition=seen.disposition)


class StopOnStage(Lasting):
    """Stops while the prospect stands at one of these stages."""

    rule: Literal["stop_on_stage"] = "stop_on_stage"
    on: ChoiceField

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for start, end, name in case.stages:
            if self.on.has(name):
                start, last, needs = self.between(case, Moment(start, start, start), case.touches)
                end = min(end, last)
                if start < end:
                    yield self.stop(start, end, "stage", needs=needs if end == FOREVER else (), stage=name)


class StopOnOptOut(Lasting):
    """An opt-out of any channel or purpose stops the whole case (or its channel, by `scope`), not only what was withdrawn."""

    rule: Literal["stop_on_opt_out"] = "stop_on_opt_out"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for item in case.prospect.opt_outs:
            if self.scope != "case" and item.channel not in (None, candidate.channel):
                continue
            start = EVER if item.since is None else micros(item.since)
            start, stop, needs = self.between(case, Moment(start, start, start), case.touches)
            end = min(stop, FOREVER if item.until is None else micros(item.until))
            if start < end:
                yield self.stop(
                    start,
                    end,
                    "opted_out",
                    needs=needs if end == FOREVER else (),
                    channel=item.channel or "",
                    purpose=item.purpose or "",
                )


class StopWhenExhausted(StopRule):
    """So many attempts without an answer, and then it is over, until the person answers.

    Attributes:
        at_most: the attempts, the first included.
        since: attempts are counted since the last touch that reached the person, unless said otherwise.
    """

    rule: Literal["stop_when_exhausted"] = "stop_when_exhausted"
    at_most: Annotated[int, Field(ge=1)]
    counts: TouchFilter = TouchFilter()
    count: Count = "attempted"
    since: Since = TouchFilter(reached=True)

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        from .attempts import MaxAttempts

        counter: MaxAttempts = case.remember(
            self,
            ("counter", id(self)),
            lambda: MaxAttempts(
                id="counter", at_most=self.at_most, counts=self.counts, count=self.count, since=self.since
            ),
        )
        for segment in counter.history(case, candidate):
            lo, hi, made = segment.lo, segment.hi, segment.done
            if lo >= span[1] or hi <= span[0] or len(made) < self.at_most:
                continue
            start = max(lo, made[self.at_most - 1].lo)
            if start < hi:
                yield self.stop(
                    start, hi, "exhausted",
                    needs=("answer",) if self.since != "ever" and hi == FOREVER else (),
                    touches=(seen.id for seen in made), final=self.since == "ever", at_most=self.at_most, made=len(made),
                )  # fmt: skip


class StopUnlessQualified(StopRule):
    """Only qualified prospects are contacted: a fact that is current, a tag, or a stage."""

    rule: Literal["stop_unless_qualified"] = "stop_unless_qualified"
    fact: str | None = None
    tag: str | None = None
    at_stages: ChoiceField | None = None

    @model_validator(mode="after")
    def _some(self) -> StopUnlessQualified:
        if self.fact is None and self.tag is None and self.at_stages is None:
            raise InputError("name the `fact`, the `tag` or the stages (`at_stages`) that qualify")
        return self

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        spans: list[Span] = [(EVER, FOREVER)]
        if self.fact is not None:
            fact = case.prospect.facts.get(self.fact)
            known = fact is not None and fact.value not in (False, None, "", "no", "false")
            since = EVER if fact is None or fact.since is None else micros(fact.since)
            until = FOREVER if fact is None or fact.until is None else micros(fact.until)
            spans = meet(spans, [(since, until)] if known and since < until else [])
        if self.tag is not None and self.tag not in case.prospect.tags:
            spans = []
        if self.at_stages is not None:
            spans = meet(spans, union((start, end) for start, end, name in case.stages if self.at_stages.has(name)))
        for start, end in gaps(spans, EVER, FOREVER):
            yield self.stop(start, end, "unqualified", needs=("qualification",) if end == FOREVER else ())


__all__ = ["Lasting", "Over", "StopOn", "StopOnOptOut", "StopOnStage", "StopUnlessQualified", "StopWhenExhausted"]
