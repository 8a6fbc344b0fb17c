"""What ends it: an answer, a stage, an opt-out, exhaustion, or never having qualified."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple, Protocol

from pydantic import AfterValidator, Field, model_validator

from .._model import Whole, Word
from .._time.clock import DAY, EVER, FOREVER, When, day_number, micros
from .._time.spans import Span, gaps, meet, union
from ..errors import InputError
from .base import StopRule
from .block import Block, Scope
from .choice import ChoiceField
from .clock import check_clock, zones_of
from .delays import ClockNames, Clockwork, Holidays, TimelessDelay, calendar_of, calendars_apart, over
from .filters import Candidate, Since, TouchFilter
from .history import Count, Over

if TYPE_CHECKING:
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
    An opt-out or a stage on record without a date stops at once, and `lasts` gives it no end, as nobody knows from when.
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
        undated = seen.lo <= EVER  # on record without a date: it may be of today, and a delay after it over long ago
        if self.after is not None and not undated:
            clockwork = self._clockwork(view)
            done = over(self.after, clockwork, seen.hi, seen.end)
            needs = done.needs
            if not needs:
                earliest = seen.end if seen.lo == seen.hi else seen.lo
                start = min(
                    over(self.after, Clockwork(alone.zones, calendar), seen.lo, earliest).at
                    for alone in clockwork.apart()
                    for calendar in calendars_apart(view, self.calendar)
                )
                last = finish = done.at
        if self.lasts is not None and not needs and not undated:
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


#: The dispositions by which a person says that they want no more of it.
OPT_OUT: Final = frozenset({"opted_out"})


def opts_out(seen: Seen) -> bool:
    """Whether a touch says that they want no more of it."""
    return not seen.booked and seen.disposition in OPT_OUT


def reaches(scope: Scope, seen: Seen, candidate: Candidate) -> bool:
    """Whether a stop that follows a touch reaches a candidate: the whole case, its channel, or its contact point."""
    if scope == "case":
        return True
    points = seen.point, candidate.point
    return seen.channel == candidate.channel and (scope == "channel" or None in points or points[0] == points[1])


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
            if not reaches(self.scope, seen, candidate):
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
    """An opt-out of any channel or purpose stops the whole case (or its channel, by `scope`), not only what was withdrawn.

    It stops whether it is on the prospect's record or was said in a touch (`opted_out`), however long ago.
    """

    rule: Literal["stop_on_opt_out"] = "stop_on_opt_out"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        yield from self._said(case, candidate)
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

    def _said(self, case: View, candidate: Candidate) -> Iterator[Block]:
        told = case.remember(self, ("opted_out", id(self)), lambda: [seen for seen in case.touches if opts_out(seen)])
        for seen in told:
            if not reaches(self.scope, seen, candidate):
                continue
            start, end, needs = self.between(case, seen, case.touches)
            if start < end:
                channel = "" if self.scope == "case" else seen.channel
                yield self.stop(
                    start, end, "opted_out", needs=needs, touches=(seen.id,), channel=channel, purpose=""
                )  # fmt: skip


class StopWhenExhausted(StopRule):
    """So many attempts without an answer, and then it is over, until the person answers.

    Attributes:
        at_most: the attempts, the first included.
        since: attempts are counted since the last touch that reached the person, unless said otherwise.
    """

    rule: Literal["stop_when_exhausted"] = "stop_when_exhausted"
    at_most: Annotated[Whole, Field(ge=1)]
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
    """Only qualified prospects are contacted: a fact that is current, a tag, a stage, or a touch that showed it (`by`)."""

    rule: Literal["stop_unless_qualified"] = "stop_unless_qualified"
    fact: Word | None = None
    tag: Word | None = None
    at_stages: ChoiceField | None = None
    by: TouchFilter | None = None

    @model_validator(mode="after")
    def _some(self) -> StopUnlessQualified:
        if self.fact is None and self.tag is None and self.at_stages is None and self.by is None:
            raise InputError("name the `fact`, the `tag`, the stages (`at_stages`) or the touch (`by`) that qualifies")
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
        if self.by is not None:
            shown = min((seen.hi for seen in case.touches if self.by.surely(seen)), default=None)
            spans = meet(spans, [] if shown is None else [(shown, FOREVER)])
        for start, end in gaps(spans, EVER, FOREVER):
            yield self.stop(start, end, "unqualified", needs=("qualification",) if end == FOREVER else ())


__all__ = ["Lasting", "Over", "StopOn", "StopOnOptOut", "StopOnStage", "StopUnlessQualified", "StopWhenExhausted"]
