"""One naive predicate for each limit and stop rule: is this instant forbidden?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from cadencia import Case, Touch
from cadencia.touch import DISPOSITIONS

from . import counting as count
from .clock import (
    BEGINNING,
    DAY,
    FAR,
    TICK,
    Unknown,
    after,
    inside,
    is_business_day,
    midnight,
    places,
    quiet,
    wall,
    weekdays,
)
from .counting import alike, chosen

__all__ = ["DISPOSITIONS", "PREDICATES", "forbidden"]

Predicate = Callable[[Any, Case, Any, datetime, Any], bool]


def forbidden(rule: Any, case: Case, candidate: Any, t: datetime, table: Any = DISPOSITIONS) -> bool:
    """Whether a rule forbids a candidate at an instant."""
    return speaks(rule, case, candidate, t, table) and PREDICATES[type(rule).__name__](rule, case, candidate, t, table)


# When a rule speaks -------------------------------------------------------------------------------


def speaks(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """Whether the rule is in force, meant for this candidate (what is unknown is meant), and not lifted by an exception."""
    person, dates = case.prospect, rule.in_force
    return (
        (dates is None or any(between(dates.from_, dates.to, t, zone) for zone in zones(("prospect",), case)))
        and chosen(rule.channels, candidate.channel)
        and chosen(rule.purposes, candidate.purpose)
        and chosen(rule.steps, candidate.step)
        and chosen(rule.subjects, candidate.subjects)
        and chosen(rule.stages, stage_at(case, t))
        and chosen(rule.tags, person.tags)
        and (not person.regions or any(may_be_in(rule.regions, item.region) for item in person.regions))
        and not any(lifts(exception, case, candidate, t, table) for exception in rule.unless)
    )


def in_region(choice: Any, region: str) -> bool:
    """Whether a region or its country is chosen."""
    return choice is None or bool({region, region[:2]} & choice.names) is not choice.excluded


def may_be_in(choice: Any, region: str) -> bool:
    """The same where a bare country may be any of its parts."""
    return in_region(choice, region) or (len(region) == 2 and any(name[:2] == region for name in choice.names))


def between(first: Any, last: Any, t: datetime, zone: str | None, sure: bool = False) -> bool:
    """Whether t lies between two instants or dates; a date as the end includes it. Without a zone a date may be anywhere."""

    def begun(edge: datetime | date, early: bool) -> bool:
        if not isinstance(edge, datetime):
            start = datetime(edge.year, edge.month, edge.day, tzinfo=UTC)
            edge = midnight(edge, zone) if zone else start - 14 * DAY / 24 if early else start + 12 * DAY / 24
        return t >= edge

    if last is not None and not isinstance(last, datetime):
        last += DAY
    return (first is None or begun(first, not sure)) and (last is None or not begun(last, sure))


def began(item: Any) -> datetime:
    """Since when something holds; without a date, since ever."""
    since: datetime | None = item.since
    return since or BEGINNING


def stage_at(case: Case, t: datetime) -> str | None:
    """The stage that the prospect stands at, the one reached last of those known."""
    known = sorted((stage for stage in case.prospect.stages if began(stage) <= t), key=began)
    return known[-1].name if known else None


def current(item: Any, t: datetime) -> bool:
    """From its `since` until its `until`."""
    return began(item) <= t and (item.until is None or t < item.until)


def lifts(fact: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """Whether everything that an exception names holds for certain; one that names nothing lifts nothing."""
    person, consent = case.prospect, fact.consent
    return bool(fact.model_dump(exclude_defaults=True)) and all(
        (
            chosen(fact.purposes, candidate.purpose, sure=True),
            chosen(fact.channels, candidate.channel, sure=True),
            chosen(fact.tags, person.tags, sure=True),
            chosen(fact.stages, stage_at(case, t), sure=True),
            fact.regions is None or bool(person.regions),
            all(in_region(fact.regions, item.region) for item in person.regions),
            chosen(fact.subjects, candidate.subjects, sure=True),
            all(chosen(fact.subjects, subject) for subject in candidate.subjects),
            consent is None or any(agreed(consent, item, case, candidate, t, table) for item in person.consents),
            fact.requested is None or requested(fact.requested, case, t, table),
            not fact.replying
            or replying(case, t, table, candidate.channel if fact.replying == "same_channel" else None),
        )
    )


def covers(item: Any, candidate: Any, purpose: str | None, basis: Any, t: datetime) -> bool:
    """Whether a consent surely covers a channel and purpose."""
    return (
        current(item, t)
        and item.channel in (None, candidate.channel)
        and item.purpose in (None, purpose)
        and (basis is None or item.basis in basis)
    )


def agreed(fact: Any, item: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """Whether a consent is the one that an exception names, neither too old in any zone nor ended by a touch."""
    ended = [touch for touch in happened(count.own(case), t) if fact.ended_by and touch.at > item.since]
    return (
        covers(item, candidate, fact.purpose or candidate.purpose, fact.basis, t)
        and young(item, fact.valid_for, zones(("prospect",), case), t)
        and not any(count.matches(fact.ended_by, touch, table) for touch in ended)
    )


def young(item: Any, valid_for: Any, where: list[Any], t: datetime) -> bool:
    """Whether something is surely no older than it may be; without a limit it always is."""
    return valid_for is None or all(t < after(valid_for, item.since, item.since, zone) != FAR for zone in where)


def requested(fact: Any, case: Case, t: datetime, table: Any) -> bool:
    """From the agreed instant, or `early` before it, until the person is reached or `grace` has passed; a date is no instant."""
    early, grace = (fact.early.micros if fact.early else 0) * TICK, fact.grace.micros * TICK
    mine: list[Any] = count.own(case)
    return any(
        touch.promise
        and touch.promise.by == "us"
        and touch.promise.kind in fact.kinds
        and isinstance(touch.promise.at, datetime)
        and max(touch.promise.at - early, touch.at) <= t < touch.promise.at + grace
        and not any(count.reached(other, table) and touch.at < other.at <= t for other in mine)
        for touch in mine
    )


def replying(case: Case, t: datetime, table: Any, channel: str | None = None) -> bool:
    """From an inbound touch (by a channel) until our first answer to it."""
    past = happened(count.own(case), t)
    answers = [touch for touch in past if touch.direction == "outbound" and count.went_out(touch, table)]
    wrote = [touch for touch in past if touch.direction == "inbound" and channel in (None, touch.channel)]
    wrote = [touch for touch in wrote if touch.disposition != "opted_out"]  # who opts out asks for no answer
    return any(not any(answer.at > touch.at for answer in answers) for touch in wrote)


def happened(touches: Iterable[Touch], t: datetime) -> list[Any]:
    """The touches that have happened by t; a booking has not."""
    return [touch for touch in touches if not touch.booked and touch.at <= t]


def zones(clock: Iterable[str], case: Case) -> list[Any]:
    """The zones a clock names; [None] when the prospect's are needed and not known."""
    theirs = {item.zone for item in case.prospect.zones} if "prospect" in clock else set()
    if "prospect" in clock and not theirs:
        return [None]
    return sorted(theirs | (set(clock) - {"prospect"}))


