"""The adapter to cadencia: its policies, and how its answers compare with the rival's.

No answer is kept between calls; calendars and compiled policies are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workload import Row

from cadencia import Case, Contact, Decision, Policy, Prospect, Stop, Touch, Wait
from cadencia.rules import ChannelRotation, FrequencyCap, MaxAttempts, NoRepeatedChannel, QuietHours, Spacing, StopOn

HOURS = {
    "phone": {"mon-fri": ["09:00-14:00", "17:00-20:00"]},
    "email": {"daily": ["07:00-22:00"]},
    "sms": {"mon-sat": ["10:00-19:00"]},
    "social": {"daily": ["08:00-21:00"]},
}
#: The rival's order of reasons, and its names for our rules.
REASONS = ["answered", "all-bounced", "exhausted", "bounced", "no-repeat", "weekly-cap", "spacing", "channel-spacing"]


def policy(name: str) -> Policy:
    """The policy `base`, `open_ended` or `business`, with the rules of `rivals.py`. Every touch counts, a bounced one too."""
    business = name == "business"
    rules: list[Any] = [
        StopOn(id="answered", dispositions=["replied", "opted_out"]),
        StopOn(id="bounced", dispositions=["bounced_hard"], scope="channel"),
        FrequencyCap(id="weekly-cap", at_most=3, within="168h", count="planned"),
        Spacing(
            id="spacing",
            at_least="2 business days" if business else "48h",
            calendar="prospect_country",
            count="planned",
        ),
        Spacing(
            id="channel-spacing",
            at_least="4 business days" if business else "96h",
            calendar="prospect_country",
            per="channel",
            count="planned",
        ),
        NoRepeatedChannel(id="no-repeat", count="planned"),
        ChannelRotation(id="rotation", order=["phone", "email", "sms", "social"], count="planned"),
        *(
            QuietHours(id=f"{channel}-hours", channels=[channel], allow=allow, holidays="prospect_country")
            for channel, allow in HOURS.items()
        ),
    ]
    if name != "open_ended":
        rules.append(MaxAttempts(id="exhausted", at_most=7, count="planned"))
    made = Policy(name=name, channels=list(HOURS), rules=rules)
    made.engine.lane  # noqa: B018 - compiled before the clock starts
    return made


def ready_case(row: Row) -> Case:
    """The row as a case whose integer view is built."""
    case = Case.of(
        {"id": row.id, "zones": row.zone, "regions": row.country},
        [
            {
                "id": f"{row.id}-{index}",
                "at": at,
                "channel": channel,
                "disposition": disposition,
                "direction": "inbound" if inbound else "outbound",
            }
            for index, (at, channel, disposition, inbound) in enumerate(row.touches)
        ],
    )
    case.digest()
    return case


def addressed(row: Row) -> Case:
    """The same with an address for each channel, which every channel of the policy then has."""
    case = ready_case(row)
    points = [{"channel": channel, "address": f"{row.id}-{channel}"} for channel in HOURS]
    return Case.of(Prospect.model_validate({**dict(case.prospect), "contact_points": points}), case.touches)


def models(row: Row) -> tuple[Prospect, list[Touch]]:
    """A prospect and its touches as models, as a program has them that keeps no case."""
    case = ready_case(row)
    return case.prospect, list(case.touches)


def decide_from_models(policy: Policy, found: tuple[Prospect, list[Touch]], now: datetime) -> Decision:
    """The decision from models, the case made anew."""
    return policy.decide(*found, as_of=now)


def decide(policy: Policy, case: Case, now: datetime) -> Decision:
    """The decision: answer, option, window and the ids of the blocking rules."""
    decision = policy.decide(case, as_of=now)
    decision.answer, decision._channel, decision._at, decision._until  # noqa: B018
    if decision.answer == "wait":
        decision.blocking  # noqa: B018
    return decision


def force(decision: Decision) -> Any:
    """Every verdict, the evidence and the chain."""
    return decision.verdicts, decision.chain


def decide_from_dicts(policy: Policy, dicts: dict[str, Any], now: datetime) -> Decision:
    """The decision from unvalidated dicts, validation included."""
    decision = policy.decide(dicts["prospect"], dicts["touches"], as_of=now)
    decision.answer, decision._channel, decision._at, decision._until  # noqa: B018
    if decision.answer == "wait":
        decision.blocking  # noqa: B018
    return decision


def plain(decision: Decision) -> tuple[str, str | None, datetime | None, datetime | None, tuple[str, ...]]:
    """The decision as (kind, channel, at, until, rules), as in `rivals.Answer`."""
    match decision:
        case Contact(channel=channel, at=at, until=until):
            return "contact", channel, at, until, ()
        case Wait(channel=channel, at=at, until=until):
            order = [*REASONS, *(f"{name}-hours" for name in HOURS)]
            return "wait", channel, at, until, tuple(sorted(decision.blocking, key=order.index))
        case Stop():
            now = {
                block.rule for verdict in decision.verdicts for block in verdict.blocks if block.stops or block.final
            }
            if "bounced" in now and all("bounced" in option.blocked_by for option in decision.options):
                now.add("all-bounced")
            return "stop", None, None, None, tuple(name for name in REASONS[:3] if name in now)
    return "blocked", None, None, None, ("bounced", "no-repeat")
