"""What a cadence owes is the step in turn; one that is passed over is owed by nobody."""

from __future__ import annotations

from typing import Any

import pytest

from cadencia import Playbook

SINCE = "2026-03-02T10:00+01:00"
CLIENT: dict[str, Any] = {"id": "p", "zones": "Europe/Madrid", "stages": [{"name": "client", "since": SINCE}]}


@pytest.mark.parametrize(
    ("consents", "owed"),
    [((), ["ask-permission"]), (({"since": SINCE},), []), (({"since": "2026-03-04T10:00+01:00"},), [])],
)
def test_a_step_whose_condition_does_not_hold_is_not_owed(consents: tuple[Any, ...], owed: list[str]) -> None:
    """Permission is owed while there is none: not by a client who gave it at once, or later by himself."""
    decision = Playbook.load("stay-in-touch").decide({**CLIENT, "consents": consents}, as_of="2026-03-06T10:00+01:00")
    steps = [due for due in decision.deadlines if due.code == "step"]
    assert [due.details["step"] for due in steps] == owed
    assert all(due.state == "missed" for due in steps)


def test_nothing_is_owed_once_a_cadence_has_ended() -> None:
    touches = [{"id": "t1", "at": SINCE, "channel": "phone", "disposition": "opted_out"}]
    decision = Playbook.load("after-the-no").decide(
        {"id": "p", "zones": "Europe/Madrid"},
        [{"id": "t0", "at": "2026-03-01T10:00+01:00", "channel": "phone", "disposition": "refused"}, *touches],
        as_of="2026-03-06T10:00+01:00",
    )
    assert [due for due in decision.deadlines if due.code == "step" and due.met is None] == []
