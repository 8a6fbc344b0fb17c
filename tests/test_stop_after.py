"""A standing stop: one that begins a delay after what it follows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from cadencia import Blocked, Contact, Decision, Policy, Stop
from cadencia._lane.lane import fits
from cadencia.errors import InputError
from cadencia.rules import StopOn

OFFER = {"id": "offer", "at": "2026-03-02T10:00+01:00", "channel": "email", "disposition": "sent", "purpose": "offer"}
REPLY = {"channel": "email", "direction": "inbound", "disposition": "replied", "purpose": "service"}


def asked(as_of: str, *touches: dict[str, Any], zones: str | list[str] = "Europe/Madrid", **options: Any) -> Decision:
    data = {"rule": "stop_on", "id": "standing", "counts": {"purposes": ["offer"]}, "after": "30 days", **options}
    policy = Policy.from_dict({"cadencia": 1, "name": "p", "channels": ["phone"], "rules": [data]})
    return policy.decide({"id": "p", "zones": zones}, [OFFER, *touches], as_of=as_of)


def until(decision: Decision) -> str:
    assert isinstance(decision, Contact)
    assert decision.until is not None
    return decision.until.isoformat()


def test_it_begins_at_the_same_wall_clock_thirty_days_later() -> None:
    assert until(asked("2026-03-20T10:00+01:00")) == "2026-04-01T10:00:00+02:00"
    decision = asked("2026-04-01T10:00+02:00")
    assert isinstance(decision, Stop)
    assert decision.reason == "standing"


def test_a_touch_that_lifts_it_before_it_begins_prevents_it() -> None:
    lifted_by = {"dispositions": ["replied"]}
    reply = {**REPLY, "id": "reply", "at": "2026-03-10T10:00+01:00"}
    decision = asked("2026-03-20T10:00+01:00", reply, lifted_by=lifted_by)
    assert isinstance(decision, Contact)
    assert decision.until is None
    late = {**reply, "at": "2026-04-05T10:00+02:00"}
    assert until(asked("2026-03-20T10:00+01:00", late, lifted_by=lifted_by)) == "2026-04-01T10:00:00+02:00"
    assert isinstance(asked("2026-04-03T10:00+02:00", lifted_by=lifted_by), Blocked | Stop)
    assert isinstance(asked("2026-04-06T10:00+02:00", late, lifted_by=lifted_by), Contact)


def test_a_date_begins_it_as_early_as_it_may_have_been() -> None:
    dated = {**OFFER, "id": "dated", "at": date(2026, 2, 20)}
    data = {"rule": "stop_on", "id": "s", "dispositions": ["sent"], "after": "30 days"}
    policy = Policy.from_dict({"cadencia": 1, "name": "p", "channels": ["phone"], "rules": [data]})
    decision = policy.decide({"id": "p", "zones": "Europe/Madrid"}, [dated], as_of="2026-03-01T10:00+01:00")
    assert until(decision) == "2026-03-22T00:00:00+01:00"


def test_the_first_of_several_zones_begins_it() -> None:
    decision = asked("2026-03-20T10:00+01:00", zones=["Europe/Madrid", "America/New_York"], after="2 dates")
    assert isinstance(decision, Stop)
    decision = asked("2026-03-02T12:00+01:00", zones=["Europe/Madrid", "America/New_York"], after="2 dates")
    assert decision.record.until is not None
    assert decision.record.until.timestamp() == 1772578800  # midnight of 4 March in Madrid


def test_it_lasts_from_when_it_begins() -> None:
    decision = asked("2026-04-02T10:00+02:00", lasts="7 days")
    assert decision.record.at is not None
    assert decision.record.at.isoformat() == "2026-04-08T08:00:00+00:00"


def test_without_a_zone_it_begins_at_once_and_says_what_is_missing() -> None:
    policy = Policy(name="p", channels=["phone"], rules=[StopOn(id="s", dispositions=["sent"], after="30 days")])
    decision = policy.decide({"id": "p"}, [OFFER], as_of="2026-03-03T10:00+01:00")
    assert isinstance(decision, Stop | Blocked)
    assert decision.record.options[0].needs == ("zone",)
    elapsed = Policy(name="p", channels=["phone"], rules=[StopOn(id="s", dispositions=["sent"], after="720h")])
    decision = elapsed.decide({"id": "p"}, [OFFER], as_of="2026-03-03T10:00+01:00")
    assert isinstance(decision, Contact)


def test_the_fast_lane_does_not_take_it() -> None:
    assert fits(StopOn(id="s", dispositions=["sent"]))
    assert not fits(StopOn(id="s", dispositions=["sent"], after="30 days"))


def test_business_hours_mean_nothing_here() -> None:
    with pytest.raises(InputError, match="needs the `hours` that this rule does not have"):
        asked("2026-03-20T10:00+01:00", after="4 business hours")


def test_the_delay_is_never_over_before_the_touch() -> None:
    """From the end of a touch that has a length."""
    long = {**OFFER, "id": "long", "end": "2026-03-02T12:00+01:00"}
    data = {"rule": "stop_on", "id": "s", "dispositions": ["sent"], "after": "24h"}
    policy = Policy.from_dict({"cadencia": 1, "name": "p", "channels": ["phone"], "rules": [data]})
    decision = policy.decide({"id": "p", "zones": "Europe/Madrid"}, [long], as_of="2026-03-02T13:00+01:00")
    assert isinstance(decision, Contact)
    assert decision.until is not None
    assert decision.until - decision.record.as_of == timedelta(hours=23)


@pytest.mark.parametrize(
    "delays", [{"after": "2 business days"}, {"lasts": "24 months"}, {"after": "2 days", "lasts": "48h"}]
)
@pytest.mark.parametrize(
    ("rule", "record"),
    [
        ({"rule": "stop_on_opt_out"}, {"opt_outs": {"channel": "email"}}),
        ({"rule": "stop_on_stage", "on": "lost"}, {"stages": {"name": "lost"}}),
    ],
)
def test_what_is_on_record_without_a_date_stops_at_once_and_without_end(
    rule: dict[str, Any], record: dict[str, Any], delays: dict[str, str]
) -> None:
    """It may be of today: no time is over that nobody can count, and what the decision says can be read back."""
    policy = Policy.from_dict(
        {"cadencia": 1, "name": "p", "channels": ["phone"], "rules": [{**rule, "id": "s", **delays}]}
    )
    decision = policy.decide({"id": "p", "zones": "Europe/Madrid", **record}, as_of="2026-03-02T10:00+01:00")
    assert isinstance(decision, Stop)
    assert (decision.reason, decision.until) == ("s", None)
    assert Decision.from_dict(decision.to_dict()) == decision
