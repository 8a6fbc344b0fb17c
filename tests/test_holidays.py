"""Whose public holidays are meant, where the calendar names a subdivision and where it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadencia import Policy
from cadencia._time.holidays import holiday_days
from cadencia.rules import BusinessDays, HolidayEves, QuietHours, Spacing, StopOn

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


@pytest.mark.parametrize(
    ("country", "zone", "day", "where"),
    [
        ("ES", "Europe/Madrid", "2026-09-11", "ES-CT"),  # the day of Catalonia
        ("BR", "America/Sao_Paulo", "2026-07-09", "BR-SP"),  # the revolution of São Paulo
        ("AU", "Australia/Melbourne", "2026-11-03", "AU-VIC"),  # the Melbourne Cup
        ("FR", "Europe/Paris", "2028-05-22", "FR-972"),  # the abolition of slavery in Martinique
    ],
)
def test_a_bare_country_may_be_any_of_its_parts(country: str, zone: str, day: str, where: str) -> None:
    """To know less never permits more, and the explanation says which part keeps the day."""
    person = {"id": "p", "zones": zone, "regions": country}
    blocks = HOUSE.why_not(person, f"{day}T09:00Z", "phone")
    details = [dict(block.details) for block in blocks if block.code == "holiday"]
    assert [item["region"] for item in details] == [where]


@pytest.mark.parametrize("name", ["ES", "prospect_country"])
def test_a_rule_may_ask_for_the_national_holidays(name: str) -> None:
    """A country that the rule names is that country as a whole; so is `prospect_country`, whatever part is known."""
    national = Policy(name="n", channels=["phone"], rules=[HOURS.model_copy(update={"holidays": (name,)})])

    def on(region: str, day: str) -> str:
        person = {"id": "p", "zones": "Europe/Madrid", "regions": region}
        return national.decide(person, as_of=f"{day}T11:00Z").answer

    for region in ("ES", "ES-CT", "ES-M"):
        assert [on(region, day) for day in ("2026-09-11", "2026-10-12")] == ["contact", "wait"]


def test_national_holidays_without_a_region() -> None:
    """Whose country is not known has no national holidays that anybody could name."""
    national = Policy(
        name="n", channels=["phone"], rules=[HOURS.model_copy(update={"holidays": ("prospect_country",)})]
    )
    decision = national.decide({"id": "p", "zones": "Europe/Madrid"}, as_of="2026-03-09T11:00Z")
    assert decision.answer == "blocked"
    assert "region" in str(decision.needs)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(("ES", "DE", "FR", "IT", "BR", "AU", "US", "GB", "CO")), st.integers(2015, 2030))
def test_a_bare_country_permits_no_more_than_any_of_its_parts(data: st.DataObject, country: str, year: int) -> None:
    """Windows, delays in business days, and stops that begin after some: each part forbids nothing that the country permits."""
    named = holidays.list_supported_countries(include_aliases=False).get(country) or ["X"]
    parts = [name for name in named if name.isupper() or name.isdigit()]
    part = data.draw(st.sampled_from([*parts, "XX"]))
    try:
        kept = holidays.country_holidays(country, subdiv=part, years=year)
    except NotImplementedError:
        kept = holidays.country_holidays(country, years=year)
    day = data.draw(st.sampled_from(sorted(set(kept) - set(holidays.country_holidays(country, years=year)) or kept)))
    asked = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=data.draw(st.integers(-72, 96)))
    rules = [
        HOURS,
        BusinessDays(id="days", holidays="prospect"),
        HolidayEves(id="eves", allow={"daily": ["08:00-12:00"]}, holidays="prospect"),
        Spacing(id="gap", at_least="2 business days", calendar="prospect"),
        StopOn(id="no", dispositions=["refused"], after="3 business days", calendar="prospect"),
    ]
    rule = data.draw(st.sampled_from(rules))
    touch = {
        "id": "t", "channel": "phone", "at": asked - timedelta(hours=data.draw(st.integers(1, 240))),
        "disposition": "refused",
    }  # fmt: skip
    alone = Policy(name="one", channels=["phone"], rules=[rule])
    whole, some = (
        alone.why_not({"id": "p", "zones": "UTC", "regions": region}, asked, "phone", touches=[touch])
        for region in (country, f"{country}-{part}")
    )
    assert whole or not some


def test_a_stop_after_business_days_begins_in_the_place_where_it_begins_first() -> None:
    """The day of Catalonia would put it off; who may live in Madrid is not called on the day between."""
    stop = StopOn(id="no", dispositions=["refused"], after="2 business days", calendar="prospect")
    policy = Policy(name="one", channels=["phone"], rules=[stop])
    refused = {"id": "t", "channel": "phone", "at": "2026-09-09T10:00Z", "disposition": "refused"}

    def on(region: str) -> str:
        person = {"id": "p", "zones": "Europe/Madrid", "regions": region}
        return policy.decide(person, [refused], as_of="2026-09-11T10:00Z").answer

    assert [on(region) for region in ("ES-CT", "ES-MD", "ES", "ES-B")] == ["contact", "stop", "stop", "stop"]


@pytest.mark.parametrize("region", ["IN", "IN-GJ", "IN-*", "IN-XX"])
def test_a_year_of_which_the_calendar_has_only_a_part_is_unknown(region: str) -> None:
    """Of India the calendar has the fixed feasts of any year, and those of the moon from 2001 to 2035 only."""
    assert [holiday_days(region, year) is None for year in (2000, 2001, 2035, 2036)] == [True, False, False, True]
    policy = Policy(name="one", channels=["phone"], rules=[BusinessDays(id="days", days="daily", holidays="prospect")])
    person = {"id": "p", "zones": "Asia/Kolkata", "regions": region.removesuffix("-*")}
    decision = policy.decide(person, as_of="2036-06-02T10:00+05:30", horizon="30 days")
    assert (decision.answer, decision.needs) == ("blocked", ("calendar",))
