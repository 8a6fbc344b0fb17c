"""Whatever the book: every case in exactly one place, nobody twice on a day, counts that add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cadencia import Agenda, Case, Playbooks, Policy, Stop, Touch, agenda
from cadencia.agendas.asking import Source
from cadencia.agendas.models import Entry

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
ZONE = "Europe/Madrid"
POLICY = Policy.from_dict(
    {
        "cadencia": 1, "name": "plain", "channels": ["phone", "email"],
        "rules": [
            {"rule": "spacing", "id": "apart", "at_least": "48h"},
            {"rule": "quiet_hours", "id": "hours", "channels": ["phone"], "allow": {"mon-fri": ["09:00-17:00"]}},
            {"rule": "account_load", "id": "load", "at_most": 2, "within": "3d"},
            {"rule": "stop_on_opt_out", "id": "opted-out"},
            {"rule": "never_undated", "id": "never-undated"},
        ],
    }
)  # fmt: skip
SHELF = Playbooks.packaged()
ENDS = ("no_answer", "sent", "connected", "refused", "converted", "opted_out", "callback_requested", "still_thinking")
KINDS = ("impediment", "doubt", "payment", "hold", "task")

touch = st.fixed_dictionaries(
    {
        "hours": st.integers(-24 * 60, -1),
        "channel": st.sampled_from(("phone", "email")),
        "disposition": st.sampled_from(ENDS),
        "direction": st.sampled_from(("outbound", "outbound", "inbound")),
    }
)
booking = st.fixed_dictionaries({"hours": st.integers(-30, 24 * 10), "channel": st.sampled_from(("phone", "email"))})
pending = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS), "due": st.sampled_from((None, "2026-03-27", "2026-04-02", "2026-03-01"))}
)
person = st.fixed_dictionaries(
    {
        "account": st.sampled_from((None, None, "acme", "bolt")),
        "phone": st.sampled_from((None, "+9991", "+9992", "own")),
        "zones": st.sampled_from((ZONE, "Asia/Tokyo", None)),
        "stage": st.sampled_from((None, "qualified", "client")),
        "owner": st.sampled_from((None, "olga", "priya")),
        "value": st.sampled_from((None, 10, 500)),
        "touches": st.lists(touch, max_size=4),
        "bookings": st.lists(booking, max_size=1),
        "pending": st.lists(pending, max_size=2),
    }
)


def book_of(drawn: list[dict[str, Any]]) -> list[Case]:
    """A book of people who may share accounts and telephones."""
    people, touches = [], []
    for number, item in enumerate(drawn):
        name = f"p{number}"
        points = [{"channel": "email", "address": f"{name}@example.com"}]
        if item["phone"] is not None:
            points.append({"channel": "phone", "address": f"+999{name}" if item["phone"] == "own" else item["phone"]})
        people.append(
            {
                "id": name, "account": item["account"], "contact_points": points, "zones": item["zones"] or [],
                "owner": item["owner"], "stages": [{"name": item["stage"], "since": NOW - timedelta(days=70)}] if item["stage"] else [],
                "facts": {} if item["value"] is None else {"value": item["value"]},
                "consents": [{"since": NOW - timedelta(days=70)}],
                "pending": [{"id": f"i{place}", "since": NOW - timedelta(days=9), **more} for place, more in enumerate(item["pending"])],
            }
        )  # fmt: skip
        touches.append(
            [
                {
                    "id": f"{name}-{place}", "prospect": name, "at": NOW + timedelta(hours=made["hours"]),
                    **{key: value for key, value in made.items() if key != "hours"},
                    **({"booked": True} if place >= len(item["touches"]) else {}),
                }
                for place, made in enumerate((*item["touches"], *item["bookings"]))
            ]
        )  # fmt: skip
    cases = []
    for number, one in enumerate(people):
        others = [
            place
            for place, other in enumerate(people)
            if place != number and one["account"] and other["account"] == one["account"]
        ]
        account = {
            "id": one["account"], "people": [people[place] for place in others],
            "touches": [made for place in others for made in touches[place]],
        }  # fmt: skip
        cases.append(
            Case.model_validate(
                {
                    "prospect": one, "touches": touches[number], "account": account if others else None,
                    "opened_at": NOW - timedelta(days=80),
                }
            )
        )  # fmt: skip
    return cases


def check(day: Agenda, cases: list[Case], source: Source) -> None:
    entries = {entry.prospect: entry for entry in day}
    assert len(entries) == len(day) == len(cases), "exactly one place each"
    for entry in day:
        assert entry.place in ("today", "later", "blocked", "stopped")
        assert getattr(day, entry.place).count(entry) == 1
        if entry.place == "today":
            assert entry.at is not None
            assert entry.channel is not None
            assert entry.at < day.ends
        elif entry.place == "later":
            assert entry.at is not None
        elif entry.place == "blocked":
            assert entry.needs, "blocked for something named"
            assert entry.at is None
        else:
            assert entry.block is not None
    dated = day.figures["dated"]
    assert dated.of == len(day.today) + len(day.later) + len(day.blocked)
    assert dated.part == len(day.today) + len(day.later)
    assert set(dated.named) == {entry.prospect for entry in day.blocked}
    nobody_twice([entry for entry in day if entry.channel is not None and entry.booking is None])
    by_case = {case.prospect.id: case for case in cases}
    undated = {(name, item.id) for name, case in by_case.items() for item in case.prospect.pending if item.due is None}
    over = {name for name, case in by_case.items() if isinstance(source.ask(case, NOW).decision, Stop)}
    assert {(item.prospect, item.id) for item in day.undated} == {pair for pair in undated if pair[0] not in over}
    for figure in day.figures.values():
        assert (figure.part is None) is bool(figure.missing)
        assert (
            figure.part is None
            or figure.of is None
            or 0 <= figure.part <= figure.of
            or figure.code == "referrals_per_client"
        )
        if figure.by and all(row.of is not None for row in figure.by) and figure.code != "effort":
            assert sum(row.part for row in figure.by) == figure.part
            assert sum(row.of or 0 for row in figure.by) == figure.of


def allowed_together(day: Agenda, cases: dict[str, Case]) -> None:
    """Each proposal is allowed when those of its account on earlier days are booked."""
    proposals = [entry for entry in day if entry.at is not None and entry.channel is not None and entry.booking is None]
    for entry in proposals:
        assert entry.at is not None
        assert entry.channel is not None
        earlier = [
            Touch(
                id=f"before-{other.prospect}",
                prospect=other.prospect,
                at=other.at,
                channel=other.channel or "",
                booked=True,
            )
            for other in proposals
            if other.account is not None
            and other.account == entry.account
            and other.at is not None
            and other.at.astimezone(UTC).date() < entry.at.astimezone(UTC).date()
        ]
        case = cases[entry.prospect]
        if case.account is not None:
            account = case.account.model_copy(update={"touches": (*case.account.touches, *earlier)})
            case = case.model_copy(update={"account": account})
        told = POLICY.why_not(case, entry.at, entry.channel, as_of=NOW, contact_point=entry.contact_point)
        assert told == (), (entry, told)


def nobody_twice(proposals: list[Entry]) -> None:
    """No account, contact point or person on two proposals of one day."""
    met: set[tuple[Any, ...]] = set()
    for entry in proposals:
        assert entry.at is not None
        date = entry.at.astimezone(UTC).date()
        for key in (
            ("account", entry.account),
            ("point", entry.channel, entry.contact_point),
            ("person", entry.person),
        ):
            if key[-1] is not None:
                assert (date, key) not in met, f"{entry.prospect} again on {date} for {key}"
                met.add((date, key))


@given(drawn=st.lists(person, min_size=1, max_size=7))
@settings(max_examples=60)
def test_a_book_under_a_policy(drawn: list[dict[str, Any]]) -> None:
    """Every open case is today, later, blocked for something named, or stopped; nobody twice; the counts add up."""
    cases = book_of(drawn)
    day = agenda(cases, POLICY, as_of=NOW)
    check(day, cases, Source(POLICY, None))
    allowed_together(day, {case.prospect.id: case for case in cases})


@given(drawn=st.lists(person, min_size=1, max_size=5))
@settings(max_examples=25)
def test_a_book_under_the_playbooks(drawn: list[dict[str, Any]]) -> None:
    """The same where one of the five playbooks proposes for each case."""
    cases = book_of(drawn)
    check(agenda(cases, SHELF, as_of=NOW), cases, Source(SHELF, None))


@given(drawn=st.lists(person, min_size=2, max_size=6), data=st.data())
@settings(max_examples=25)
def test_the_order_of_the_book_does_not_matter(drawn: list[dict[str, Any]], data: st.DataObject) -> None:
    """The stated order decides who comes first, not the order of the rows."""
    cases = book_of(drawn)
    shuffled = data.draw(st.permutations(cases))
    one, two = (agenda(items, POLICY, as_of=NOW) for items in (cases, shuffled))
    assert (one.today, one.later, one.blocked, one.stopped) == (two.today, two.later, two.blocked, two.stopped)
