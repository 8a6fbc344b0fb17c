"""How a cadence reads a case: anchors, conditions, what is passed over, bookings, tasks, and the people of an account."""

from __future__ import annotations

from typing import Any

import pytest

from cadencia import Account, Blocked, Case, Contact, Playbook, Playbooks, Policy, Prospect, Stop, Touch, Wait
from cadencia.cadence import Cadence, Step
from cadencia.decision import Decided
from cadencia.errors import InputError

MADRID = "Europe/Madrid"
NOW = "2026-03-06T10:00+01:00"  # a Friday


def step(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "purpose": f"p-{id}", "channels": ["phone", "email"], **more}


def playbook(*steps: dict[str, Any], policy: list[dict[str, Any]] | None = None, **cadence: Any) -> Playbook:
    return Playbook.from_dict(
        {
            "cadencia": 1, "name": "drawn", "cadence": {"steps": list(steps), **cadence},
            "policy": {"channels": ["phone", "email"], "rules": policy or []},
        }
    )  # fmt: skip


def touch(id: str, at: str, disposition: str = "no_answer", **more: Any) -> Touch:
    return Touch(id=id, at=at, disposition=disposition, **{"channel": "phone", **more})  # type: ignore[arg-type]


def ana(**more: Any) -> Prospect:
    return Prospect.model_validate({"id": "ana", "zones": MADRID, **more})


def at(decision: Decided) -> str:
    assert isinstance(decision, (Contact, Wait))
    return decision.at.in_timezone(MADRID).isoformat()


# -- anchors ---------------------------------------------------------------------------------------------------------------


def test_a_delay_from_an_unknown_start_is_closed() -> None:
    """A delay from the start of a case that nobody dated needs that date; a step without a delay does not."""
    late = playbook(step("a", after={"anchor": "start", "delay": "2 days"}))
    decision = late.decide(ana(), as_of=NOW)
    assert isinstance(decision, Blocked)
    assert decision.needs == ("opened_at",)
    case = Case(prospect=ana(), opened_at="2026-03-05T10:00+01:00")  # type: ignore[arg-type]
    assert at(late.decide(case, as_of=NOW)) == "2026-03-07T10:00:00+01:00"
    assert isinstance(playbook(step("a")).decide(ana(), as_of=NOW), Contact)


def test_a_delay_on_an_unknown_wall_clock_is_closed() -> None:
    decision = playbook(step("a"), step("b", after="2 days")).decide(
        Prospect(id="x"), [touch("t", "2026-03-05T10:00Z")], as_of=NOW
    )
    assert isinstance(decision, Blocked)
    assert decision.needs == ("zone",)


@pytest.mark.parametrize(
    ("promise", "after", "expected"),
    [
        ({"by": "us", "at": "2026-03-10T16:00+01:00"}, {}, "2026-03-10T16:00:00+01:00"),
        ({"by": "us", "at": "2026-03-10"}, {}, "2026-03-10T00:00:00+01:00"),
        ({"by": "them", "at": "2026-03-10"}, {}, "2026-03-11T00:00:00+01:00"),
        ({"by": "them", "at": "2026-03-10"}, {"delay": "1 business day"}, "2026-03-12T00:00:00+01:00"),
        ({"by": "them"}, {"undated": "7 days", "delay": "1 month"}, "2026-03-12T10:00:00+01:00"),
        ({"by": "them"}, {"delay": "2 days"}, "2026-03-07T10:00:00+01:00"),
        ({"by": "them"}, {}, "2026-03-06T10:00:00+01:00"),
        (None, {"undated": "7 days"}, "2026-03-12T10:00:00+01:00"),
        (None, {"delay": "2 days"}, "2026-03-07T10:00:00+01:00"),
    ],
)
def test_the_anchor_promise(promise: Any, after: dict[str, str], expected: str) -> None:
    """Ours may be kept from its date on; theirs has lapsed when it is over; one without a time runs from when it was given."""
    calls = playbook(step("a"), step("b", after={"anchor": "promise", **after}), tracks={"will_get_back": "b"})
    made = touch("t", "2026-03-05T10:00+01:00", "callback_requested", promise=promise)
    assert at(calls.decide(ana(), [made], as_of=NOW)) == expected


def test_the_anchor_pending_may_have_a_delay() -> None:
    """An impediment is resumed a day after its date; one without a date is not taken up, and asked for says why."""
    resume = step("b", after={"anchor": "pending", "kinds": ["impediment"], "delay": "1 business day"})
    found = playbook(step("a"), step("c", after="1 month"), resume)
    case = ana(pending={"id": "i", "kind": "impediment", "due": "2026-03-10"})
    made = [touch("t", "2026-03-05T10:00+01:00")]
    assert at(found.decide(case, made, as_of=NOW)) == "2026-03-11T00:00:00+01:00"
    undated = found.decide(ana(pending={"id": "i", "kind": "impediment"}), made, as_of=NOW, step="b")
    assert isinstance(undated, Blocked)
    assert undated.needs == ("pending_date",)
    assert undated.proposal is not None
    assert undated.proposal.why == "no_occasion"
    nowhere = Prospect.model_validate({"id": "x", "pending": {"id": "i", "kind": "impediment", "due": "2026-03-10"}})
    assert found.decide(nowhere, as_of=NOW, step="b").record.needs == ("zone",)


def test_a_thing_done_is_not_taken_up() -> None:
    """A payment that was made leaves no window; an impediment that lifted does."""
    steps = [step("a"), step("c", after="1 month"), step("b", after={"anchor": "pending"})]
    made = [touch("t", "2026-03-05T10:00+01:00")]
    done = {"due": "2026-03-09T10:00+01:00", "done_at": "2026-03-06T09:00+01:00"}
    paid = playbook(*steps).decide(ana(pending={"id": "i", "kind": "payment", **done}), made, as_of=NOW)
    lifted = playbook(*steps).decide(ana(pending={"id": "i", "kind": "impediment", **done}), made, as_of=NOW)
    assert (paid.record.step, lifted.record.step) == ("c", "b")


def test_an_occasion_without_a_zone_is_closed() -> None:
    greet = step("b", after={"anchor": "occasion", "lasts": "1d"})
    person = Prospect.model_validate(
        {"id": "x", "occasions": {"kind": "birthday", "date": "2000-03-07", "yearly": True}}
    )
    decision = playbook(step("a"), greet).decide(person, as_of=NOW, step="b")
    assert isinstance(decision, Blocked)
    assert "zone" in decision.needs


def test_an_occasion_that_is_over_when_we_learn_of_it() -> None:
    """A birthday that we learn of after its window is for next year; other kinds are not greeted by this step."""
    greet = step("b", after={"anchor": "occasion", "kinds": ["birthday"], "lasts": "1d"})
    person = ana(
        occasions=[
            {"kind": "birthday", "date": "2000-03-05", "yearly": True, "since": "2026-03-06T09:00+01:00"},
            {"kind": "name day", "date": "2026-03-06"},
        ]
    )
    decision = playbook(step("a"), step("c", after="1 month"), greet).decide(
        person, [touch("t", "2026-03-05T10:00+01:00")], as_of=NOW, horizon="400 days", step="b"
    )
    assert at(decision) == "2027-03-05T00:00:00+01:00"


# -- conditions ------------------------------------------------------------------------------------------------------------

