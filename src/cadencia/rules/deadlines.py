"""What is owed, and by when. Deadlines flag; limits always win."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, model_validator

from .._model import Word
from .._time.clock import DAY, EVER, FOREVER, day_number, micros
from .._time.hours import DaysField, WeekField
from .._time.periods import Delay, DelayField
from .._time.spans import union
from ..errors import InputError
from .base import Deadline, Due
from .choice import ChoiceField
from .clock import check_clock
from .delays import ClockNames, Clockwork, Holidays, over
from .filters import TouchFilter, promised_range
from .timed import check_hours, clockwork_of

if TYPE_CHECKING:
    from .._time.spans import Span
    from .._view import Seen, View
    from ..prospect import Fact


def current(fact: Fact | None) -> list[Span]:
    """When a fact is current; one whose value says no never is."""
    if fact is None or fact.value in (False, None, "", "no", "false"):
        return []
    start = EVER if fact.since is None else micros(fact.since)
    end = FOREVER if fact.until is None else micros(fact.until)
    return [(start, end)] if start < end else []


class Owing(Deadline):
    """A deadline that says what is owed with the owner of the prospect."""

    def owed(
        self, view: View, code: str, anchor: str, since: int, due: int | None, met: int | None, **details: object
    ) -> Due:
        """A due of this rule."""
        person = view.prospect
        told = tuple(sorted(details.items()))
        return Due(self.id, code, anchor, since, due, met, person.owner, person.owner_kind, told)


class Timed(Owing):
    """A deadline with a delay, on a clock. A deadline in several zones is the latest of them: it is never early.

    `met_by` says which touches meet it; outbound ones that went out, when not given.
    """

    met_by: TouchFilter = TouchFilter()
    clock: Annotated[ClockNames, AfterValidator(check_clock)] = ("prospect",)
    calendar: Holidays | None = None
    business_days: DaysField = (0, 1, 2, 3, 4)
    hours: WeekField | None = None

    def delays(self) -> tuple[Delay, ...]:
        """Every delay the rule may use."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _hours_given(self) -> Timed:
        check_hours(self)
        return self

    def clockwork(self, view: View) -> Clockwork:
        """The zones, calendar and hours for a case."""
        return clockwork_of(self, view)

    def meets(self, seen: Seen) -> bool:
        """Whether a touch meets the deadline: it went out, is not a booking, and matches for certain."""
        outbound = seen.outbound or self.met_by.directions is not None
        return outbound and seen.out and not seen.booked and self.met_by.surely(seen)

    def first_met(self, view: View, after: int) -> int | None:
        """When the first touch after an instant met the deadline."""
        met: list[int] = view.remember(
            self, ("met", id(self)), lambda: [seen.lo for seen in view.touches if self.meets(seen)]
        )
        place = bisect_right(met, after)
        return met[place] if place < len(met) else None

    def due(self, view: View, delay: Delay, start: int, end: int) -> int | None:
        """When a delay runs out; None where it cannot be said."""
        done = over(delay, self.clockwork(view), start, end)
        return None if done.needs or done.at >= FOREVER else done.at


class RespondWithin(Timed):
    """Speed to lead: an answer within a delay of each inbound touch, of the case's opening, or of its becoming qualified.

    With `of: qualification` it is owed from when a `fact` became current, or the prospect came to one of the stages `at_stages`;
    where it is not known when, from the opening.
    """

    rule: Literal["respond_within"] = "respond_within"
    within: DelayField
    of: Literal["inbound", "opening", "qualification"] = "inbound"
    counts: TouchFilter = TouchFilter()
    fact: Word | None = None
    at_stages: ChoiceField | None = None

    @model_validator(mode="after")
    def _qualified_by(self) -> RespondWithin:
        named = self.fact is not None or self.at_stages is not None
        if named is not (self.of == "qualification"):
            raise InputError(
                "`of: qualification`, and nothing else, needs the `fact` or the stages (`at_stages`) that qualify"
            )
        return self

    def delays(self) -> tuple[Delay, ...]:
        return (self.within,)

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        if self.of == "qualification":
            yield from self._attended(case, as_of)
            return
        if self.of == "opening":
            if case.opened is not None:
                due = self.due(case, self.within, case.opened, case.opened)
                yield self.owed(case, "respond", "opening", case.opened, due, self.first_met(case, case.opened - 1))
            return
        answered = -1
        for seen in case.touches:
            if seen.outbound or seen.booked or not self.counts.counts(seen) or seen.lo <= answered:
                continue
            met = self.first_met(case, seen.hi)
            answered = FOREVER if met is None else met
            yield self.owed(case, "respond", seen.id, seen.lo, self.due(case, self.within, seen.lo, seen.lo), met)

    def _attended(self, case: View, as_of: int) -> Iterator[Due]:
        """One due for each stretch in which the prospect was qualified; one that ended before it was due, untouched, owes nothing."""
        stages = [] if self.at_stages is None else [item for item in case.stages if self.at_stages.has(item[2])]
        known = [] if self.fact is None else current(case.prospect.facts.get(self.fact))
        for lo, hi in union([*((start, end) for start, end, _ in stages), *known]):
            start = case.opened if lo <= EVER else lo
            if start is None or start > as_of:
                continue
            due, met = self.due(case, self.within, start, start), self.first_met(case, start - 1)
            if (met is None or met >= hi) and due is not None and due >= hi:
                continue
            yield self.owed(case, "attend", "qualification", start, due, met)


