"""Whose public holidays are meant, where the calendar names a subdivision and where it does not."""

from __future__ import annotations

from cadencia import Policy
from cadencia._time.holidays import holiday_days
from cadencia.rules import QuietHours

HOURS = QuietHours(id="hours", allow={"mon-fri": ["09:00-18:00"]}, holidays="prospect")
HOUSE = Policy(name="house", channels=["phone"], rules=[HOURS])


def answer(region: str, day: str, zone: str = "Europe/Madrid") -> str:
    person = {"id": "p", "zones": zone, "regions": region}
    return HOUSE.decide(person, as_of=f"{day}T11:00Z").answer


def test_a_province_may_keep_the_holidays_of_any_region() -> None:
    """Madrid is `ES-M` as a province; the calendar knows regions only. A normal Monday is open all the same."""
    assert answer("ES-M", "2026-03-09") == "contact"
    assert answer("ES-M", "2026-05-01") == "wait"
    assert answer("ES-M", "2026-09-11") == "wait"  # the day of Catalonia, one of the regions it may be in
    assert answer("ES-MD", "2026-09-11") == "contact"


def test_a_country_that_names_no_regions() -> None:
    """Colombia has one calendar, whatever the department."""
    assert holiday_days("CO-ANT", 2026) == holiday_days("CO", 2026)


def test_a_country_without_a_calendar_is_not_known() -> None:
    assert holiday_days("XX-1", 2026) is None