CONDITIONS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"facts": ["vip"]}, {"facts": {"vip": True}}, True),
    ({"facts": ["vip"]}, {"facts": {"vip": "no"}}, False),
    ({"facts": ["vip"]}, {}, False),
    ({"without_facts": ["vip"]}, {"facts": {"vip": True}}, False),
    ({"without_facts": ["vip"]}, {}, True),
    ({"tags": ["a"]}, {"tags": ["a", "b"]}, True),
    ({"tags": ["a"]}, {}, False),
    ({"tags": {"except": ["a"]}}, {}, True),
    ({"tags": {"except": ["a"]}}, {"tags": ["a"]}, False),
    ({"stages": ["lead"]}, {"stage": "lead"}, True),
    ({"stages": ["lead"]}, {}, False),
    ({"stages": {"except": ["lead"]}}, {"stage": "lead"}, False),
    ({"stages": {"except": ["lead"]}}, {}, True),
    ({"consent": True}, {"consents": {"since": "2026-03-01T10:00Z"}}, True),
    ({"consent": True}, {}, False),
    ({"consent": False}, {"consents": {"since": "2026-03-01T10:00Z"}}, False),
    ({"pending": ["doubt"]}, {"pending": {"id": "i", "kind": "doubt"}}, True),
    ({"pending": ["doubt"]}, {"pending": {"id": "i", "kind": "doubt", "done_at": "2026-03-06T08:00Z"}}, False),
    ({"pending": ["doubt"]}, {"pending": {"id": "i", "kind": "payment", "since": "2026-03-01T08:00Z"}}, False),
    ({"made": {"at_least": 1}}, {}, True),
    ({"made": {"at_least": 2}}, {}, False),
    ({"made": {"at_least": 1, "counts": {"channels": ["email"]}}}, {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "person", "holds"), CONDITIONS)
def test_a_condition(condition: dict[str, Any], person: dict[str, Any], holds: bool) -> None:
    """A step whose condition does not hold is passed over. What is unknown satisfies none."""
    found = playbook(step("a"), step("b", when=condition), step("c"))
    decision = found.decide(ana(**person), [touch("t", "2026-03-06T08:00+01:00", step="a")], as_of=NOW)
    assert decision.record.step == ("b" if holds else "c")


def test_a_condition_that_begins_later() -> None:
    """Until a fact is current the step that needs it is passed over; from then on it is in turn."""
    found = playbook(step("a", when={"facts": ["ready"]}), step("b", after={"anchor": "start", "delay": "1 month"}))
    person = ana(facts={"ready": {"value": True, "since": "2026-03-09T12:00+01:00"}})
    decision = found.decide(Case(prospect=person, opened_at="2026-03-01T10:00+01:00"), as_of=NOW)  # type: ignore[arg-type]
    assert (decision.record.step, at(decision)) == ("a", "2026-03-09T12:00:00+01:00")


def test_nothing_left_is_the_end() -> None:
    """Where every step that is left is passed over the cadence has ended."""
    found = playbook(step("a"), step("b", when={"facts": ["vip"]}))
    decision = found.decide(ana(), [touch("t", "2026-03-06T08:00+01:00")], as_of=NOW)
    assert isinstance(decision, Stop)
    assert decision.code == "finished"
    assert decision.proposal is not None
    assert decision.proposal.ending == "exhausted"


def test_requirements() -> None:
    """A fact that a step requires must be current, and young enough; of unknown age it is too old."""
    found = playbook(step("a", requires=[{"fact": "need", "max_age": "30d"}]))
    young = {"need": {"value": "yes please", "since": "2026-03-01T10:00+01:00"}}
    assert isinstance(found.decide(ana(facts=young), as_of=NOW), Contact)
    for facts in ({}, {"need": True}, {"need": {"value": True, "since": "2026-01-01T10:00+01:00"}}):
        decision = found.decide(ana(facts=facts), as_of=NOW)
        assert isinstance(decision, Blocked)
        assert decision.needs == ("fact",)


def test_skip_and_hold() -> None:
    """A step that never opens is waited for, or gone past, as it says; past the last one is the end."""
    never = [{"rule": "max_attempts", "id": "never", "at_most": 0, "steps": ["b"]}]
    made = [touch("t", "2026-03-06T08:00+01:00", step="a")]
    held = playbook(step("a"), step("b"), step("c"), policy=never).decide(ana(), made, as_of=NOW)
    assert isinstance(held, Stop)
    assert held.reason == "never"
    skipped = playbook(step("a"), step("b", if_impossible="skip"), step("c"), policy=never).decide(
        ana(), made, as_of=NOW
    )
    assert skipped.record.step == "c"
    over = playbook(step("a"), step("b", if_impossible="skip"), policy=never).decide(ana(), made, as_of=NOW)
    assert isinstance(over, Stop)
    assert (over.code, over.proposal and over.proposal.ending) == ("finished", "exhausted")


# -- touches ---------------------------------------------------------------------------------------------------------------


def test_named_and_unnamed_touches() -> None:
    """A touch naming a step is that step; an unnamed one on the step's channels is the current one; others count for limits only."""
    found = playbook(step("a", channels=["email"]), step("b"), step("c"))
    for more, expected in (
        ({"step": "b"}, "c"),
        ({"channel": "email"}, "b"),
        ({"channel": "email", "purpose": "p-a"}, "b"),
        ({"channel": "email", "purpose": "another"}, "a"),
        ({"channel": "phone"}, "a"),
        ({"channel": "email", "step": "of-another-playbook"}, "a"),
        ({"channel": "email", "disposition": "failed"}, "a"),
    ):
        made = touch("t", "2026-03-06T08:00+01:00", **{"disposition": "sent", **more})
        assert found.position(ana(), [made], as_of=NOW).step == expected, more


def test_no_two_touches_running_have_the_same_purpose() -> None:
    """Whatever the touches were: a step without another `instead` is passed over, as is one whose purpose was met by hand."""
    again = playbook(step("a", tracks={"no_answer": "again"}, after="1 day"), step("b"))
    made = touch("t", "2026-03-03T10:00+01:00")
    assert again.position(ana(), [made], as_of=NOW).ending == "exhausted"
    found = playbook(step("a"), step("b"), step("c"))
    first = touch("t", "2026-03-03T10:00+01:00")
    by_hand = touch("u", "2026-03-04T10:00+01:00", channel="visit", purpose="p-b")
    position = found.position(ana(), [first, by_hand], as_of=NOW)
    assert (position.step, position.touch, position.attempts) == ("c", "u", 1)
    assert {block.code for block in found.why_not(ana(), NOW, "phone", touches=[first, by_hand], step="b")} == {
        "not_this_step", "same_purpose",
    }  # fmt: skip
    unlike = touch("v", "2026-03-05T10:00+01:00", channel="visit", purpose="p-a")
    assert found.position(ana(), [first, by_hand, unlike], as_of=NOW).step == "c"


