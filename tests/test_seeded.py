"""Engine against specification on histories that are always the same: drawn once from a seed, half of the touches dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from cadencia import Case
from cadencia._time.clock import micros
from cadencia.rules import Candidate
from cadencia.rules.registry import read_rule
from spec.rules import forbidden
from test_agreement import placed

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
ZONES = ("Europe/Madrid", "America/New_York", "Asia/Kolkata")
RULES: list[dict[str, Any]] = [
    {"rule": "spacing", "gaps": ["20h", "3 days", "30m"]},
    {"rule": "spacing", "gaps": ["3 business days", "2 dates", "1h"], "calendar": "ES"},
    {"rule": "spacing", "backoff": {"first": "12h", "factor": 3, "at_most": "96h"}},
    {"rule": "spacing", "backoff": {"first": "12h", "factor": 1, "at_most": "12h"}},
    {"rule": "one_channel", "within": "5d", "since": "case"},
    {"rule": "one_channel", "dates": 3, "since": {"dispositions": ["replied"]}},
    {"rule": "stop_on_opt_out", "lasts": "3 days"},
    {"rule": "stop_on_opt_out", "until": "2026-03-25T00:00Z", "scope": "channel"},
]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("data", RULES, ids=str)
def test_an_instant_is_covered_exactly_when_it_is_forbidden(data: dict[str, Any], seed: int) -> None:
    """Laws 1 and 7, of rules that read the order of touches; with dates, wherever in them the touches may lie."""
    random = Random(f"{seed} {data}")
    zone = random.choice(ZONES)
    touches = []
    dated = seed % 2 == 0
    for number in range(random.randint(1, 9)):
        at = NOW + timedelta(minutes=random.randint(-20 * 1_440, 5 * 1_440))
        touches.append(
            {
                "id": f"t{number}", "at": at.date().isoformat() if dated and random.random() < 0.5 else at.isoformat(),
                "channel": random.choice(("phone", "email")), "booked": at > NOW,
                "disposition": "unknown" if at > NOW else random.choice(("no_answer", "replied", "opted_out", "sent")),
            }
        )  # fmt: skip
    opened = NOW - timedelta(days=random.choice((3, 12, 30)))
    case = Case.model_validate({"prospect": {"id": "p", "zones": zone}, "touches": touches, "opened_at": opened})
    rule = read_rule({"id": "r", **data})
    candidate = Candidate("phone", None)
    start, end = micros(NOW - timedelta(days=25)), micros(NOW + timedelta(days=15))
    blocks = list(rule.answer(case.view(), candidate, (start, end)))  # type: ignore[attr-defined]
    edges = {edge + beside for block in blocks for edge in (block.start, block.end) for beside in (-1, 0)}
    probes = edges | {micros(NOW + timedelta(minutes=random.randint(-25 * 1_440, 15 * 1_440))) for _ in range(25)}
    for t in sorted(probe for probe in probes if start <= probe < end):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=t)
        covered = any(block.start <= t < block.end for block in blocks)
        readings = [placed(case, moment, how) for how in ("lo", "hi", "near")]
        told = [forbidden(rule, reading, candidate, moment) for reading in readings]
        assert covered or not any(told), (moment, touches)
        if all(isinstance(touch.at, datetime) for touch in case.touches):
            assert covered == told[0], (moment, touches)
