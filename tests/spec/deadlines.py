"""What is owed, naively: by when, when it was met, and whether it still can be.

Something owed *will be missed* exactly when at no instant from now to its due is a contact permitted that would meet it, and none
is booked that would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cadencia import Case, Policy, Touch
from cadencia.rules import Candidate

from . import counting as count
from .clock import BEGINNING, DAY, FAR, TICK, midnight, wall
from .counting import chosen
from .decide import known, limits, permitted
from .probing import instants
from .rules import between, date_is_over, ends, says_yes, stage_at, zones


class Owed(NamedTuple):
    """Something owed: since when, by when (None where that cannot be said), and when it was met."""

    code: str
    anchor: str
    since: datetime
    due: datetime | None
    met: datetime | None = None


def owed(rule: Any, case: Case, as_of: datetime, table: Any) -> list[Owed]:
    """What a deadline says is owed, of a case without overdue bookings."""
    where = zones(("prospect",), case)
    if rule.in_force and not any(between(rule.in_force.from_, rule.in_force.to, as_of, zone) for zone in where):
        return []
    kinds = {
        "respond_within": _respond,
        "promise_due": _promise,
        "touch_at_least_every": _touch,
        "never_undated": _dated,
    }
    return list(kinds[rule.rule](rule, case, as_of, table))


def meeting(rule: Any, case: Case, table: Any, since: datetime, itself: bool = False) -> list[Any]:
    """The touches after an instant (or at it) that meet a deadline: ours that went out and surely match."""
    return [
        touch
        for touch in count.own(case)
        if (touch.direction == "outbound" or rule.met_by.directions is not None)
        and count.went_out(touch, table)
        and count.matches(rule.met_by, touch, table, sure=True)
        and (touch.at > since or (itself and touch.at == since))
    ]


def first(touches: Iterable[Any]) -> Any:
    """When the first of some touches was made."""
    return min((touch.at for touch in touches), default=None)


def by(delay: Any, start: Any, end: Any, rule: Any, case: Case) -> datetime | None:
    """When a delay is over in the last of the zones; None where that cannot be said."""
    over = max(ends(delay, start, end, rule, case))
    return None if over == FAR else over


def _respond(rule: Any, case: Case, as_of: datetime, table: Any) -> Iterator[Owed]:
    opened: Any = case.opened_at
    if rule.of == "opening":
        if opened is not None:
            met = first(meeting(rule, case, table, opened, itself=True))
            yield Owed("respond", "opening", opened, by(rule.within, opened, opened, rule, case), met)
    elif rule.of == "inbound":
        answered: Any = BEGINNING
        for touch in count.own(case):
            came = touch.direction == "inbound" and not touch.booked and count.matches(rule.counts, touch, table)
            if came and touch.at > answered:
                met = first(meeting(rule, case, table, touch.at))  # type: ignore[arg-type]
                answered = met or FAR
                yield Owed("respond", touch.id, touch.at, by(rule.within, touch.at, touch.at, rule, case), met)  # type: ignore[arg-type]
    else:
        for start, end in _qualified(rule, case):
            since = opened if start == BEGINNING else start
            if since is None or since > as_of:
                continue
            due, met = by(rule.within, since, since, rule, case), first(meeting(rule, case, table, since, itself=True))
            if not ((met is None or met >= end) and due is not None and due >= end):  # else it ended before it was due
                yield Owed("attend", "qualification", since, due, met)


def _qualified(rule: Any, case: Case) -> list[tuple[datetime, datetime]]:
    """The stretches in which a prospect was qualified, by the fact or by the stage."""
    fact = case.prospect.facts.get(rule.fact) if rule.fact else None
    told = [fact and fact.since, fact and fact.until, *(stage.since for stage in case.prospect.stages)]
    edges = sorted({BEGINNING, *(edge for edge in told if edge)})
    found: list[tuple[datetime, datetime]] = []
    for start, end in zip(edges, [*edges[1:], FAR], strict=True):
        stage = stage_at(case, start)
        if says_yes(fact, start) or (rule.at_stages is not None and chosen(rule.at_stages, stage, sure=True)):
            joined = bool(found) and found[-1][1] == start
            found[-1:] = [(found[-1][0], end)] if joined else [*found[-1:], (start, end)]
    return found


def _promise(rule: Any, case: Case, as_of: datetime, table: Any) -> Iterator[Owed]:
    for touch in count.own(case):
        promise: Any = touch.promise
        if promise is None or promise.by != "us" or touch.booked:
            continue
        at, where = promise.at, [promise.zone] if promise.zone else zones(("prospect",), case)
        dated = at is not None and not isinstance(at, datetime)
        due = max(date_is_over(at, zone) for zone in where) if dated else at
        if due is not None and rule.grace:
            due = by(rule.grace, due - TICK if dated else due, due, rule, case)
        later: list[Any] = meeting(rule, case, table, touch.at)  # type: ignore[arg-type]
        day = BEGINNING if at is None else min(_begins(at, zone) for zone in where)
        if at is not None and not dated:
            day = min(_begins(at, zone) for zone in zones(("prospect",), case))
        met = first(other for other in later if count.reached(other, table) or other.at >= day)
        yield Owed("promise", touch.id, touch.at, due, met)  # type: ignore[arg-type]


def _begins(at: Any, zone: str | None) -> datetime:
    """When the date of a promised time begins; where no zone is known, a day before it, or at the first place on Earth."""
    if isinstance(at, datetime):
        return midnight(wall(at, zone).date(), zone) if zone else at - DAY
    return midnight(at, zone) if zone else date_is_over(at - DAY, None) - timedelta(hours=26)


def _touch(rule: Any, case: Case, as_of: datetime, table: Any) -> Iterator[Owed]:
    made = meeting(rule, case, table, BEGINNING)
    if made:
        last = made[-1]
        yield Owed("touch", last.id, last.at, by(rule.every, last.at, count.end_of(last), rule, case))
    elif case.opened_at is not None:
        yield Owed("touch", "opening", case.opened_at, by(rule.every, case.opened_at, case.opened_at, rule, case))


def _dated(rule: Any, case: Case, as_of: datetime, table: Any) -> Iterator[Owed]:
    for item in case.prospect.pending:
        due: Any = item.due
        if due is not None and not isinstance(due, datetime):
            due = max(date_is_over(due, zone) for zone in zones(("prospect",), case))
        since = item.since or datetime(1970, 1, 1, tzinfo=as_of.tzinfo)
        if item.content_kept is False or item.price_kept is False:
            yield Owed("broken", item.id, since, due or item.done_at)
        else:
            yield Owed("undated" if due is None else "pending", item.id, since, due, item.done_at)


# Whether it still can be met -----------------------------------------------------------------------------------------


def state(policy: Policy, rule: Any, item: Owed, case: Case, as_of: datetime) -> str:
    """What is to be said of something owed."""
    if item.met is not None and item.met <= as_of:
        return "met" if item.due is None or item.met <= item.due else "met_late"
    if item.due is None:
        return "undated"
    if item.due < as_of:
        return "missed"
    return "due" if possible(policy, rule, item, case, as_of) else "will_be_missed"


def possible(policy: Policy, rule: Any, item: Owed, case: Case, as_of: datetime) -> bool:
    """Whether a contact that would meet it is booked, or permitted at some instant until its due."""
    met_by = getattr(rule, "met_by", None)
    if met_by is not None and met_by.directions is not None and not chosen(met_by.directions, "outbound"):
        return True  # what only they can do is not kept from them by our limits
    assert item.due is not None
    kept, due = known(case, as_of), item.due
    for touch in count.own(kept):
        after = touch.at > item.since or item.anchor in ("opening", "qualification")
        ours = touch.booked and touch.direction == "outbound" and touch.at <= due
        if ours and after and would_meet(met_by, touch):
            return True
    asked = instants([rule for rule, _ in limits(policy, kept)], kept, as_of, due)
    return any(permitted(policy, case, one, t, as_of) for one in fitting(policy, case, met_by) for t in asked)


def would_meet(met_by: Any, planned: Touch | Candidate) -> bool:
    """Whether something planned would meet a deadline if it ended as it must; what is not known yet may be as it must."""
    return met_by is None or (
        chosen(met_by.channels, planned.channel)
        and chosen(met_by.purposes, planned.purpose)
        and chosen(met_by.steps, planned.step)
        and chosen(met_by.subjects, planned.subjects)
    )


def fitting(policy: Policy, case: Case, met_by: Any) -> Iterator[Candidate]:
    """Every contact that would meet a deadline: by a channel and address, for a purpose, step and subjects that it accepts."""
    allowed = [set(layer.channels) for layer in (policy, *policy.layers) if layer.channels is not None]
    for channel in sorted(set.intersection(*allowed)):
        points = [item for item in case.prospect.contact_points or () if item.channel == channel]
        addresses: list[Any] = [item.address for item in points]
        for address in addresses or [None]:
            plain = Candidate(channel, address)
            if met_by is None or chosen(met_by.channels, channel):
                yield plain
