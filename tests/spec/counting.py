"""What counts, and when a counting limit is broken.

*An instant t is forbidden exactly when the history with the candidate at t breaks the limit at the candidate or at a
later touch, and would not without it.*
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from cadencia import Case, Touch
from cadencia.touch import DISPOSITIONS, UNDECLARED

CANDIDATE = "the candidate"


def end_of(touch: Touch) -> datetime:
    """When a touch ended; one without an end has no length."""
    at = touch.end or touch.at
    assert isinstance(at, datetime)  # the specification knows no touch without a time
    return at


def order(touch: Touch) -> tuple[Any, ...]:
    """The one order of touches."""
    ours = touch.direction == "outbound"
    return touch.at, end_of(touch), touch.booked, touch.channel, ours, touch.disposition, touch.id


def live(touches: Iterable[Touch]) -> list[Touch]:
    """Touches that count at all, in order: a cancelled one counts nowhere, a repeated one once."""
    once = {touch.id: touch for touch in touches}
    return sorted(
        (touch for touch in once.values() if not touch.cancelled and touch.disposition != "cancelled"), key=order
    )


def own(case: Case) -> list[Touch]:
    """The prospect's own touches."""
    return live(case.touches)


def pool(case: Case, over: str) -> list[Touch]:
    """The touches of those whose touches count."""
    others = live(touch for touch in case.account.touches if touch not in case.touches) if case.account else []
    return {"prospect": own(case), "others": others, "account": sorted([*own(case), *others], key=order)}[over]


def went_out(touch: Touch, table: Any = DISPOSITIONS) -> bool:
    """A booking counts as attempted; an undeclared disposition as gone out."""
    return touch.booked or table.get(touch.disposition, UNDECLARED).went_out


def reached(touch: Touch, table: Any = DISPOSITIONS) -> bool | None:
    """Whether the person was reached: surely by what comes from them, never yet by a booking; None where not known."""
    if touch.booked or touch.direction == "inbound":
        return not touch.booked
    return {"yes": True, "no": False, "weak": False, "unknown": None}[table.get(touch.disposition, UNDECLARED).reached]


def chosen(choice: Any, names: Iterable[str] | str | None, sure: bool = False) -> bool:
    """Whether any of the names is chosen; none at all is unknown, which passes unless it must be sure."""
    names = [names] if isinstance(names, str) else list(names or ())
    return choice is None or any((name in choice.names) is not choice.excluded for name in names) or not (names or sure)


def alike(one: Any, other: Any) -> bool:
    """Whether two names are the same, or may be, as one is not known."""
    return None in (one, other) or one == other


def matches(chosen_by: Any, touch: Touch, table: Any, sure: bool = False) -> bool:
    """Whether a touch matches a filter; what is unknown does, unless it must be sure (and a booking is not)."""
    told = reached(touch, table)
    return (
        chosen(chosen_by.channels, touch.channel)
        and chosen(chosen_by.directions, touch.direction)
        and chosen(chosen_by.dispositions, touch.disposition)
        and chosen(chosen_by.purposes, touch.purpose, sure)
        and chosen(chosen_by.steps, touch.step, sure)
        and chosen(chosen_by.subjects, touch.subjects, sure)
        and chosen_by.automated in (None, touch.automated)
        and (chosen_by.reached in (None, told) or (told is None and not sure))
        and not (sure and touch.booked)
    )


def counts(rule: Any, touch: Touch, candidate: Any, table: Any) -> bool:
    """Whether a touch counts for a rule: its filter, how far it must have got, and what it must share with the candidate."""
    if rule.counts.directions is None and touch.direction != "outbound":
        return False
    far_enough = {
        "planned": True,
        "attempted": went_out(touch, table),
        "delivered": not touch.booked and table.get(touch.disposition, UNDECLARED).delivered,
        "reached": reached(touch, table) is not False and went_out(touch, table),
    }[rule.count]
    return far_enough and matches(rule.counts, touch, table) and shares(getattr(rule, "per", ()), touch, candidate)


def shares(per: Iterable[str], touch: Touch, candidate: Any) -> bool:
    """Whether a touch has, or may have, all this in common with the candidate."""
    same_channel = touch.channel == candidate.channel
    common = {
        "channel": same_channel,
        "step": alike(touch.step, candidate.step),
        "purpose": alike(touch.purpose, candidate.purpose),
        "contact_point": same_channel and alike(touch.contact_point, candidate.point),
        "subject": not (touch.subjects and candidate.subjects) or bool({*touch.subjects} & {*candidate.subjects}),
    }
    return all(common[what] for what in per)


def history(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> list[Touch]:
    """The touches that count at t. Where counters begin again, t is already after and a touch is still before."""
    touches = pool(case, getattr(rule, "over", "prospect"))
    counted = [touch for touch in touches if counts(rule, touch, candidate, table)]
    if rule.since == "case":
        opened = case.opened_at
        counted = [touch for touch in counted if opened is None or (touch.at >= opened) == (t >= opened)]
    elif rule.since != "ever":
        again: list[Any] = [touch.at for touch in touches if matches(rule.since, touch, table, sure=True)]
        counted = [touch for touch in counted if all((touch.at > reset) == (t >= reset) for reset in again)]
    return counted


def newly_broken(
    touches: list[Touch], case: Case, candidate: Any, t: datetime, broken: Callable[..., set[str]], *limit: Any
) -> bool:
    """The one definition of a counting limit: the candidate comes last of its instant, and can only break it there or later."""
    thought = Touch.model_construct(
        id=CANDIDATE, prospect=case.prospect.id, at=t, channel=candidate.channel, booked=True
    )
    before = [touch for touch in touches if touch.at <= t]
    return bool(broken([*before, thought, *touches[len(before) :]], *limit) - broken(touches, *limit))


def crowded(touches: list[Any], at_most: int, width: Any, number: Callable[[datetime], Any]) -> set[str]:
    """Broken at a touch when it and those before it, within a width of its number, are more than `at_most`."""
    numbered = sorted((number(touch.at), place, touch.id) for place, touch in enumerate(touches))
    return {
        id
        for upto, (last, _, id) in enumerate(numbered, 1)
        if sum(last - width < one for one, _, _ in numbered[:upto]) > at_most
    }


def too_close(touches: list[Any], over: Callable[[int, Any], datetime]) -> set[str]:
    """Broken at a touch before the delay after an earlier one, the n-th, is over."""
    return {
        later.id
        for place, later in enumerate(touches)
        if any(later.at < over(n, earlier) for n, earlier in enumerate(touches[:place], 1))
    }


def running(touches: list[Any], at_most: int) -> set[str]:
    """Broken at a touch that is more than the `at_most`-th running on its channel."""
    found = set()
    for place, touch in enumerate(touches, 1):
        run = 0
        for _, instant in groupby(reversed(touches[:place]), key=lambda other: (other.at, other.id == CANDIDATE)):
            here = [other.channel for other in instant].count(touch.channel)
            if not here:
                break  # "the last touch" is all touches of that instant
            run += here
        if run > at_most:
            found.add(touch.id)
    return found


def talking(touches: list[Any], at_most: int, within: timedelta) -> set[str]:
    """Broken at a touch that brings a person into conversation while more than `at_most` are."""

    def people(some: list[Any], at: datetime) -> set[str | None]:
        return {touch.prospect for touch in some if at - within < touch.at <= at}

    return {
        touch.id
        for place, touch in enumerate(touches)
        if len(people(touches, touch.at)) > at_most and touch.prospect not in people(touches[:place], touch.at)
    }


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