def test_what_is_beside_the_sequence_is_not_said_twice_running() -> None:
    """A second doubt waits until something else was said, before a booking as after a touch."""
    aside = step("doubt", after={"anchor": "pending", "kinds": ["doubt"]})
    found = playbook(step("a"), step("b", after="9 days"), aside)
    person = ana(
        pending=[{"id": name, "kind": "doubt", "due": "2026-03-0" + name[1], "owner": "x"} for name in ("d5", "d6")]
    )
    made = [touch("t", "2026-03-04T10:00+01:00"), touch("u", "2026-03-05T10:00+01:00", step="doubt")]
    decision = found.decide(person, made, as_of=NOW)
    assert (decision.record.step, at(decision)) == ("b", "2026-03-13T10:00:00+01:00")
    [block] = found.why_not(person, NOW, "phone", touches=made, step="doubt")
    assert (block.code, block.needs, block.touches) == ("same_purpose", ("other_purpose",), ("u",))
    between = touch("v", "2026-03-06T08:00+01:00", channel="visit", purpose="other")
    assert found.decide(person, [*made, between], as_of=NOW).record.step == "doubt"
    booked = touch("w", "2026-03-09T10:00+01:00", booked=True, channel="visit", purpose="p-doubt")
    [block] = found.why_not(person, NOW, "phone", touches=[*made, between, booked], step="doubt")
    assert (block.code, block.touches) == ("same_purpose", ("w",))


def test_an_opt_out_binds_in_every_later_stay() -> None:
    """Nothing reopens it, unless the ending says what does; and it binds the other person who is proposed."""
    said = touch("o", "2026-01-05T10:00+01:00", "opted_out")
    person = ana(stages={"name": "client", "since": "2026-02-01T10:00+01:00"})
    enters = {"stages": ["client"]}
    at_once = playbook(step("a"), tracks={"reached": "again"})
    wrote_so = touch("o", "2026-01-05T10:00+01:00", "opted_out", direction="inbound")
    assert isinstance(at_once.decide(ana(), [wrote_so], as_of=NOW), Stop), (
        "no track keeps a case where it is after an opt-out"
    )
    decision = playbook(step("a"), enters=enters).decide(person, [said], as_of=NOW)
    assert isinstance(decision, Stop)
    assert (decision.code, decision.proposal and decision.proposal.ending) == ("finished", "opted_out")
    lifted = playbook(step("a"), enters=enters, endings={"opted_out": {"lifted_by": "inbound"}})
    assert isinstance(lifted.decide(person, [said], as_of=NOW), Stop)
    wrote = touch("p", "2026-01-06T10:00+01:00", "replied", direction="inbound")
    assert isinstance(lifted.decide(person, [said, wrote], as_of=NOW), Contact)
    spoke = touch("p", "2026-01-06T10:00+01:00", "connected")
    assert isinstance(lifted.decide(person, [said, spoke], as_of=NOW), Stop)
    by_answer = playbook(step("a"), enters=enters, endings={"opted_out": {"lifted_by": "answer"}})
    assert isinstance(by_answer.decide(person, [said, spoke], as_of=NOW), Contact)
    found = playbook(step("a"), step("b", person="other"))
    people = (Prospect.model_validate({"id": "eva", "zones": MADRID}),)
    theirs = (touch("q", "2026-01-05T10:00+01:00", "opted_out", prospect="eva"),)
    case = Case(
        prospect=ana(account="acme"), touches=(touch("t", "2026-03-05T10:00+01:00"),),
        account=Account(id="acme", people=people, touches=theirs),
    )  # fmt: skip
    assert isinstance(found.decide(case, as_of=NOW), Blocked)


def test_a_booking_is_the_step_it_will_be() -> None:
    """A step that is booked is not proposed before its booking, unless the question is about it; and then the next follows."""
    found = playbook(step("a"), step("b", after="2 days"))
    booked = touch("t", "2026-03-10T10:00+01:00", booked=True)
    decision = found.decide(ana(), [booked], as_of=NOW)
    assert decision.record.blocking == ("cadence/drawn",)
    assert {block.code for block in found.why_not(ana(), NOW, "phone", touches=[booked])} == {"step_booked"}
    assert isinstance(found.decide(ana(), [booked], as_of=NOW, fulfils="t"), Contact)


def test_what_is_fulfilled_is_the_booking_of_the_other_person_or_the_promise_and_not_its_call() -> None:
    cap = {"rule": "frequency_cap", "id": "cap", "at_most": 1, "each": "week"}
    found = playbook(step("a"), step("b", person="other"), policy=[cap])
    booked = touch("q", "2026-03-06T10:00+01:00", prospect="eva", step="b", booked=True)
    case = Case(
        prospect=ana(account="acme"), touches=(touch("t", "2026-03-05T10:00+01:00"),),
        account=Account(id="acme", people=(Prospect.model_validate({"id": "eva", "zones": MADRID}),), touches=(booked,)),
    )  # fmt: skip
    kept = found.decide(case, as_of=NOW, fulfils="q")
    assert isinstance(kept, Contact)
    assert kept.record.prospect == "eva"
    follows = playbook(step("a"), step("b", after={"anchor": "promise"}), tracks={"reached": "b"}, policy=[cap])
    promise = {"by": "us", "at": NOW}
    said = touch("t", "2026-03-05T10:00+01:00", "connected", step="a", promise=promise)
    assert isinstance(follows.decide(ana(), [said], as_of=NOW, fulfils="t"), Wait)
    free = playbook(step("a"), step("b", after={"anchor": "promise"}), tracks={"reached": "b"})
    decision = free.decide(ana(), [said], as_of=NOW, fulfils="t")
    assert isinstance(decision, Contact)
    assert decision.record.step == "b"
    with pytest.raises(InputError, match="neither booked"):
        free.decide(ana(), [touch("t", "2026-03-05T10:00+01:00")], as_of=NOW, fulfils="t")


def test_a_touch_known_only_to_the_day() -> None:
    """It may be the step at any time of its date: until then the old step, from then the new one, and both bind between."""
    found = playbook(step("a"), step("b"))
    made = touch("t", "2026-03-06")
    assert found.position(ana(), [made], as_of="2026-03-07T10:00+01:00").step == "b"
    codes = {block.code for block in found.why_not(ana(), NOW, "phone", touches=[made], step="a")}
    assert "not_this_step" in codes
    codes = {block.code for block in found.why_not(ana(), NOW, "phone", touches=[made], step="b")}
    assert "not_this_step" in codes


def test_an_automatic_reply_is_no_answer() -> None:
    found = playbook(step("a"), step("b", after="2 days"), step("c"), tracks={"reached": "c"})
    made = [
        touch("t", "2026-03-05T10:00+01:00"),
        touch("r", "2026-03-05T10:01+01:00", "out_of_office", direction="inbound", channel="email"),
        touch("s", "2026-03-05T10:02+01:00", direction="inbound", channel="email", automated=True),
    ]
    assert found.position(ana(), made, as_of=NOW).step == "b"
    written = touch("u", "2026-03-05T10:03+01:00", "unknown", direction="inbound", channel="email")
    assert found.position(ana(), [*made, written], as_of=NOW).step == "c"


def test_once_everything_was_taken() -> None:
    """A circle of steps that may each be taken once ends when they have been."""
    found = playbook(
        step("a", once="between_answers"),
        step("b", once="between_answers", after="1 day", tracks={"no_answer": "a"}),
    )
    made = [touch("t", "2026-03-03T10:00+01:00"), touch("u", "2026-03-04T10:00+01:00")]
    decision = found.decide(ana(), made, as_of=NOW)
    assert isinstance(decision, Stop)
    assert found.position(ana(), made, as_of=NOW).ending == "exhausted"
    answered = [*made, touch("v", "2026-03-05T10:00+01:00", "replied", direction="inbound")]
    assert found.position(ana(), answered, as_of=NOW).step == "a"


