"""One naive predicate for each rule that law needs: registers, bars, refusals, one channel, the eves of holidays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cadencia import Case

from . import counting as count
from .clock import DAY, TICK, Unknown, after, inside, is_holiday, midnight, wall
from .counting import chosen
from .rules import PREDICATES, covers, happened, lasts, named, regions, says_yes, young, zones


def clear_register(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    where = zones(rule.clock, case)

    def about(item: Any) -> bool:
        same = item.contact_point is None or item.contact_point == candidate.point
        return (
            item.registry == rule.registry
            and item.channel in (None, candidate.channel)
            and (same or (item.listed and candidate.point is None))
        )

    def binds(item: Any) -> bool:
        if item.listed_on is None or rule.grace is None or None in where:
            return True
        listed = [(midnight(item.listed_on, zone), zone) for zone in where]
        return t >= min(after(rule.grace, at, at, zone) for at, zone in listed)

    asked = [item for item in case.prospect.registers if about(item) and item.since <= t]
    if rule.required and not any(young(item, rule.max_age, where, t) for item in asked):
        return True
    cleared = [item.since for item in asked if not item.listed]
    return any(item.listed and binds(item) and not any(since > item.since for since in cleared) for item in asked)


def barred(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return rule.while_fact is None or says_yes(case.prospect.facts.get(rule.while_fact), t)


def known_region(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    theirs = [item.region for item in case.prospect.regions]
    return not theirs or any(rule.among is not None and not {region, region[:2]} & {*rule.among} for region in theirs)


def one_channel(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches: list[Any] = count.history(rule, case, candidate, t, table)
    others = [touch.at for touch in touches if touch.channel != candidate.channel]
    if rule.within is not None:
        return any(abs(t - at) < rule.within.micros * TICK for at in others)
    return any(
        zone is None or abs((wall(t, zone).date() - wall(at, zone).date()).days) < rule.dates
        for at in others
        for zone in zones(rule.clock, case)
    )


def holiday_eves(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    try:
        kept = regions(rule.holidays, case)
        if kept is None:
            raise Unknown("region")
        for zone in zones(rule.clock, case):
            shown = wall(t, zone)
            eves = [is_holiday(shown.date() + DAY, region) for region in kept]  # one unknown calendar closes
            if any(eves) and not inside(rule.allow, {}, shown):
                return True
    except Unknown:
        return True
    return False


def stop_on_refusal(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    shared = {*rule.per, rule.scope} - {"case"}

    def agreed(touch: Any) -> bool:
        fact = rule.lifted_by_consent
        return fact is not None and any(  # an agreement after it, whether or not it still holds
            touch.at < item.since <= t
            and (item.until is None or item.since < item.until)
            and covers(item, candidate, fact.purpose or candidate.purpose, fact.basis, item.since)
            for item in case.prospect.consents
        )

    return any(
        chosen(rule.dispositions, touch.disposition)
        and count.matches(rule.counts, touch, table)
        and count.shares(shared, touch, candidate)
        and not agreed(touch)
        and lasts(rule, case, t, touch.at, touch.end or touch.at, count.own(case), table)
        for touch in happened(count.own(case), t)
    )


PREDICATES |= named(clear_register, barred, known_region, one_channel, holiday_eves, stop_on_refusal)