def regions(names: Iterable[str] | None, case: Case) -> list[str] | None:
    """The regions whose holidays are meant; None when the prospect's are and are not known."""
    named, theirs = set(names or ()), {item.region for item in case.prospect.regions}
    asked = named & {"prospect", "prospect_country"}
    if asked and not theirs:
        return None
    found = named - asked
    if "prospect" in asked:
        found |= {place for region in theirs for place in places(region)}
    if "prospect_country" in asked:
        found |= {region.split("-")[0] for region in theirs}
    return sorted(found)


def apart(names: Iterable[str] | None, case: Case) -> list[list[str]]:
    """The regions whose holidays are meant if the prospect is here, or there: one list for each place."""
    fixed, theirs = set(names or ()) - {"prospect", "prospect_country"}, [item.region for item in case.prospect.regions]
    kept = [
        {
            place
            for name, place in (("prospect", part), ("prospect_country", part.split("-")[0]))
            if name in (names or ())
        }
        for region in theirs
        for part in places(region)
    ]
    return [sorted(fixed | some) for some in kept] or [sorted(fixed)]


def latest(delay: Any, touch: Any, rule: Any, case: Case) -> datetime:
    """When a delay after a touch is over in every zone."""
    return max(ends(delay, touch.at, touch.end or touch.at, rule, case))


def ends(delay: Any, start: Any, end: Any, rule: Any, case: Case, kept: list[str] | None = None) -> list[datetime]:
    """When a delay is over, zone by zone, where the holidays of some regions are kept; of those that the rule names if not told."""
    calendar = regions(getattr(rule, "calendar", None), case) if kept is None else kept
    return [
        after(delay, start, end, zone, rule, calendar) for zone in zones(getattr(rule, "clock", ("prospect",)), case)
    ]


# Limits that count --------------------------------------------------------------------------------


