"""One naive predicate for each limit and stop rule: is this instant forbidden?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from cadencia import Case
from cadencia.touch import DISPOSITIONS

from . import counting as count
from . import law_rules
from .clock import DAY, FAR, TICK, Unknown, after, inside, is_business_day, midnight, wall, weekdays

__all__ = ["DISPOSITIONS", "PREDICATES", "forbidden"]


def forbidden(rule: Any, case: Case, candidate: Any, t: datetime, table: Any = DISPOSITIONS) -> bool:
    """Whether a rule forbids a candidate at an instant."""
    return speaks(rule, case, candidate, t, table) and PREDICATES[type(rule).__name__](rule, case, candidate, t, table)


# When a rule speaks -------------------------------------------------------------------------------


def speaks(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """Whether the rule is in force, meant for this candidate (what is unknown is meant), and not lifted by an exception."""
    person = case.prospect
    stage = stage_at(case, t)
    return (
        in_force(rule, case, t)
        and chosen(rule.channels, candidate.channel)
        and chosen(rule.purposes, candidate.purpose)
        and chosen(rule.steps, candidate.step)
        and chosen(rule.stages, stage)
        and law_rules.subjects_chosen(rule.subjects, candidate)
        and (rule.tags is None or count.picks(rule.tags, person.tags))
        and (
            rule.regions is None
            or not person.regions
            or any(may_be_in(rule.regions, item.region) for item in person.regions)
        )
        and not any(lifts(exception, case, candidate, t, table) for exception in rule.unless)
    )


def chosen(choice: Any, name: str | None, sure: bool = False) -> bool:
    """Whether a name that may be unknown is chosen."""
    return choice is None or count.picks(choice, [] if name is None else [name], sure)


def in_region(choice: Any, region: str) -> bool:
    """Whether a region or its country is chosen."""
    return bool({region, region[:2]} & choice.names) is not choice.excluded


def may_be_in(choice: Any, region: str) -> bool:
    """The same where a bare country may be any of its parts."""
    return in_region(choice, region) or (len(region) == 2 and any(name[:2] == region for name in choice.names))


def in_force(rule: Any, case: Case, t: datetime) -> bool:
    """Whether t may lie in the dates given."""
    if rule.in_force is None:
        return True
    return any(edges(rule.in_force.from_, rule.in_force.to, t, zone) for zone in zones(("prospect",), case))


def edges(first: Any, last: Any, t: datetime, zone: str | None, sure: bool = False) -> bool:
    """Whether t lies between two instants or dates; a date as the end includes it. Without a zone a date may be anywhere."""

    def begun(day: date, east: bool) -> bool:
        if zone is not None:
            return t >= midnight(day, zone)
        return t.replace(tzinfo=None) + (14 if east else -12) * DAY / 24 >= datetime(day.year, day.month, day.day)

    return (first is None or (t >= first if isinstance(first, datetime) else begun(first, not sure))) and (
        last is None or (t < last if isinstance(last, datetime) else not begun(last + DAY, sure))
    )


def stage_at(case: Case, t: datetime) -> str | None:
    """The stage that the prospect stands at, the one reached last of those known."""
    known = [stage for stage in case.prospect.stages if stage.since is None or stage.since <= t]
    return (
        max(known, key=lambda stage: (stage.since is not None, stage.since, known.index(stage))).name if known else None
    )


def lifts(fact: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """Whether everything that an exception names holds for certain."""
    regions = [item.region for item in case.prospect.regions]
    holds = [
        fact.purposes is None or chosen(fact.purposes, candidate.purpose, sure=True),
        fact.channels is None or chosen(fact.channels, candidate.channel, sure=True),
        fact.tags is None or count.picks(fact.tags, case.prospect.tags, sure=True),
        fact.regions is None or (bool(regions) and all(in_region(fact.regions, region) for region in regions)),
        fact.stages is None or chosen(fact.stages, stage_at(case, t), sure=True),
        fact.consent is None
        or any(
            consents(item, candidate.channel, fact.consent.purpose or candidate.purpose, fact.consent.basis, t)
            and law_rules.still_good(fact.consent, item, case, t, table)
            for item in case.prospect.consents
        ),
        fact.requested is None or requested(fact.requested, case, t, table),
        law_rules.all_subjects_chosen(fact.subjects, candidate),
        not fact.replying or replying(case, t, table, candidate.channel if fact.replying == "same_channel" else None),
    ]
    return bool(fact.model_dump(exclude_defaults=True)) and all(holds)


def current(item: Any, t: datetime) -> bool:
    """From its `since` until its `until`."""
    return (item.since is None or item.since <= t) and (item.until is None or t < item.until)


def consents(item: Any, channel: str, purpose: str | None, basis: Any, t: datetime) -> bool:
    """Whether a consent surely covers a channel and purpose at t."""
    return (
        current(item, t)
        and item.channel in (None, channel)
        and item.purpose in (None, purpose)
        and (basis is None or item.basis in basis)
    )


def requested(fact: Any, case: Case, t: datetime, table: Any) -> bool:
    """From the agreed instant, or `early` before it, until the person is reached or `grace` has passed; a date is no instant."""
    early, grace = (fact.early.micros if fact.early else 0) * TICK, fact.grace.micros * TICK
    mine = count.own(case)
    for touch in mine:
        agreed = touch.promise.at if touch.promise and touch.promise.by == "us" else None
        met = any(count.reached(other, table) and touch.at < other.at <= t for other in mine)
        if isinstance(agreed, datetime) and max(agreed - early, touch.at) <= t < agreed + grace and not met:
            return True
    return False


def promised(promise: Any, case: Case) -> tuple[datetime, datetime]:
    """The first and last instant of the time that a promise names."""
    if isinstance(promise.at, datetime):
        return promise.at, promise.at
    where = [promise.zone] if promise.zone else zones(("prospect",), case)
    if where == [None]:
        day = datetime(promise.at.year, promise.at.month, promise.at.day, tzinfo=FAR.tzinfo)
        return day - 14 * DAY / 24, day + 36 * DAY / 24 - TICK
    return min(midnight(promise.at, zone) for zone in where), max(
        midnight(promise.at + DAY, zone) for zone in where
    ) - TICK


def replying(case: Case, t: datetime, table: Any, channel: str | None = None) -> bool:
    """From an inbound touch (by a channel) until our first answer to it."""
    mine = count.own(case)
    return any(
        touch.direction == "inbound"
        and channel in (None, touch.channel)
        and not touch.booked
        and touch.at <= t
        and not any(
            other.direction == "outbound"
            and count.went_out(other, table)
            and not other.booked
            and touch.at < other.at <= t
            for other in mine
        )
        for touch in mine
    )


def zones(clock: Iterable[str], case: Case) -> list[Any]:
    """The zones a clock names; [None] when the prospect's are needed and not known."""
    theirs = sorted({item.zone for item in case.prospect.zones})
    if "prospect" in clock and not theirs:
        return [None]
    return sorted({*(theirs if "prospect" in clock else ()), *(name for name in clock if name != "prospect")})


