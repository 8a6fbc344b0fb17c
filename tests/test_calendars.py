"""Calendars of a policy's own: they mean what is written in them, and only inside the layer that wrote them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadencia import Case, Policy, PolicyError, Prospect
from cadencia._time.holidays import holiday_days
from cadencia.calendars import NamedCalendar, bind
from cadencia.rules import AnyOf, QuietHours, Spacing
from cadencia.testing import cases

HOURS = {"mon-fri": ["09:00-18:00"]}
MADRID = {"id": "p1", "zones": "Europe/Madrid"}


def hours(*names: str) -> dict[str, Any]:
    return {"rule": "quiet_hours", "id": "hours", "allow": HOURS, "holidays": list(names)}


def house(name: str = "house", rules: Any = None, **calendars: Any) -> Policy:
    return Policy(
        name=name, channels=["phone"], calendars=calendars, rules=[hours("office")] if rules is None else rules
    )


def opening(policy: Policy, day: str) -> str:
    decision: Any = policy.decide(MADRID, as_of=f"{day}T10:00+01:00")
    return decision.at.date().isoformat()


def test_dates_are_added_and_taken_out() -> None:
    policy = house(office={"holidays": "ES", "closed": ["2026-12-24", "2026-12-31"], "open": "2026-12-08"})
    assert opening(policy, "2026-12-08") == "2026-12-08", "open whatever Spain says"
    assert opening(policy, "2026-12-24") == "2026-12-28", "Thursday closed, Christmas, a weekend"
    assert opening(policy, "2026-12-31") == "2027-01-04"


def test_a_rule_says_the_calendar_by_its_name() -> None:
    policy = house(office={"closed": "2026-12-24"})
    (block,) = policy.why_not(Prospect(**MADRID), "2026-12-24T10:00+01:00", "phone")
    assert dict(block.details) == {"date": "2026-12-24", "region": "office"}


def test_a_year_that_is_not_covered_is_closed() -> None:
    policy = house(office={"closed": "2026-12-24", "years": [2026]})
    assert opening(policy, "2026-12-23") == "2026-12-23"
    decision: Any = policy.decide(MADRID, as_of="2027-01-04T10:00+01:00")
    assert (decision.answer, decision.needs) == ("blocked", ("calendar",))
    (block,) = policy.why_not(Prospect(**MADRID), "2027-01-04T10:00+01:00", "phone")
    assert dict(block.details) == {"region": "office", "year": 2027}
    beyond = NamedCalendar(holidays="ES")
    (name,) = bind(Spacing(id="s", at_least="1 business day", calendar=["office"]), {"office": beyond}).calendar or ()
    assert holiday_days(name, 1800) is None, "the calendar of Spain does not reach so far back"


def test_a_name_means_what_its_own_layer_says() -> None:
    """Layering never merges tables: the same name in two layers is two calendars, and both bind."""
    law = house("law", office={"closed": "2026-12-23"})
    company = house("company", office={"closed": "2026-12-24"})
    both = law & company
    assert opening(both, "2026-12-23") == "2026-12-25"
    assert opening(company, "2026-12-23") == "2026-12-23"
    assert Policy.from_dict(both.to_dict()).fingerprint == both.fingerprint == (company & law).fingerprint


def test_the_fingerprint_is_of_the_content() -> None:
    plain = Policy(name="house", channels=["phone"], rules=[hours("ES")])
    first, second = house(office={"closed": "2026-12-24"}), house(office={"closed": "2026-12-25"})
    assert len({plain.fingerprint, first.fingerprint, second.fingerprint}) == 3
    again = Policy.from_dict(first.to_dict())
    assert again == first
    assert again.fingerprint == first.fingerprint
    assert first.to_dict()["rules"][0]["holidays"] == ["office"], "written by name"


def test_a_calendar_inside_any_of_and_in_business_days() -> None:
    inner = [{"rule": "business_days", "id": "days", "holidays": "office"}, hours("office")]
    policy = house(rules=[{"rule": "any_of", "id": "either", "rules": inner}], office={"closed": "2026-12-24"})
    bound = policy.bound_rules[0]
    assert isinstance(bound, AnyOf)
    assert [item.holidays[0].partition("=")[0] for item in bound.rules] == ["office", "office"]  # type: ignore[attr-defined]
    assert opening(policy, "2026-12-24") == "2026-12-25"
    touch = {"id": "t", "at": "2026-12-23T10:00+01:00", "channel": "phone"}
    spaced = house(
        rules=[Spacing(id="s", at_least="1 business day", calendar="office")], office={"closed": "2026-12-24"}
    )
    decision: Any = spaced.decide(MADRID, [touch], as_of="2026-12-23T11:00+01:00")
    assert decision.at.isoformat() == "2026-12-25T00:00:00+01:00"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: house(offices={}), "rule `hours`: calendar `office` is not declared under `calendars`; write it there, or an ISO code"
         " such as `ES`; did you mean `offices`?"),
        (lambda: house(office={}, prospect={}), "calendar name `prospect` is not one; write lower-case letters, digits, `-` or `_`,"
         " and not `prospect`"),
        (lambda: house(office={}, ES={}), "calendar name `ES` is not one; write lower-case letters"),
        (lambda: house(office={"closed": "2026-12-24", "open": "2026-12-24"}), "`2026-12-24` is both `closed` and `open`; keep one"),
        (lambda: house(office={"holidays": "E"}), "no holiday calendar for `E`; write an ISO 3166 code"),
        (lambda: Prospect(**MADRID, wishes=[hours("office")]), "wishes[0]: rule `hours`: calendar `office` is not declared"),
    ],
)  # fmt: skip
def test_mistakes_in_one_line(make: Any, says: str) -> None:
    with pytest.raises((PolicyError, ValueError)) as error:
        make()
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@given(cases(), st.lists(st.integers(-40, 40), max_size=6), st.integers(0, 60 * 24))
def test_a_calendar_of_dates_closes_as_dated_hours_do(case: Case, offsets: list[int], minutes: int) -> None:
    """A named calendar of closed dates permits exactly what the same dates written into the rule permit."""
    days = sorted({date(2026, 3, 6) + timedelta(days=offset) for offset in offsets})
    named = house(office={"closed": days})
    dated = house(rules=[QuietHours(id="hours", allow=HOURS, dates=dict.fromkeys(days, "closed"))])
    at = f"2026-03-06T{minutes // 60 % 24:02}:{minutes % 60:02}Z"
    assert named.decide(case, as_of=at, horizon="60 days")._at == dated.decide(case, as_of=at, horizon="60 days")._at