def test_an_optional_step_and_no_step() -> None:
    """It is never proposed by itself, not before anything was done, and a question without a step is closed."""
    found = playbook(step("a"), step("b", optional=True))
    assert found.decide(ana(), as_of=NOW).record.step == "a"
    early = found.decide(ana(), as_of=NOW, step="b")
    assert isinstance(early, Blocked)
    assert early.needs == ("step",)
    made = [touch("t", "2026-03-05T10:00+01:00")]
    assert found.decide(ana(), made, as_of=NOW).record.answer == "stop"
    bare = found.engine.why_not(ana(), NOW, "phone")
    assert {block.code for block in bare} == {"no_step"}


def test_tasks_lead_on_and_are_dated() -> None:
    """A task at the start is passed; one that a touch gives rise to is owed, with its owner, and is done when its item is."""
    steps = [
        {"id": "prepare", "purpose": "p-prepare", "task": True},
        step("a"),
        {"id": "note", "purpose": "p-note", "task": True},
    ]
    found = playbook(*steps)
    assert found.decide(ana(), as_of=NOW).record.step == "a"
    made = [touch("t", "2026-03-05T10:00+01:00")]
    [due] = found.decide(ana(owner="eva"), made, as_of=NOW).deadlines
    assert (due.code, due.state, due.owner, due.anchor) == ("task", "missed", "eva", "t")
    person = ana(pending={"id": "note", "kind": "task", "owner": "luis", "done_at": "2026-03-05T12:00+01:00"})
    [due] = found.decide(person, made, as_of=NOW).deadlines
    assert (due.state, due.owner) == ("met_late", "luis")


def test_a_task_leads_on_by_the_outcome_that_gave_rise_to_it() -> None:
    """Tasks passed through one after the other remember how the touch came out; what they do not say is as silence."""
    note = {"id": "note", "purpose": "p-note", "task": True}
    file = {"id": "file", "purpose": "p-file", "task": True, "tracks": {"yes": "glad", "no_answer": "sorry"}}
    found = playbook(step("a", tracks={"yes": "note", "no": "note"}), note, file, endings={"glad": {}, "sorry": {}})
    for disposition, ending in (("interested", "glad"), ("refused", "sorry")):
        position = found.position(ana(), [touch("t", "2026-03-05T10:00+01:00", disposition)], as_of=NOW)
        assert (position.ending, position.tasks) == (ending, (("note", "t"), ("file", "t")))


def test_an_answer_that_leaves_the_case_where_it_is() -> None:
    """`again` for every step: an answer that is no step is an answer, and the step in turn stays; after the end it changes nothing."""
    found = playbook(
        step("a", tracks={"no": "done"}), step("b"), tracks={"no": "again", "reached": "done"}, endings={"done": {}}
    )
    letter = touch("t", "2026-03-05T10:00+01:00", "refused", channel="email", direction="inbound")
    position = found.position(ana(), [letter], as_of=NOW)
    assert (position.step, position.touch) == ("a", "t")
    call = touch("u", "2026-03-05T09:00+01:00", "refused")
    position = found.position(ana(), [call, letter], as_of=NOW)
    assert (position.ending, position.touch) == ("done", "u")


def test_the_start_is_the_end_of_the_touch_that_opened_the_door() -> None:
    """A delay from the start runs from when the conversation was over, and not from when it began."""
    door = {"by": {"dispositions": ["refused"]}}
    found = playbook(step("a", after={"anchor": "start", "delay": "24h"}), enters=door, tracks={"no": "exhausted"})
    long = touch("n", "2026-03-05T12:00+01:00", "refused", channel="meeting", end="2026-03-05T13:15+01:00")
    assert at(found.decide(ana(), [long], as_of=NOW)) == "2026-03-06T13:15:00+01:00"


def test_what_was_known_before_is_to_be_learned_anew() -> None:
    """A fact from before the conversation is no record of it; one without a date is."""
    found = playbook(step("a", learns=["winner"]), step("b"))
    made = [touch("t", "2026-03-05T10:00+01:00", "connected")]
    for fact, state in (
        ({"value": "acme", "since": "2026-01-01T10:00+01:00"}, "missed"),
        ({"value": "acme"}, "met"),
        ({"value": "acme", "since": "2026-03-05T11:00+01:00"}, "met"),
    ):
        [due] = found.decide(ana(facts={"winner": fact}), made, as_of=NOW).deadlines
        assert (due.code, due.state) == ("record", state)


def test_a_step_owed_is_not_owed_once_the_case_moved_on() -> None:
    """Whoever answers meanwhile makes it moot; one whose date is not known is not counted as missed."""
    found = playbook(step("a"), step("b", after="1 day", within="1 day"), step("c"), tracks={"reached": "c"})
    made = [touch("t", "2026-03-02T10:00+01:00"), touch("u", "2026-03-02T12:00+01:00", "replied", direction="inbound")]
    assert not found.decide(ana(), made, as_of=NOW).deadlines
    unknown = found.decide(Prospect(id="x"), made[:1], as_of=NOW)
    assert not unknown.deadlines


# -- several people, several playbooks -------------------------------------------------------------------------------------


def test_another_person_of_the_account() -> None:
    """Nobody else: the answer says so. With several, the one who may be contacted first; their own opt-outs bind."""
    cap = {"rule": "max_attempts", "id": "cap", "at_most": 9}
    found = playbook(step("a"), step("b", person="other"), policy=[cap])
    made = (touch("t", "2026-03-05T10:00+01:00"),)
    alone = found.decide(Case(prospect=ana(), touches=made), as_of=NOW)
    assert isinstance(alone, Blocked)
    assert alone.needs == ("other_person",)
    people = (
        Prospect.model_validate({"id": "eva", "zones": MADRID, "opt_outs": {"channel": None}}),
        Prospect.model_validate({"id": "luis", "zones": MADRID, "opt_outs": {"until": "2026-03-09T10:00+01:00"}}),
        Prospect.model_validate({"id": "pia", "zones": MADRID, "opt_outs": {"until": "2026-03-08T10:00+01:00"}}),
    )
    case = Case(prospect=ana(account="acme"), touches=made, account=Account(id="acme", people=people))
    decision = found.decide(case, as_of=NOW)
    assert (decision.prospect, at(decision)) == ("pia", "2026-03-08T10:00:00+01:00")
    assert decision.without("cap").prospect == "pia"
    shut = Case(prospect=ana(account="acme"), touches=made, account=Account(id="acme", people=people[:1]))
    assert found.decide(shut, as_of=NOW).answer == "blocked"


