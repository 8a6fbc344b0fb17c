"""The agenda as an iCalendar file: one event for each contact of today and of the next days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .._version import __version__
from ..errors import MissingExtra
from ..language import messages, word
from ..language.playbook import purpose_text
from .words import channel_text, entry_why

if TYPE_CHECKING:
    from icalendar import Event

    from .models import Agenda, Entry

__all__ = ["to_ical", "uid_of"]

#: An event is no longer than this, though the window may be: it is a contact, not a season.
_LONGEST = timedelta(hours=12)
#: An event whose window has no end lasts this long.
_SHORTEST = timedelta(minutes=15)


def to_ical(agenda: Agenda, language: str = "en") -> bytes:
    """The contacts of today and those that open before `soon_ends`, as a calendar that programs open.

    Instants are on the person's wall clock, with the definition of its zone in the file; in UTC where no zone is known. The
    event begins with the window and ends with it, or after twelve hours; an alarm goes off at the deadline, or at the start
    where that has passed. Its `UID` stays the same while the case's next action does.

    Raises:
        MissingExtra: the extra `calendar` is not installed.
    """
    try:
        import icalendar
    except ImportError:
        raise MissingExtra("writing a calendar", "calendar") from None
    made = icalendar.Calendar()
    made.add("prodid", f"-//cadencia//cadencia {__version__}//{language.upper()}")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    for entry in (*agenda.today, *agenda.later):
        if entry.channel is not None and entry.at is not None and entry.at < agenda.soon_ends:
            made.add_component(_event(icalendar, entry, agenda, language))
    made.add_missing_timezones()
    written: bytes = made.to_ical()
    return written


def _event(icalendar: Any, entry: Entry, agenda: Agenda, language: str) -> Event:
    """One contact."""
    begins, ends = _window(entry)
    what = purpose_text(entry.purpose, language) if entry.purpose else messages(language)["agenda"]["policy"]
    summary = f"{channel_text(entry, language)}: {entry.name or entry.prospect} · {what}"
    event: Event = icalendar.Event()
    event.add("uid", uid_of(entry))
    event.add("dtstamp", agenda.as_of.astimezone(UTC))
    event.add("dtstart", _local(begins, entry.zone))
    event.add("dtend", _local(ends, entry.zone))
    event.add("summary", summary)
    event.add("description", _description(entry, language))
    event.add("status", "CONFIRMED" if entry.booking else "TENTATIVE")
    event.add("transp", "OPAQUE" if entry.booking else "TRANSPARENT")
    if entry.owner:
        event.add("categories", [entry.owner])
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    if entry.deadline is not None and entry.deadline >= agenda.as_of:
        alarm.add("trigger", entry.deadline.astimezone(UTC))
    else:
        alarm.add("trigger", timedelta(0))
    event.add_component(alarm)
    return event


def _window(entry: Entry) -> tuple[datetime, datetime]:
    assert entry.at is not None
    if entry.until is None or entry.until <= entry.at:
        return entry.at, entry.at + _SHORTEST
    return entry.at, min(entry.until, entry.at + _LONGEST)


def _local(instant: datetime, zone: str | None) -> datetime:
    """The instant on the person's wall clock; seconds are as fine as a calendar goes."""
    exact = instant.replace(microsecond=0)
    return exact.astimezone(UTC if zone in (None, "UTC") else ZoneInfo(str(zone)))


def _description(entry: Entry, language: str) -> str:
    lines = [entry_why(entry, language)]
    if entry.proposal is not None and entry.proposal.carries:
        things = (
            word(language, "carries", item.what) + (f" ({item.value})" if item.value else "")
            for item in entry.proposal.carries
        )
        lines.append(f"{messages(language)['agenda']['carry']}: {'; '.join(things)}")
    return "\n".join(lines)


def uid_of(entry: Entry) -> str:
    """A name for the next action of a case: the same however often it is asked for, another once something has happened."""
    proposal = entry.proposal
    parts = (
        (entry.prospect, "booking", entry.booking)
        if entry.booking
        else (entry.prospect, entry.playbook, entry.step, entry.person, None if proposal is None else proposal.anchor)
    )
    text = "\x1f".join("" if part is None else part for part in parts)
    return f"{sha256(text.encode()).hexdigest()[:32]}@cadencia"
