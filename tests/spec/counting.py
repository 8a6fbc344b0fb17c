"""What counts, and when a counting limit is broken.

*An instant t is forbidden exactly when the history with the candidate at t breaks the limit at the candidate or at a
later touch, and would not without it.*
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from cadencia import Case, Touch
from cadencia.touch import DISPOSITIONS, UNDECLARED

from .clock import wall


class Event(NamedTuple):
    """A touch, or the candidate as if it were one, in the one order of touches; the candidate is the last of its instant."""

    at: datetime
    end: datetime
    booked: bool
    channel: str
    outbound: bool
    disposition: str
    id: str


def start_of(touch: Touch) -> datetime:
    """When a touch began; the specification knows no touch without a time."""
    assert isinstance(touch.at, datetime)
    return touch.at


def end_of(touch: Touch) -> datetime:
    """When a touch ended; one without an end has no length."""
    return touch.end or start_of(touch)


def order(touch: Touch) -> tuple[Any, ...]:
    """The one order of touches."""
    return (
        touch.at,
        end_of(touch),
        touch.booked,
        touch.channel,
        touch.direction == "outbound",
        touch.disposition,
        touch.id,
    )


def live(touches: Iterable[Touch]) -> list[Touch]:
    """Touches that count at all, in order: a cancelled one counts nowhere, a repeated one once."""
    kept = {touch.id: touch for touch in touches if not touch.cancelled and touch.disposition != "cancelled"}
    return sorted(kept.values(), key=order)


def own(case: Case) -> list[Touch]:
    """The prospect's own touches."""
    return live(case.touches)


def pool(case: Case, over: str) -> list[Touch]:
    """The touches of those whose touches count."""
    others = live(case.account.touches) if case.account else []
    return {"prospect": own(case), "others": others, "account": sorted([*own(case), *others], key=order)}[over]


def went_out(touch: Touch, table: Any = DISPOSITIONS) -> bool:
    """A booking counts as attempted; an undeclared disposition as gone out."""
    return touch.booked or table.get(touch.disposition, UNDECLARED).went_out


def delivered(touch: Touch, table: Any = DISPOSITIONS) -> bool:
    """Whether it arrived; a booking has not yet."""
    return not touch.booked and table.get(touch.disposition, UNDECLARED).delivered


def reached(touch: Touch, table: Any = DISPOSITIONS) -> bool | None:
    """Whether the person was reached: surely by what comes from them, never yet by a booking; None where not known."""
    if touch.booked or touch.direction == "inbound":
        return not touch.booked
    return {"yes": True, "no": False, "weak": False, "unknown": None}[table.get(touch.disposition, UNDECLARED).reached]


def matches(chosen: Any, touch: Touch, table: Any, sure: bool = False) -> bool:
    """Whether a touch matches a filter; what is unknown does, unless it must be sure (and a booking is not)."""
    known: list[tuple[Any, Iterable[str]]] = [
        (chosen.channels, [touch.channel]),
        (chosen.directions, [touch.direction]),
        (chosen.dispositions, [touch.disposition]),
        (chosen.purposes, [touch.purpose] if touch.purpose is not None else []),
        (chosen.steps, [touch.step] if touch.step is not None else []),
        (chosen.subjects, touch.subjects),
    ]
    told = reached(touch, table)
    return (
        all(choice is None or picks(choice, names, sure) for choice, names in known)
        and (chosen.automated is None or touch.automated is chosen.automated)
        and (chosen.reached is None or told is chosen.reached or (told is None and not sure))
        and not (sure and touch.booked)
    )


def picks(choice: Any, names: Iterable[str], sure: bool = False) -> bool:
    """Whether any of the names is chosen; no name at all is unknown."""
    names = list(names)
    return any((name in choice.names) is not choice.excluded for name in names) or (not names and not sure)


