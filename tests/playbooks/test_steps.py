"""The engine and the naive specification agree on which step is in turn, and on when it is not due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cadencia import Case, Contact, Decision, Playbook, Wait
from spec.steps import place, step_forbidden

START = datetime(2026, 3, 23, 8, tzinfo=UTC)  # the clocks change on the Sunday after
IDS = ("a", "b", "c")
DELAYS = ("48h", "2 days", "1 date", "2 business days", "1 month")
WORDS = (
    "no_answer", "sent", "unknown", "failed", "connected", "replied", "interested", "refused", "still_thinking",
    "not_received", "out_of_office", "opted_out",
)  # fmt: skip
TARGETS = (*IDS, "exhausted", "done", "gone")
OUTCOMES = ("no_answer", "reached", "yes", "no", "still_thinking", "not_arrived", "will_get_back")


@st.composite
def cadences(draw: st.DrawFn) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for name in IDS:
        channels = draw(st.lists(st.sampled_from(("phone", "email")), min_size=1, max_size=2, unique=True))
        step: dict[str, Any] = {"id": name, "purpose": f"p-{name}", "channels": channels}
        step["after"] = {
            "delay": draw(st.sampled_from(DELAYS)), "anchor": draw(st.sampled_from(("previous", "previous", "start")))
        }  # fmt: skip
        if name == "a" and draw(st.booleans()):
            del step["after"]
        step["tracks"] = draw(
            st.dictionaries(st.sampled_from(OUTCOMES), st.sampled_from((*TARGETS, "next", "again")), max_size=2)
        )
        steps.append(step)
    tracks = draw(st.dictionaries(st.sampled_from(OUTCOMES[1:]), st.sampled_from((*TARGETS, "again")), max_size=3))
    back = {*IDS, "again"} & {
        target for table in (tracks, *(step["tracks"] for step in steps)) for target in table.values()
    }
    for step in steps:  # one anchored at the start that may come round again is refused
        if back:
            step.get("after", {}).pop("anchor", None)
    for step in steps:  # a circle that never waits is refused
        if any(other["tracks"].get("no_answer") in (*IDS, "again") for other in steps):
            step["after"] = {"delay": draw(st.sampled_from(DELAYS))}
    return {"steps": steps, "tracks": tracks, "endings": {"done": {}, "gone": {"lifted_by": "nothing"}}}


@st.composite
def touches(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = []
    for number in range(draw(st.integers(0, 6))):
        hours = draw(st.integers(0, 24 * 20))
        inbound = draw(st.integers(0, 4)) == 0
        touch: dict[str, Any] = {
            "id": f"t{number}", "at": START + timedelta(hours=hours), "channel": draw(st.sampled_from(("phone", "email", "sms"))),
            "direction": "inbound" if inbound else "outbound", "disposition": draw(st.sampled_from(WORDS)),
        }  # fmt: skip
        if draw(st.booleans()):
            touch["step"] = draw(st.sampled_from((*IDS, "elsewhere")))
        if draw(st.integers(0, 3)) == 0:
            touch["purpose"] = draw(st.sampled_from(("p-a", "p-b", "other")))
        if draw(st.integers(0, 5)) == 0:
            touch["promise"] = {"by": "them"}
        if draw(st.integers(0, 6)) == 0 and not inbound:
            touch["booked"] = True
        made.append(touch)
    return made


@given(
    data=cadences(),
    made=touches(),
    hours=st.integers(-24, 24 * 40),
    zone=st.sampled_from(("Europe/Madrid", "America/Lima")),
)
def test_which_step_and_when(data: dict[str, Any], made: list[dict[str, Any]], hours: int, zone: str) -> None:
    """The step a case is at is derived from its touches, whether they name their step or not; its delay is a block."""
    playbook = Playbook.from_dict(
        {"cadencia": 1, "name": "drawn", "cadence": data, "policy": {"channels": ["phone", "email", "sms"]}}
    )
    case = Case.model_validate(
        {"prospect": {"id": "p", "zones": zone}, "touches": made, "opened_at": START - timedelta(days=1)}
    )
    t = START + timedelta(hours=hours)
    expected = place(playbook.cadence, case, t)
    found = playbook.position(case, as_of=START - timedelta(days=30))  # bookings are not overdue then
    assert found.inside
    blocks = {
        (step, channel): playbook.why_not(case, t, channel, step=step, as_of=START - timedelta(days=30))
        for step in IDS
        for channel in ("phone", "email")
    }
    for (step, channel), told in blocks.items():
        forbidden = step_forbidden(playbook.cadence, case, step, channel, t)
        assert bool(told) is forbidden, (step, channel, told, expected)
    codes = {block.code for told in blocks.values() for block in told}
    assert ("finished" in codes) is (expected.ending is not None)


@given(data=cadences(), made=touches(), hours=st.integers(0, 24 * 30), seed=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_order_data_and_stability(data: dict[str, Any], made: list[dict[str, Any]], hours: int, seed: Any) -> None:
    """Permuting the touches gives an equal decision; one read back from data is equal; asked again at the answered instant the
    answer is contact by that very option: laws 2, 6 and 16.
    """
    playbook = Playbook.from_dict(
        {"cadencia": 1, "name": "drawn", "cadence": data, "policy": {"channels": ["phone", "email", "sms"]}}
    )
    made = [touch for touch in made if not touch.get("booked")]
    t = START + timedelta(hours=hours)
    made = [touch for touch in made if touch["at"] <= t]
    person = {"id": "p", "zones": "Europe/Madrid"}
    case = Case.model_validate({"prospect": person, "touches": made, "opened_at": START})
    decision = playbook.decide(case, as_of=t)
    seed.shuffle(made)
    shuffled = Case.model_validate({"prospect": person, "touches": made, "opened_at": START})
    assert playbook.decide(shuffled, as_of=t) == decision
    assert Decision.from_dict(decision.to_dict()) == decision
    if isinstance(decision, Wait):
        again = playbook.decide(case, as_of=decision.at)
        assert isinstance(again, Contact)
        assert (again.step, again.channel) == (decision.step, decision.channel)
