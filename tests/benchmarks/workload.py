"""The workload every speed figure is measured on: seeded prospects with the touches already made.

Plain rows only, no types of any implementation: each implementation turns them into its own objects before
the clock starts. `mix.py` prints the mix of answers it leads to.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

SEED = 20260327
NOW = datetime(2026, 3, 27, 13, 37, 12, 345678, tzinfo=UTC)
"""A Friday: Easter and the European and Australian clock changes lie ahead, the American one behind."""

CHANNELS = ("phone", "email", "sms", "social")

ZONES: tuple[tuple[str, str], ...] = tuple(
    (zone, country)
    for country, zones in {
        "US": "America/New_York America/Detroit America/Chicago America/Denver America/Phoenix "
        "America/Los_Angeles America/Anchorage Pacific/Honolulu",
        "CA": "America/Toronto America/Winnipeg America/Regina America/Edmonton America/Vancouver "
        "America/Halifax America/St_Johns",
        "BR": "America/Sao_Paulo America/Manaus America/Fortaleza America/Rio_Branco America/Noronha",
        "AU": "Australia/Sydney Australia/Melbourne Australia/Brisbane Australia/Adelaide Australia/Darwin "
        "Australia/Perth Australia/Lord_Howe",
        "ES": "Europe/Madrid Atlantic/Canary Africa/Ceuta",
        "PT": "Europe/Lisbon Atlantic/Azores Atlantic/Madeira",
        "GB": "Europe/London",
        "DE": "Europe/Berlin",
        "IN": "Asia/Kolkata",
        "MX": "America/Mexico_City America/Tijuana America/Cancun America/Hermosillo",
    }.items()
    for zone in zones.split()
)
"""Forty zones of ten countries, half-hour offsets and a half-hour clock change among them."""

REACH_DAYS = (120, 21, 8)
REACH_WEIGHTS = (50, 30, 20)
ANSWERED_PER_TOUCH = 0.04
BOUNCED_PER_TOUCH = 0.02
BOUNCE_PRONE = 0.02

PastTouch = tuple[datetime, str, str, bool]
"""When (UTC), channel, disposition, inbound."""


@dataclass(slots=True)
class Row:
    """One prospect of the workload; its touches are in time order."""

    id: str
    zone: str
    country: str
    touches: list[PastTouch]


def rows(n: int, seed: int = SEED, now: datetime = NOW) -> list[Row]:
    """`n` prospects; the first rows are the same for every `n`."""
    rng = random.Random(seed)
    return [_row(rng, index, now) for index in range(n)]


def as_dicts(row: Row) -> dict[str, Any]:
    """The row as it would arrive from outside: nothing but dicts, lists and strings."""
    return {
        "prospect": {"id": row.id, "zones": row.zone, "regions": row.country},
        "touches": [
            {
                "id": f"{row.id}-{number}",
                "at": at.isoformat(),
                "channel": channel,
                "disposition": disposition,
                "direction": "inbound" if inbound else "outbound",
            }
            for number, (at, channel, disposition, inbound) in enumerate(row.touches)
        ],
    }


def _row(rng: random.Random, index: int, now: datetime) -> Row:
    zone, country = rng.choice(ZONES)
    count = rng.randint(0, 12)
    reach = timedelta(days=rng.choices(REACH_DAYS, REACH_WEIGHTS)[0])
    instants = sorted(now - reach * rng.random() for _ in range(count))
    answered = rng.random() < 1 - (1 - ANSWERED_PER_TOUCH) ** count
    answer_at = max(count - rng.randint(1, 3), 0) if answered else None
    bounce_rate = 0.7 if rng.random() < BOUNCE_PRONE else BOUNCED_PER_TOUCH
    alive = list(CHANNELS)
    touches: list[PastTouch] = []
    for position, at in enumerate(instants):
        channel = rng.choice(alive or CHANNELS)
        if position == answer_at:
            touches.append((at, channel, "opted_out" if rng.random() < 0.2 else "replied", True))
        elif rng.random() < bounce_rate or channel not in alive:
            touches.append((at, channel, "bounced_hard", False))
            alive = [other for other in alive if other != channel]
        else:
            touches.append((at, channel, _disposition(rng, channel), False))
    return Row(f"p{index:07d}", zone, country, touches)


def _disposition(rng: random.Random, channel: str) -> str:
    if channel == "phone":
        return rng.choice(("no_answer", "no_answer", "voicemail_left"))
    return "sent"
