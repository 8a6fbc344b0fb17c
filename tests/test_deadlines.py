"""Deadlines: what the engine says is owed, met and still possible is what the specification says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from cadencia import Case, Policy, Prospect, Touch
from cadencia.rules import QuietHours, RespondWithin, Spacing, TouchAtLeastEvery
from cadencia.testing import cases, policies, rules, ticks, zones
from cadencia.touch import DISPOSITIONS
from spec.deadlines import owed, state
from spec.decide import known

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = ("respond_within", "promise_due", "touch_at_least_every", "never_undated")
LIMITS = ("quiet_hours", "spacing", "frequency_cap", "business_days", "active_period", "require_consent", "stop_on")
FEWER = settings(max_examples=max(settings.default.max_examples // 10, 10), suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", KINDS)
@FEWER
@given(data=st.data())
def test_states(kind: str, data: st.DataObject) -> None:
    """A deadline is met, due, missed or sure to be missed exactly as the specification says."""
    zone = data.draw(zones())
    as_of = EPOCH + timedelta(microseconds=data.draw(ticks(zone)))
    rule: Any = data.draw(rules(kind, as_of, zone=zone, id="owed"))
    case = data.draw(cases(as_of, zone=zone, exact=True, account=False, wishes=False))
    policy = data.draw(policies(as_of, zone=zone, kinds=LIMITS, max_size=3)) & Policy(name="deadline", rules=[rule])
    decision = policy.decide(case, as_of=as_of, horizon="5 days")
    told = {(due.code, due.anchor, _utc(due.due)): due for due in decision.deadlines}
    items = owed(rule, known(case, as_of), as_of, DISPOSITIONS)
    assert set(told) == {(item.code, item.anchor, item.due) for item in items}
    for item in items:
        due = told[item.code, item.anchor, item.due]
        if item.due is not None and as_of + timedelta(days=15) < item.due:
            continue
        expected = state(policy, rule, item, case, as_of)
        if due.state != expected:
            note(f"{rule!r}\n{policy.to_json()}\n{case!r}\nat {as_of}\n{item}\n{due}\n{decision}")
        assert (due.state, _utc(due.met)) == (expected, item.met)
        assert bool(due.blocked_by) is (due.state == "will_be_missed")


def _utc(instant: Any) -> datetime | None:
    return None if instant is None else datetime.fromisoformat(instant.isoformat()).astimezone(UTC)


def states(policy: Policy, touches: list[dict[str, Any]], as_of: str, **more: Any) -> list[tuple[str, tuple[str, ...]]]:
    case = Case(prospect=Prospect.model_validate({"id": "p", "zones": "Europe/Madrid"}), touches=touches)  # type: ignore[arg-type]
    return [(due.state, due.blocked_by) for due in policy.decide(case, as_of=as_of, **more).deadlines]


WROTE = {
    "id": "i",
    "at": "2026-03-02T22:00+01:00",
    "channel": "email",
    "direction": "inbound",
    "disposition": "replied",
}


def test_a_channel_that_would_not_meet_it_does_not_keep_it_due() -> None:
    night = QuietHours.model_validate({"id": "night", "channels": ["phone"], "between": "20:00-09:00"})
    for met_by, expected in (
        ({"channels": ["phone"]}, ("will_be_missed", ("night",))),
        ({"channels": ["email"]}, ("due", ())),
        ({}, ("due", ())),
        ({"channels": ["letter"]}, ("will_be_missed", ("always/channels",))),
        ({"directions": ["inbound"], "channels": ["phone"]}, ("due", ())),
    ):
        quick = RespondWithin.model_validate({"id": "quick", "within": "2h", "met_by": met_by})
        policy = Policy(name="p", channels=("email", "phone"), rules=(quick, night))
        assert states(policy, [WROTE], "2026-03-02T22:05+01:00") == [expected]


def test_a_purpose_that_is_not_asked_about_may_meet_it() -> None:
    """Asked about service, a deadline that a sales call meets is judged by the sales call."""
    night = QuietHours.model_validate({"id": "night", "purposes": ["sales"], "between": "20:00-09:00"})
    quick = RespondWithin.model_validate({"id": "quick", "within": "2h", "met_by": {"purposes": ["sales"]}})
    policy = Policy(name="p", channels=("phone",), rules=(quick, night))
    late = [("will_be_missed", ("night",))]
    assert states(policy, [WROTE], "2026-03-02T22:05+01:00", purpose="service") == late
    assert states(policy.without("night"), [WROTE], "2026-03-02T22:05+01:00", purpose="service") == [("due", ())]
    other = {"id": "quick", "within": "2h", "met_by": {"purposes": {"except": ["service"]}, "subjects": ["deal"]}}
    policy = Policy(name="p", channels=("phone",), rules=(RespondWithin.model_validate(other), night))
    assert states(policy, [WROTE], "2026-03-02T22:05+01:00", purpose="service", subjects=["car"]) == late


def test_a_booking_keeps_it_due() -> None:
    policy = Policy(
        name="p",
        channels=("phone",),
        rules=(
            Spacing(id="apart", at_least="5 days"),  # type: ignore[arg-type]
            TouchAtLeastEvery(
                id="often", every="7 days", met_by={"channels": ["phone"], "dispositions": ["connected"]}
            ),  # type: ignore[arg-type]
        ),
    )
    made = {"id": "a", "at": "2026-03-02T10:00Z", "channel": "phone", "disposition": "connected"}
    for booked, expected in (
        ({"at": "2026-03-08T10:00Z", "channel": "phone"}, "due"),
        ({"at": "2026-03-08T10:00Z", "channel": "email"}, "will_be_missed"),
        ({"at": "2026-03-09T10:00:00.000001Z", "channel": "phone"}, "will_be_missed"),
        ({"at": "2026-03-09", "channel": "phone"}, "will_be_missed"),
    ):
        found = states(policy, [made, {"id": "b", "booked": True, **booked}], "2026-03-05T10:00Z")
        assert [name for name, _ in found] == [expected]


def test_what_opens_after_the_horizon_and_before_the_due_is_due() -> None:
    made = Touch.model_validate({"id": "a", "at": "2026-03-02T10:00Z", "channel": "phone", "disposition": "connected"})
    policy = Policy(
        name="p",
        channels=("phone",),
        rules=(Spacing(id="apart", at_least="20 days"), TouchAtLeastEvery(id="often", every="30 days")),  # type: ignore[arg-type]
    )
    assert states(policy, [made.model_dump()], "2026-03-05T10:00Z", horizon="5 days") == [("due", ())]
