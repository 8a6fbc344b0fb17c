"""What must come first: open items, and enough given before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from cadencia import Blocked, Case, Contact, Policy, Prospect, Touch, Wait, agenda
from cadencia.errors import InputError
from cadencia.rules import AwaitPending, EarnFirst, NeverUndated

NOW = "2026-03-06T10:00+01:00"
WAITS = Policy(name="p", channels=["phone"], rules=[AwaitPending(id="first"), NeverUndated(id="dates")])
EARNS = Policy(
    name="p",
    channels=["phone"],
    rules=[EarnFirst(id="give", least=2, purposes=["ask"], counts={"purposes": ["help"]}, unless={"replying": True})],  # type: ignore[arg-type]
)


def person(**item: Any) -> Prospect:
    return Prospect.model_validate(
        {"id": "p1", "zones": "Europe/Madrid", "pending": {"id": "i", "kind": "impediment", **item}}
    )


@pytest.mark.parametrize(
    ("item", "opens"),
    [
        ({"due": "2026-03-10T12:00+01:00"}, "2026-03-10T12:00:00+01:00"),
        ({"due": "2026-03-10"}, "2026-03-10T00:00:00+01:00"),
        ({"due": "2026-03-10", "done_at": "2026-03-09T09:00+01:00"}, "2026-03-09T09:00:00+01:00"),
        ({"due": "2026-03-10", "done_at": "2026-03-12T09:00+01:00"}, "2026-03-10T00:00:00+01:00"),
        ({"kind": "hold", "due": "2026-03-10"}, "2026-03-10T00:00:00+01:00"),
    ],
)
def test_until_it_is_done_or_due(item: dict[str, Any], opens: str) -> None:
    """An impediment, or a hold, is resumed when it is done or due, whichever comes first."""
    decision = WAITS.decide(person(**item), as_of=NOW)
    assert isinstance(decision, Wait)
    assert decision.at.isoformat() == opens


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "doubt"},
        {"done_at": "2026-03-06T09:00+01:00"},
        {"due": "2026-03-05"},
        {"since": "2026-03-07T10:00+01:00", "due": "2026-03-07"},
    ],
)
def test_what_does_not_keep_us(item: dict[str, Any]) -> None:
    assert isinstance(WAITS.decide(person(**item), as_of=NOW), Contact)


def test_without_a_date_it_is_closed() -> None:
    decision = WAITS.decide(person(owner="luis"), as_of=NOW)
    assert isinstance(decision, Blocked)
    assert decision.needs == ("pending_date",)
    assert "impediment i is open; luis resolves it" in decision.text()
    assert "impedimento i sigue pendiente; responsable: nadie" in WAITS.decide(person(), as_of=NOW).text("es")


def test_a_kind_that_is_none() -> None:
    with pytest.raises(InputError, match=r"`impedimet` is no kind of pending item; .*did you mean `impediment`\?"):
        AwaitPending(id="x", kinds=["impedimet"])
    assert AwaitPending(id="x").memory == 0


def test_give_before_asking() -> None:
    """A request waits for touches of value; one of unknown purpose, or a booking, gives nothing; an answer to theirs may ask."""
    given = [
        Touch(id="a", at="2026-03-01T10:00+01:00", channel="phone", purpose="help", disposition="sent"),
        Touch(id="b", at="2026-03-02T10:00+01:00", channel="phone", disposition="sent"),
        Touch(id="c", at="2026-03-09T10:00+01:00", channel="phone", purpose="help", booked=True),
    ]
    client = Prospect(id="p1", zones="Europe/Madrid")
    decision = EARNS.decide(client, given, as_of=NOW, purpose="ask")
    assert isinstance(decision, Blocked)
    assert decision.needs == ("touches_of_value",)
    assert isinstance(EARNS.decide(client, given, as_of=NOW, purpose="help"), Contact)
    again = Touch(id="d", at="2026-03-03T10:00+01:00", channel="phone", purpose="help", disposition="sent")
    assert isinstance(EARNS.decide(client, [*given, again], as_of=NOW, purpose="ask"), Contact)
    theirs = Touch(id="e", at="2026-03-06T09:00+01:00", channel="phone", direction="inbound", disposition="replied")
    assert isinstance(EARNS.decide(client, [*given, theirs], as_of=NOW, purpose="ask"), Contact)


def test_inbound_touches_may_count_where_they_are_named() -> None:
    policy = Policy(
        name="p", channels=["phone"], rules=[EarnFirst(id="x", least=1, counts={"directions": ["inbound"]})]  # type: ignore[arg-type]
    )  # fmt: skip
    client = Prospect(id="p1")
    theirs = Touch(id="e", at="2026-03-06T09:00+01:00", channel="phone", direction="inbound", disposition="replied")
    assert isinstance(policy.decide(client, [theirs], as_of=NOW), Contact)
    assert isinstance(policy.decide(client, as_of=NOW), Blocked)


def test_a_promise_is_judged_on_time_content_and_price() -> None:
    """Done in time, and yet not kept: it stays owed, in the name of its owner."""
    kept = {"kind": "promise", "due": "2026-03-05", "done_at": "2026-03-04T10:00+01:00"}
    for item, code, state in (
        ({**kept, "content_kept": True, "price_kept": True}, "pending", "met"),
        ({**kept, "price_kept": False}, "broken", "missed"),
        ({**kept, "content_kept": False, "due": None}, "broken", "missed"),
        ({**kept, "done_at": "2026-03-06T09:00+01:00"}, "pending", "met_late"),
    ):
        [due] = WAITS.decide(person(**item, owner="luis"), as_of=NOW).deadlines
        assert (due.code, due.state, due.owner) == (code, state, "luis")


ITEM = {"id": "i", "kind": "doubt", "due": "2026-04-05"}
OWNED: dict[str, tuple[dict[str, str], tuple[str, str | None]]] = {
    "the prospect's": ({}, ("ana", "direct seller")),
    "the same by name": ({"owner": "ana"}, ("ana", "direct seller")),
    "another": ({"owner": "luis"}, ("luis", None)),
    "another with a kind": ({"owner": "luis", "owner_kind": "channel partner"}, ("luis", "channel partner")),
}


@pytest.mark.parametrize("name", OWNED)
@pytest.mark.parametrize("more", [{}, {"due": None}, {"content_kept": False}])
def test_the_owner_of_an_item_is_of_a_kind_of_its_own(name: str, more: dict[str, Any]) -> None:
    """Never of the kind of the prospect's owner: in the deadline, and in the day's work."""
    own, expected = OWNED[name]
    one = Prospect.model_validate(
        {
            "id": "p1",
            "zones": "UTC",
            "owner": "ana",
            "owner_kind": "direct seller",
            "pending": [{**ITEM, **own, **more}],
        }
    )
    decision = WAITS.decide(one, as_of=NOW)
    [due] = decision.deadlines
    assert (due.owner, due.owner_kind) == expected
    assert decision.reports == ()
    day = agenda([Case(prospect=one)], WAITS, as_of="2026-04-05T10:00Z")
    items = [item for item in (*day.due_soon, *day.overdue, *day.undated) if item.id == "i"]
    assert items
    assert {(item.owner, item.owner_kind) for item in items} == {expected}


def test_an_item_without_an_owner_anywhere_is_reported() -> None:
    """By name, while it is open; the prospect's owner sees to what has none of its own."""
    lonely = person(kind="doubt", due="2026-04-05")
    decision = WAITS.decide(lonely, as_of=NOW)
    assert decision.reports == (("no_owner", "i", "doubt"),)
    assert "doubt i has no owner" in decision.text()
    assert "duda i no tiene responsable" in decision.text("es")
    assert "without an owner" in agenda([Case(prospect=lonely)], WAITS, as_of="2026-04-05T10:00Z").text()
    done = person(kind="doubt", due="2026-03-05", done_at="2026-03-04T10:00+01:00")
    assert WAITS.decide(done, as_of=NOW).reports == ()