def test_an_answer_of_another_person_is_one() -> None:
    """It is the outcome of the step by which we asked; without having asked, or once our own person has answered since, it is nobody's."""
    other = step(
        "b", person="other", if_impossible="skip", tracks={"no_answer": "b2", "reached": "c", "wrong_person": "b2"}
    )
    more = step("b2", person="other", if_impossible="skip", after="1 day", tracks={"no_answer": "b", "reached": "c"})
    thanks = step("c", person="last", tracks={"no_answer": "told", "reached": "told"})
    found = playbook(
        step("a"), {**other, "after": "1 day"}, more, thanks, step("d"), tracks={"reached": "d"}, endings={"told": {}}
    )
    made = (touch("t", "2026-03-02T10:00+01:00"),)
    people = tuple(Prospect.model_validate({"id": name, "zones": MADRID}) for name in ("eva", "luis"))
    asked = touch("o1", "2026-03-03T10:00+01:00", step="b", prospect="eva")
    answer = touch("o2", "2026-03-04T10:00+01:00", "interested", direction="inbound", prospect="eva")

    def case(*others: Touch, own: tuple[Touch, ...] = made) -> Case:
        return Case(
            prospect=ana(account="acme"), touches=own, account=Account(id="acme", people=people, touches=others)
        )

    decision = found.decide(case(asked, answer), as_of=NOW)
    assert (decision.record.step, decision.prospect) == ("c", "eva")
    told = {code for block in found.why_not(case(asked, answer), NOW, "phone", step="c") for code in [block.code]}
    assert told == {"not_this_person"}, "thanks are for her, and not for our own person"
    silent = found.decide(case(asked), as_of=NOW)
    assert (silent.record.step, silent.prospect) == ("b2", "luis"), "each person is asked once"
    wrong = found.decide(case(asked, answer.model_copy(update={"disposition": "wrong_person"})), as_of=NOW)
    assert (wrong.record.step, wrong.prospect) == ("b2", "luis")
    both = [touch("o3", "2026-03-04T10:00+01:00", step="b2", prospect="luis")]
    assert isinstance(found.decide(case(asked, *both), as_of=NOW), Stop), "nobody is left"
    unasked = found.decide(case(answer), as_of=NOW)
    assert (unasked.record.step, unasked.prospect) == ("b", "eva"), "nobody asked her, so she has not answered this"
    own = (*made, touch("u", "2026-03-03T12:00+01:00", "replied", direction="inbound"))
    assert found.decide(case(asked, answer, own=own), as_of=NOW).record.step == "d", "our own person has answered since"
    gone = found.decide(case(asked, answer.model_copy(update={"disposition": "opted_out"})), as_of=NOW)
    assert (gone.record.step, gone.prospect) == ("b2", "luis"), "her opt-out is hers: the case goes on without her"
    thanked = touch("o4", "2026-03-05T10:00+01:00", step="c", prospect="eva")
    assert found.position(case(asked, answer, thanked), as_of=NOW).ending == "told"
    assert found.decide(case(asked, answer, thanked), as_of=NOW).deadlines == ()


def _asked_and_over(*more: Touch, lifted_by: str = "answer") -> Any:
    """A case in which Eva was asked, and which is over since."""
    found = playbook(
        step("a"), step("b", person="other", after="1 day", tracks={"no_answer": "c", "reached": "d"}),
        step("c", after="1 day", tracks={"no_answer": "told"}), step("d"),
        tracks={"reached": "d"}, endings={"told": {"lifted_by": lifted_by}},
    )  # fmt: skip
    own = tuple(touch(*one) for one in (("t", "2026-03-02T10:00+01:00"), ("u", "2026-03-04T12:00+01:00")))
    own += (touch("v", "2026-03-04T15:00+01:00", purpose="news"),)
    asked = touch("o1", "2026-03-03T12:00+01:00", step="b", prospect="eva")
    people = (Prospect.model_validate({"id": "eva", "zones": MADRID}),)
    account = Account(id="acme", people=people, touches=(asked, *more))
    return found.position(Case(prospect=ana(account="acme"), touches=own, account=account), as_of=NOW)


def test_silence_of_another_person_reopens_nothing() -> None:
    """What is over stays so while nobody answers, though somebody who was asked is written to again."""
    assert _asked_and_over().ending == "told"
    assert _asked_and_over(touch("o2", "2026-03-05T12:00+01:00", step="b", prospect="eva")).ending == "told"
    reply = touch("o2", "2026-03-05T12:00+01:00", "interested", direction="inbound", prospect="eva")
    assert _asked_and_over(reply).step == "d"


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_what_their_coming_lifts_our_going_to_another_person_does_not(direction: str) -> None:
    talk = touch("o2", "2026-03-05T12:00+01:00", "interested", direction=direction, prospect="eva")
    found = _asked_and_over(talk, lifted_by="inbound")
    assert (found.step, found.ending) == (("d", None) if direction == "inbound" else (None, "told"))


@pytest.mark.parametrize("inbound", [False, True])
def test_an_opt_out_is_of_the_person_who_said_it(inbound: bool) -> None:
    """Another person's ends nothing but what is with them: the case goes on as after silence, or as the step's own track says. One
    of the account is a rule: `stop_on` over the account.
    """
    others = step("b", person="other", if_impossible="skip", after="1 day", tracks={"no_answer": "b2", "reached": "c"})
    more = step("b2", person="other", if_impossible="skip", after="1 day", tracks={"no_answer": "b", "reached": "c"})
    thanks = step("c", person="last", tracks={"no_answer": "told", "reached": "told"})
    people = tuple(Prospect.model_validate({"id": name, "zones": MADRID}) for name in ("eva", "luis"))
    theirs = [touch("o1", "2026-03-03T10:00+01:00", "sent" if inbound else "opted_out", step="b", prospect="eva")]
    if inbound:
        theirs += [touch("o2", "2026-03-03T11:00+01:00", "opted_out", direction="inbound", prospect="eva")]

    def case(*own: Touch, people: tuple[Prospect, ...] = people) -> Case:
        mine = (touch("t", "2026-03-02T10:00+01:00"), *own)
        return Case(
            prospect=ana(account="acme"), touches=mine, account=Account(id="acme", people=people, touches=tuple(theirs))
        )

    found = playbook(step("a"), others, more, thanks, step("d"), tracks={"reached": "d"}, endings={"told": {}})
    decision = found.decide(case(), as_of=NOW)
    assert (decision.record.step, decision.prospect) == ("b2", "luis")
    alone = found.decide(case(people=people[:1]), as_of=NOW)
    assert isinstance(alone, Stop)
    assert alone.proposal is not None
    assert alone.proposal.ending == "exhausted", "nobody is left; nobody of ours opted out"
    ours = found.decide(case(touch("u", "2026-03-04T10:00+01:00", "replied", direction="inbound")), as_of=NOW)
    assert (ours.record.step, ours.prospect) == ("d", "ana")
    named = {**others, "tracks": {**others["tracks"], "opted_out": "told"}}
    tracked = playbook(step("a"), named, more, thanks, step("d"), tracks={"reached": "d"}, endings={"told": {}})
    assert tracked.position(case(), as_of=NOW).ending == "told"
    rule = {"rule": "stop_on", "id": "whole-account", "dispositions": ["opted_out"], "over": "account"}
    strict = playbook(
        step("a"), others, more, thanks, step("d"), tracks={"reached": "d"}, endings={"told": {}}, policy=[rule]
    )
    assert isinstance(strict.decide(case(), as_of=NOW), Stop)
    own = found.decide(case(touch("u", "2026-03-04T10:00+01:00", "opted_out")), as_of=NOW)
    assert isinstance(own, Stop)
    assert own.proposal is not None
    assert own.proposal.ending == "opted_out"


