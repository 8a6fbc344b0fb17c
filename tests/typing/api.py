"""The types of the front door. Checked by mypy and pyright; never run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, assert_type

import pendulum

from cadencia import (
    Account,
    Blocked,
    Case,
    Consent,
    Contact,
    ContactPoint,
    Policy,
    PolicyError,
    Prospect,
    Stop,
    Touch,
    Wait,
)
from cadencia.audit import Audit, Auditor, Finding, Summary, audit
from cadencia.decision import BlockRecord, Decided, OptionRecord, Record, Verdict
from cadencia.places import Place, address_place, phone_place
from cadencia.rules import (
    AnyOf,
    Block,
    Candidate,
    ChannelRotation,
    FrequencyCap,
    Limit,
    MaxAttempts,
    QuietHours,
    Rule,
    Spacing,
    StopOn,
    register,
)

rules: list[Rule] = [
    MaxAttempts(id="four", at_most=4),
    StopOn(id="answered"),
    ChannelRotation(id="vary", order=("email", "phone")),
]
policy = Policy(name="gentle", channels=("email", "phone"), rules=tuple(rules))
prospect = Prospect(id="p1")
touch = Touch(id="t1", at=datetime.fromisoformat("2026-03-06T09:00+01:00"), channel="phone")
case = Case(prospect=prospect, touches=(touch,))

decision = policy.decide(prospect, [touch], as_of="2026-03-06T12:00+01:00")
assert_type(decision, Contact | Wait | Blocked | Stop)
assert_type(policy.decide({"id": "p1"}, [{"id": "t1"}], as_of=datetime.now().astimezone()), Decided)
assert_type(policy & policy, Policy)
assert_type(policy.without("four"), Policy)
assert_type(policy.fingerprint, str)
assert_type(Policy.load("house.yaml"), Policy)
assert_type(Policy.from_yaml("cadencia: 1"), Policy)
assert_type(policy.why_not(case, "2026-03-06T12:00+01:00", "phone"), tuple[Block, ...])
assert_type(
    policy.windows(case, "2026-03-06T00:00Z", "2026-03-07T00:00Z"),
    dict[Candidate, tuple[tuple[datetime, datetime], ...]],
)


def read(decision: Contact | Wait | Blocked | Stop) -> str:
    """What `match` narrows to."""
    match decision:
        case Contact(channel=channel, until=until):
            assert_type(channel, str)
            assert_type(until, pendulum.DateTime | None)
            return channel
        case Wait():
            assert_type(decision.at, pendulum.DateTime)
            assert_type(decision.earliest, pendulum.DateTime)
            assert_type(decision.waits_for, str | None)
            return "later"
        case Blocked():
            assert_type(decision.needs, tuple[str, ...])
            assert_type(decision.not_before, pendulum.DateTime | None)
            return "blocked"
        case Stop():
            assert_type(decision.reason, str)
            assert_type(decision.until, pendulum.DateTime | None)
            return "stop"


assert_type(decision.blocking, tuple[str, ...])
assert_type(decision.verdicts, tuple[Verdict, ...])
assert_type(decision.chain, tuple[BlockRecord, ...])
assert_type(decision.options, tuple[OptionRecord, ...])
assert_type(decision.record, Record)
assert_type(decision.chain[0].scope, Literal["case", "channel", "contact_point"])
assert_type(decision.counterfactuals(), dict[str, Contact | Wait | Blocked | Stop])
assert_type(decision.text("es"), str)
assert_type(case.known_at("2026-03-06T12:00+01:00"), Case)
assert_type(prospect.stage, str | None)
assert_type(audit(policy, [case]), Audit)
assert_type(audit(policy, [prospect], [touch]).findings, tuple[Finding, ...])
assert_type(Auditor(policy).summary(), Summary)
assert_type(phone_place("+34612345678") | address_place("ES", "CT"), Place)
assert_type(prospect.consents, tuple[Consent, ...])
assert_type(prospect.contact_points, tuple[ContactPoint, ...] | None)
assert_type(case.account, Account | None)
assert_type(PolicyError("a", "b").mistakes, tuple[str, ...])


@register
class NoMondays(Limit):
    """A third party's rule type-checks as ours do."""

    rule: Literal["acme.no_mondays"] = "acme.no_mondays"


made: Iterable[Limit] = (
    Spacing(id="gap"),
    QuietHours(id="hours"),
    FrequencyCap(id="cap", at_most=3),
    AnyOf(id="either", rules=()),
    NoMondays(id="mondays"),
)
