"""A layer may have any name that a person gives it: its rules answer as they do alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cadencia import Policy

GOLDEN = sorted((Path(__file__).parent / "golden" / "rules").glob("*.json"))
NAMES = ("the sample house", "n" * 120, "日本 #7")
CASE = {
    "prospect": {"id": "p", "zones": "Europe/Madrid", "regions": "ES", "account": "a"},
    "touches": [{"id": "t", "at": "2026-03-02T10:00Z", "channel": "phone", "disposition": "no_answer"}],
}
AS_OF = "2026-03-03T10:00Z"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_rule_answers_alike_under_a_layer_of_any_name(path: Path, name: str) -> None:
    """A rule shows itself as `layer/id`, which need not be an id that a person may write."""
    rule = {**json.loads(path.read_text(encoding="utf-8")), "id": "i" * 120}
    alone = Policy.from_dict({"name": name, "channels": ["phone", "sms"], "rules": [rule]})
    layered = alone & Policy(name="another", channels=["phone", "sms"])
    asked = [policy.decide(CASE["prospect"], CASE["touches"], as_of=AS_OF) for policy in (alone, layered)]
    said = [
        [(block.code, block.start, block.end, block.needs) for verdict in decision.verdicts for block in verdict.blocks]
        for decision in asked
    ]
    assert said[0] == said[1]
    assert "rule_error" not in {code for code, *_ in said[1]}
    assert [decision.answer for decision in asked] == [asked[0].answer] * 2