def test_whom_a_step_for_others_is_for() -> None:
    """Only who meets the condition is proposed, and from when on; our own person never is, and asked about it the answer says so."""
    found = playbook(
        step("a"), step("b", person="other", whom={"stages": {"except": ["client"]}, "tags": {"except": ["vip"]}})
    )
    stages = [
        {"name": "client", "since": "2026-01-02T10:00+01:00"},
        {"name": "free", "since": "2026-03-09T10:00+01:00"},
    ]
    eva, luis, pia = (
        Prospect.model_validate({"id": name, "zones": MADRID, **more})
        for name, more in (("eva", {"stages": stages}), ("luis", {"tags": ["vip"]}), ("pia", {}))
    )

    def case(*people: Prospect) -> Case:
        made = (touch("t", "2026-03-05T10:00+01:00"),)
        return Case(prospect=ana(account="acme"), touches=made, account=Account(id="acme", people=people))

    assert found.decide(case(eva, luis, pia), as_of=NOW).prospect == "pia"
    later = found.decide(case(eva, luis), as_of=NOW)
    assert (later.prospect, at(later)) == ("eva", "2026-03-09T10:00:00+01:00")
    assert found.decide(case(luis), as_of=NOW).needs == ("other_person",)
    blocks = found.why_not(case(pia), NOW, "phone", step="b", as_of=NOW)
    assert [block.code for block in blocks] == ["not_this_person"]
    with pytest.raises(InputError, match="write `person: other`"):
        playbook(step("a", whom={"tags": ["vip"]}))


def test_a_step_for_others_with_our_own_person_is_one_of_another_case() -> None:
    """Our own case begins at its beginning; what was said there is not said twice running. A step `last` may come to be with them."""
    found = playbook(
        step("a"),
        step("b", person="other"),
        step("c", person="last", purpose="p-a", instead="b", after="1 day"),
        step("d"),
    )
    asked = touch("o", "2026-03-05T10:00+01:00", step="b")
    assert found.position(ana(), [asked], as_of=NOW).step == "a"
    assert found.position(ana(), [asked], as_of=NOW).attempts == 0
    said = touch("o", "2026-03-05T10:00+01:00", step="c")
    assert found.position(ana(), [said], as_of=NOW).step == "b", "introduced already, in another's case"
    last = playbook(step("a"), step("c", person="last", after="1 day"), step("d"))
    made = [touch("t", "2026-03-03T10:00+01:00"), touch("u", "2026-03-05T10:00+01:00", step="c")]
    assert last.position(ana(), made, as_of=NOW).taken == (("t", "a"), ("u", "c"))


@pytest.mark.parametrize("where", ["step", "cadence"])
def test_an_opt_out_of_our_own_person_has_no_track(where: str) -> None:
    tracks = {"opted_out": "b"}
    steps = [step("a", tracks=tracks if where == "step" else {}), step("b")]
    with pytest.raises(InputError, match="an opt-out of our own person ends everything"):
        playbook(*steps, tracks=tracks if where == "cadence" else {})


def test_a_touch_of_our_own_person_is_no_step_for_another() -> None:
    """Unless it names it: an unnamed e-mail to the first person does not ask the second."""
    other = step("b", person="other", if_impossible="skip")
    found = playbook(step("a"), other, step("c"))
    made = [touch("t", "2026-03-02T10:00+01:00"), touch("u", "2026-03-03T10:00+01:00", channel="email")]
    assert found.position(ana(), made, as_of=NOW).taken == (("t", "a"), ("u", "c"))


def test_what_is_owed_is_owed_by_the_case() -> None:
    """Whoever of the account is proposed: an item of the case without a date is named all the same."""
    dates = [{"rule": "never_undated", "id": "dates"}]
    found = playbook(step("a"), step("b", person="other", within="1 day"), policy=dates)
    person = ana(account="acme", owner="minda", pending={"id": "i", "kind": "doubt"})
    case = Case(
        prospect=person, touches=(touch("t", "2026-03-05T10:00+01:00"),),
        account=Account(id="acme", people=(Prospect.model_validate({"id": "eva", "zones": MADRID}),)),
    )  # fmt: skip
    decision = found.decide(case, as_of=NOW)
    assert decision.prospect == "eva"
    assert {(due.code, due.owner) for due in decision.deadlines} == {("undated", "minda"), ("step", "minda")}


def test_a_plan_says_who() -> None:
    """Each touch of a plan names whom it is with, and counts as theirs."""
    found = playbook(step("a"), step("b", person="other", after="1 day"), step("c", after="1 day"))
    eva = Prospect.model_validate({"id": "eva", "zones": MADRID})
    plan = found.plan(Case(prospect=ana(account="acme"), account=Account(id="acme", people=(eva,))), 9, as_of=NOW)
    assert [(item.step, item.prospect, item.touch.prospect) for item in plan] == [
        ("a", "ana", "ana"), ("b", "eva", "eva"), ("c", "ana", "ana")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "carried"),
    [
        ("2026-03-06", True),
        ("2026-03-05", False),
        ("2026-03-06T10:00+01:00", False),
        ("2026-03-06T10:01+01:00", True),
        ("2026-03-06T10:01", False),
        ("soon", False),
        (7, False),
        ({"value": "2026-04-01", "since": "2026-03-06T10:01+01:00"}, False),
        ({"value": "2026-04-01", "until": "2026-03-06T10:00+01:00"}, False),
        ({"value": "2026-04-01", "since": "2026-03-06T10:00+01:00"}, True),
    ],
)
def test_a_deadline_that_is_past_is_not_carried(fact: Any, carried: bool) -> None:
    """Only what is current when the touch is proposed is brought along; what cannot be read may be past."""
    found = playbook(step("a", carries=[{"what": "offer_deadline", "fact": "ends", "stands": True}]))
    decision = found.decide(ana(facts={"ends": fact}), as_of=NOW)
    assert decision.proposal is not None
    assert bool(decision.proposal.carries) is carried
    with pytest.raises(InputError, match="`stands` is said of a fact"):
        playbook(step("a", carries=[{"what": "offer_deadline", "stands": True}]))


def test_a_step_that_must_be_named() -> None:
    """An unnamed touch is not it, whatever its channel; one that names it or its purpose is."""
    found = playbook(step("a", named=True), step("b"))
    for more, expected in (({}, "a"), ({"purpose": "sale"}, "a"), ({"purpose": "p-a"}, "b"), ({"step": "a"}, "b")):
        position = found.position(ana(), [touch("t", "2026-03-05T10:00+01:00", **more)], as_of=NOW)
        assert position.step == expected, more


def test_once_ever_is_once_in_all_stays() -> None:
    """What was asked before the case entered, in an earlier stay, or by another channel, is not asked again."""
    found = playbook(step("a", once="ever"), step("b"), enters={"stages": ["client"]})
    client = {"name": "client", "since": "2026-03-02T10:00+01:00"}
    asked = {"at": "2026-03-02T09:00+01:00"}
    for more, expected in (
        ({}, "a"), ({"purpose": "sale"}, "a"), ({"purpose": "p-a"}, "b"), ({"step": "a"}, "b"),
        ({"step": "a", "purpose": "sale"}, "a"), ({"purpose": "p-a", "disposition": "failed"}, "a"),
    ):  # fmt: skip
        assert found.position(ana(stages=client), [touch("t", **asked, **more)], as_of=NOW).step == expected, more
    again = [
        client,
        {"name": "lost", "since": "2026-03-04T10:00+01:00"},
        {"name": "client", "since": "2026-03-05T10:00+01:00"},
    ]
    unnamed = touch("t", "2026-03-03T10:00+01:00")
    assert found.position(ana(stages=again), [unnamed], as_of=NOW).step == "b"
    by_sms = touch("t", "2026-03-03T10:00+01:00", "sent", channel="sms", purpose="p-a")
    assert (
        found.position(ana(stages=client), [by_sms, touch("u", "2026-03-04T10:00+01:00", purpose="x")], as_of=NOW).step
        == "b"
    )


