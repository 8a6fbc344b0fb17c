"""The calendar, read back by the package that calendar programs use."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from cadencia import Agenda, Case, MissingExtra, Playbook, Playbooks, Prospect, Touch, agenda
from cadencia.reading import plan, read_jobs

BOOK = Path(__file__).resolve().parents[2] / "examples" / "playbooks"
AS_OF = "2026-03-27T10:00+01:00"


@pytest.fixture(scope="module")
def day() -> Agenda:
    book = read_jobs(plan([BOOK / "prospects.jsonl"], [BOOK / "touches.jsonl"], None, None))
    return agenda(book.cases(), Playbooks.packaged(), as_of=AS_OF)


def events(data: bytes) -> dict[str, icalendar.Event]:
    made = icalendar.Calendar.from_ical(data)
    return {str(event["uid"]): event for event in made.walk("VEVENT")}


def test_what_a_calendar_program_asks_for(day: Agenda) -> None:
    data = day.to_ical()
    assert b"\r\n" in data
    assert b"\n" not in data.replace(b"\r\n", b"")
    made = icalendar.Calendar.from_ical(data)
    assert not made.errors
    assert str(made["prodid"]).startswith("-//cadencia//")
    assert str(made["prodid"]).endswith("//EN")
    assert str(icalendar.Calendar.from_ical(day.to_ical("es"))["prodid"]).endswith("//ES")
    assert str(made["version"]) == "2.0"
    assert [str(zone["tzid"]) for zone in made.walk("VTIMEZONE")] == ["Europe/Madrid"]
    found = events(data)
    soon = [entry for entry in (*day.today, *day.later) if entry.at and entry.at < day.soon_ends]
    assert len(found) == len(made.walk("VEVENT")) == len(soon)
    for event in found.values():
        assert not event.errors
        assert event["dtstamp"].dt == datetime(2026, 3, 27, 9, tzinfo=UTC)
        assert event["dtstart"].dt < event["dtend"].dt <= event["dtstart"].dt + timedelta(hours=12)
        assert event["dtstart"].params["tzid"] == "Europe/Madrid"
        assert len(event.walk("VALARM")) == 1


def test_window_alarm_and_words(day: Agenda) -> None:
    found = {str(event["summary"]): event for event in events(day.to_ical("es")).values()}
    event = next(event for summary, event in found.items() if "Hamza Okafor" in summary)
    assert str(event["summary"]).startswith("teléfono (+9993410051): Hamza Okafor · hablar del no")
    assert event["dtstart"].dt.isoformat() == "2026-03-27T11:15:00+01:00"
    assert event["dtend"].dt.isoformat() == "2026-03-27T14:00:00+01:00"
    (alarm,) = event.walk("VALARM")
    assert alarm["trigger"].dt == datetime(2026, 3, 27, 10, 15, tzinfo=UTC), "at the deadline"
    assert "llevar: confirmar que fue un no" in str(event["description"])
    assert [str(name) for name in event["categories"].cats] == ["olga"]
    late = next(event for summary, event in found.items() if "Omar Farrow" in summary)
    assert late.walk("VALARM")[0]["trigger"].dt == timedelta(0), "a deadline that has passed rings at the start"


def test_names_stay_while_nothing_happens() -> None:
    playbook = Playbook.load("gentle-persistence")
    case = Case(prospect=Prospect(id="p", zones="Europe/Madrid"), opened_at="2026-03-26T09:00Z")
    first, second = (
        set(events(agenda([case], playbook, as_of=at).to_ical())) for at in (AS_OF, "2026-03-27T11:00+01:00")
    )
    assert first == second
    touch = Touch(id="t1", at="2026-03-27T10:00Z", channel="phone", disposition="still_thinking")
    moved = case.model_copy(update={"touches": (touch,)})
    assert not first & set(events(agenda([moved], playbook, as_of="2026-04-03T11:00+01:00").to_ical()))


def test_bookings_are_firm_and_without_a_zone_it_is_utc() -> None:
    touch = Touch(id="t1", at="2026-03-27T16:00:00.5Z", channel="phone", booked=True)
    case = Case(prospect=Prospect(id="p"), touches=(touch,))
    data = agenda([case], Playbook.load("gentle-persistence"), as_of=AS_OF).to_ical()
    (event,) = events(data).values()
    assert (str(event["status"]), str(event["transp"])) == ("CONFIRMED", "OPAQUE")
    assert event["dtstart"].dt == datetime(2026, 3, 27, 16, tzinfo=UTC)
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(minutes=15)
    assert b"DTSTART:20260327T160000Z" in data
    assert b"VTIMEZONE" not in data
    assert str(event["summary"]) == "phone: p · permitted"


def test_what_opens_later_than_soon_is_left_out() -> None:
    playbook = Playbook.load("gentle-persistence")
    touch = Touch(id="t1", at="2026-03-26T10:00Z", channel="phone", disposition="still_thinking")
    made = agenda([Case(prospect=Prospect(id="p", zones="Europe/Madrid"), touches=(touch,))], playbook, as_of=AS_OF)
    assert len(made.later) == 1
    assert events(made.to_ical()) == {}


def test_without_the_extra(day: Agenda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(MissingExtra, match="writing a calendar needs the extra `calendar`"):
        day.to_ical()
