"""Whether at all: required consent, promises that are awaited, and what binds in every policy."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from .._model import Names, Word
from .._time.clock import EVER, FOREVER, micros
from .._time.periods import Delay, read_delay
from .._time.spans import Span, cut, gaps, union
from .base import Limit
from .block import Block, Scope
from .clock import check_clock, zones_of
from .delays import ClockNames, Clockwork, Holidays, TimelessDelay, calendar_of, over
from .filters import Candidate, consent_covers, consent_span, fresh_until, promised_range

if TYPE_CHECKING:
    from .._view import Seen, View
    from ..prospect import Consent


class RequireConsent(Limit):
    """Contact only under a recorded consent for the channel and purpose, from its start to its end.

    Attributes:
        basis: which bases suffice; any when not named.
        purpose: the purpose the consent must cover; the candidate's own when not named.
        valid_for: a consent older than this no longer counts (it must be renewed).
    """

    rule: Literal["require_consent"] = "require_consent"
    basis: Names | None = None
    purpose: Word | None = None
    valid_for: TimelessDelay | None = None
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)

    @property
    def memory(self) -> int | None:
        return 0

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        purpose = self.purpose or candidate.purpose
        on_record = [
            item for item in case.prospect.consents if consent_covers(item, candidate.channel, purpose, self.basis)
        ]
        granted = union(span for item in on_record for span in self._while(case, item))
        if self.valid_for is not None and self.valid_for.kind != "elapsed" and not zones_of(case, self.clock):
            told = union(span for item in on_record if (span := consent_span(item))[0] < span[1])
            for start, end in cut(told, granted):  # it is on record; how old it is, only a zone would say
                yield self.block(start, end, "zone_unknown", needs=("zone",) if end == FOREVER else ())
            granted = union([*granted, *told])
        for start, end in gaps(granted, EVER, FOREVER):
            yield self.block(
                start, end, "no_consent",
                needs=("consent",) if end == FOREVER else (),
                channel=candidate.channel, purpose=self.purpose or candidate.purpose or "",
            )  # fmt: skip

    def _while(self, case: View, item: Consent) -> list[Span]:
        """From when until when a consent counts: while it lasts, and is not too old."""
        start, end = consent_span(item)
        if self.valid_for is not None:
            end = min(end, fresh_until(case, item, self.valid_for, zones_of(case, self.clock)))
        return [(start, end)] if start < end else []


class AwaitPromise(Limit):
    """They promised to come back to us: we wait until the promise lapses, or until they do. That we reach them ends nothing.

    A promise with a time lapses `grace` after it; one without a time lapses `undated` after it was given (seven days when not
    said; exactly seven are enough).
    """

    rule: Literal["await_promise"] = "await_promise"
    grace: TimelessDelay | None = None
    undated: TimelessDelay = read_delay("7 days")
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: Holidays | None = None

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        clockwork = Clockwork(zones_of(case, self.clock), calendar_of(case, self.calendar))
        answers: list[Seen] = case.remember(
            None, "inbound", lambda: [seen for seen in case.touches if not seen.outbound and not seen.booked]
        )
        for seen in case.touches:
            promise = seen.promise
            if promise is None or promise.by != "them" or seen.booked:
                continue
            answer = bisect_right(answers, seen.hi, key=lambda later: later.lo)
            answered = answers[answer].hi if answer < len(answers) else FOREVER
            if answered <= span[0]:
                continue
            if promise.at is None:
                done = over(self.undated, clockwork, seen.hi, seen.end)
            else:
                low, last = promised_range(case, seen)
                lapse = last + (low != last)
                done = over(self.grace, clockwork, last, lapse) if self.grace else over(_NOW, clockwork, lapse, lapse)
            end = min(FOREVER if done.needs else done.at, answered)
            if seen.lo < end:
                code = f"{done.needs[0]}_unknown" if done.needs and end == FOREVER else "await_promise"
                yield self.block(
                    seen.lo,
                    end,
                    code,
                    needs=done.needs if end == FOREVER else (),
                    touches=(seen.id,),
                    promise=promise.kind,
                    **dict(done.about),
                )


_NOW = Delay("0m", "elapsed", 0)


class Suppressions(Limit):
    """Standing entries that say do not use this person, channel or contact point: always binding."""

    rule: Literal["suppressions"] = "suppressions"
    id: str = "always/suppressions"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for item in case.prospect.suppressions:
            if item.channel not in (None, candidate.channel):
                continue
            if item.contact_point is not None and candidate.point not in (None, item.contact_point):
                continue
            if item.purpose is not None and candidate.purpose not in (None, item.purpose):
                continue
            scope: Scope = "contact_point" if item.contact_point else "channel" if item.channel else "case"
            start, end = _bounds(item.since, item.until)
            block = self.block(start, end, "suppressed", reason=item.reason)
            yield block._replace(stops=True, scope=scope)


class OptOuts(Limit):
    """The withdrawal of permission for a channel, a purpose, or everything: always binding."""

    rule: Literal["opt_outs"] = "opt_outs"
    id: str = "always/opt-outs"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for item in case.prospect.opt_outs:
            if item.channel not in (None, candidate.channel):
                continue
            if item.purpose is not None and candidate.purpose not in (None, item.purpose):
                continue
            start, end = _bounds(item.since, item.until)
            block = self.block(start, end, "opted_out", channel=item.channel or "", purpose=item.purpose or "")
            yield block._replace(stops=True, scope="channel" if item.channel else "case")


class ContactPoints(Limit):
    """No address for a channel, or one that does not work: always binding."""

    rule: Literal["contact_points"] = "contact_points"
    id: str = "always/contact-points"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        points = case.prospect.contact_points
        if points is None:
            return
        if not any(point.channel == candidate.channel and point.address == candidate.point for point in points):
            yield self.block(EVER, FOREVER, "no_contact_point", needs=("contact_point",), channel=candidate.channel)
            return
        for point in points:
            if (
                point.channel == candidate.channel
                and point.address == candidate.point
                and point.status in ("invalid", "bounced")
            ):
                since = EVER if point.since is None else micros(point.since)
                yield self.block(since, FOREVER, "dead_contact_point", needs=("contact_point",), status=point.status)


class UnreadableTouches(Limit):
    """A touch that cannot be read, or an id given with two contents, closes the case: always binding."""

    rule: Literal["unreadable_touches"] = "unreadable_touches"
    id: str = "always/unreadable-touches"

    def blocks(self, case: View, candidate: Candidate, span: Span) -> Iterator[Block]:
        for line in case.case.unreadable:
            yield self.block(EVER, FOREVER, "unreadable_touch", needs=("readable_touch",), where=line)
        for touch in case.conflicts:
            yield self.block(EVER, FOREVER, "conflicting_touch", needs=("readable_touch",), touches=(touch,))


def _bounds(since: object, until: object) -> Span:
    from datetime import datetime

    return micros(since) if isinstance(since, datetime) else EVER, micros(until) if isinstance(
        until, datetime
    ) else FOREVER