class PromiseDue(Timed):
    """What we promised: due at the promised instant, or at the end of the promised date, and `grace` after it.

    A touch before the promised day keeps it only where it reached the person.
    """

    rule: Literal["promise_due"] = "promise_due"
    grace: DelayField | None = None

    def delays(self) -> tuple[Delay, ...]:
        return (self.grace,) if self.grace else ()

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        for seen in case.touches:
            promise = seen.promise
            if promise is None or promise.by != "us" or seen.booked or seen.id in case.fulfilled:
                continue
            due: int | None = None
            if promise.at is not None:
                low, last = promised_range(case, seen)
                due = last + (low != last)
                if self.grace is not None:
                    due = self.due(case, self.grace, last, due)
            yield self.owed(case, "promise", seen.id, seen.lo, due, self._kept(case, seen), promise=promise.kind)

    def _kept(self, view: View, seen: Seen) -> int | None:
        """When a promise was kept: by a touch that reached the person, or by one on the promised day or later."""
        day = EVER if seen.promise is None or seen.promise.at is None else _day_of(view, seen)
        spoke: list[int] = view.remember(
            self,
            ("spoke", id(self)),
            lambda: [other.lo for other in view.touches if self.meets(other) and other.reached],
        )
        early = bisect_right(spoke, seen.hi)
        on_the_day = self.first_met(view, max(seen.hi, day - 1))
        found = [at for at in (spoke[early] if early < len(spoke) else None, on_the_day) if at is not None]
        return min(found, default=None)


def _day_of(view: View, seen: Seen) -> int:
    """The earliest instant of the day of a promise, in any plausible zone."""
    low, last = promised_range(view, seen)
    if low != last:
        return low
    return min((zone.at(zone.day(low)) for zone in view.zones), default=low - DAY)


class TouchAtLeastEvery(Timed):
    """Nobody is forgotten: the next touch is due a delay after the last one, or after the case was opened."""

    rule: Literal["touch_at_least_every"] = "touch_at_least_every"
    every: DelayField

    def delays(self) -> tuple[Delay, ...]:
        return (self.every,)

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        made = [seen for seen in case.touches if self.meets(seen)]
        if made:
            yield self.owed(
                case, "touch", made[-1].id, made[-1].lo, self.due(case, self.every, made[-1].hi, made[-1].end), None
            )
        elif case.opened is not None:
            yield self.owed(
                case, "touch", "opening", case.opened, self.due(case, self.every, case.opened, case.opened), None
            )


class NeverUndated(Owing):
    """Nothing pending is without a date: each open item is due on its own; one without a date is named.

    A promise that was not kept in content or in price stays owed, though it was done in time.
    """

    rule: Literal["never_undated"] = "never_undated"

    def dues(self, case: View, as_of: int) -> Iterator[Due]:
        for item in case.prospect.pending:
            since = micros(item.since) if item.since else 0
            met = None if item.done_at is None else micros(item.done_at)
            due: int | None = None
            if isinstance(item.due, datetime):
                due = micros(item.due)
            elif item.due is not None:
                due = case.date_range(day_number(item.due))[1] + 1
            owner, owner_kind = case.prospect.owner_of(item)
            broken = [
                name for name, kept in (("content", item.content_kept), ("price", item.price_kept)) if kept is False
            ]
            if broken:  # kept in time, and yet not kept
                yield self.owed(
                    case,
                    "broken",
                    item.id,
                    since,
                    due if due is not None else met,
                    None,
                    kind=item.kind,
                    kept_not=broken,
                )._replace(owner=owner, owner_kind=owner_kind)
                continue
            owed = self.owed(
                case, "pending" if due is not None else "undated", item.id, since, due, met, kind=item.kind
            )
            yield owed._replace(owner=owner, owner_kind=owner_kind)


__all__ = ["NeverUndated", "PromiseDue", "RespondWithin", "TouchAtLeastEvery"]
