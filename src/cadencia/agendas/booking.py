"""Every case in one place, each proposal booked before the next of the same account or contact point.

The order: by day, then deadline, value (the larger first), opening, and id. Nobody is proposed twice on one day for one
account or contact point: the later in order gives way to the next day on which it may be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from .._time.clock import FOREVER, micros, moment
from ..case import Account, Case
from ..decision import Contact, Wait
from ..touch import Touch
from .asking import Answer, Source
from .day import Day
from .entries import entry_of
from .models import Entry

__all__ = ["Asked", "order_of", "placed"]

Key = tuple[str, ...]

#: What is known of the bookings of a case that must be asked about again.
_STALE = -1
#: How a touch that nobody answers ends, by channel; else it was sent.
_SILENT = {"phone": "no_answer", "visit": "no_answer", "meeting": "no_answer"}


class Asked(NamedTuple):
    """A case with its answer, and where that puts it."""

    case: Case
    answer: Answer
    entry: Entry


def order_of(entry: Entry) -> tuple[int, float, int, str]:
    """Deadline first, then value, then opening, then id."""
    deadline = FOREVER if entry.deadline is None else micros(entry.deadline)
    value = 0.0 if entry.value is None else -entry.value
    return deadline, value, FOREVER if entry.at is None else micros(entry.at), entry.prospect


def placed(asked: list[Asked], source: Source, day: Day) -> Iterator[Entry]:
    """The entries of a book once each proposal knows of those that come before it."""
    shared = _shared(asked)
    booked = _Booked(day)
    waiting: list[tuple[int, tuple[int, float, int, str], int, Asked, int]] = []
    for place, item in enumerate(asked):
        if item.entry.at is None or item.entry.channel is None or not shared.intersection(_keys_of(item)):
            yield item.entry
        elif item.entry.booking is not None:  # people have booked it: it comes before whatever is proposed
            booked.add(item)
            yield item.entry
        else:
            waiting.append((day.number(micros(item.entry.at)), order_of(item.entry), place, item, 0))
    heapify(waiting)
    while waiting:
        number, order, place, item, known = heappop(waiting)
        free, item = booked.free_day(item, number)
        if free > number:  # it cannot be earlier; when it is asked about again is early enough
            heappush(waiting, (free, order, place, item, _STALE))
            continue
        if booked.count(item) > known:
            item = booked.again(item, source, number)
            if item.entry.at is None or item.entry.channel is None:
                yield item.entry
                continue
            later = day.number(micros(item.entry.at))
            if later > number:
                heappush(waiting, (later, order, place, item, booked.count(item)))
                continue
        booked.add(item)
        yield item.entry


def _keys_of(item: Asked) -> set[Key]:
    """The account and every contact point by which a case may be reached, and the people."""
    person, entry = item.case.prospect, item.entry
    keys: set[Key] = {("person", person.id), ("person", entry.person or person.id)}
    if person.account is not None:
        keys.add(("account", person.account))
    keys |= {("point", point.channel, point.address) for point in person.contact_points or ()}
    if entry.channel is not None and entry.contact_point is not None:
        keys.add(("point", entry.channel, entry.contact_point))
    return keys


def _shared(asked: list[Asked]) -> set[Key]:
    """The keys that more than one case has: only these cases can stand in each other's way."""
    met: set[Key] = set()
    twice: set[Key] = set()
    for item in asked:
        keys = _keys_of(item)
        twice |= met & keys
        met |= keys
    return twice