def test_an_occasion_that_is_yearly_by_its_kind() -> None:
    """A record that does not say that a birthday comes every year is greeted every year all the same."""
    yearly = {"anchor": "occasion", "kinds": ["birthday"], "lasts": "1d", "yearly": True}
    found = playbook(step("a"), step("c", after="9 months"), step("b", after=yearly))
    person = ana(occasions={"kind": "birthday", "date": "1980-02-29", "since": "2026-03-01T10:00+01:00"})
    made = [touch("t", "2026-03-05T10:00+01:00")]
    found_at = found.decide(person, made, as_of=NOW, step="b", horizon="400 days")
    assert at(found_at) == "2027-02-28T00:00:00+01:00"


def test_rules_read_what_a_step_was_for() -> None:
    """A touch without a purpose had that of the step that it was, named or not; one that says another keeps its own."""
    gives = {"rule": "earn_first", "id": "give", "least": 1, "purposes": ["p-b"], "counts": {"purposes": ["p-a"]}}
    found = playbook(step("a"), step("b"), policy=[gives])
    for more, open_now in (({}, True), ({"step": "a"}, True), ({"step": "a", "purpose": "sale"}, False)):
        made = [touch("t", "2026-03-05T10:00+01:00", **more)]
        assert isinstance(found.decide(ana(), made, as_of=NOW, step="b"), Contact) is open_now, more
        told = found.why_not(ana(), NOW, "phone", touches=made, step="b", as_of=NOW)
        assert ("not_earned" in {block.code for block in told}) is not open_now


def test_a_step_that_nobody_took_in_its_time_is_passed_over() -> None:
    """At the very instant; what it led to by silence follows, from the same touch, and that it was owed stays told."""
    thanks = step("b", within="2h", lapses="24h", tracks={"no_answer": "note"})
    note = {"id": "note", "purpose": "p-note", "task": True, "tracks": {"no_answer": "done"}}
    found = playbook(step("a", tracks={"no": "b", "no_answer": "c"}), thanks, note, step("c"), endings={"done": {}})
    no = touch("t", "2026-03-05T10:00+01:00", "refused")
    before = found.decide(ana(), [no], as_of="2026-03-06T09:59:59+01:00")
    assert isinstance(before, Contact)
    assert before.until is not None
    assert (before.step, before.until.in_timezone(MADRID).isoformat()) == ("b", "2026-03-06T10:00:00+01:00")
    after = found.decide(ana(owner="eva"), [no], as_of=NOW)
    assert isinstance(after, Stop)
    assert after.proposal is not None
    assert after.proposal.ending == "done"
    assert {(due.code, due.details["step"], due.state, due.owner) for due in after.deadlines} == {
        ("step", "b", "missed", "eva"), ("task", "note", "missed", "eva")
    }  # fmt: skip
    sent = touch("u", "2026-03-05T12:00+01:00", channel="email")
    kept = found.decide(ana(), [no, sent], as_of=NOW)
    assert {(due.code, due.state) for due in kept.deadlines} == {("step", "met"), ("task", "missed")}
    late = touch("u", "2026-03-06T10:00+01:00", channel="email")
    assert found.position(ana(), [no, late], as_of=NOW).taken == (("t", "a"),), "too late to be that step"


def test_a_lapse_leads_to_nothing_that_was_just_said() -> None:
    """What was said while a step was waited for is not said again when it lapses, though saying it moved nothing."""
    found = playbook(
        step("a"), step("b", after="24h", lapses="24h", if_impossible="hold"), step("c"), step("d", purpose="other")
    )
    made = [touch("t", "2026-03-02T10:00+01:00")]
    assert found.position(Case(prospect=ana(), touches=tuple(made)), as_of=NOW).step == "c"
    made.append(touch("u", "2026-03-03T12:00+01:00", purpose="p-c"))
    assert found.position(Case(prospect=ana(), touches=tuple(made)), as_of=NOW).step == "d"


def test_a_step_for_the_last_person_is_with_our_own_where_nothing_led_anywhere() -> None:
    """What was said to our own person last is not said again when a lapse leads to a step for whoever was last."""
    found = playbook(step("a", after="48h", lapses="20m"), step("b", person="last"), step("c"))
    case = Case(prospect=ana(), opened_at="2026-03-02T10:00+01:00")  # type: ignore[arg-type]
    assert found.position(case, as_of=NOW).step == "b"
    told = case.model_copy(update={"touches": (touch("t", "2026-03-03T10:00+01:00", purpose="p-b", channel="sms"),)})
    assert found.position(told, as_of=NOW).step == "c"


def test_lapses_follow_each_other() -> None:
    """One that is reached by a lapse lapses in its turn; without a beginning there is nothing to count from."""
    found = playbook(step("a"), step("b", after="24h", lapses="24h"), step("c", after="72h", lapses="24h"), step("d"))
    made = [touch("t", "2026-03-02T10:00+01:00")]
    for day, expected in (("03", "b"), ("04", "c"), ("05", "c"), ("06", "d")):
        assert found.position(ana(), made, as_of=f"2026-03-{day}T10:00+01:00").step == expected, day
    first = playbook(step("a", lapses="24h"), step("b"))
    assert first.position(ana(), as_of=NOW).step == "a"
    begun = Case(prospect=ana(), opened_at="2026-03-05T10:00+01:00")  # type: ignore[arg-type]
    assert first.position(begun, as_of=NOW).step == "b"
    unknown = playbook(step("a"), step("b", after="2 days", lapses="2 days"), step("c"))
    assert unknown.position(Prospect(id="x"), made, as_of=NOW).step == "b"


def test_not_entered() -> None:
    found = playbook(step("a"), enters={"tags": ["client"]})
    decision = found.decide(ana(), as_of=NOW)
    assert isinstance(decision, Stop)
    assert decision.code == "not_entered"
    assert not found.position(ana(), as_of=NOW).inside
    assert Playbooks(found).which(ana(), as_of=NOW) is None
    assert Playbooks(found).decide(ana(), as_of=NOW) is None
    assert Playbooks(found).plan(ana(), 3, as_of=NOW) is None
    assert Playbooks(found)["drawn"] is found
    assert len(Playbooks(found)) == 1


def test_a_door_opens_again_after_the_end() -> None:
    """A second refusal begins a second stay; the first one while the case is inside does not."""
    door = {"by": {"dispositions": ["refused"]}}
    found = playbook(step("a", after={"anchor": "start", "delay": "24h"}), enters=door, tracks={"no": "exhausted"})
    first = touch("n1", "2026-01-05T10:00+01:00", "refused", channel="meeting")
    call = touch("t", "2026-01-06T10:00+01:00", "refused")
    assert found.position(ana(), [first, call], as_of="2026-01-07T10:00+01:00").ending == "exhausted"
    second = touch("n2", "2026-03-05T12:00+01:00", "refused", channel="meeting")
    decision = found.decide(ana(), [first, call, second], as_of=NOW)
    assert at(decision) == "2026-03-06T12:00:00+01:00"


def test_a_shelf_plans_from_where_the_case_was_handed_over() -> None:
    shelf = Playbooks.packaged()
    case = Case(prospect=ana(), touches=(touch("n", "2026-03-05T12:00+01:00", "refused"),))
    plan = shelf.plan(case, 1, as_of=NOW)
    assert plan is not None
    assert [item.step for item in plan] == ["call"]


