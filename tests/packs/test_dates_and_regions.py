"""The done-when properties of the packs: a law by its dates decides on those dates and no others, and holidays differ by region."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadencia import Case, Pack, Policy, Prospect, Touch
from cadencia.pack import Provision
from cadencia.places import address_place

#: Every end of a provision with limits of its own that is in force for a time: pack, id, and the first or last date.
EDGES = [
    (name, item.id, kind, day)
    for name in Pack.names()
    for item in Pack.load(name).active
    if item.in_force and item.limits
    for kind, day in (("from", item.in_force.from_), ("to", item.in_force.to))
    if day is not None
]
#: What follows a refusal or an opt-out after business days begins that long after its cause: the cause lies farther back.
AFTER_BUSINESS_DAYS = {"TR-IYS-3D", "US-TCPA-REVOKE"}


def asked(name: str, item: Provision, at: datetime) -> bool:
    """Whether a provision by itself forbids its own channel and purpose at an instant to a person on whom everything in it bears."""
    pack = Pack.load(name)
    rules = [rule for rule in pack.policy.rules if pack.provision(rule.id).id == item.id]
    channel, purpose = item.channels[0], item.purposes[0]
    long_ago = at - (timedelta(days=20) if item.id in AFTER_BUSINESS_DAYS else timedelta(hours=1))

    def touch(id: str, when: datetime, disposition: str) -> Touch:
        return Touch(id=id, at=when, channel=channel, purpose=purpose, disposition=disposition)

    history = [touch(f"a{number}", at - timedelta(minutes=10 + number), "no_answer") for number in range(12)]
    history += [touch("refused", long_ago, "refused"), touch("out", long_ago, "opted_out")]
    history.append(touch("ended", at - timedelta(hours=2), "abandoned_call" if pack.dispositions else "connected"))
    listed = [
        {"registry": limit["registry"], "listed": True, "since": "2000-01-01T00:00Z", "listed_on": "2000-01-01"}
        for limit in item.limits
        if limit["rule"] == "clear_register"
    ]
    country, _, part = name.partition("-")
    zone = address_place(country, part or None).zones[0].zone
    who = Prospect.model_validate({"id": "p", "zones": zone, "regions": name, "registers": listed})
    alone = Policy(name="alone", channels=[channel], rules=rules, dispositions=pack.dispositions)
    own = {rule.id for rule in rules}
    return any(
        block.rule in own for block in alone.why_not(Case(prospect=who, touches=history), at, channel, purpose=purpose)
    )


@pytest.mark.parametrize(("name", "id", "kind", "day"), EDGES)
def test_a_law_decides_on_its_dates_and_not_before_or_after(name: str, id: str, kind: str, day: date) -> None:
    """On the first and on the last date the provision forbids something; the day before and the day after nothing, at any hour."""
    item = Pack.load(name).provision(id)
    country, _, part = name.partition("-")
    zone = ZoneInfo(address_place(country, part or None).zones[0].zone)
    begins = datetime(day.year, day.month, day.day, tzinfo=zone)
    hours = [timedelta(hours=hour) for hour in (0, 3, 8, 12, 15, 19, 22)] + [timedelta(hours=23, minutes=59)]
    outside = begins + timedelta(days=-1 if kind == "from" else 1)
    assert not [at for hour in hours if asked(name, item, at := outside + hour)]
    assert any(asked(name, item, begins + hour) for hour in hours)


def test_every_edge_is_there() -> None:
    """So that a table that shrinks is seen."""
    assert len(EDGES) >= 40
    assert {name.partition("-")[0] for name, *_ in EDGES} >= {"FR", "US", "ES", "GB", "NL", "CL"}


#: The rules of packs that close the holidays of the part of a country where somebody may be, with a channel, and an hour that is open.
LOCAL = {
    "ES": ("ES-96-HOURS", "phone", "Europe/Madrid", 11),
    "FR": ("FR-HOURS", "phone", "Europe/Paris", 11),
    "BR": ("BR-PROBARE", "phone", "America/Sao_Paulo", 11),
    "AU": ("AU-VISIT", "visit", "Australia/Sydney", 11),
}
#: A house that keeps them where the pack has no hours, or hours by the national calendar only.
HOUSE = ("DE", "IT", "US", "CA", "GB", "CH", "PT")
#: The parts of each country that have a code.
_PARTS = {
    country: [
        part
        for part in holidays.list_supported_countries(include_aliases=False)[country]
        if part.isupper() or part.isdigit()
    ]
    for country in (*LOCAL, *HOUSE)
}


def closed(country: str, region: str, day: date) -> bool:
    """Whether a day of the week is closed for a holiday to somebody in a region."""
    if country in LOCAL:
        id, channel, zone, hour = LOCAL[country]
        pack = Pack.load(country)
        policy = Policy(name="alone", rules=[rule for rule in pack.policy.rules if rule.id.startswith(id)])
    else:
        channel, zone, hour = "phone", "UTC", 11
        rule: dict[str, Any] = {"rule": "business_days", "id": "days", "days": "daily", "holidays": "prospect"}
        policy = Policy.from_dict({"cadencia": 1, "name": "house", "channels": ["phone"], "rules": [rule]})
    at = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
    who = Prospect.model_validate({"id": "p", "zones": zone, "regions": region})
    return any(block.code == "holiday" for block in policy.why_not(who, at, channel, purpose="marketing"))


@st.composite
def a_part_and_a_day(draw: st.DrawFn) -> tuple[str, str, date]:
    """A country, a part of it, and more often than not a day that is kept in some part and not in all of it."""
    country = draw(st.sampled_from([*LOCAL, *HOUSE]))
    part, other = draw(st.sampled_from(_PARTS[country])), draw(st.sampled_from(_PARTS[country]))
    year = draw(st.integers(2027, 2032))
    kept = sorted(holidays.country_holidays(country, subdiv=other, years=year))
    day = draw(st.one_of(st.sampled_from(kept), st.dates(date(year, 1, 1), date(year, 12, 31))))
    return country, part, day


@settings(max_examples=150)
@given(a_part_and_a_day())
def test_a_day_is_closed_in_the_regions_that_keep_it(drawn: tuple[str, str, date]) -> None:
    """A part keeps its own holidays and no others; of a bare country every day that any part keeps is closed."""
    country, part, day = drawn
    kept = day in holidays.country_holidays(country, subdiv=part, years=day.year)
    national = day in holidays.country_holidays(country, years=day.year)
    anywhere = national or any(
        day in holidays.country_holidays(country, subdiv=item, years=day.year) for item in _PARTS[country]
    )
    both = country in LOCAL and any(  # beside the part the pack may name the whole country, which is closed then too
        country in (rule.holidays or ()) for rule in Pack.load(country).policy.rules if rule.id.startswith(LOCAL[country][0])
    )  # fmt: skip
    assert closed(country, f"{country}-{part}", day) is (kept or (both and national))
    assert closed(country, country, day) is anywhere


@pytest.mark.parametrize(
    ("country", "part", "other", "day"),
    [
        ("ES", "CT", "MD", date(2028, 9, 11)),  # Catalonia
        ("FR", "6AE", "971", date(2028, 12, 26)),  # Alsace
        ("DE", "BY", "BE", date(2028, 1, 6)),  # Bavaria
        ("AU", "VIC", "NSW", date(2028, 11, 7)),
        ("BR", "SP", "RJ", date(2027, 7, 9)),
        ("FR", "BL", "971", date(2028, 10, 9)),  # the day of the abolition, a day in each territory
        ("FR", "MF", "971", date(2027, 5, 28)),
        ("FR", "NC", "974", date(2027, 9, 24)),
    ],
)
def test_the_same_day_in_two_regions(country: str, part: str, other: str, day: date) -> None:
    assert closed(country, f"{country}-{part}", day)
    assert not closed(country, f"{country}-{other}", day)
    assert closed(country, country, day)


@pytest.mark.parametrize(("country", "part"), [(country, part) for country in LOCAL for part in _PARTS[country]])
def test_no_part_is_forgotten(country: str, part: str) -> None:
    """Whichever part of a country keeps holidays of its own, the hours of its pack close on each of them."""
    kept = [day for year in (2027, 2028, 2029) for day in holidays.country_holidays(country, subdiv=part, years=year)]
    assert [day for day in kept if day.weekday() < 5 and not closed(country, f"{country}-{part}", day)] == []


@settings(max_examples=60)
@given(st.sampled_from(EDGES), st.integers(-60 * 24, 60 * 24))
def test_a_pack_forbids_only_what_was_in_force(edge: tuple[str, str, str, date], hours: int) -> None:
    """At any hour of two months on either side of an edge, what a provision forbids it forbids on a date on which it is in force."""
    name, id, _, day = edge
    item = Pack.load(name).provision(id)
    country, _, part = name.partition("-")
    zone = ZoneInfo(address_place(country, part or None).zones[0].zone)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)
    assert not asked(name, item, at) or item.in_force_on(at.astimezone(zone).date())