def regions(names: Iterable[str] | None, case: Case) -> list[str] | None:
    """The regions whose holidays are meant; None when the prospect's are and are not known."""
    names = set(names or ())
    theirs = {item.region for item in case.prospect.regions}
    return (
        None
        if "prospect" in names and not theirs
        else sorted((names - {"prospect"}) | (theirs if "prospect" in names else set()))
    )


# Limits that count --------------------------------------------------------------------------------


def max_attempts(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return bool(len(count.history(rule, case, candidate, t, table)) >= rule.at_most)


def frequency_cap(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches = count.history(rule, case, candidate, t, table)

    def full(number: Callable[[datetime], Any], width: Any) -> bool:
        return count.newly_broken(touches, candidate, t, count.crowded(number, width, rule.at_most))

    def in_zone(zone: str | None) -> bool:
        if zone is None:
            return bool(len(touches) >= rule.at_most)  # fewer are not too many on any clock
        if rule.dates is not None:
            return full(lambda at: wall(at, zone).date().toordinal(), rule.dates)
        week_start = min(weekdays(rule.week_start))
        return full(lambda at: count.period(wall(at, zone).date(), rule.each, week_start), 1)

    if rule.within is not None:
        return full(lambda at: at, rule.within.micros * TICK)
    return any(in_zone(zone) for zone in zones(rule.clock, case))


def spacing(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches = count.history(rule, case, candidate, t, table)

    def gap(n: int) -> Any:
        if rule.backoff is not None:
            grown = rule.backoff.first.micros
            for _ in range(n - 1):
                grown = min(grown * rule.backoff.factor, rule.backoff.at_most.micros)
            return min(round(grown), rule.backoff.at_most.micros) * TICK
        return rule.at_least or rule.gaps[min(n, len(rule.gaps)) - 1]

    def over(delay: Any, touch: count.Event, zone: str | None) -> datetime:
        return (
            touch.end + delay
            if rule.backoff
            else after(delay, touch.at, touch.end, zone, rule, regions(rule.calendar, case))
        )

    def in_zone(zone: str | None) -> bool:
        return count.newly_broken(
            touches, candidate, t, count.too_close(gap, lambda delay, touch: over(delay, touch, zone))
        )

    return any(in_zone(zone) for zone in zones(rule.clock, case))


def no_repeated_channel(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return count.newly_broken(count.history(rule, case, candidate, t, table), candidate, t, count.running(rule.at_most))


def recall(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    done = [touch for touch in count.history(rule, case, candidate, t, table) if not touch.booked]
    past = [touch for touch in done if touch.at <= t]
    for place, touch in enumerate(past):
        delays = rule.after.get(touch.disposition, rule.after.get("otherwise"))
        if touch.at < past[-1].at or delays is None:
            continue  # only the last attempt speaks
        row = 1
        while row <= place and past[place - row].disposition == touch.disposition:
            row += 1
        delay = delays[min(row, len(delays)) - 1]
        if t < latest(delay, touch, rule, case):
            return True
    return False


def cool_off(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    past = [touch for touch in count.history(rule, case, candidate, t, table) if not touch.booked and touch.at <= t]
    for touch in past:
        within = [
            other
            for other in past
            if other.at <= touch.at and (not rule.within or other.at > touch.at - rule.within.micros * TICK)
        ]
        if len(within) >= rule.times and t < latest(rule.silence, touch, rule, case):
            return True
    return False


class Moment(NamedTuple):
    """From when to when something was, where it is no touch."""

    at: datetime
    end: datetime


def latest(delay: Any, touch: Any, rule: Any, case: Case) -> datetime:
    """When a delay after a touch is over in every zone."""
    end = touch.end or touch.at
    calendar = regions(getattr(rule, "calendar", None), case)
    return max(after(delay, touch.at, end, zone, rule, calendar) for zone in zones(rule.clock, case))


# Limits of the account ----------------------------------------------------------------------------


def account_reply(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    replies = [
        touch
        for touch in count.pool(case, "others")
        if not touch.booked
        and touch.at <= t
        and count.matches(rule.counts, touch, table)
        and not (rule.counts.reached and count.reached(touch, table) is None)  # what may have been a reply is none
    ]
    return any(rule.lasts is None or t < latest(rule.lasts, touch, rule, case) for touch in replies)


def account_load(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    talking = {
        touch.prospect or case.prospect.id
        for touch in count.pool(case, "account")
        if touch.direction == "outbound"
        and count.went_out(touch, table)
        and touch.at <= t < touch.at + rule.within.micros * TICK
    }
    return rule.at_most == 0 or (case.prospect.id not in talking and len(talking) >= rule.at_most)


def account_day(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    owner = case.prospect.owner
    theirs = [
        touch
        for touch in count.pool(case, "account")
        if touch.direction == "outbound" and count.went_out(touch, table) and (owner is None or touch.by != owner)
    ]
    where = zones(rule.clock, case)
    if where == [None]:
        return any(touch.at - 3 * DAY <= t < touch.at + 3 * DAY for touch in theirs)  # farther than any date
    return any(wall(count.start_of(touch), zone).date() == wall(t, zone).date() for touch in theirs for zone in where)


# Limits on the clock ------------------------------------------------------------------------------


def quiet_hours(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    def closed(shown: datetime) -> bool:
        if rule.between is not None:
            return inside(rule.between, rule.dates, shown)
        last = shown.date() - DAY  # a window that belongs to a holiday does not open, nor its part after midnight
        shut: dict[date, Any] = {last: ()} if is_a_holiday(rule, case, last) else {}
        return not inside(rule.allow, {**rule.dates, **shut}, shown)

    return on_the_clock(rule, case, t, closed)


def business_days(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return on_the_clock(rule, case, t, lambda shown: shown.weekday() not in rule.days)


def on_the_clock(rule: Any, case: Case, t: datetime, closed: Callable[[datetime], bool]) -> bool:
    """Whether t is closed in one of the zones, or a holiday of one of the regions."""
    try:
        for zone in zones(rule.clock, case):
            shown = wall(t, zone)
            if closed(shown) or not is_business_day(shown.date(), range(7), regions(rule.holidays, case)):
                return True
    except Unknown:
        return True
    return False


def is_a_holiday(rule: Any, case: Case, day: date) -> bool:
    """Whether a date is a public holiday for a rule, or may be one."""
    try:
        return not is_business_day(day, range(7), regions(rule.holidays, case))
    except Unknown:
        return True


def active_period(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return not all(edges(rule.from_, rule.until, t, zone, sure=True) for zone in zones(rule.clock, case))


# Limits on what is known --------------------------------------------------------------------------


def require_consent(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    def fresh(item: Any) -> bool:
        if rule.valid_for is None:
            return True
        return all(t < after(rule.valid_for, item.since, item.since, zone) != FAR for zone in zones(rule.clock, case))

    purpose = rule.purpose or candidate.purpose
    return not any(
        consents(item, candidate.channel, purpose, rule.basis, t) and fresh(item) for item in case.prospect.consents
    )


def await_promise(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    for touch in count.own(case):
        promise = touch.promise
        if promise is None or promise.by != "them" or touch.booked or t < touch.at:
            continue
        if any(count.reached(other, table) and touch.at < other.at <= t for other in count.own(case)):
            continue  # they came back to us, or we have spoken since
        if promise.at is None:
            lapses = latest(rule.undated, touch, rule, case)
        else:
            last = promised(promise, case)[1]
            lapses = last if isinstance(promise.at, datetime) else last + TICK
            if rule.grace is not None:
                lapses = latest(rule.grace, Moment(last, lapses), rule, case)
        if t < lapses:
            return True
    return False


def await_pending(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    def over(item: Any) -> bool:
        if item.done_at is not None and t >= item.done_at:
            return True
        if item.due is None:
            return False
        return not any(not edges(item.due, None, t, zone, sure=True) for zone in zones(("prospect",), case))

    return any(
        item.kind in rule.kinds and (item.since is None or t >= item.since) and not over(item)
        for item in case.prospect.pending
    )


def earn_first(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    sure = {
        touch.id
        for touch in count.pool(case, rule.over)
        if count.matches(rule.counts, touch, table, sure=True) and touch.at <= t
    }
    made = [event for event in count.history(rule, case, candidate, t, table) if event.id in sure]
    return bool(len(made) < rule.least)


def suppressions(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return any(
        current(item, t)
        and item.channel in (None, candidate.channel)
        and (None in (item.purpose, candidate.purpose) or item.purpose == candidate.purpose)
        and (None in (item.contact_point, candidate.point) or item.contact_point == candidate.point)
        for item in case.prospect.suppressions
    )


def opt_outs(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return any(
        current(item, t)
        and item.channel in (None, candidate.channel)
        and (None in (item.purpose, candidate.purpose) or item.purpose == candidate.purpose)
        for item in case.prospect.opt_outs
    )


def contact_points(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    points = case.prospect.contact_points
    if points is None:
        return False
    there = [item for item in points if item.channel == candidate.channel and item.address == candidate.point]
    return not there or any(
        item.status in ("invalid", "bounced") and (item.since is None or item.since <= t) for item in there
    )


def unreadable_touches(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    first: dict[str, Any] = {}
    touches = [*case.touches, *(case.account.touches if case.account else ())]
    return bool(case.unreadable) or any(first.setdefault(touch.id, touch) != touch for touch in touches)


def any_of(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """Whole in each zone."""
    each: list[Any] = [(zone,) for zone in case.prospect.zones] or [()]
    return any(
        all(
            forbidden(
                limit,
                case.model_copy(update={"prospect": case.prospect.model_copy(update={"zones": zone})}),
                candidate,
                t,
                table,
            )
            for limit in rule.rules
        )
        for zone in each
    )


# Stop rules ---------------------------------------------------------------------------------------


def stop_on(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    for touch in count.pool(case, rule.over):
        tells = (
            not touch.booked
            and touch.at <= t
            and chosen(rule.dispositions, touch.disposition)
            and count.matches(rule.counts, touch, table)
            and in_scope(rule, candidate, touch.channel, touch.contact_point)
        )
        if tells and lasts(rule, case, t, touch, touch.at, table, rule.over):
            return True
    return False


def in_scope(rule: Any, candidate: Any, channel: str | None, point: str | None = None) -> bool:
    """A stop of one channel or contact point says nothing of the others."""
    if rule.scope == "case":
        return True
    return channel in (None, candidate.channel) and (
        rule.scope == "channel" or None in (point, candidate.point) or point == candidate.point
    )


def lasts(rule: Any, case: Case, t: datetime, touch: Any, begun: Any, table: Any, over: str = "prospect") -> bool:
    """Whether a stop has begun and is still on: neither its time nor its date is over, and nothing lifted it."""
    known = True
    if rule.after is not None:
        calendar, end = regions(rule.calendar, case), touch.end or touch.at
        begins = [after(rule.after, touch.at, end, zone, rule, calendar) for zone in zones(rule.clock, case)]
        known = FAR not in begins  # else it begins at once
        if known and t < min(begins):
            return False
        touch = Moment(max(begins), max(begins))
    if rule.lifted_by is not None and any(
        count.matches(rule.lifted_by, other, table, sure=True) and begun < other.at <= t
        for other in count.pool(case, over)
    ):
        return False
    if rule.lasts is not None and known and t >= latest(rule.lasts, touch, rule, case):
        return False
    return rule.until is None or any(edges(None, rule.until, t, zone) for zone in zones(rule.clock, case))


def stop_on_stage(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    known = [stage for stage in case.prospect.stages if stage.since is None or stage.since <= t]
    name = stage_at(case, t)
    if name is None or not chosen(rule.on, name):
        return False
    since = max((stage.since for stage in known if stage.since is not None), default=None)
    begun = since or datetime(1, 1, 2, tzinfo=FAR.tzinfo)
    return lasts(rule, case, t, Moment(begun, begun), begun, table)


def stop_on_opt_out(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    for item in case.prospect.opt_outs:
        begun = item.since or datetime(1, 1, 2, tzinfo=FAR.tzinfo)
        if (
            current(item, t)
            and in_scope(rule, candidate, item.channel)
            and lasts(rule, case, t, Moment(begun, begun), begun, table)
        ):
            return True
    return False


def stop_when_exhausted(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    made = [touch for touch in count.history(rule, case, candidate, t, table) if not touch.booked and touch.at <= t]
    return bool(len(made) >= rule.at_most)


def stop_unless_qualified(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    fact = case.prospect.facts.get(rule.fact) if rule.fact else None
    stage = stage_at(case, t)
    return not (
        (
            rule.fact is None
            or (fact is not None and fact.value not in (False, None, "", "no", "false") and current(fact, t))
        )
        and (rule.tag is None or rule.tag in case.prospect.tags)
        and chosen(rule.at_stages, stage, sure=True)
    )


PREDICATES: dict[str, Callable[[Any, Case, Any, datetime, Any], bool]] = {
    "".join(word.capitalize() for word in predicate.__name__.split("_")): predicate
    for predicate in (
        max_attempts, frequency_cap, spacing, no_repeated_channel, recall, cool_off, account_reply, account_load, account_day,
        quiet_hours, business_days, active_period, require_consent, await_promise, await_pending, earn_first, suppressions,
        opt_outs, contact_points, unreadable_touches, any_of, stop_on, stop_on_stage, stop_on_opt_out,
        stop_when_exhausted, stop_unless_qualified,
    )
}  # fmt: skip
PREDICATES |= law_rules.PREDICATES