def test_counterfactuals_leave_the_cadence_alone() -> None:
    """What a rule of the policy did can be undone in thought; what the cadence proposes stays."""
    hours = {"rule": "quiet_hours", "id": "hours", "allow": {"mon": ["09:00-10:00"]}}
    found = playbook(step("a"), policy=[hours])
    decision = found.decide(ana(), as_of=NOW)
    assert isinstance(decision, Wait)
    others = decision.counterfactuals()
    assert list(others) == ["hours"]
    assert isinstance(others["hours"], Contact)
    assert others["hours"].record.step == "a"


def test_a_policy_that_is_only_a_layer_cannot_decide() -> None:
    found = playbook(step("a"))
    layer = found.model_copy(update={"policy": Policy(name="drawn")})
    with pytest.raises(InputError, match="names no channels"):
        layer.decide(ana(), as_of=NOW)


def test_text() -> None:
    assert Playbook.load("after-the-no").text("es").startswith("after-the-no: Tras el rechazo")
    assert "proposal" not in Policy(name="p", channels=["phone"]).decide(ana(), as_of=NOW).text()


def test_every_call_of_a_circle_that_is_met() -> None:
    """A milestone is passed over once a touch of it has met its objective, and only then."""
    found = playbook(
        step("a", milestone=True, tracks={"reached": "a", "no_answer": "c"}, after="1 day", instead="c"),
        step("b", after="1 day"),
        step("c", after="1 day", tracks={"no_answer": "a"}),
    )
    call = {"at": "2026-03-03T10:00+01:00", "disposition": "connected"}
    for met in (None, False):
        asked = touch("t", **call, objective_met=met)
        assert found.position(ana(), [asked], as_of=NOW).step == "c", "for the same again only after something else"
        between = touch("w", "2026-03-04T10:00+01:00", step="c")
        assert found.position(ana(), [asked, between], as_of=NOW).step == "a"
    met = touch("t", **call, objective_met=True)
    assert found.position(ana(), [met], as_of=NOW).step == "b"
    later = touch("u", "2026-03-04T10:00+01:00", step="c")
    assert found.position(ana(), [met, later], as_of=NOW).step == "b"
    named = touch("v", "2026-03-04T10:00+01:00", channel="sms")
    assert found.position(ana(), [met, named], as_of=NOW).step == "b"


def test_given_up_early_only_where_nobody_answered() -> None:
    """A case that we closed is reported where there were fewer attempts than `at_least`, and no answer."""
    closed = [{"rule": "stop_on_stage", "id": "closed", "on": ["closed"]}]
    found = playbook(step("a"), step("b"), policy=closed, at_least=2)
    person = ana(stages={"name": "closed", "since": "2026-03-05T18:00+01:00"})
    one = touch("t", "2026-03-05T10:00+01:00")
    assert ("given_up_early", "1", "2") in found.decide(person, [one], as_of=NOW).reports
    answered = touch("u", "2026-03-05T11:00+01:00", "connected")
    assert not found.decide(person, [one, answered], as_of=NOW).reports
    assert not found.decide(ana(), [one], as_of=NOW).reports


def test_made_of_models() -> None:
    """A playbook may be made in Python; a policy under another name has no words of the playbook's own."""
    made = Playbook(
        name="made",
        cadence=Cadence(steps=(Step(id="a", purpose="x", channels=("phone",)),)),
        policy=Policy(name="other", channels=["phone"]),
    )
    assert made.dispositions == {}
    assert made.engine.lane is None, "a cadence reads the whole history"
    assert made.decide(ana(), as_of=NOW).record.step == "a"
    assert Playbook.from_dict(made.to_dict()) == made
    with pytest.raises(InputError, match="steps"):
        Cadence(steps=["first"])  # type: ignore[list-item]


def test_an_answer_excuses_who_gave_up() -> None:
    closed = [{"rule": "stop_on_stage", "id": "closed", "on": ["closed"]}]
    found = playbook(step("a"), step("b"), step("c"), policy=closed, at_least=3)
    person = ana(stages={"name": "closed", "since": "2026-03-05T18:00+01:00"})
    answered = touch("u", "2026-03-05T11:00+01:00", "replied", direction="inbound")
    decision = found.decide(person, [answered], as_of=NOW)
    assert isinstance(decision, Stop)
    assert (decision.code, decision.reports) == ("stage", ())


def test_a_touch_when_nothing_is_in_turn() -> None:
    """Where every step that is left is passed over, an unnamed touch is none of them."""
    found = playbook(step("a", when={"facts": ["vip"]}), step("b", when={"facts": ["vip"]}))
    position = found.position(ana(), [touch("t", "2026-03-05T10:00+01:00")], as_of=NOW)
    assert (position.step, position.taken) == ("a", ())


def test_a_task_of_a_touch_yet_to_come_is_not_owed() -> None:
    """Asked about an instant before it: a clock that was ahead, or a question about the past."""
    found = playbook(
        step("a", tracks={"reached": "debrief"}), {"id": "debrief", "purpose": "p-debrief", "task": True}, step("b")
    )
    call = touch("t", "2026-03-06T10:00+01:00", "connected")
    later = found.decide(ana(), [call], as_of="2026-03-06T11:00+01:00")
    assert [due.code for due in later.deadlines] == ["task"]
    assert found.decide(ana(), [call], as_of="2026-03-06T09:00+01:00").deadlines == ()


def test_thanks_to_the_last_person_are_for_our_own_where_nobody_else_was_asked() -> None:
    found = playbook(step("a", tracks={"reached": "c"}), step("c", person="last"))
    answer = touch("t", "2026-03-02T10:00+01:00", "connected")
    case = Case(prospect=ana(account="acme"), touches=(answer,), account=Account(id="acme"))
    decision = found.decide(case, as_of=NOW)
    assert (decision.record.step, decision.prospect) == ("c", "ana")


def test_a_stage_reopened_before_the_stay_cuts_nothing() -> None:
    """What was closed and opened again before a case entered is no concern of the stay."""
    stages = [
        {"name": name, "since": f"2026-02-0{day}T09:00+01:00"}
        for day, name in ((1, "lost"), (2, "new"), (4, "won"), (5, "lost"), (6, "won"))
    ]
    found = playbook(step("a"), closing=["lost"], enters={"stages": ["won"]})
    position = found.position(ana(stages=stages), [touch("t", "2026-02-04T12:00+01:00")], as_of=NOW)
    assert position.inside
    assert position.taken == ()


def test_an_opt_out_that_an_answer_lifts_ends_nothing_for_good() -> None:
    """Where the cadence says so: what is owed after it is owed again."""
    found = playbook(
        step("a"), step("b", within="1 day"), endings={"opted_out": {"lifted_by": "inbound"}}, tracks={"reached": "b"}
    )
    out = touch("t", "2026-03-02T10:00+01:00", "opted_out")
    back = touch("u", "2026-03-03T10:00+01:00", "replied", direction="inbound", channel="email")
    assert isinstance(found.decide(ana(), [out], as_of=NOW), Stop)
    lifted = found.decide(ana(), [out, back], as_of=NOW)
    assert lifted.record.step == "b"
    assert [due.code for due in lifted.deadlines] == ["step"]
