"""Filters: which candidates a limit speaks of, which touches it counts, and what lifts it.

Three ways of meeting the unknown, each the stricter one: a limit's own filter matches what is unknown; a counted touch
matches what is unknown; an exception (`unless`) or a fresh start (`since`) never does.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from .._model import Model, Names, Word
from .._time.clock import EVER, FOREVER, day_number, micros
from .._time.periods import Delay, Length, LengthField
from .._time.spans import Span, cut, meet, union
from .choice import Choice, ChoiceField, in_region
from .delays import Clockwork, TimelessDelay, calendar_of, over

if TYPE_CHECKING:
    from .._time.clock import Zone
    from .._view import Seen, View
    from ..prospect import Consent


class Candidate(NamedTuple):
    """What might be done: a touch that is only thought of.

    `duration` is in microseconds; `point` is an address, or None when none is known or needed.
    """

    channel: str
    point: str | None = None
    purpose: str | None = None
    step: str | None = None
    subjects: tuple[str, ...] = ()
    duration: int = 0


class TouchFilter(Model):
    """Which touches: every key given must match; each takes a list of names, or `{except: [...]}`.

    `reached` asks whether the person was reached, in the layer's own table of dispositions.
    """

    channels: ChoiceField | None = None
    directions: ChoiceField | None = None
    dispositions: ChoiceField | None = None
    purposes: ChoiceField | None = None
    steps: ChoiceField | None = None
    subjects: ChoiceField | None = None
    reached: bool | None = None
    automated: bool | None = None

    def counts(self, seen: Seen) -> bool:
        """Whether a touch matches, or may match."""
        return (
            (self.channels is None or self.channels.has(seen.channel))
            and (self.directions is None or self.directions.has("outbound" if seen.outbound else "inbound"))
            and (self.dispositions is None or self.dispositions.has(seen.disposition))
            and (self.reached is None or seen.reached is None or seen.reached is self.reached)
            and (self.purposes is None or self.purposes.may_have(seen.purpose))
            and (self.steps is None or self.steps.may_have(seen.step))
            and (self.subjects is None or self.subjects.may_have_any(seen.subjects))
            and (self.automated is None or seen.touch.automated is self.automated)
        )

    def surely(self, seen: Seen) -> bool:
        """Whether a touch that happened matches for certain."""
        return (
            not seen.booked
            and self.counts(seen)
            and (self.reached is None or seen.reached is self.reached)
            and (self.purposes is None or (seen.purpose is not None and self.purposes.has(seen.purpose)))
            and (self.steps is None or (seen.step is not None and self.steps.has(seen.step)))
            and (self.subjects is None or self.subjects.has_any(seen.subjects))
        )


Since = Literal["ever", "case"] | TouchFilter


class ConsentFact(Model):
    """A recorded consent: any basis unless some are named; for the candidate's own purpose unless one is named.

    With `valid_for` a consent older than that no longer counts; a touch of `ended_by` after it, or that may be one, ends it.
    """

    purpose: Word | None = None
    basis: Names | None = None
    valid_for: TimelessDelay | None = None
    ended_by: TouchFilter | None = None


class RequestedFact(Model):
    """The person asked to be contacted at a time: from `early` before it until they are reached or `grace` has passed.

    `kinds` says by which promises of ours that is known; what else was promised for a time, a proposal, is no wish to be called.
    """

    kinds: Names = ("callback",)
    early: LengthField | None = None
    grace: LengthField = Length("1d", 24 * 3_600_000_000)


class Unless(Model):
    """Facts that lift a limit; several must hold together, and a list of these is a choice between them.

    Each fact is a set of instants. Unknown never satisfies one.
    """

    consent: ConsentFact | None = None
    requested: RequestedFact | None = None
    replying: bool | Literal["same_channel"] = False
    purposes: ChoiceField | None = None
    channels: ChoiceField | None = None
    tags: ChoiceField | None = None
    regions: ChoiceField | None = None
    stages: ChoiceField | None = None
    subjects: ChoiceField | None = None

    def instants(self, view: View, candidate: Candidate) -> list[Span]:
        """When every named fact holds, as a span set."""
        if not self.model_dump(exclude_defaults=True):
            return []
        static = (
            (self.purposes is None or (candidate.purpose is not None and self.purposes.has(candidate.purpose)))
            and (self.channels is None or self.channels.has(candidate.channel))
            and (self.tags is None or self.tags.has_any(view.prospect.tags))
            and (self.subjects is None or self.subjects.has_all(candidate.subjects))
            and (
                self.regions is None
                or (bool(view.regions) and all(in_region(self.regions, name) for name in view.regions))
            )
        )
        if not static:
            return []
        spans: list[Span] = [(EVER, FOREVER)]
        if self.stages is not None:
            spans = meet(spans, union((start, end) for start, end, name in view.stages if self.stages.has(name)))
        if self.consent is not None:
            spans = meet(
                spans,
                consent_fact_spans(view, candidate, self.consent),
            )
        if self.requested is not None:
            spans = meet(spans, requested_spans(view, self.requested))
        if self.replying:
            spans = meet(spans, replying_spans(view, candidate.channel if self.replying == "same_channel" else None))
        return spans


def consent_fact_spans(view: View, candidate: Candidate, fact: ConsentFact) -> list[Span]:
    """When a recorded consent surely covers a candidate, is not too old, and nothing has ended it."""
    purpose = fact.purpose or candidate.purpose
    found: list[Span] = []
    for item in view.prospect.consents:
        if not consent_covers(item, candidate.channel, purpose, fact.basis):
            continue
        start, end = consent_span(item)
        if fact.valid_for is not None:
            end = min(end, fresh_until(view, item, fact.valid_for, view.zones))
        if fact.ended_by is not None:
            ended = fact.ended_by
            ends = (seen.lo for seen in view.touches if not seen.booked and seen.hi > start and ended.counts(seen))
            end = min(end, min(ends, default=end))
        if start < end:
            found.append((start, end))
    return union(found)


def fresh_until(view: View, item: Consent, valid_for: Delay, zones: tuple[Zone, ...]) -> int:
    """The instant at which a consent is too old; too old in one zone is too old, and where that cannot be said it always is."""
    calendar, since = calendar_of(view, None), micros(item.since)
    clocks = [Clockwork((zone,), calendar) for zone in zones] or [Clockwork((), calendar)]
    done = min(over(valid_for, clockwork, since, since) for clockwork in clocks)
    return since if done.needs else done.at


def consent_covers(item: Consent, channel: str, purpose: str | None, basis: Names | None = None) -> bool:
    """Whether a consent, while it lasts, surely covers a channel and purpose."""
    return (
        item.channel in (None, channel)
        and (item.purpose is None or item.purpose == purpose)
        and (basis is None or item.basis in basis)
    )


def consent_span(item: Consent) -> Span:
    """From when until when a consent lasts."""
    return micros(item.since), FOREVER if item.until is None else micros(item.until)


def requested_spans(view: View, fact: RequestedFact) -> list[Span]:
    """From each instant that was agreed (or `early` before it) until the person is reached or `grace` has passed.

    A time agreed only to the day is not known, and lifts nothing.
    """
    spans: list[Span] = view.remember(fact, ("requested", id(fact)), lambda: _requested(view, fact))
    return spans


def _requested(view: View, fact: RequestedFact) -> list[Span]:
    reached = [seen for seen in view.touches if seen.reached]
    latest = list(accumulate((seen.hi for seen in reached), max))
    spans: list[Span] = []
    for seen in view.touches:
        promise = seen.promise
        if promise is None or promise.by != "us" or not isinstance(promise.at, datetime):
            continue
        if promise.kind not in fact.kinds:
            continue
        agreed = micros(promise.at)
        start = agreed - (fact.early.micros if fact.early else 0)
        end = agreed + fact.grace.micros
        later = islice(reached, bisect_right(latest, seen.lo), None)  # those that may have come later
        met = next((other for other in later if other.hi > seen.lo and other is not seen), None)
        if met is not None:
            end = min(end, met.lo)
        spans.append((max(start, seen.hi), end))
    return union(spans)


def promised_range(view: View, seen: Seen) -> Span:
    """The first and last instant of the time that a touch's promise names."""
    promise = seen.promise
    assert promise is not None
    assert promise.at is not None
    if isinstance(promise.at, datetime):
        return micros(promise.at), micros(promise.at)
    return view.date_range(day_number(promise.at), promise.zone)


def replying_spans(view: View, channel: str | None = None) -> list[Span]:
    """From each inbound touch (by a channel) until our first answer to it, by whatever channel."""
    spans: list[Span] = view.remember(None, ("replying", channel), lambda: _replying(view, channel))
    return spans


def _replying(view: View, channel: str | None) -> list[Span]:
    answers = [seen for seen in view.touches if seen.outbound and seen.out and not seen.booked]
    latest = list(accumulate((seen.hi for seen in answers), max))
    spans: list[Span] = []
    for seen in view.touches:
        if seen.outbound or seen.booked or channel not in (None, seen.channel) or seen.disposition == "opted_out":
            continue  # who opts out asks for no answer
        answer = bisect_right(latest, seen.lo)  # the first that may have come later
        spans.append((seen.hi, answers[answer].lo if answer < len(answers) else FOREVER))
    return union(spans)


def stage_spans(view: View, choice: Choice) -> list[Span]:
    """When the stage is chosen or unknown."""
    unlike = union((start, end) for start, end, name in view.stages if not choice.has(name))
    return cut([(EVER, FOREVER)], unlike)
