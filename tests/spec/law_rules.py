"""One naive predicate for each rule that law needs: registers, bars, refusals, one channel, the eves of holidays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cadencia import Case

from . import counting as count
from .clock import DAY, FAR, TICK, Unknown, after, inside, is_holiday, midnight, wall


def zones_of(clock: Any, case: Case) -> list[Any]:
    """The zones a clock names; [None] when the prospect's are needed and not known."""
    theirs = {item.zone for item in case.prospect.zones}
    if "prospect" in clock and not theirs:
        return [None]
    return sorted({*(theirs if "prospect" in clock else ()), *(name for name in clock if name != "prospect")})


def regions_of(names: Any, case: Case) -> list[str] | None:
    """The regions whose holidays are meant; None when the prospect's are and are not known."""
    theirs = {item.region for item in case.prospect.regions}
    if "prospect" in (names or ()) and not theirs:
        return None
    return sorted({name for entry in names or () for name in (theirs if entry == "prospect" else {entry})})


def all_subjects_chosen(choice: Any, candidate: Any) -> bool:
    """Whether an exception surely has every subject of the candidate."""
    return choice is None or (bool(candidate.subjects) and all(among(choice, name) for name in candidate.subjects))


def among(choice: Any, name: str) -> bool:
    """Whether a known name is chosen."""
    return (name in choice.names) is not choice.excluded


def still_good(fact: Any, item: Any, case: Case, t: datetime, table: Any) -> bool:
    """Whether a consent that an exception names is neither too old nor ended by a touch."""
    return (fact.valid_for is None or fresh(fact.valid_for, item, case, t)) and (
        fact.ended_by is None or not_ended(fact.ended_by, item, case, t, table)
    )


def fresh(valid_for: Any, item: Any, case: Case, t: datetime) -> bool:
    """Whether a consent is not too old in any zone; where nobody can say, it is."""
    zones: list[Any] = sorted({zone.zone for zone in case.prospect.zones}) or [None]
    ends = [after(valid_for, item.since, item.since, zone) for zone in zones]
    return FAR not in ends and t < min(ends)


def not_ended(ended_by: Any, item: Any, case: Case, t: datetime, table: Any) -> bool:
    """Whether no touch since the consent was, or may have been, one that ends it."""
    return not any(
        count.matches(ended_by, touch, table) and not touch.booked and item.since < touch.at <= t
        for touch in count.own(case)
    )


