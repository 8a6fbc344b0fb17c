"""Simulated years of random outcomes: what no playbook may ever do, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadencia import Account, Blocked, Case, Contact, Playbook, Playbooks, Prospect, Stop, Touch, Wait
from cadencia.decision import Decided
from cadencia.playbook import packaged_names
from cadencia.rules.base import Limit
from cadencia.rules.filters import Candidate
from cadencia.touch import DISPOSITIONS
from spec.rules import forbidden

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SILENCE = ("no_answer", "sent", "voicemail_left", "busy", "message_left")
ANSWERS = ("connected", "replied", "still_thinking", "not_received", "callback_requested", "wrong_person", "interested")
ENDS = ("refused", "not_interested", "converted", "opted_out")
PEOPLE: dict[str, dict[str, Any]] = {
    "gentle-persistence": {},
    "impeccable-follow-up": {"stages": [{"name": "qualified", "since": START - timedelta(days=1)}]},
    "art-of-following-up": {"tags": ["former_client"]},
    "stay-in-touch": {
        "stages": [{"name": "client", "since": START - timedelta(days=1)}],
        "consents": [{"since": START - timedelta(days=1)}],
        "occasions": [{"kind": "birthday", "date": "1980-02-29", "yearly": True}],
    },
    "after-the-no": {},
}

#: What a playbook may say at most once between two answers, whatever its file calls the step: written here, so that a file that
#: forgets its `once` is found out.
ONCE = {"gentle-persistence": {"close_kindly"}}
#: And at most once ever.
EVER = {"stay-in-touch": {"ask_permission"}, "gentle-persistence": {"ask_if_nuisance"}}

word = st.one_of(st.sampled_from(SILENCE), st.sampled_from(SILENCE), st.sampled_from(ANSWERS), st.sampled_from(ENDS))
event = st.tuples(
    word,
    st.sampled_from((0, 0, 1, 30, 3_000, 12_000)),  # minutes by which we are late
    st.sampled_from((None, None, None, "replied", "refused", "asked", "unknown")),  # what they write then
    st.sampled_from((None, None, "impediment", "hold", "undated")),
    st.booleans(),
)


def begun(name: str) -> Case:
    """A case that has entered the playbook."""
    touches = []
    if name == "after-the-no":
        touches = [Touch(id="no", at=START - timedelta(hours=1), channel="phone", disposition="refused")]
    prospect = Prospect.model_validate({"id": "p1", "zones": "Europe/Madrid", "owner": "ana", **PEOPLE[name]})
    return Case(prospect=prospect, touches=tuple(touches), opened_at=START)


def dated(decision: Decided) -> bool:
    """Law 14: a date, a named missing fact, or a stop that is final or says what lifts it."""
    if isinstance(decision, (Contact, Wait)):
        return decision.at is not None
    if isinstance(decision, Blocked):
        return bool(decision.needs) or decision.not_before is not None
    final = any(block.final or (block.stops and block.end is None) for block in decision.chain)
    return final or decision.until is not None


def live(name: str, happenings: list[Any], until: datetime) -> Iterator[tuple[Case, datetime, Decided, Touch | None]]:
    """A case lived through: each decision with the touch that was made on it."""
    playbook, case, now = Playbook.load(name), begun(name), START
    for number, (disposition, late, inbound, pending, met) in enumerate(happenings):
        if now >= until:
            return
        if pending is not None:
            due = None if pending == "undated" else (now + timedelta(days=9)).date()
            kind = "doubt" if pending == "undated" else pending
            item = {"id": f"i{number}", "kind": kind, "since": now, "due": due, "owner": "luis"}
            prospect = Prospect.model_validate(
                {**case.prospect.model_dump(), "pending": [*case.prospect.pending, item]}
            )
            case = case.model_copy(update={"prospect": prospect})
        decision = playbook.decide(case, as_of=now)
        if (
            isinstance(decision, Wait) and late == 30 and met
        ):  # done by hand, for what is to come: no step of the playbook
            besides = Touch(id=f"b{number}", at=now, channel="fair", purpose=decision.purpose, disposition="sent")
            case = case.model_copy(update={"touches": (*case.touches, besides)})
            now += timedelta(minutes=5)
            decision = playbook.decide(case, as_of=now)
        if isinstance(decision, Wait):
            at = datetime.fromisoformat(decision.at.isoformat()).astimezone(UTC)
            assert at > now, "deferral never loops: time passes"
            again = playbook.decide(case, as_of=at)
            assert isinstance(again, Contact), (decision, again)
            assert (again.step, again.channel) == (decision.step, decision.channel)
            yield case, now, decision, None
            now, decision = at, again
        if isinstance(decision, Contact):
            now += timedelta(minutes=late)
            decision = playbook.decide(case, as_of=now)
        if isinstance(decision, Contact):
            promise = {"by": "them"} if disposition == "callback_requested" and met else None
            touch = Touch(
                id=f"t{number}", at=now, channel=decision.channel, step=decision.step, purpose=decision.purpose,
                disposition=disposition, objective_met=met, promise=promise,  # type: ignore[arg-type]
            )  # fmt: skip
            yield case, now, decision, touch
            case = case.model_copy(update={"touches": (*case.touches, touch)})
            now += timedelta(minutes=5)
        else:
            yield case, now, decision, None
            now += timedelta(days=20)
        if inbound is not None:
            said = {"asked": "replied"}.get(inbound, inbound)
            theirs = Touch(id=f"in{number}", at=now, channel="email", direction="inbound", disposition=said)
            case = case.model_copy(update={"touches": (*case.touches, theirs)})
            now += timedelta(minutes=5)


def check(name: str, happenings: list[Any], until: datetime) -> None:
    playbook = Playbook.load(name)
    cadence, policy = playbook.cadence, playbook.policy
    table = {**DISPOSITIONS, **policy.dispositions}
    limits = [rule for rule in policy.rules if isinstance(rule, Limit)]
    once = {step.id for step in cadence.steps if step.once is not None}
    gone = False
    since_answer: set[str] = set()
    said: set[str] = set()
    ever: set[str] = set()
    for case, now, decision, touch in live(name, happenings, until):
        before = max(
            (item for item in case.touches if item.direction == "outbound"), key=lambda item: item.at, default=None
        )
        assert dated(decision), (now, decision)
        named = {due.anchor for due in decision.deadlines if due.rule == "never-undated"}
        assert named == {item.id for item in case.prospect.pending}, "every pending item is owed by name"
        last = max((item for item in case.touches), key=lambda item: item.at, default=None)
        gone = gone or any(item.disposition == "opted_out" for item in case.touches)
        if last is not None and (last.direction == "inbound" or table[last.disposition].reached == "yes"):
            since_answer, said = set(), set()
        if gone:
            assert isinstance(decision, Stop), "no contact after an opt-out"
        if touch is None:
            continue
        assert touch.step is not None
        candidate = Candidate(touch.channel, None, touch.purpose, touch.step)
        for rule in limits:
            assert not forbidden(rule, case, candidate, now, table), f"{rule.id} forbids {touch} at {now}"
        assert touch.step not in since_answer, f"{touch.step} is taken once between two answers"
        since_answer |= {touch.step} & once
        assert touch.purpose not in said, f"{touch.purpose} is said once between two answers"
        said |= {str(touch.purpose)} & ONCE.get(name, set())
        assert touch.purpose not in ever, f"{touch.purpose} is said once"
        ever |= {str(touch.purpose)} & EVER.get(name, set())
        if before is not None:
            assert before.purpose != touch.purpose, f"{before.step} and {touch.step} have the same purpose"


@pytest.mark.parametrize("name", [name for name in packaged_names() if name != "stay-in-touch"])
@given(happenings=st.lists(event, min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_a_year_of_random_outcomes(name: str, happenings: list[Any]) -> None:
    """No open case or pending item undated, no contact after an opt-out, no limit exceeded, the closing message once
    between two answers, no purpose twice running, and no deferral that loops.
    """
    check(name, happenings, START + timedelta(days=366))


@pytest.mark.parametrize("name", packaged_names())
def test_a_year_of_silence(name: str) -> None:
    """Nobody ever answers, whoever we are late by a minute or a week: the same holds, and it ends or goes on as the article says."""
    for late in (0, 1, 12_000):
        silence = [("no_answer", late, None, None, False)] * 40
        check(name, silence, START + timedelta(days=366))
    lived = [touch for _, _, _, touch in live(name, silence, START + timedelta(days=366)) if touch is not None]
    at_most = {"gentle-persistence": 4, "art-of-following-up": 7, "impeccable-follow-up": 8, "after-the-no": 4}
    assert 1 < len(lived) <= at_most.get(name, 366 // 3), [touch.step for touch in lived]


@given(happenings=st.lists(event, min_size=20, max_size=60))
@settings(max_examples=12, deadline=None)
def test_five_years_in_the_portfolio(happenings: list[Any]) -> None:
    """The same for five years, with a birthday on 29 February."""
    check("stay-in-touch", happenings, START + timedelta(days=5 * 366))


@pytest.mark.parametrize("name", packaged_names())
@given(happenings=st.lists(event, max_size=8), account=st.booleans())
@settings(max_examples=12, deadline=None)
def test_a_plan_is_what_is_decided_in_silence(name: str, happenings: list[Any], account: bool) -> None:
    """Each touch of a plan is the answer where those before it were made and nobody answered, from the one before until its own
    instant; each is legal when it is made, no sooner one is, and what ends a plan is the answer after its last.
    """
    playbook, policy = Playbook.load(name), Playbook.load(name).policy
    table = {**DISPOSITIONS, **policy.dispositions}
    lived = [(case, now) for case, now, _, _ in live(name, happenings, START + timedelta(days=400))]
    case, now = lived[-1] if lived else (begun(name), START)
    if account:
        people = tuple(Prospect.model_validate({"id": who, "zones": "Europe/Madrid"}) for who in ("p2", "p3"))
        case = case.model_copy(update={"account": Account(id="acme", people=people)})
    plan = playbook.plan(case, 5, as_of=now)
    for planned in plan:
        decision = playbook.decide(case, as_of=now)
        assert isinstance(decision, (Contact, Wait))
        found = (decision.at, decision.step, decision.channel, decision.prospect, decision.purpose)
        assert found == (planned.at, planned.step, planned.channel, planned.prospect, planned.purpose)
        at = datetime.fromisoformat(planned.at.isoformat()).astimezone(UTC)
        again = playbook.decide(case, as_of=at)
        assert isinstance(again, Contact)
        assert (again.step, again.channel, again.prospect) == (planned.step, planned.channel, planned.prospect)
        person = seen_by(case, planned.prospect)
        candidate = Candidate(planned.channel, planned.contact_point, planned.purpose, planned.step)
        for rule in policy.rules:
            assert not isinstance(rule, Limit) or not forbidden(rule, person, candidate, at, table), (rule.id, planned)
        assert table[planned.touch.disposition].reached == "no", "nobody answers in a plan"
        case, now = with_touch(case, planned.touch), at
    end = playbook.decide(case, as_of=now)
    assert plan.end is None if len(plan) == 5 else plan.end == end
    assert len(plan) == 5 or isinstance(end, (Blocked, Stop))


def with_touch(case: Case, touch: Touch) -> Case:
    """The case with a touch, with its own person or another of the account."""
    if touch.prospect == case.prospect.id:
        return case.model_copy(update={"touches": (*case.touches, touch)})
    assert case.account is not None
    account = case.account.model_copy(update={"touches": (*case.account.touches, touch)})
    return case.model_copy(update={"account": account})


def seen_by(case: Case, who: str) -> Case:
    """The case as one of the other person of the account."""
    if who == case.prospect.id:
        return case
    assert case.account is not None
    every = [
        touch if touch.prospect else touch.model_copy(update={"prospect": case.prospect.id})
        for touch in (*case.touches, *case.account.touches)
    ]
    people = (case.prospect, *case.account.people)
    return Case(
        prospect=next(person for person in people if person.id == who),
        touches=tuple(touch for touch in every if touch.prospect == who),
        account=Account(
            id="acme",
            people=tuple(person for person in people if person.id != who),
            touches=tuple(touch for touch in every if touch.prospect != who),
        ),
        opened_at=case.opened_at,
    )


def test_a_birthday_on_29_february_is_kept_every_year() -> None:
    """On the 28th in a common year; and nobody is greeted twice for one birthday."""
    plan = Playbook.load("stay-in-touch").plan(begun("stay-in-touch"), 40, as_of=START)
    days = [item.proposal.anchor for item in plan if item.step == "birthday"]
    assert days[:5] == [
        "birthday 2027-02-28", "birthday 2028-02-29", "birthday 2029-02-28", "birthday 2030-02-28", "birthday 2031-02-28",
    ]  # fmt: skip
    assert len(set(days)) == len(days)


@given(happenings=st.lists(event, min_size=1, max_size=30), start=st.sampled_from(sorted(PEOPLE)))
@settings(max_examples=20, deadline=None)
def test_one_playbook_proposes_and_handing_over_ends(happenings: list[Any], start: str) -> None:
    """Two playbooks never propose for one case: the one that does is a function of the case, and the hand-overs end."""
    shelf = Playbooks.packaged()
    for case, now, _, _ in live(start, happenings, START + timedelta(days=200)):
        chosen = shelf.which(case, as_of=now)
        assert chosen is not None
        assert chosen == shelf.which(case, as_of=now)
        assert len(chosen.came_from) <= len(case.touches)
        decision = shelf.decide(case, as_of=now)
        assert decision is not None
        assert decision.proposal is not None
        assert decision.proposal.playbook == chosen.playbook.name
        assert dated(decision)


STAGES = ("qualified", "proposal", "client", "portfolio", "pitched", "former_client", "given_up", "lost", "customer")
BARE = Playbook.from_dict(
    {
        "cadencia": 1, "name": "bare",
        "cadence": {"enters": {"stages": list(STAGES)}, "steps": [{"id": "a", "purpose": "x", "channels": ["phone"]}]},
        "policy": {"channels": ["phone"], "rules": [{"rule": "never_undated", "id": "dates"}]},
    }
)  # fmt: skip


@given(
    happenings=st.lists(event, max_size=6),
    start=st.sampled_from(sorted(PEOPLE)),
    inbound=st.booleans(),
    stages=st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 200)), min_size=1, max_size=4),
    consent=st.booleans(),
    after=st.lists(st.sampled_from(["replied", "refused", "soft_no", "asked_to_buy"]), max_size=2),
)
@settings(max_examples=25, deadline=None)
def test_an_opt_out_ends_everything_whatever_stage_follows(
    happenings: list[Any], start: str, inbound: bool, stages: list[tuple[str, int]], consent: bool, after: list[str]
) -> None:
    """No playbook contacts anybody after an opt-out, not even in a stay that begins with a later stage or consent."""
    lived = [(case, now) for case, now, _, _ in live(start, happenings, START + timedelta(days=200))]
    case, now = lived[-1] if lived else (begun(start), START)
    said = Touch(
        id="gone", at=now, channel="email" if inbound else "phone", disposition="opted_out",
        direction="inbound" if inbound else "outbound",
    )  # fmt: skip
    touches = [*case.touches, said]
    for number, word_ in enumerate(after):
        at = now + timedelta(days=9 + number)
        touches.append(Touch(id=f"l{number}", at=at, channel="email", direction="inbound", disposition=word_))
    data = case.prospect.model_dump()
    data["stages"] = [*data["stages"], *({"name": name, "since": now + timedelta(days=days)} for name, days in stages)]
    if consent:
        data["consents"] = [{"since": now + timedelta(days=1)}]
    case = case.model_copy(update={"prospect": Prospect.model_validate(data), "touches": tuple(touches)})
    shelf = Playbooks.packaged()
    for days in (0, 3, 40, 250):
        as_of = now + timedelta(days=days, minutes=1)
        for playbook in (*shelf, BARE):
            decision = playbook.decide(case, as_of=as_of)
            assert isinstance(decision, Stop), (playbook.name, decision)
        chosen = shelf.decide(case, as_of=as_of)
        assert chosen is None or isinstance(chosen, Stop), chosen
