"""What an agenda says, as immutable data: entries, items, figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, PlainSerializer, TypeAdapter, ValidationError

from ..errors import InputError, mistakes_of
from ..record import BlockRecord, Due, Proposal, Time

__all__ = ["Agenda", "Entry", "Figure", "Item", "Place", "Row"]

#: An instant on the wall clock of the desk.
DeskTime = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str)]
Place = Literal["today", "later", "blocked", "stopped"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One case, in exactly one place.

    Attributes:
        place: `today`, `later` (dated), `blocked` (`needs` says by what name), or `stopped`: it is over.
        prospect, name, account: whose case it is.
        person: who is to be contacted; somebody else of the account where the step says so.
        owner, owner_kind: who does it.
        value: what the case is worth, where the data says.
        playbook, step, purpose, channel, contact_point: what is proposed.
        at, until: from when until when it may be done; a case blocked for a known time is dated too, without a channel.
        zone: the person's first plausible zone, in which instants are shown.
        deadline: the earliest thing owed that a contact would settle.
        proposal: why now, and what the touch must carry; None where a policy was asked alone.
        booking: the id of the booked touch, where the next action is one and no proposal.
        gives_way_to: cases of the same account or contact point whose contact comes first.
        block: why not now, where something keeps it from being done at once.
        needs: what would lift a blocked case.
    """

    place: Place
    prospect: str
    name: str | None = None
    account: str | None = None
    person: str | None = None
    owner: str | None = None
    owner_kind: str | None = None
    value: float | None = None
    playbook: str | None = None
    step: str | None = None
    purpose: str | None = None
    channel: str | None = None
    contact_point: str | None = None
    at: Time | None = None
    until: Time | None = None
    zone: str | None = None
    deadline: Time | None = None
    proposal: Proposal | None = None
    booking: str | None = None
    gives_way_to: tuple[str, ...] = ()
    block: BlockRecord | None = None
    needs: tuple[str, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether the next action has a date."""
        return self.at is not None


@dataclass(frozen=True, slots=True)
class Item:
    """Something owed, lifting, lapsing or without a date, by name.

    Attributes:
        prospect, owner, owner_kind: of whose case, and who sees to it.
        kind: `deadline`, `booking`, or the kind of the pending item or promise.
        id: of the item, or of the touch that it follows.
        at: when it is due, lifts or lapses; None where it has no date.
        zone: in which that is shown.
        what: the item's own words.
        due: the deadline as the decision tells it.
        block: what forbids a booking.
    """

    prospect: str
    kind: str
    id: str
    owner: str | None = None
    owner_kind: str | None = None
    at: Time | None = None
    zone: str | None = None
    what: str | None = None
    due: Due | None = None
    block: BlockRecord | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a figure: by owner, by source, by step."""

    key: tuple[str | None, ...]
    part: int
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A count, or a part of a whole. What the data does not hold is missing by name, and then there is no number.

    Attributes:
        code: which figure.
        part, of: the count, and of how many; None where inputs are missing.
        by: the same for each owner, source or step.
        named: the cases that the figure is about: exceptions, forgotten, untouched.
        unknown: how many more could not be counted, as an input is missing for them alone.
        missing: the inputs that are nowhere in the data.
    """

    code: str
    part: int | None = None
    of: int | None = None
    by: tuple[Row, ...] = ()
    named: tuple[str, ...] = ()
    unknown: int = 0
    missing: tuple[str, ...] = ()

    @property
    def share(self) -> float | None:
        """`part / of`; None where there is nothing to divide."""
        return None if self.part is None or not self.of else self.part / self.of


@dataclass(frozen=True, slots=True)
class Agenda:
    """The day's work of a book.

    Attributes:
        as_of: the instant of the question; the day ends at `ends`, midnight of `zone` (or of the offset that `as_of` was
            written with).
        made_for: the policy or playbooks that were asked, with their fingerprints.
        today: contacts of today, by owner, then by deadline, value, opening and id.
        later, blocked, stopped: every other case: dated, lacking something by name, over.
        due_soon, overdue: what is owed until `soon_ends`, and what should have been done.
        lifting, lapsing: impediments that lift today, and promises of theirs that lapse today.
        undated: pending items without a date.
        forbidden: bookings that a rule now forbids.
        figures: by code.
        missing: inputs of the order of work that are nowhere in the data.
    """

    as_of: DeskTime
    ends: DeskTime
    soon_ends: DeskTime
    zone: str | None
    made_for: dict[str, str]
    today: tuple[Entry, ...] = ()
    later: tuple[Entry, ...] = ()
    blocked: tuple[Entry, ...] = ()
    stopped: tuple[Entry, ...] = ()
    due_soon: tuple[Item, ...] = ()
    overdue: tuple[Item, ...] = ()
    lifting: tuple[Item, ...] = ()
    lapsing: tuple[Item, ...] = ()
    undated: tuple[Item, ...] = ()
    forbidden: tuple[Item, ...] = ()
    figures: dict[str, Figure] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Entry]:
        """Every case once: today's, then later ones, blocked and stopped."""
        yield from self.today
        yield from self.later
        yield from self.blocked
        yield from self.stopped

    def __len__(self) -> int:
        return len(self.today) + len(self.later) + len(self.blocked) + len(self.stopped)

    def by_owner(self) -> dict[str | None, tuple[Entry, ...]]:
        """Today's contacts of each owner, in order of work."""
        return {owner: tuple(items) for owner, items in groupby(self.today, key=lambda entry: entry.owner)}

    def to_dict(self) -> dict[str, Any]:
        """The agenda as JSON-ready data."""
        data: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return data

    def to_json(self, indent: int | None = None) -> str:
        """The agenda as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Agenda:
        """An agenda from its data; it compares equal to the one that wrote it."""
        try:
            return _adapter().validate_python(dict(data))
        except ValidationError as error:
            raise InputError(*mistakes_of(error, "agenda")) from None

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema of an agenda."""
        return _adapter().json_schema(mode="serialization")

    def to_ical(self, language: str = "en") -> bytes:
        """Today's contacts and those that open soon as an iCalendar file.

        Raises:
            MissingExtra: the extra `calendar` is not installed.
        """
        from .calendar import to_ical

        return to_ical(self, language)

    def text(self, language: str = "en") -> str:
        """The agenda in words."""
        from .words import text_of

        return text_of(self, language)

    def __str__(self) -> str:
        return self.text()


_adapters: list[TypeAdapter[Agenda]] = []


def _adapter() -> TypeAdapter[Agenda]:
    if not _adapters:
        _adapters.append(TypeAdapter(Agenda))
    return _adapters[0]