def clear_register(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    person = case.prospect
    zones = zones_of(rule.clock, case)

    def about(item: Any) -> bool:
        same = item.contact_point is None or item.contact_point == candidate.point
        return (
            item.registry == rule.registry
            and item.channel in (None, candidate.channel)
            and (same or (item.listed and candidate.point is None))
        )

    def good(item: Any) -> bool:
        if rule.max_age is None:
            return bool(item.since <= t)
        ends = [after(rule.max_age, item.since, item.since, zone) for zone in zones]
        return bool(item.since <= t < min(ends)) and FAR not in ends

    def binds(item: Any) -> bool:
        if t < item.since:
            return False
        if item.listed_on is None or rule.grace is None or None in zones:
            return True
        listed = [(midnight(item.listed_on, zone), zone) for zone in zones]
        return t >= min(after(rule.grace, at, at, zone) for at, zone in listed)

    known = [item for item in person.registers if about(item)]
    if rule.required and not any(good(item) for item in known):
        return True
    return any(
        item.listed and binds(item) and not any(not other.listed and item.since < other.since <= t for other in known)
        for item in known
    )


def barred(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    if rule.while_fact is None:
        return True
    fact = case.prospect.facts.get(rule.while_fact)
    return (
        fact is not None
        and fact.value not in (False, None, "", "no", "false")
        and (fact.since is None or fact.since <= t)
        and (fact.until is None or t < fact.until)
    )


def known_region(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    regions = [item.region for item in case.prospect.regions]
    return not regions or any(
        rule.among is not None and region not in rule.among and region[:2] not in rule.among for region in regions
    )


def one_channel(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    others: list[Any] = [
        item for item in count.history(rule, case, candidate, t, table) if item.channel != candidate.channel
    ]
    if rule.within is not None:
        return any(abs(t - item.at) < rule.within.micros * TICK for item in others)
    return any(
        zone is None or abs((wall(t, zone).date() - wall(item.at, zone).date()).days) < rule.dates
        for item in others
        for zone in zones_of(rule.clock, case)
    )


def holiday_eves(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    try:
        regions = regions_of(rule.holidays, case)
        if regions is None:
            raise Unknown("region")
        for zone in zones_of(rule.clock, case):
            shown = wall(t, zone)
            eves = [is_holiday(shown.date() + DAY, region) for region in regions]  # one unknown calendar closes
            if any(eves) and not inside(rule.allow, {}, shown):
                return True
    except Unknown:
        return True
    return False


def stop_on_refusal(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    def refused(touch: Any) -> bool:
        return (
            not touch.booked
            and touch.at <= t
            and among(rule.dispositions, touch.disposition)
            and count.matches(rule.counts, touch, table)
            and all(shared(what, touch, candidate) for what in (*rule.per, rule.scope))
        )

    def agreed(touch: Any) -> bool:
        fact = rule.lifted_by_consent
        return fact is not None and any(
            touch.at < item.since <= t
            and (item.until is None or item.since < item.until)
            and item.channel in (None, candidate.channel)
            and item.purpose in (None, fact.purpose or candidate.purpose)
            and (fact.basis is None or item.basis in fact.basis)
            for item in case.prospect.consents
        )

    return any(refused(touch) and not agreed(touch) and holds(rule, case, t, touch, table) for touch in count.own(case))


def shared(what: str, touch: Any, candidate: Any) -> bool:
    """Whether a touch has, or may have, this in common with the candidate."""
    if what == "case":
        return True
    if what == "subject":
        return not touch.subjects or not candidate.subjects or bool({*touch.subjects} & {*candidate.subjects})
    if what in ("channel", "contact_point") and touch.channel != candidate.channel:
        return False
    pairs = {
        "channel": (None, None),
        "contact_point": (touch.contact_point, candidate.point),
        "step": (touch.step, candidate.step),
        "purpose": (touch.purpose, candidate.purpose),
    }
    one, other = pairs[what]
    return None in (one, other) or bool(one == other)


def holds(rule: Any, case: Case, t: datetime, touch: Any, table: Any) -> bool:
    """Whether a stop that follows a touch has begun and is still on."""
    zones, calendar = zones_of(rule.clock, case), regions_of(rule.calendar, case)
    starts, ends, known = touch.at, touch.end or touch.at, True
    if rule.after is not None:
        begins = [after(rule.after, starts, ends, zone, None, calendar) for zone in zones]
        known = FAR not in begins  # else it begins at once, and lasts
        if known and t < min(begins):
            return False
        starts = ends = max(begins)
    over = [after(rule.lasts, starts, ends, zone, None, calendar) for zone in zones] if rule.lasts and known else []
    if over and t >= max(over):
        return False
    if rule.until is not None and all(until_over(rule.until, t, zone) for zone in zones):
        return False
    return rule.lifted_by is None or not any(
        count.matches(rule.lifted_by, other, table, sure=True) and touch.at < other.at <= t for other in count.own(case)
    )


def until_over(until: Any, t: datetime, zone: str | None) -> bool:
    """Whether the last instant, or date, of a stop is over; without a zone a date may end anywhere on Earth."""
    if isinstance(until, datetime):
        return t >= until
    if zone is not None:
        return t >= midnight(until + DAY, zone)
    return t.replace(tzinfo=None) >= datetime(until.year, until.month, until.day) + 1.5 * DAY


PREDICATES: dict[str, Callable[[Any, Case, Any, datetime, Any], bool]] = {
    "ClearRegister": clear_register,
    "Barred": barred,
    "KnownRegion": known_region,
    "OneChannel": one_channel,
    "HolidayEves": holiday_eves,
    "StopOnRefusal": stop_on_refusal,
}
