"""The whole test suite of a rule author: cadencia's own laws, and an example or two of what the rule is for."""

from __future__ import annotations

import pytest
from acme_rules import LuckyWeekday, NoMondayMornings, ThankYou

from cadencia import Policy, Prospect, Touch, Wait
from cadencia.rules import Rule
from cadencia.testing import check_rule

MADRID = Prospect(id="p1", zones="Europe/Madrid")


@pytest.mark.parametrize("rule", [NoMondayMornings, LuckyWeekday, ThankYou])
def test_our_rules_keep_the_laws(rule: type[Rule]) -> None:
    check_rule(rule, examples=100)


def policy(*rules: dict[str, object]) -> Policy:
    return Policy.from_dict({"cadencia": 1, "name": "acme", "channels": ["phone"], "rules": list(rules)})


def test_monday_morning_waits_for_noon() -> None:
    acme = policy({"rule": "acme.no_monday_mornings", "id": "slow-start"})
    decision = acme.decide(MADRID, as_of="2026-03-02T08:00+01:00")
    assert isinstance(decision, Wait)
    assert decision.at.isoformat() == "2026-03-02T12:00:00+01:00"
    assert "no contact on Monday before 12:00 in Europe/Madrid" in str(decision)
    assert "sin contacto el lunes antes de las 12:00" in decision.text("es")


def test_the_kinds_survive_the_journey_through_data() -> None:
    acme = policy(
        {"rule": "acme.no_monday_mornings", "id": "slow-start", "until": "10:30"},
        {"rule": "acme.lucky_weekday", "id": "lucky", "weekday": "fri"},
        {"rule": "acme.thank_you", "id": "thanks"},
    )
    assert Policy.from_json(acme.to_json()) == acme
    assert acme.plug_ins == ("acme-rules 1.0",)


def test_thanks_are_due_three_days_after_an_order() -> None:
    order = Touch(id="o", at="2026-03-02T10:00Z", channel="phone", disposition="converted")
    acme = policy({"rule": "acme.thank_you", "id": "thanks"})
    (due,) = acme.decide(MADRID, [order], as_of="2026-03-03T10:00Z").deadlines
    assert due.due is not None
    assert due.due.isoformat() == "2026-03-05T10:00:00+00:00"
    assert due.state == "due"
