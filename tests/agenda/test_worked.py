"""A small book worked through: every section of the day, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cadencia import Agenda, Case, InputError, Playbook, Playbooks, Policy, PolicyError, Prospect, agenda
from cadencia.agendas import Inputs, Row
from cadencia.language import languages
from cadencia.reading import plan, read_jobs

BOOK = Path(__file__).resolve().parents[2] / "examples" / "playbooks"
AS_OF = "2026-03-27T10:00+01:00"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(read_jobs(plan([BOOK / "prospects.jsonl"], [BOOK / "touches.jsonl"], None, None)).cases())


@pytest.fixture(scope="module")
def day(cases: list[Case]) -> Agenda:
    return agenda(cases, Playbooks.packaged(), as_of=AS_OF)


@pytest.mark.parametrize("language", languages())
def test_golden_text(day: Agenda, language: str, golden: Callable[[str, str], None]) -> None:
    golden(f"agenda.{language}.txt", re.sub(r"\([0-9a-f]{12}\)", "(fingerprint)", day.text(language)) + "\n")


def test_today_by_owner_then_deadline_then_value(day: Agenda) -> None:
    assert {owner: [entry.prospect for entry in entries] for owner, entries in day.by_owner().items()} == {
        "marcos": ["S02", "Q02", "Q03", "S03", "G05"],
        "olga": ["G02", "N01", "Q01", "S04", "S01", "A01", "G03", "G01", "G12", "G11"],
        "priya": ["S05", "G10", "G09"],
    }
    assert {entry.playbook for entry in day.today} == set(day.made_for), "each playbook is at work"


def test_step_purpose_channel_window_and_reason(day: Agenda) -> None:
    entry = next(entry for entry in day.today if entry.prospect == "N01")
    assert entry.proposal is not None
    assert (entry.step, entry.purpose, entry.channel, entry.contact_point) == (
        "call", "talk_about_the_no", "phone", "+9993410051",
    )  # fmt: skip
    assert (entry.at, entry.until, entry.deadline) == tuple(
        Prospect(id="x", consents=[{"since": text}]).consents[0].since
        for text in ("2026-03-27T11:15+01:00", "2026-03-27T14:00+01:00", "2026-03-27T11:15+01:00")
    )
    assert (entry.proposal.why, entry.value, entry.owner_kind) == ("start", 6000.0, "direct seller")


def test_every_section(day: Agenda) -> None:
    named = {
        name: [(item.prospect, item.kind, item.id) for item in getattr(day, name)]
        for name in ("lifting", "lapsing", "undated", "forbidden")
    }
    assert named == {
        "lifting": [("Q03", "impediment", "budget")],
        "lapsing": [("G03", "promise", "t02")],
        "undated": [("Q04", "doubt", "warranty")],
        "forbidden": [("G11", "booking", "t10")],
    }
    assert day.forbidden[0].block is not None
    assert day.forbidden[0].block.rule == "no-siesta"
    assert ("G10", "booking") in {(item.prospect, item.kind) for item in day.overdue}
    assert {item.due.details["step"] for item in day.overdue if item.due and item.due.code == "task"} == {
        "debrief", "begin-again",
    }  # fmt: skip
    assert [item.prospect for item in day.due_soon] == ["N01", "Q01", "Q03"]
    assert [(entry.prospect, entry.needs) for entry in day.blocked] == [("G07", ("contact_point",)), ("Q04", ("fact",))]
    assert [entry.prospect for entry in day.stopped] == ["A02", "G04", "G08", "N02"]


def test_the_second_of_an_account_gives_way(day: Agenda) -> None:
    (later,) = day.later
    assert (later.prospect, later.gives_way_to) == ("G06", ("G05",))
    assert later.at is not None
    assert later.at >= day.ends


def test_figures(day: Agenda) -> None:
    """Each was counted by hand from the two files."""
    assert {code: (figure.part, figure.of, figure.unknown) for code, figure in day.figures.items()} == {
        "dated": (19, 21, 0),
        "portfolio_touched": (3, 4, 1),
        "portfolio_cared_for": (2, 4, 1),
        "portfolio_active": (2, 5, 0),
        "referrals_per_client": (2, 5, 2),
        "effort": (6, 31, 0),
        "favourites": (4, 6, 0),
        "speed_to_lead": (2, 3, 0),
        "unqualified": (1, 3, 1),
        "referrals_untouched": (3, 4, 0),
        "given_up_early": (1, 1, 0),
        "answer_rate": (9, 15, 0),
        "silent_at": (6, 12, 0),
        "refusals": (1, 2, 1),
    }
    assert day.figures["dated"].named == ("G07", "Q04")
    assert day.figures["portfolio_touched"].named == ("S02",)
    assert day.figures["given_up_early"].named == ("A02",)
    assert [row.key for row in day.figures["speed_to_lead"].by] == [
        ("marcos", "channel partner"), ("priya", "commission agent"),
    ]  # fmt: skip
    assert day.figures["refusals"].by[0].key == ("price", "Delta Quesos")
    assert day.figures["silent_at"].by[0].key == ("gentle-persistence", "first")
    assert day.figures["unqualified"].by[0] == Row(("Encina Logistics",), 1, 2)


def test_data_round_trip(day: Agenda) -> None:
    again = Agenda.from_dict(json.loads(day.to_json()))
    assert again == day
    assert again.text() == str(day)
    assert len(list(day)) == len(day) == 25
    assert "today" in Agenda.json_schema()["properties"]
    with pytest.raises(InputError, match="as_of"):
        Agenda.from_dict({})


def test_what_is_not_in_the_data_is_missing_by_name(cases: list[Case]) -> None:
    """Never 0: without the inputs there is no number."""
    bare = [Case(prospect=Prospect(id="p", zones="Europe/Madrid"))]
    policy = Policy.from_dict({"cadencia": 1, "name": "bare", "channels": ["phone"], "rules": []})
    found = agenda(bare, policy, as_of=AS_OF)
    assert found.missing == ("fact:value",)
    assert {code: figure.missing for code, figure in found.figures.items() if figure.missing} == {
        **dict.fromkeys(
            (
                "portfolio_touched",
                "portfolio_cared_for",
                "portfolio_active",
                "referrals_per_client",
                "effort",
                "favourites",
            ),
            ("portfolio",),
        ),
        "speed_to_lead": ("rule:respond_within",),
        "unqualified": ("fact:referred_by",),
        "referrals_untouched": ("fact:referred_by",),
        "given_up_early": ("playbook:at_least",),
        "answer_rate": ("touches",),
        "silent_at": ("playbook",),
    }
    assert all(figure.part is None for figure in found.figures.values() if figure.missing)
    assert found.figures["refusals"].part == 0, "nobody refused: that is known"
    assert "not in the data: the fact `referred_by`" in found.text()
    assert "no está en los datos: el dato `referred_by`" in found.text("es")


PORTFOLIO = {
    "cadencia": 1, "name": "portfolio", "channels": ["phone"],
    "rules": [{"rule": "touch_at_least_every", "id": "nobody-forgotten", "every": "6 months"}],
}  # fmt: skip


def client(ident: str, *touches: dict[str, Any], opened: str | None = "2025-01-01T10:00Z", **person: Any) -> Case:
    made = [
        {"id": f"{ident}-{number}", "channel": "phone", "disposition": "connected", **touch}
        for number, touch in enumerate(touches)
    ]
    return Case.model_validate(
        {"prospect": {"id": ident, "zones": "UTC", **person}, "touches": made, "opened_at": opened}
    )


def bought(at: str) -> dict[str, Any]:
    return {"at": at, "disposition": "converted"}


def test_a_portfolio_under_a_plain_policy() -> None:
    policy = Policy.from_dict(PORTFOLIO)
    found = agenda(
        [
            client("a", {"at": "2026-02-01T10:00Z"}, bought("2026-01-01T10:00Z"), bought("2025-03-01T10:00Z")),
            client("b", facts={"recommended": True}),
            client("c", opened=None, facts={"referred": {"value": "no", "since": "2026-01-01T10:00Z"}}),
        ],
        policy, as_of="2026-03-27T10:00Z",
    ).figures  # fmt: skip
    assert (found["portfolio_touched"].part, found["portfolio_touched"].of, found["portfolio_touched"].unknown) == (
        1,
        2,
        1,
    )
    assert found["portfolio_cared_for"].missing == ("rule:earn_first",)
    assert (found["portfolio_active"].part, found["portfolio_active"].unknown) == (1, 1)
    assert found["referrals_per_client"].missing == ("fact:referred_by",)
    assert (found["favourites"].part, found["favourites"].named) == (2, ("a",))
    alone = agenda([client("c", opened=None)], policy, as_of="2026-03-27T10:00Z").figures
    assert alone["portfolio_touched"].missing == ("opened_at",)
    assert alone["effort"].missing == alone["favourites"].missing == ("touches",)
    assert "fact:rebought" in alone["portfolio_active"].missing


def test_value_comes_after_the_deadline_and_under_its_own_name() -> None:
    policy = Policy.from_dict({"cadencia": 1, "name": "bare", "channels": ["phone"], "rules": []})
    book = [
        client(name, facts={"deal": value}) for name, value in (("a", 10), ("b", "30.5"), ("c", "much"), ("d", True))
    ]
    found = agenda(book, policy, as_of=AS_OF, inputs=Inputs(value="deal"))
    assert [(entry.prospect, entry.value) for entry in found.today] == [
        ("b", 30.5),
        ("a", 10.0),
        ("c", None),
        ("d", None),
    ]
    assert found.missing == ()


def test_promises_without_a_rule_lapse_at_the_promised_time() -> None:
    policy = Policy.from_dict({"cadencia": 1, "name": "bare", "channels": ["phone"], "rules": []})
    promise = {"by": "them", "at": "2026-03-27"}
    book = [
        client("a", {"at": "2026-03-20T10:00Z", "promise": {"by": "them", "at": "2026-03-27T12:00Z"}}),
        client(
            "b", {"at": "2026-03-20T10:00Z", "promise": promise}, {"at": "2026-03-21T10:00Z", "direction": "inbound"}
        ),
        client("c", {"at": "2026-03-20T10:00Z", "promise": {"by": "them"}}),
        client("d", {"at": "2026-03-20T10:00Z", "promise": {"by": "us", "at": "2026-03-27T12:00Z"}}),
    ]
    assert [item.prospect for item in agenda(book, policy, as_of=AS_OF).lapsing] == ["a"]


def test_an_impediment_done_today_has_lifted_today() -> None:
    policy = Policy.from_dict({"cadencia": 1, "name": "bare", "channels": ["phone"], "rules": []})

    def item(name: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "kind": "impediment", "since": "2026-03-01T10:00Z", **more}

    book = [
        client("a", pending=[item("today", done_at="2026-03-27T08:00Z"), item("before", done_at="2026-03-26T08:00Z")]),
        client("b", pending=[item("soon", due="2026-03-28"), item("instant", due="2026-03-27T20:00Z")]),
    ]
    found = agenda(book, policy, as_of=AS_OF).lifting
    assert [(item.prospect, item.id) for item in found] == [("a", "today"), ("b", "instant")]


def test_the_day_is_the_desks() -> None:
    """Midnight of the zone; without one, of the offset that the question is written with."""
    bare = [client("a")]
    policy = Policy.from_dict({"cadencia": 1, "name": "bare", "channels": ["phone"], "rules": []})
    tokyo = agenda(bare, policy, as_of="2026-03-27T10:00Z", zone="Asia/Tokyo")
    assert tokyo.ends.isoformat() == "2026-03-28T00:00:00+09:00"
    assert agenda(bare, policy, as_of="2026-03-27T23:30+02:00").ends.isoformat() == "2026-03-28T00:00:00+02:00"
    assert tokyo.today[0].person == "a"


def test_what_cannot_be_asked() -> None:
    bare = client("a")
    with pytest.raises(InputError, match="two cases"):
        agenda([bare, bare], Playbook.load("gentle-persistence"), as_of=AS_OF)
    with pytest.raises(InputError, match="cannot be asked"):
        agenda([bare], "gentle-persistence", as_of=AS_OF)  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match="no playbook is on the shelf"):
        agenda([bare], Playbooks(), as_of=AS_OF)
    with pytest.raises(InputError, match="soon"):
        agenda([bare], Playbook.load("gentle-persistence"), as_of=AS_OF, soon="a while")


def test_an_empty_book() -> None:
    found = agenda([], Playbook.load("gentle-persistence"), as_of=AS_OF)
    assert (len(found), found.missing, found.figures["dated"].share) == (0, (), None)
    assert "  nothing" in found.text()


def test_a_case_in_no_playbook_is_over_for_it() -> None:
    found = agenda([client("a")], Playbook.load("stay-in-touch"), as_of=AS_OF)
    assert [entry.block.code for entry in found.stopped if entry.block] == ["not_entered"]
    assert found.figures["silent_at"].missing == ("steps",)


def test_somebody_else_of_the_account_is_proposed_by_name() -> None:
    """Where one is silent another is asked, once, and the case of the other waits for it."""
    steps = [
        {"at": at, "channel": channel, "step": step, "disposition": "sent"}
        for at, channel, step in (
            ("2026-01-12T10:00Z", "email", "propose"), ("2026-01-27T10:00Z", "email", "second"),
            ("2026-02-10T10:00Z", "social", "third-elsewhere"), ("2026-02-24T10:00Z", "social", "fourth-elsewhere"),
        )
    ]  # fmt: skip
    one = client("one", *steps, account="acme", tags=["pitched"], opened="2026-01-10T10:00Z")
    two = Prospect(id="two", zones="UTC", account="acme")
    account = {"id": "acme", "people": [two], "touches": []}
    book = [
        Case.model_validate({**dict(one), "account": account}),
        Case.model_validate(
            {"prospect": two, "account": {
                "id": "acme", "people": [one.prospect],
                "touches": [touch.model_copy(update={"prospect": "one"}) for touch in one.touches],
            }}
        ),
    ]  # fmt: skip
    found = agenda(book, Playbooks.packaged(), as_of="2026-03-27T10:00Z")
    entry = next(entry for entry in found if entry.prospect == "one")
    assert (entry.step, entry.person) == ("another-person", "two")
    assert "one → two" in found.text()
    assert next(entry for entry in found if entry.prospect == "two").gives_way_to == ("one",)


def account_of(*names: str) -> list[Case]:
    """People of one account, nobody touched yet."""
    people = {name: Prospect(id=name, zones="UTC", account="acme") for name in names}
    return [
        Case.model_validate(
            {
                "prospect": person,
                "account": {"id": "acme", "people": [other for other in people.values() if other is not person]},
                "opened_at": "2026-03-01T10:00Z",
            }
        )
        for person in people.values()
    ]


def test_a_rule_on_accounts_knows_of_the_proposals_before() -> None:
    """One person of an account at a time: the second waits until the first is out of the conversation, or for the horizon."""
    policy = Policy.from_dict(
        {
            "cadencia": 1, "name": "one", "channels": ["phone"],
            "rules": [{"rule": "account_load", "id": "one", "at_most": 1, "within": "20d"}],
        }
    )  # fmt: skip
    calls: list[None] = []
    found = agenda(account_of("a", "b"), policy, as_of="2026-03-27T10:00Z", progress=lambda: calls.append(None))
    assert len(calls) == 2
    (second,) = found.later
    assert (second.prospect, second.gives_way_to, second.channel) == ("b", ("a",), "phone")
    assert second.at is not None
    assert second.at.isoformat().startswith("2026-04-16T10:00")
    short = agenda(account_of("a", "b"), policy, as_of="2026-03-27T10:00Z", horizon="5 days")
    assert [(entry.prospect, entry.channel, entry.dated) for entry in short.later] == [("b", None, True)]


def test_referrals_of_nobody_and_of_two_are_not_counted() -> None:
    policy = Policy.from_dict(PORTFOLIO)
    since = "2026-01-01T10:00Z"
    referred = [
        ("r1", {"value": "a", "since": since}, None),
        ("r2", {"value": "Ana", "since": since}, None),
        ("r3", "a", "2020-01-01T10:00Z"),
        ("r4", "a", None),
        ("r5", {"value": "a", "until": since}, since),
    ]
    book = [
        client("a", name="Ana", stage="client"),
        client("b", name="Ana", stage="unqualified", facts={"referred_by": "x"}),
    ]
    book += [client(name, opened=opened, facts={"referred_by": fact}) for name, fact, opened in referred]
    found = agenda(book, policy, as_of="2026-03-27T10:00Z").figures
    figure = found["referrals_per_client"]
    assert (figure.part, figure.by, figure.unknown) == (1, (Row(("a",), 1),), 3), (
        "an unknown source, two of a name, no date"
    )
    assert (found["portfolio_active"].part, found["unqualified"].part, found["unqualified"].unknown) == (1, 1, 4)
    untold = agenda(book[2:4], policy, as_of="2026-03-27T10:00Z").figures["unqualified"]
    assert (untold.part, untold.missing, untold.unknown) == (None, ("fact:qualified",), 2)


def test_a_promise_that_lapses_tomorrow_does_not_lapse_today() -> None:
    policy = Policy.from_dict(
        {"cadencia": 1, "name": "p", "channels": ["phone"], "rules": [{"rule": "await_promise", "id": "wait"}]}
    )
    book = [
        client(name, {"at": at, "promise": {"by": "them"}})
        for name, at in (("today", "2026-03-20T12:00Z"), ("tomorrow", "2026-03-21T12:00Z"))
    ]
    assert [item.prospect for item in agenda(book, policy, as_of=AS_OF).lapsing] == ["today"]


def test_a_speed_to_lead_kept_is_no_breach() -> None:
    policy = Policy.from_dict(
        {
            "cadencia": 1, "name": "p", "channels": ["phone"],
            "rules": [{"rule": "respond_within", "id": "quick", "of": "opening", "within": "4h"}],
        }
    )  # fmt: skip
    book = [
        client("a", {"at": "2026-03-20T12:00Z"}, opened="2026-03-20T10:00Z"),
        client("b", opened="2026-03-27T08:30Z"),
    ]
    figure = agenda(book, policy, as_of=AS_OF).figures["speed_to_lead"]
    assert (figure.part, figure.of, figure.named) == (0, 1, ())


def test_on_the_desks_wall_clock_the_second_of_an_account_comes_on_the_next_date() -> None:
    policy = Policy.from_dict({"cadencia": 1, "name": "bare", "channels": ["phone"], "rules": []})
    found = agenda(account_of("a", "b", "c"), policy, as_of="2026-03-27T10:00Z", zone="Asia/Tokyo")
    assert [(entry.prospect, entry.at.isoformat() if entry.at else "", entry.gives_way_to) for entry in found] == [
        ("a", "2026-03-27T10:00:00+00:00", ()),
        ("b", "2026-03-27T15:00:00+00:00", ("a",)),
        ("c", "2026-03-28T15:00:00+00:00", ("a", "b")),
    ]


def test_closed_after_enough_attempts_is_not_early() -> None:
    made = [
        {"at": f"2026-0{month}-{day:02d}T10:00Z", "channel": "email", "step": step, "disposition": "sent"}
        for month, day, step in ((1, 5, "propose"), (1, 19, "second"), (2, 2, "third"), (2, 16, "fourth"))
    ]
    closed = client("a", *made, tags=["former_client"], stages=[{"name": "closed", "since": "2026-03-01T10:00Z"}])
    answered = client(
        "b", *made[:1], {"at": "2026-01-06T10:00Z", "direction": "inbound", "disposition": "converted"},
        tags=["former_client"],
    )  # fmt: skip
    figures = agenda([closed, answered], Playbook.load("art-of-following-up"), as_of=AS_OF).figures
    assert (figures["given_up_early"].part, figures["given_up_early"].of) == (0, 1)
    assert (figures["silent_at"].part, figures["silent_at"].of) == (1, 2)
    assert figures["silent_at"].by == (Row(("art-of-following-up", "propose"), 1),)
    assert figures["answer_rate"].by == (Row(("art-of-following-up",), 1, 2),)


def test_what_was_bought_before_the_cycle_makes_nobody_active() -> None:
    old = client("a", facts={"rebought": {"since": "2016-01-01T10:00Z"}})
    figures = agenda([old], Policy.from_dict(PORTFOLIO), as_of=AS_OF).figures
    assert (figures["portfolio_active"].part, figures["portfolio_active"].of) == (0, 1)
    wide = agenda([old], Policy.from_dict(PORTFOLIO), as_of=AS_OF, cycle="3660 days").figures["portfolio_active"]
    assert (wide.part, wide.share) == (0, 0.0)


def test_a_waiting_step_is_not_silence_and_effort_may_all_go_to_prospects() -> None:
    fresh = client("a", {"at": "2026-03-26T10:00Z", "disposition": "no_answer"})
    owner = client("b", stages=[{"name": "client", "since": "2026-03-01T10:00Z"}])
    figures = agenda([fresh, owner], Playbooks.packaged(), as_of=AS_OF).figures
    assert (figures["silent_at"].part, figures["silent_at"].of) == (0, 1)
    assert (figures["effort"].part, figures["effort"].of) == (0, 1)
    assert figures["favourites"].missing == ("touches",)


def test_care_under_a_plain_policy_is_a_touch_of_value() -> None:
    earn = {"rule": "earn_first", "id": "give", "purposes": ["ask"], "least": 2, "counts": {"purposes": ["advise"]}}
    policy = Policy.from_dict({**PORTFOLIO, "rules": [*PORTFOLIO["rules"], earn]})  # type: ignore[misc]
    book = [client(name, {"at": "2026-02-01T10:00Z", "purpose": name}) for name in ("advise", "greet")]
    figure = agenda(book, policy, as_of=AS_OF).figures["portfolio_cared_for"]
    assert (figure.part, figure.of) == (1, 2)


def test_one_telephone_does_not_ring_twice_on_a_day() -> None:
    """People who share a contact point without an account give way to each other, and are known to each other's rules."""
    policy = Policy.from_dict({"cadencia": 1, "name": "bare", "channels": ["phone"], "rules": []})
    points = [{"channel": "phone", "address": "+9991"}]
    found = agenda([client(name, contact_points=points) for name in ("a", "b", "c")], policy, as_of="2026-03-27T10:00Z")
    assert [(entry.prospect, entry.at.day if entry.at else 0, entry.gives_way_to) for entry in found] == [
        ("a", 27, ()), ("b", 28, ("a",)), ("c", 29, ("a", "b")),
    ]  # fmt: skip