class _Booked:
    """What has been proposed so far, by account, contact point and person."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self._touches: dict[Key, dict[str, Touch]] = {}
        self._days: dict[Key, dict[int, str]] = {}

    def count(self, item: Asked) -> int:
        """How many bookings concern a case."""
        return len(self._of(item))

    def _of(self, item: Asked) -> dict[str, Touch]:
        return {name: touch for key in _keys_of(item) for name, touch in self._touches.get(key, {}).items()}

    def add(self, item: Asked) -> None:
        """Book what an entry proposes."""
        entry = item.entry
        assert entry.at is not None
        assert entry.channel is not None
        touch = Touch(
            id=entry.booking or f"agenda/{entry.prospect}", prospect=entry.person or entry.prospect, at=entry.at,
            channel=entry.channel, contact_point=entry.contact_point, purpose=entry.purpose, step=entry.step, booked=True,
            by=entry.owner,
        )  # fmt: skip
        number = self.day.number(micros(entry.at))
        for key in _used(item):
            self._touches.setdefault(key, {})[touch.id] = touch
            self._days.setdefault(key, {}).setdefault(number, entry.prospect)

    def free_day(self, item: Asked, number: int) -> tuple[int, Asked]:
        """The first date, from a date on, that nobody of the same account has; and the case with those that it gives way to."""
        before = dict.fromkeys(item.entry.gives_way_to)
        while (holder := self._holder(_anyhow(item), number)) is not None:
            before[holder] = None
            number += 1
        return number, item._replace(entry=replace(item.entry, gives_way_to=tuple(before)))

    def again(self, item: Asked, source: Source, number: int) -> Asked:
        """A case decided again with the bookings in its history, from a date on, on the first that no other has taken.

        Bookings only restrict, so that what opened on that date before opens then or later.
        """
        booked = _with(item.case, tuple(self._of(item).values()))
        first, before = item.entry, dict.fromkeys(item.entry.gives_way_to)
        now = max(self.day.now, self.day.after(number - 1))
        while True:
            answer = source.ask(_lived(booked, self.day.now, now), moment(now))
            entry = replace(entry_of(item.case, answer, self.day), deadline=first.deadline, value=first.value)
            found = Asked(item.case, answer, entry)
            holder = None
            if isinstance(answer.decision, (Contact, Wait)) and entry.booking is None and entry.at is not None:
                number = self.day.number(micros(entry.at))
                holder = self._holder(_used(found), number)
            if holder is None:
                moved = entry.at != first.at or entry.place != first.place
                names = tuple(before) if before else tuple(self._people(item)) if moved else ()
                return found._replace(entry=replace(entry, gives_way_to=names))
            before[holder] = None
            now = self.day.after(number)

    def _people(self, item: Asked) -> Iterator[str]:
        yield from dict.fromkeys(touch.prospect or "" for touch in self._of(item).values())

    def _holder(self, keys: set[Key], number: int) -> str | None:
        """The case that has a day for an account, contact point or person already."""
        held = (self._days.get(key, {}).get(number) for key in sorted(keys))
        return next((name for name in held if name is not None), None)


def _used(item: Asked) -> set[Key]:
    """The account, contact point and people that an entry takes up."""
    entry = item.entry
    keys = _anyhow(item) | {("person", entry.person or entry.prospect)}
    if entry.channel is not None and entry.contact_point is not None:
        keys.add(("point", entry.channel, entry.contact_point))
    return keys


def _anyhow(item: Asked) -> set[Key]:
    """What a case takes up by whatever channel: its account and its person."""
    person = item.case.prospect
    keys: set[Key] = {("person", person.id)}
    if person.account is not None:
        keys.add(("account", person.account))
    return keys


def _with(case: Case, touches: tuple[Touch, ...]) -> Case:
    """A case with touches booked: its own, and those of whoever shares its account or contact point."""
    person = case.prospect
    known = {touch.id for touch in (*case.touches, *(case.account.touches if case.account else ()))}
    fresh = [touch for touch in touches if touch.id not in known]
    own = tuple(touch for touch in fresh if touch.prospect == person.id)
    others = tuple(touch for touch in fresh if touch.prospect != person.id)
    account = case.account
    if others:
        account = account or Account(id=person.account or person.id)
        account = Account(id=account.id, people=account.people, touches=(*account.touches, *others))
    return case.model_copy(update={"touches": (*case.touches, *own), "account": account})


def _lived(case: Case, since: int, until: int) -> Case:
    """The case as it stands when what is booked between two instants was made, and nobody answered."""
    if until <= since:
        return case

    def made(touches: tuple[Touch, ...]) -> tuple[Touch, ...]:
        return tuple(_made(touch, since, until) for touch in touches)

    account = case.account and case.account.model_copy(update={"touches": made(case.account.touches)})
    return case.model_copy(update={"touches": made(case.touches), "account": account})


def _made(touch: Touch, since: int, until: int) -> Touch:
    """A booking as made, where it lies between two instants; overdue ones stay what they are."""
    if not touch.booked or not isinstance(touch.at, datetime) or not since <= micros(touch.at) < until:
        return touch
    return touch.model_copy(update={"booked": False, "disposition": _SILENT.get(touch.channel, "sent")})
