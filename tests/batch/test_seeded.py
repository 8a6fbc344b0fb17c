"""Law 13 on books that are always the same: drawn once from a seed, so that what they reach does not depend on chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from batch.books import small
from batch.test_column_form import RestAfterReply
from batch.test_law_13 import agree, frames
from cadencia import Policy, decide_many

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
CHANNELS = ("email", "phone", "sms")
SPOTS = {"Europe/Madrid": "ES", "America/New_York": "US", "Asia/Kolkata": "IN", "Pacific/Apia": None}
RULES: dict[str, list[dict[str, Any]]] = {
    "max_attempts": [{"at_most": 3}, {"at_most": 6}],
    "frequency_cap": [{"at_most": 2, "within": "7d"}, {"at_most": 1, "within": "30m"}],
    "spacing": [
        {"at_least": "48h"}, {"at_least": "3 business days", "calendar": "prospect"}, {"at_least": "2 dates", "per": "channel"},
        {"at_least": "96h", "per": "channel"}, {"at_least": "20m"},
    ],
    "no_repeated_channel": [{"at_most": 1}, {"at_most": 2}],
    "quiet_hours": [
        {"allow": {"mon-fri": ["09:00-14:00", "17:00-20:00"]}, "holidays": "prospect"},
        {"allow": {"fri-sun": ["22:00-02:30"]}, "channels": ["phone"]}, {"between": {"daily": ["21:00-09:00"]}},
    ],
    "business_days": [{"days": "mon-fri"}, {"days": "tue"}],
    "stop_on": [{"dispositions": ["replied"]}, {"dispositions": ["bounced_hard"], "scope": "channel"}],
    "stop_on_opt_out": [{}, {"scope": "channel"}],
    "channel_rotation": [{"order": ["phone", "email"]}],
    "preferred_channel": [{"order": ["sms"]}],
}  # fmt: skip
COUNTING = ("max_attempts", "frequency_cap", "spacing", "no_repeated_channel", "channel_rotation")
WORDS = ("no_answer", "sent", "voicemail_left", "replied", "bounced_hard", "opted_out", None)


def policy_of(random: Random, own: bool) -> Policy:
    """A policy of the numeric lane; with `own`, also a stranger's rule that comes in columns."""
    count = random.choice(("attempted", "planned"))
    rules: list[Any] = []
    for number, kind in enumerate(random.sample(sorted(RULES), random.randint(1, 5))):
        rule = {"rule": kind, "id": f"r{number}", **random.choice(RULES[kind])}
        rules.append(rule | ({"count": count} if kind in COUNTING else {}))
    if own:
        channels = random.choice((None, ["phone"], list(CHANNELS)))
        rules.append(RestAfterReply(id="rest", channels=channels, hours=random.choice((1, 48, 400))))
    return Policy.model_validate({"name": "seeded", "channels": list(CHANNELS), "rules": rules})


def people_of(random: Random, odd: bool) -> list[dict[str, Any]]:
    rows = []
    addresses = random.random() < 0.3
    for number in range(12):
        zone = random.choice(sorted(SPOTS))
        row: dict[str, Any] = {
            "id": f"p{number}",
            "zone": zone,
            "region": random.choice((SPOTS[zone], SPOTS[zone], "ES")),
        }
        if addresses:
            row |= {"phone": random.choice(("+999341", None)), "email": random.choice(("a@example.com", " ", None))}
        if odd:
            row |= {
                "stage": random.choice((None, "new")),
                "opt_outs": random.choice((None, None, '[{"channel": "email"}]')),
            }
            if random.random() < 0.2:
                row["zone"] = random.choice((None, " Asia/Tokyo ", "Nowhere/At_All"))
            if random.random() < 0.1:
                row["id"] = random.choice((None, "p0"))
        rows.append(row)
    return rows


def touches_of(random: Random, odd: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    lengths, named = random.random() < 0.5, random.random() < 0.7
    for number in range(random.choice((0, 40))):
        back = random.choice(
            (0, 1_200, 48 * 3_600, 7 * 86_400, random.randint(0, 40 * 86_400), random.randint(0, 40 * 86_400))
        )
        at = NOW - timedelta(seconds=back)
        row = {
            "prospect": f"p{random.randrange(12)}", "at": at, "channel": random.choice((*CHANNELS, "letter")),
            "direction": random.choice(("outbound", "outbound", "inbound", None)), "disposition": random.choice(WORDS),
        }  # fmt: skip
        if named:
            row["id"] = f"t{number}"
        if lengths:
            row["end"] = random.choice((None, at, at + timedelta(minutes=40)))
        if odd:
            row["booked"] = random.choice((None, False, False, False, True))
            if random.random() < 0.1:
                name, value = random.choice(
                    (
                        ("at", None), ("at", NOW + timedelta(hours=5)), ("channel", None), ("direction", "sideways"),
                        ("disposition", "cancelled"), ("prospect", None), ("prospect", "nobody"), ("end", at - timedelta(minutes=1)),
                    )
                )  # fmt: skip
                row |= {name: value} if name in row else {}
        rows.append(row)
    return rows if random.random() < 0.5 else sorted(rows, key=lambda row: row["at"] or NOW)


@pytest.mark.parametrize("seed", range(120))
def test_the_same_as_one_by_one(seed: int) -> None:
    random = Random(seed)
    odd, own = seed % 3 == 0, seed % 5 == 0
    policy = policy_of(random, own)
    people, touches = people_of(random, odd), touches_of(random, odd)
    horizon, reasons = random.choice(("90 days", "3 days", "400 days")), random.choice(("none", "binding", "all"))
    for most in (-1, 1 << 40):
        with small(most):
            found = decide_many(policy, *frames(people, touches), as_of=NOW, reasons=reasons, horizon=horizon)  # type: ignore[arg-type]
        agree(policy, people, touches, NOW, found, horizon)
    if not odd and not own:
        assert found.frame["answer"].cast(pl.String).is_not_null().all()