def counts(rule: Any, touch: Touch, candidate: Any, table: Any) -> bool:
    """Whether a touch counts for a rule: its filter, how far it must have got, and what it must share with the candidate."""
    if rule.counts.directions is None and touch.direction != "outbound":
        return False
    far_enough = {
        "planned": True,
        "attempted": went_out(touch, table),
        "delivered": delivered(touch, table),
        "reached": reached(touch, table) is not False,
    }[rule.count]
    shares = {
        "channel": touch.channel == candidate.channel,
        "step": None in (touch.step, candidate.step) or touch.step == candidate.step,
        "purpose": None in (touch.purpose, candidate.purpose) or touch.purpose == candidate.purpose,
        "contact_point": touch.channel == candidate.channel
        and (None in (touch.contact_point, candidate.point) or touch.contact_point == candidate.point),
        "subject": not touch.subjects or not candidate.subjects or bool(set(touch.subjects) & set(candidate.subjects)),
    }
    return far_enough and matches(rule.counts, touch, table) and all(shares[what] for what in getattr(rule, "per", ()))


def history(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> list[Event]:
    """The touches that count at t. Where counters begin again, t is already after and a touch is still before."""
    touches = pool(case, getattr(rule, "over", "prospect"))
    counted = [touch for touch in touches if counts(rule, touch, candidate, table)]
    if rule.since == "case":
        opened = case.opened_at
        counted = [touch for touch in counted if opened is None or (touch.at >= opened) == (t >= opened)]
    elif rule.since != "ever":
        again: list[Any] = [touch.at for touch in touches if matches(rule.since, touch, table, sure=True)]
        for reset in again:
            counted = [touch for touch in counted if (touch.at > reset) == (t >= reset)]
    return [Event(*order(touch)) for touch in counted]


Broken = Callable[[list[Event]], set[Event]]


def newly_broken(touches: list[Event], candidate: Any, t: datetime, broken: Broken) -> bool:
    """The one definition of a counting limit: one touch more can only break it where it is, or later."""
    thought = Event(t, t, True, candidate.channel, True, "", "")
    before = sum(touch.at <= t for touch in touches)
    with_it = [*touches[:before], thought, *touches[before:]]
    return bool(broken(with_it) - broken(touches))


def crowded(number: Callable[[datetime], Any], width: Any, at_most: int) -> Broken:
    """Broken at a touch when it and those before it, within a width of its number, are more than `at_most`."""

    def broken(touches: list[Event]) -> set[Event]:
        found: set[Event] = set()
        numbers: list[Any] = []
        for touch in sorted(touches, key=lambda touch: number(touch.at)):
            mine = number(touch.at)
            insort(numbers, mine)
            if sum(mine - width < other <= mine for other in numbers) > at_most:
                found.add(touch)
        return found

    return broken


def too_close(gap: Callable[[int], Any], over: Callable[[Any, Event], datetime]) -> Broken:
    """Broken at a touch before the delay after an earlier one is over; `gap` gives the delay after the n-th."""

    def broken(touches: list[Event]) -> set[Event]:
        return {
            later
            for place, later in enumerate(touches)
            if any(later.at < over(gap(n), earlier) for n, earlier in enumerate(touches[:place], 1))
        }

    return broken


def running(at_most: int) -> Broken:
    """Broken at a touch that is more than the `at_most`-th running on its channel."""

    def broken(touches: list[Event]) -> set[Event]:
        found = set()
        for place, touch in enumerate(touches):
            run, past = 0, touches[: place + 1]
            for moment in sorted({(other.at, not other.id) for other in past}, reverse=True):
                here = [other.channel for other in past if (other.at, not other.id) == moment]
                if touch.channel not in here:
                    break  # "the last touch" is all touches of that instant
                run += here.count(touch.channel)
            if run > at_most:
                found.add(touch)
        return found

    return broken


def period(day: date, each: str, week_start: int) -> int:
    """The number of the calendar period that a date lies in."""
    months = day.year * 12 + day.month - 1
    return {
        "day": day.toordinal(),
        "week": (day.toordinal() - 1 - week_start) // 7,
        "half_month": months * 2 + (day.day > 15),
        "month": months,
        "quarter": months // 3,
        "year": day.year,
    }[each]


def local_date(t: datetime, zone: str | None) -> date:
    """The date on the wall."""
    return wall(t, zone).date()
