"""What is owed, lifts, lapses, or has no date: by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from .._time.clock import FOREVER, micros, moment
from .._view import Seen
from ..cadence.anchors import LIFTING
from ..cadence.conditions import due_of
from ..case import Case
from ..decision import Stop
from ..prospect import PendingItem
from ..record import BlockRecord
from ..rules.consent import AwaitPromise
from ..rules.filters import Candidate, promised_range
from .asking import Answer, Source
from .day import Day
from .entries import bookings_of
from .models import Item

__all__ = ["Owed", "in_order"]


@dataclass
class Owed:
    """Gathers what is owed while answers pass by; `soon` is the instant until which a thing falls due soon."""

    day: Day
    soon: int
    due_soon: list[Item] = field(default_factory=list)
    overdue: list[Item] = field(default_factory=list)
    lifting: list[Item] = field(default_factory=list)
    lapsing: list[Item] = field(default_factory=list)
    undated: list[Item] = field(default_factory=list)
    forbidden: list[Item] = field(default_factory=list)

    def add(self, case: Case, answer: Answer, source: Source) -> None:
        """Take a case in. One that is over owes nothing but its tasks, and its bookings are looked at all the same."""
        self._deadlines(case, answer)
        self._bookings(case, answer, source)
        if not isinstance(answer.decision, Stop):
            self._pending(case)
            self.lapsing += self._promises(case, answer)

    def _item(self, case: Case, kind: str, name: str, at: int | datetime | None, **more: object) -> Item:
        person = case.prospect
        known: dict[str, object] = {"owner": person.owner, "owner_kind": person.owner_kind, **more}
        instant = moment(at) if isinstance(at, int) else at
        zone = min((item.zone for item in person.zones), default=None)
        return Item(person.id, kind, name, at=instant, zone=zone, **known)  # type: ignore[arg-type]

    def _deadlines(self, case: Case, answer: Answer) -> None:
        over = isinstance(answer.decision, Stop)
        for due in answer.decision.record.deadlines:
            if due.due is None or (over and due.code not in ("task", "record", "broken")):
                continue
            if due.state == "missed" or (due.state in ("due", "will_be_missed") and micros(due.due) < self.soon):
                item = self._item(
                    case, "deadline", due.anchor, due.due, due=due, owner=due.owner, owner_kind=due.owner_kind
                )
                (self.overdue if due.state == "missed" else self.due_soon).append(item)

    def _bookings(self, case: Case, answer: Answer, source: Source) -> None:
        view = case.view()
        own = {touch.id: touch for touch in case.touches if touch.booked}
        for name in view.overdue(self.day.now):
            if name in own:
                _, _, end = view._range(own[name])
                self.overdue.append(self._item(case, "booking", name, end))
        for seen in bookings_of(case, self.day):
            at = max(seen.lo, self.day.now)
            if at < self.soon:
                against = source.forbids(answer, case, seen.touch, moment(at))
                if against:
                    self.forbidden.append(self._item(case, "booking", seen.id, at, block=BlockRecord(against[0])))

    def _pending(self, case: Case) -> None:
        view = case.view()
        for item in case.prospect.pending:
            done = None if item.done_at is None else micros(item.done_at)
            if done is not None and done <= self.day.now:
                if item.kind in LIFTING and self.day.holds(done):
                    self.lifting.append(self._named(case, item, done))
                continue
            if item.due is None:
                self.undated.append(self._named(case, item, None))
            elif item.kind in LIFTING and self.day.holds(due := due_of(view, item)):
                self.lifting.append(self._named(case, item, due))

    def _named(self, case: Case, item: PendingItem, at: int | None) -> Item:
        owner, kind = case.prospect.owner_of(item)
        return self._item(case, item.kind, item.id, at, what=item.what, owner=owner, owner_kind=kind)

    def _promises(self, case: Case, answer: Answer) -> Iterator[Item]:
        """Promises of theirs that lapse today, as the policy says when they lapse; without a word, at the promised time."""
        lapses: dict[str, int] = {}
        waits = [ruled for ruled in answer.engine.limits if isinstance(ruled.rule, AwaitPromise)]
        for rule, table in waits:
            view = case.view().at(self.day.now).using(table)
            for channel in answer.engine.channels or ():
                for block in rule.answer(view, Candidate(channel), (self.day.start - 1, self.day.end)):
                    if block.code == "await_promise" and self.day.holds(block.end):
                        lapses[block.touches[0]] = max(block.end, lapses.get(block.touches[0], block.end))
        view = case.view().at(self.day.now)
        answered = [seen.lo for seen in view.touches if not seen.booked and (not seen.outbound or seen.reached)]
        for seen in view.touches:
            if seen.promise is None or seen.promise.by != "them" or seen.booked or any(at > seen.hi for at in answered):
                continue
            at = lapses.get(seen.id) if waits else _named_time(case, seen)
            if at is not None and self.day.holds(at):
                yield self._item(case, "promise", seen.id, at, what=seen.promise.kind)


def _named_time(case: Case, seen: Seen) -> int | None:
    """The end of a promised time; None where none was named."""
    if seen.promise is None or seen.promise.at is None:
        return None
    low, last = promised_range(case.view(), seen)
    return last + (low != last)


def in_order(items: list[Item]) -> tuple[Item, ...]:
    """By date, then prospect, kind and id; what has no date last."""
    return tuple(
        sorted(
            items,
            key=lambda item: (FOREVER if item.at is None else micros(item.at), item.prospect, item.kind, item.id),
        )
    )