def max_attempts(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return bool(len(count.history(rule, case, candidate, t, table)) >= rule.at_most)


#: No calendar period has more dates.
LONGEST = {"day": 1, "week": 7, "half_month": 16, "month": 31, "quarter": 92, "year": 366}


def frequency_cap(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches = count.history(rule, case, candidate, t, table)

    def full(width: Any, number: Callable[[datetime], Any]) -> bool:
        return count.newly_broken(touches, case, candidate, t, count.crowded, rule.at_most, width, number)

    def in_zone(zone: str | None) -> bool:
        if zone is None:  # what lies farther apart shares the period on no clock
            return full(((rule.dates or LONGEST[rule.each]) + 1) * DAY, lambda at: at)
        if rule.dates is not None:
            return full(rule.dates, lambda at: wall(at, zone).date().toordinal())
        week_start = min(weekdays(rule.week_start))
        return full(1, lambda at: count.period(wall(at, zone).date(), rule.each, week_start))

    if rule.within is not None:
        return full(rule.within.micros * TICK, lambda at: at)
    return any(in_zone(zone) for zone in zones(rule.clock, case))


def spacing(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches, calendar = count.history(rule, case, candidate, t, table), regions(rule.calendar, case)

    def in_zone(zone: str | None) -> bool:
        def over(n: int, touch: Any) -> datetime:
            end: datetime = touch.end or touch.at
            if (backoff := rule.backoff) is not None:
                grown: int = round(min(backoff.first.micros * backoff.factor ** (n - 1), backoff.at_most.micros))
                return end + grown * TICK
            gap = rule.at_least or rule.gaps[min(n, len(rule.gaps)) - 1]
            return after(gap, touch.at, end, zone, rule, calendar)

        return count.newly_broken(touches, case, candidate, t, count.too_close, over)

    return any(in_zone(zone) for zone in zones(rule.clock, case))


def no_repeated_channel(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches = count.history(rule, case, candidate, t, table)
    return count.newly_broken(touches, case, candidate, t, count.running, rule.at_most)


def account_load(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    named = [touch.model_copy(update={"prospect": touch.prospect or case.prospect.id}) for touch in ours(case, table)]
    within = rule.within.micros * TICK
    return rule.at_most == 0 or count.newly_broken(named, case, candidate, t, count.talking, rule.at_most, within)


def ours(case: Case, table: Any) -> list[Any]:
    """What went out, or is booked to, to anybody of the account."""
    return [
        touch for touch in count.pool(case, "account") if touch.direction == "outbound" and count.went_out(touch, table)
    ]


def recall(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    past = happened(count.history(rule, case, candidate, t, table), t)

    def waits(place: int) -> bool:
        disposition, row = past[place].disposition, 1
        while row <= place and past[place - row].disposition == disposition:
            row += 1
        delays = rule.after.get(disposition, rule.after.get("otherwise"))
        return delays is not None and t < latest(delays[min(row, len(delays)) - 1], past[place], rule, case)

    last = [place for place, touch in enumerate(past) if touch.at == past[-1].at]  # only the last attempt speaks
    return any(waits(place) for place in last)


def cool_off(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    past = happened(count.history(rule, case, candidate, t, table), t)

    def completes(touch: Any) -> bool:
        since = touch.at - rule.within.micros * TICK if rule.within else BEGINNING
        return bool(sum(since < other.at <= touch.at for other in past) >= rule.times)

    silences: list[Any] = []  # begun by the touch that completes the count, and by each that comes before one is over
    for touch in past:
        if completes(touch) or any(touch.at < latest(rule.silence, other, rule, case) for other in silences):
            silences.append(touch)
    return any(t < latest(rule.silence, touch, rule, case) for touch in silences)


# Limits of the account ----------------------------------------------------------------------------


def account_reply(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return any(
        count.matches(rule.counts, touch, table) and (rule.lasts is None or t < latest(rule.lasts, touch, rule, case))
        for touch in happened(count.pool(case, "others"), t)
    )


def account_day(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    owner = case.prospect.owner
    theirs = [touch.at for touch in ours(case, table) if owner is None or touch.by != owner]
    where = zones(rule.clock, case)
    if where == [None]:
        return any(at - 3 * DAY <= t < at + 3 * DAY for at in theirs)  # farther than any date
    return any(wall(at, zone).date() == wall(t, zone).date() for at in theirs for zone in where)


# Limits on the clock ------------------------------------------------------------------------------


def quiet_hours(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    def closed(shown: datetime) -> bool:
        if rule.between is not None:
            return quiet(rule.between, rule.dates, shown)
        last = shown.date() - DAY  # a window that belongs to a holiday does not open, nor its part after midnight
        shut = {} if works(rule, case, last) else {last: ()}
        return not inside(rule.allow, {**rule.dates, **shut}, shown)

    return on_the_clock(rule, case, t, closed)


def business_days(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return on_the_clock(rule, case, t, lambda shown: shown.weekday() not in rule.days)


def on_the_clock(rule: Any, case: Case, t: datetime, closed: Callable[[datetime], bool]) -> bool:
    """Whether t is closed in one of the zones, or on a holiday of one of the regions."""
    shown = [zone and wall(t, zone) for zone in zones(rule.clock, case)]
    return any(now is None or closed(now) or not works(rule, case, now.date()) for now in shown)


def works(rule: Any, case: Case, day: date) -> bool:
    """Whether a date is surely no public holiday for a rule."""
    try:
        return is_business_day(day, range(7), regions(rule.holidays, case))
    except Unknown:
        return False


def active_period(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return not all(between(rule.from_, rule.until, t, zone, sure=True) for zone in zones(rule.clock, case))


# Limits on what is known --------------------------------------------------------------------------


def require_consent(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return not any(
        covers(item, candidate, rule.purpose or candidate.purpose, rule.basis, t)
        and young(item, rule.valid_for, zones(rule.clock, case), t)
        for item in case.prospect.consents
    )


def await_promise(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    def lapses(touch: Any) -> datetime:
        at, zone = touch.promise.at, touch.promise.zone
        if at is None:
            return latest(rule.undated, touch, rule, case)
        dated = not isinstance(at, datetime)
        over = max(date_is_over(at, zone) for zone in ([zone] if zone else zones(("prospect",), case))) if dated else at
        return max(ends(rule.grace, over - TICK if dated else over, over, rule, case)) if rule.grace else over

    past = happened(count.own(case), t)
    came = [touch.at for touch in past if touch.direction == "inbound"]  # back to us; that we reach them ends nothing
    return any(
        touch.promise and touch.promise.by == "them" and t < lapses(touch) and not any(at > touch.at for at in came)
        for touch in past
    )


def date_is_over(day: date, zone: str | None) -> datetime:
    """When a date is over, in a zone or everywhere on Earth."""
    return midnight(day + DAY, zone) if zone else datetime(day.year, day.month, day.day, tzinfo=UTC) + 1.5 * DAY


def await_pending(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    def over(item: Any) -> bool:
        if item.done_at is not None and t >= item.done_at:
            return True
        where = zones(("prospect",), case)
        return item.due is not None and all(between(item.due, None, t, zone, sure=True) for zone in where)

    return any(item.kind in rule.kinds and began(item) <= t and not over(item) for item in case.prospect.pending)


def earn_first(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """What is not known gives nothing."""

    def gave(touch: Touch) -> bool:
        both = {
            "channel": True,
            "contact_point": candidate.point is None or touch.contact_point is not None,
            "step": candidate.step is None or touch.step is not None,
            "purpose": candidate.purpose is None or touch.purpose is not None,
            "subject": not candidate.subjects or touch.subjects != (),
        }
        sure = count.matches(rule.counts, touch, table, sure=True) and all(both[what] for what in rule.per)
        return bool(sure and (rule.count != "reached" or count.reached(touch, table) is True))

    made = happened(count.history(rule, case, candidate, t, table), t)
    return sum(map(gave, made)) < int(rule.least)


def suppressions(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return any(
        bars(item, candidate, t) and alike(item.contact_point, candidate.point) for item in case.prospect.suppressions
    )


def opt_outs(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return any(bars(item, candidate, t) for item in case.prospect.opt_outs)


def bars(item: Any, candidate: Any, t: datetime) -> bool:
    """Whether an opt-out or a suppression is current, and meant for a channel and purpose."""
    return current(item, t) and item.channel in (None, candidate.channel) and alike(item.purpose, candidate.purpose)


def contact_points(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    points = case.prospect.contact_points
    there = [item for item in points or () if (item.channel, item.address) == (candidate.channel, candidate.point)]
    dead = any(item.status in ("invalid", "bounced") and began(item) <= t for item in there)
    return points is not None and (dead or not there)


def unreadable_touches(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches = [*case.touches, *(case.account.touches if case.account else ())]
    return bool(case.unreadable) or any(one.id == other.id and one != other for one in touches for other in touches)


def any_of(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    """Whole in each zone."""
    people = [case.prospect.model_copy(update={"zones": (zone,)}) for zone in case.prospect.zones] or [case.prospect]
    cases = [case.model_copy(update={"prospect": person}) for person in people]
    return any(all(forbidden(limit, one, candidate, t, table) for limit in rule.rules) for one in cases)


# Stop rules ---------------------------------------------------------------------------------------


def stop_on(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    touches = count.pool(case, rule.over)
    return any(
        chosen(rule.dispositions, touch.disposition)
        and count.matches(rule.counts, touch, table)
        and in_scope(rule, candidate, touch.channel, touch.contact_point)
        and lasts(rule, case, t, touch.at, touch.end or touch.at, touches, table)
        for touch in happened(touches, t)
    )


def in_scope(rule: Any, candidate: Any, channel: str | None, point: str | None = None) -> bool:
    """A stop of one channel or contact point says nothing of the others."""
    return rule.scope == "case" or (
        channel in (None, candidate.channel) and (rule.scope == "channel" or alike(point, candidate.point))
    )


def lasts(rule: Any, case: Case, t: datetime, start: datetime, end: datetime, touches: list[Touch], table: Any) -> bool:
    """Whether a stop has begun and is still on: neither its time nor its date is over, and nothing lifted it."""
    begins = ends(rule.after, start, end, rule, case) if rule.after else [BEGINNING]
    first, last = (start, end) if rule.after is None else (max(begins), max(begins))
    if rule.after is not None and FAR not in begins:  # in the one place, of all plausible, where it begins first
        begins = [
            begin for names in apart(rule.calendar, case) for begin in ends(rule.after, start, end, rule, case, names)
        ]
    on = [between(None, rule.until, t, zone) for zone in zones(rule.clock, case)]
    lifted_by = [touch for touch in happened(touches, t) if touch.at > start]
    return (
        (FAR in begins or t >= min(begins))  # where it is not known when, it begins at once, and lasts
        and (
            rule.lasts is None
            or FAR in begins
            or start == BEGINNING
            or t < max(ends(rule.lasts, first, last, rule, case))
        )
        and (rule.until is None or any(on))
        and not any(rule.lifted_by and count.matches(rule.lifted_by, touch, table, sure=True) for touch in lifted_by)
    )


def stop_on_stage(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    begun = max((began(stage) for stage in case.prospect.stages if began(stage) <= t), default=BEGINNING)
    on = chosen(rule.on, stage_at(case, t), sure=True)
    return on and lasts(rule, case, t, begun, begun, count.own(case), table)


def stop_on_opt_out(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return any(
        current(item, t)
        and in_scope(rule, candidate, item.channel)
        and lasts(rule, case, t, began(item), began(item), count.own(case), table)
        for item in case.prospect.opt_outs
    ) or any(
        touch.disposition == "opted_out"
        and in_scope(rule, candidate, touch.channel, touch.contact_point)
        and lasts(rule, case, t, touch.at, touch.end or touch.at, count.own(case), table)
        for touch in happened(count.own(case), t)
    )


def stop_when_exhausted(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return bool(len(happened(count.history(rule, case, candidate, t, table), t)) >= rule.at_most)


def stop_unless_qualified(rule: Any, case: Case, candidate: Any, t: datetime, table: Any) -> bool:
    return not (
        (rule.fact is None or says_yes(case.prospect.facts.get(rule.fact), t))
        and (rule.tag is None or rule.tag in case.prospect.tags)
        and chosen(rule.at_stages, stage_at(case, t), sure=True)
        and (
            rule.by is None
            or any(count.matches(rule.by, touch, table, sure=True) for touch in happened(count.own(case), t))
        )
    )


def says_yes(fact: Any, t: datetime) -> bool:
    """Whether a fact is known, current, and not a no."""
    return fact is not None and fact.value not in (False, None, "", "no", "false") and current(fact, t)


def named(*predicates: Predicate) -> dict[str, Predicate]:
    """Predicates by the names of the classes that they specify."""
    return {"".join(word.capitalize() for word in one.__name__.split("_")): one for one in predicates}


#: The predicate of each kind, by the name of its class: a predicate that is added here is compared with its rule.
PREDICATES: dict[str, Predicate] = named(
    max_attempts, frequency_cap, spacing, no_repeated_channel, recall, cool_off, account_reply, account_load, account_day,
    quiet_hours, business_days, active_period, require_consent, await_promise, await_pending, earn_first, suppressions,
    opt_outs, contact_points, unreadable_touches, any_of, stop_on, stop_on_stage, stop_on_opt_out, stop_when_exhausted,
    stop_unless_qualified,
)  # fmt: skip
