"""The engine and the naive specification agree on which step is in turn, and on when it is not due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from cadencia import Case, Contact, Decision, Playbook, PolicyError, Wait
from spec.steps import place
from spec.turns import step_forbidden

START = datetime(2026, 3, 23, 8, tzinfo=UTC)  # the clocks change on the Sunday after
IDS = ("a", "b", "c")
DELAYS = ("48h", "2 days", "1 date", "2 business days", "1 month")
WORDS = (
    "no_answer", "sent", "unknown", "failed", "connected", "replied", "interested", "refused", "still_thinking",
    "not_received", "out_of_office", "opted_out",
)  # fmt: skip
TARGETS = (*IDS, "exhausted", "done", "gone", "ours")
OTHERS = ("eva", "luis")
OUTCOMES = ("no_answer", "reached", "yes", "no", "still_thinking", "not_arrived", "will_get_back")


@st.composite
def cadences(draw: st.DrawFn, people: bool = False) -> dict[str, Any]:
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
    for step in steps:
        if draw(st.integers(0, 2)) == 0:
            step["lapses"] = draw(st.sampled_from(("20m", "24h", "3 days")))
        if draw(st.integers(0, 3)) == 0:
            step["named"] = True
        if people and step["id"] != "a":
            step["person"] = draw(st.sampled_from(("same", "other", "other", "last")))
            if step["person"] == "other" and draw(st.booleans()):
                step["whom"] = draw(
                    st.sampled_from(({"tags": ["chief"]}, {"tags": {"not": ["chief"]}}, {"facts": ["decides"]}))
                )
    return {
        "steps": steps,
        "tracks": tracks,
        "endings": {"done": {}, "gone": {"lifted_by": "nothing"}, "ours": {"lifted_by": "inbound"}},
    }


@st.composite
def touches(draw: st.DrawFn, people: bool = False) -> list[dict[str, Any]]:
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
        if people and draw(st.integers(0, 2)):
            touch["prospect"] = draw(st.sampled_from(OTHERS))
        made.append(touch)
    return made


def read(data: dict[str, Any]) -> Playbook:
    """The playbook of a cadence; what it refuses is drawn again."""
    try:
        return Playbook.from_dict(
            {"cadencia": 1, "name": "drawn", "cadence": data, "policy": {"channels": ["phone", "email", "sms"]}}
        )
    except PolicyError:
        reject()


def account_of(made: list[dict[str, Any]], zone: str) -> Case:
    """A case with two others at its account."""
    eva = {"id": "eva", "zones": zone, "tags": ["chief"]}
    luis = {"id": "luis", "zones": zone, "facts": {"decides": {"value": True, "since": START + timedelta(days=4)}}}
    return Case.model_validate(
        {
            "prospect": {"id": "p", "zones": zone, "account": "acme"}, "opened_at": START - timedelta(days=1),
            "touches": [touch for touch in made if "prospect" not in touch],
            "account": {"id": "acme", "people": [eva, luis], "touches": [touch for touch in made if "prospect" in touch]},
        }
    )  # fmt: skip


@given(
    data=cadences(),
    made=touches(),
    hours=st.integers(-24, 24 * 40),
    zone=st.sampled_from(("Europe/Madrid", "America/Lima")),
)
def test_which_step_and_when(data: dict[str, Any], made: list[dict[str, Any]], hours: int, zone: str) -> None:
    """The step a case is at is derived from its touches, whether they name their step or not; its delay is a block."""
    agree(read(data), Case.model_validate(
        {"prospect": {"id": "p", "zones": zone}, "touches": made, "opened_at": START - timedelta(days=1)}
    ), START + timedelta(hours=hours))  # fmt: skip


@given(
    data=cadences(people=True),
    made=touches(people=True),
    hours=st.integers(-24, 24 * 40),
    zone=st.sampled_from(("Europe/Madrid", "America/Lima")),
)
def test_which_step_and_when_with_others_at_the_account(
    data: dict[str, Any], made: list[dict[str, Any]], hours: int, zone: str
) -> None:
    """What is said with others moves the case as the steps for others say, and nothing of theirs is done with our own person."""
    agree(read(data), account_of(made, zone), START + timedelta(hours=hours))


@given(data=cadences(people=True), made=touches(people=True), hours=st.integers(-24, 24 * 40))
def test_who_may_be_contacted_at_the_account(data: dict[str, Any], made: list[dict[str, Any]], hours: int) -> None:
    """The step in turn is proposed now just where the specification permits it, with a person whom it permits."""
    playbook = read(data)
    t = START + timedelta(hours=hours)
    case = account_of([touch for touch in made if (touch["at"] > t) is touch.get("booked", False)], "Europe/Madrid")
    turn = place(playbook.cadence, case, t).step
    assume(turn is not None)
    assert turn is not None
    assert case.account is not None
    step = playbook.cadence.step(turn)
    permitted = {
        (person.id, channel)
        for person in (case.prospect, *case.account.people)
        for channel in ("phone", "email")
        if not step_forbidden(playbook.cadence, case, turn, channel, t, person)
    }
    decision = playbook.decide(case, as_of=t)
    now = isinstance(decision, Contact) and decision.step == turn
    assert now is bool(permitted), (turn, step, permitted, decision)
    assert not now or (decision.prospect, decision.channel) in permitted


def agree(playbook: Playbook, case: Case, t: datetime) -> None:
    """The engine and the specification say the same of every step and channel at an instant."""
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
    playbook = read(data)
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
