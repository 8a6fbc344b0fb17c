"""From a decision to the one place where a case stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from .._time.clock import FOREVER, micros, moment
from .._view import Seen
from ..case import Case
from ..decision import Blocked, Contact, Stop, Wait
from ..record import BlockRecord, Record
from .asking import Answer
from .day import Day
from .models import Entry, Place

if TYPE_CHECKING:
    from ..prospect import Prospect

__all__ = ["bookings_of", "entry_of", "value_of"]

#: What a contact does not settle.
_NO_CONTACT = frozenset({"task", "record", "broken", "undated"})


def entry_of(case: Case, answer: Answer, day: Day, fact: str | None = None) -> Entry:
    """Where a case stands on a day: a booking of its own comes before what is proposed for that day or a later one."""
    decision, person = answer.decision, case.prospect
    record = decision.record
    proposal = record.proposal
    entry = Entry(
        "blocked", person.id, name=person.name, account=person.account, owner=person.owner, owner_kind=person.owner_kind,
        value=None if fact is None else value_of(person, fact), zone=record.zone, deadline=_deadline(record),
        playbook=None if answer.playbook is None else answer.playbook.name, proposal=proposal,
    )  # fmt: skip
    if isinstance(decision, Stop):
        return replace(entry, place="stopped", block=_ending(record), step=None)
    if isinstance(decision, (Contact, Wait)):
        assert record.at is not None
        entry = replace(
            entry, place=_place(micros(record.at), day), person=record.prospect, step=record.step, purpose=record.purpose,
            channel=record.channel, contact_point=record.contact_point, at=record.at, until=record.until,
            block=record.chain[-1] if record.chain else None,
        )  # fmt: skip
    else:
        assert isinstance(decision, Blocked)
        at = record.not_before
        entry = replace(
            entry, place="blocked" if at is None else "later", at=at, needs=record.needs,
            block=record.chain[-1] if record.chain else None,
        )  # fmt: skip
    return _booked(entry, case, day)


def _place(at: int, day: Day) -> Place:
    return "today" if at < day.end else "later"


def _booked(entry: Entry, case: Case, day: Day) -> Entry:
    """The entry with the case's own next booking, where that comes first."""
    first = next(iter(bookings_of(case, day)), None)
    if first is None:
        return entry
    if entry.at is not None and day.number(micros(entry.at)) < day.number(first.lo):
        return entry
    touch = first.touch
    begins = max(first.lo, day.start)
    return replace(
        entry, place=_place(begins, day), person=case.prospect.id, step=touch.step, purpose=touch.purpose,
        channel=touch.channel, contact_point=touch.contact_point, at=moment(begins),
        until=None if first.end <= begins else moment(first.end), booking=touch.id, proposal=None, block=None, needs=(),
    )  # fmt: skip


def bookings_of(case: Case, day: Day) -> list[Seen]:
    """The case's own bookings that are still to be kept, in order."""
    view = case.view().at(day.now)
    return [seen for seen in view.touches if seen.booked and seen.outbound]


def _deadline(record: Record) -> datetime | None:
    owed = [
        due.due
        for due in record.deadlines
        if due.due is not None and due.code not in _NO_CONTACT and due.state in ("due", "missed", "will_be_missed")
    ]
    return min(owed, default=None)


def _ending(record: Record) -> BlockRecord | None:
    """The block that ended a case."""
    found = (block for verdict in record.verdicts if verdict.rule == record.reason for block in verdict.blocks)
    return next(found, None)


def value_of(person: Prospect, fact: str) -> float | None:
    """What a case is worth: a fact that is a number."""
    known = person.facts.get(fact)
    if known is None or isinstance(known.value, bool):
        return None
    try:
        value = float(known.value)
    except (TypeError, ValueError):
        return None
    return value if abs(value) < FOREVER else None
