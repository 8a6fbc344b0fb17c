"""Making an agenda: ask about every case, book proposal after proposal, and gather what is owed and the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..case import Case
from ..engine import length_of
from ..errors import InputError, given
from ..prospect import Prospect
from .asking import Source
from .booking import Asked, order_of, placed
from .day import day_of
from .entries import entry_of
from .figures import (
    Answers,
    Collector,
    Dated,
    GivenUp,
    Inputs,
    Known,
    Portfolio,
    Referred,
    Refusals,
    Silence,
    Speed,
)  # fmt: skip
from .models import Agenda, Entry, Place
from .owed import Owed, in_order

if TYPE_CHECKING:
    from ..bookshelf import Playbooks
    from ..playbook import Playbook
    from ..policy import Policy

__all__ = ["Inputs", "agenda"]


def agenda(
    cases: Iterable[Case | Prospect],
    asked: Policy | Playbook | Playbooks,
    *,
    as_of: datetime | str,
    zone: str | None = None,
    soon: timedelta | str = "3 days",
    horizon: str | None = None,
    cycle: timedelta | str = "1461 days",
    effort: timedelta | str = "365 days",
    inputs: Inputs | None = None,
    progress: Callable[[], None] | None = None,
) -> Agenda:
    """The day's work of a whole book: today's contacts by owner, what falls due, what keeps us waiting, and the figures.

    Each case stands in exactly one place: today, later, blocked for something named, or stopped. Each proposal is booked
    before the next of the same account or contact point, in order of day, deadline, value (the larger first), opening and
    id; nobody is proposed twice on one day for one account or contact point.

    Args:
        cases: the book; the case of each prospect once.
        asked: a policy, a playbook, or playbooks of which one proposes for each case.
        as_of: the instant of the question, with offset.
        zone: the zone of the desk, at whose midnight the day ends; without one, the offset that `as_of` is written with.
        soon: how far ahead a deadline falls due soon, and the calendar reaches.
        horizon: how far ahead an opening is looked for; 90 days, or the playbook's own.
        cycle: how far back a client counts as active; four years unless said, as the article on the portfolio has it.
        effort: how far back touches count in the figures of effort.
        inputs: under which names the data holds what figures need.
        progress: called once for each case that has been asked about.

    Example:
        >>> from cadencia import Case, Playbook, Prospect, agenda
        >>> ana = Case(prospect=Prospect(id="ana", zones="Europe/Madrid", owner="olga"), opened_at="2026-03-05T09:00Z")
        >>> day = agenda([ana], Playbook.load("gentle-persistence"), as_of="2026-03-06T10:00+01:00")
        >>> [(entry.owner, entry.prospect, entry.step, entry.channel) for entry in day.today]
        [('olga', 'ana', 'first', 'phone')]
        >>> day.figures["dated"].share, day.figures["referrals_untouched"].missing
        (1.0, ('fact:referred_by',))

    Raises:
        InputError: a time without offset, a zone or length that cannot be read, or two cases of one prospect.
    """
    names = inputs or Inputs()
    day = day_of(as_of, zone)
    until = day.now + length_of(soon, "soon")
    source = Source(asked, horizon)
    owed = Owed(day, until)
    answered: list[Asked] = []
    for case in _once(cases):
        answer = source.ask(case, day.as_of)
        answered.append(Asked(case, answer, entry_of(case, answer, day, names.value)))
        owed.add(case, answer, source)
        if progress is not None:
            progress()
    entries = {entry.prospect: entry for entry in placed(answered, source, day)}
    collectors: tuple[Collector, ...] = (
        Dated(), Portfolio(names, day, length_of(cycle, "cycle"), length_of(effort, "effort")), Speed(), Referred(names),
        GivenUp(), Answers(), Silence(), Refusals(names),
    )  # fmt: skip
    for item in answered:
        known = Known(item.case, item.answer, entries[item.case.prospect.id], day, names)
        for collector in collectors:
            collector.add(known)
    values = any(entry.value is not None for entry in entries.values())
    return Agenda(
        as_of=day.shown(day.now), ends=day.shown(day.end), soon_ends=day.shown(until), zone=zone, made_for=dict(source.made_for()),
        today=_in_place(entries, "today"), later=_in_place(entries, "later"),
        blocked=_in_place(entries, "blocked"), stopped=_in_place(entries, "stopped"),
        due_soon=in_order(owed.due_soon), overdue=in_order(owed.overdue), lifting=in_order(owed.lifting),
        lapsing=in_order(owed.lapsing), undated=in_order(owed.undated), forbidden=in_order(owed.forbidden),
        figures={code: figure for collector in collectors for code, figure in collector.figures().items()},
        missing=() if values or not entries else (f"fact:{names.value}",),
    )  # fmt: skip


def _once(cases: Iterable[Case | Prospect]) -> Iterator[Case]:
    """Each case, and an error where a prospect has two."""
    met: set[str] = set()
    for item in cases:
        case = Case.of(item)
        name = case.prospect.id
        if name in met:
            raise InputError(f"prospect {given(name)} has two cases; an agenda takes one for each")
        met.add(name)
        yield case


def _in_place(entries: dict[str, Entry], place: Place) -> tuple[Entry, ...]:
    """The entries of one place in their order: today's by owner, those without one last."""
    found = [entry for entry in entries.values() if entry.place == place]
    if place == "today":
        return tuple(sorted(found, key=lambda entry: (entry.owner is None, entry.owner or "", order_of(entry))))
    return tuple(sorted(found, key=lambda entry: (entry.at is None, order_of(entry)[2:])))