def test_what_is_proposed_for_earlier_days_has_been_made_by_then() -> None:
    """A cap on the account holds over days: a third person waits for the week to end, though each day is free."""
    policy = Policy.from_dict(
        {
            "cadencia": 1, "name": "two", "channels": ["phone"],
            "rules": [{"rule": "account_load", "id": "two", "at_most": 2, "within": "7d"}],
        }
    )  # fmt: skip
    found = agenda(account_of("a", "b", "c"), policy, as_of="2026-03-27T10:00Z")
    assert [(entry.prospect, entry.at.isoformat() if entry.at else "") for entry in found] == [
        ("a", "2026-03-27T10:00:00+00:00"), ("b", "2026-03-28T00:00:00+00:00"), ("c", "2026-04-03T10:00:00+00:00"),
    ]  # fmt: skip


def test_an_item_that_belongs_to_nobody_says_so() -> None:
    """In the figures of the day as in the deadlines: an item without an owner, of a prospect without one."""
    person = {"id": "p", "zones": "Europe/Madrid", "stages": [{"name": "qualified", "since": "2026-03-02T09:00+01:00"}]}
    item = {"id": "b", "kind": "impediment", "since": "2026-03-20T09:00+01:00", "due": "2026-03-27"}
    found = agenda([Case.of({**person, "pending": [item]})], Playbook.load("impeccable-follow-up"), as_of=AS_OF)
    assert "p: impediment b" in found.text()
    assert "nobody" in found.text() or "no owner" in found.text()
