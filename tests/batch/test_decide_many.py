"""What `decide_many` is given and gives: arguments, ids, addresses, bookings, and errors of one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from cadencia import Case, InputError, Playbook, Playbooks, Policy, Prospect, Touch, decide_many
from cadencia.batch.coding import positions, read_codes, repeated
from cadencia.rules import FrequencyCap, MaxAttempts, NoRepeatedChannel, QuietHours, Spacing

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
POLICY = Policy(name="gentle", channels=["email", "phone"], rules=[Spacing(id="breathe", at_least="48h")])


def answers(policy: Any, prospects: Any, touches: Any = None, **options: Any) -> list[str]:
    found = decide_many(policy, pl.DataFrame(prospects), touches, as_of=NOW, **options)
    return [str(item) for item in found.frame["answer"]]


@pytest.mark.parametrize(
    ("people", "whose"),
    [
        ([3, 1, 2], [1, 9, 1]),
        ([3, 10**12, 5], [10**12, 9, 10**12]),
        ([2**63, 1, 2], [2**63, 9, 2**63]),
        ([-5, 0, 5], [0, 9, 0]),
        (["x", "b", "c"], ["b", "z", " b"]),
        ([3, 1, 2], ["1", "9", " 1"]),
        (["3", "1", "2"], [1, 9, 1]),
        (
            [datetime(2026, 1, 1), datetime(2026, 1, 2), datetime(2026, 1, 3)],
            [datetime(2026, 1, 2), None, datetime(2026, 1, 2)],
        ),
        ([1.5, 2.5, 3.5], [2.5, 9.0, 2.5]),
    ],
)
def test_ids_of_any_type(people: list[Any], whose: list[Any]) -> None:
    """A touch finds its prospect whatever the ids are; one that finds none is reported."""
    events = pl.DataFrame({"prospect": whose, "at": [NOW - timedelta(hours=1)] * 3, "channel": ["phone"] * 3})
    found = decide_many(POLICY, pl.DataFrame({"id": people, "zone": "UTC"}), events, as_of=NOW)
    at = people.index(whose[0]) if whose[0] in people else 1
    assert [str(item) for item in found.frame["answer"]] == ["wait" if place == at else "contact" for place in range(3)]
    assert found.frame["id"].to_list() == people
    assert found.strangers.height + found.quarantine.height == 1
    assert found.touches.read == 3


def test_positions_of_every_kind() -> None:
    """The first of several; none for null; far numbers by a join, texts by their hashes, and by a join where two share one."""
    assert positions(pl.Series([5, None, 7]), pl.Series([7, 5, 5])).tolist() == [1, -1, 0]
    assert positions(pl.Series([5, 8]), pl.Series([None, 5])).tolist() == [1, -1]
    assert positions(pl.Series([1], dtype=pl.Int64), pl.Series([None], dtype=pl.Int64)).tolist() == [-1]
    assert positions(pl.Series([10**15, 1]), pl.Series([1, 10**15])).tolist() == [1, 0]
    many = pl.Series([f"id-{number}" for number in range(20_000)])
    assert positions(many.reverse(), many).tolist() == list(range(19_999, -1, -1))
    strange = positions(pl.Series([f"no-{number}" for number in range(20_000)]), many)
    assert set(strange.tolist()) == {-1}
    twice = pl.concat([many, many.head(1)])
    assert positions(many, twice).tolist() == list(range(20_000))


def test_codes_of_any_column() -> None:
    """Texts, categories and numbers become codes; null is a code of its own."""
    for column in (
        pl.Series(["b", None, "a"]),
        pl.Series(["b", None, "a"], dtype=pl.Categorical),
        pl.Series(["b", None, "a"], dtype=pl.Enum(["a", "b", "c"])),
    ):
        found = read_codes(column)
        assert [found.labels[code] for code in found.codes] == ["b", None, "a"]
    numbers = read_codes(pl.Series([2, 1]))
    assert [numbers.labels[code] for code in numbers.codes] == ["2", "1"]
    crowd = pl.Series([str(number) for number in range(5_000)], dtype=pl.Categorical)
    few = read_codes(crowd.tail(2))
    assert [few.labels[code] for code in few.codes] == ["4998", "4999"]
    assert repeated(pl.Series(["a", None, None])) is None
    assert repeated(pl.Series([3, 1, 3])).tolist() == [True, False, True]  # type: ignore[union-attr]


def test_addresses_stay_on_the_numeric_lane() -> None:
    """A column of telephone numbers offers them; who has none needs one, and nothing is decided one by one."""
    people = {"id": ["a", "b", "c"], "zone": ["UTC"] * 3, "phone": ["+34 1 ", None, " "], "email": [None, "b@x", None]}
    found = decide_many(POLICY, pl.DataFrame(people), as_of=NOW, reasons="all")
    rows = found.frame.rows(named=True)
    assert found.lanes == {"columns": 3, "rows": 0, "engine": 0}
    assert [(row["answer"], row["channel"], row["contact_point"]) for row in rows] == [
        ("contact", "phone", "+34 1"),
        ("contact", "email", "b@x"),
        ("blocked", None, None),
    ]
    assert rows[2]["needs"] == ["contact_point"]
    assert rows[2]["rule"] == "always/contact-points"
    assert rows[2]["blocking"] == ["always/contact-points"]


def test_a_blocked_case_says_what_it_needs_on_the_numeric_lane() -> None:
    policy = Policy(
        name="vary", channels=["phone"],
        rules=[NoRepeatedChannel(id="vary"), QuietHours(id="hours", allow={"daily": ["09:00-18:00"]}, holidays="prospect")],
    )  # fmt: skip
    events = pl.DataFrame({"prospect": ["a", "b"], "at": [NOW - timedelta(days=1)] * 2, "channel": ["phone"] * 2})
    found = decide_many(
        policy, pl.DataFrame({"id": ["a", "b"], "zone": "UTC", "region": ["ES", None]}), events, as_of=NOW
    )
    assert found.frame["needs"].to_list() == [["other_channel"], ["other_channel", "region"]]
    assert found.frame["rule"].to_list() == ["vary", "hours"] or found.frame["rule"][0] == "vary"
    assert found.lanes == {"columns": 1, "rows": 0, "engine": 1}  # what the unknown region would need, the engine says


def test_proposals_are_booked_in_the_order_of_the_rows() -> None:
    """With `reserve`, of one account only so many are proposed; and of those who share a telephone."""
    policy = Policy(
        name="together", channels=["phone"], rules=[FrequencyCap(id="cap", at_most=1, within="24h", over="account")]
    )
    people = pl.DataFrame({"id": ["a", "b", "c"], "zone": ["UTC"] * 3, "account": ["x", "x", None]})
    assert answers(policy, people) == ["contact"] * 3
    assert answers(policy, people, reserve=True) == ["contact", "wait", "contact"]
    one = Policy(name="one", channels=["phone"], rules=[FrequencyCap(id="cap", at_most=1, within="24h")])
    people = pl.DataFrame(
        {"id": ["a", "b", "c"], "zone": ["UTC"] * 3, "phone": ["1", "1", "2"], "account": ["x", "x", None]}
    )
    assert answers(one, people) == ["contact"] * 3
    assert answers(one, people, reserve=True) == ["contact", "wait", "contact"]
    assert answers(one, people.drop("account"), reserve=True) == ["contact", "wait", "contact"]
    closed = Policy(name="closed", channels=["phone"], rules=[MaxAttempts(id="most", at_most=0)])
    assert answers(closed, people, reserve=True) == ["stop"] * 3


def test_whatever_decides_may_be_asked() -> None:
    """A playbook, or anything else with a `decide`, is asked one by one, with the arguments that were given."""
    asked = []

    class Book:
        def decide(self, case: Case, /, *, as_of: datetime, **options: Any) -> Any:
            asked.append((case.prospect.id, options))
            return POLICY.decide(case, as_of=as_of, **options)

    found = decide_many(Book(), pl.DataFrame({"id": ["a"], "zone": "UTC"}), as_of=NOW, step="first", evidence=True)
    assert asked == [("a", {"step": "first"})]
    assert found.frame["step"].to_list() == ["first"]
    assert found.frame["touches"].to_list() == [[]]
    assert found.lanes == {"columns": 0, "rows": 0, "engine": 1}
    own = decide_many(POLICY, pl.DataFrame({"id": ["a"], "zone": "UTC"}), as_of=NOW, step="first")
    assert own.frame["step"].to_list() == ["first"]
    assert own.lanes == {"columns": 1, "rows": 0, "engine": 0}


def test_a_length_is_the_engines() -> None:
    found = decide_many(
        POLICY, pl.DataFrame({"id": ["a"], "zone": "UTC"}), as_of=NOW, duration="20 min", subjects=["debt"]
    )
    assert found.lanes == {"columns": 0, "rows": 0, "engine": 1}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reasons": "al"}, r"reasons: `al` is none of none, binding, all; did you mean `all`\?"),
        ({"policy": object()}, "policy: `object` does not decide"),
        ({"prospects": "people.csv"}, "prospects: `str` is not a frame"),
        ({"prospects": [1, 2]}, "there is no column `id`|column `column_0` is not one of ours"),
        ({"prospects": {"id": ["a"], "hat": ["red"]}}, "prospects: column `hat` is not one of ours"),
        ({"prospects": {"zone": ["UTC"]}}, "prospects: there is no column `id`"),
        ({"touches": pl.DataFrame({"prospect": ["a"], "at": [NOW]})}, "touches: there is no column `channel`"),
        (
            {"touches": pl.DataFrame({"prospect": ["a"], "at": [NOW.replace(tzinfo=None)], "channel": ["phone"]})},
            "touches: the times of `at` have no UTC offset",
        ),
        (
            {"touches": pl.DataFrame({"prospect": ["a"], "at": [NOW.replace(tzinfo=None)], "channel": ["phone"]})},
            r'with pandas `\.dt\.tz_localize\("Europe/Madrid"\)` or polars `\.dt\.replace_time_zone\("Europe/Madrid"\)`$',
        ),
        (
            {"prospects": {"ID": ["a"], "zone": ["UTC"]}},
            r"^prospects: column `ID` is not one of ours; rename it, or leave it out "
            r'\(pandas: `\.rename\(columns=\{"ID": "id"\}\)`, polars: `\.rename\(\{"ID": "id"\}\)`\); did you mean `id`\?$',
        ),
        ({"prospects": {"prospect_id": ["a"]}}, "did you mean `id`"),
        ({"prospects": {"Prospect ID": ["a"]}}, "did you mean `id`"),
        ({"prospects": {"id": ["a"], "xyzzy": ["red"]}}, "rename it, or leave it out$"),
        ({"touches": {"prospect_id": ["a"], "at": [NOW], "channel": ["phone"]}}, "did you mean `prospect`"),
        ({"touches": {"touch_id": ["a"], "at": [NOW], "channel": ["phone"]}}, "did you mean `id`"),
        ({"touches": {"CHANEL": ["a"]}}, "did you mean `channel`"),
        (
            {"prospects": {"id;zone": ["a;UTC"]}},
            r'^prospects: the header is one cell, `id;zone`; read its file with the separator `";"`$',
        ),
        ({"as_of": "2026-03-06"}, "is a date without a time"),
        ({"horizon": "soon"}, "horizon: `soon` is not a length of time"),
        ({"as_of": "name"}, "as_of"),
        (
            {"prospects": {"id": ["a"], "asked": [NOW.replace(tzinfo=None)]}, "as_of": "asked"},
            r"as_of: column `asked` must hold .* pandas `\.dt\.tz_localize",
        ),
    ],
)
def test_mistakes_are_said_in_one_line(change: dict[str, Any], says: str) -> None:
    given: dict[str, Any] = {
        "policy": POLICY,
        "prospects": {"id": ["a"], "name": ["Bo"]},
        "touches": None,
        "as_of": NOW,
    }
    given |= change
    policy, prospects, touches = given.pop("policy"), given.pop("prospects"), given.pop("touches")
    with pytest.raises(InputError, match=says) as caught:
        decide_many(policy, prospects, touches, **given)
    assert "\n" not in str(caught.value)


def test_nobody_and_nothing() -> None:
    """An empty book has no answers; a frame may be lazy, or rows of data."""
    empty = decide_many(POLICY, pl.DataFrame(schema={"id": pl.String, "zone": pl.String}), as_of=NOW)
    assert empty.frame.height == 0
    assert empty.share == 0
    lazy = pl.LazyFrame({"id": ["a"], "zone": ["UTC"]})
    assert decide_many(POLICY, lazy, as_of=NOW).frame.height == 1
    rows = [{"id": "a", "zone": "UTC"}, {"id": "b", "zone": None}]
    assert decide_many(POLICY, rows, as_of=NOW).frame["answer"].cast(pl.String).to_list() == ["contact", "contact"]
    assert pl.DataFrame(decide_many(POLICY, rows, as_of=NOW)).height == 2


def test_a_stranger_with_a_bad_row_is_nobody_we_know() -> None:
    events = pl.DataFrame({"prospect": ["who", "who"], "at": [NOW, None], "channel": ["phone", "phone"]})
    found = decide_many(POLICY, pl.DataFrame({"id": ["a"], "zone": "UTC"}), events, as_of=NOW)
    assert found.strangers.rows() == [("who", 1)]
    assert found.quarantine.rows() == [("touches", 2, "at", "at: this key is required", ["who"])]
    assert (found.touches.closed, found.touches.unreadable) == (1, 1)


def test_a_frame_of_nanoseconds_and_other_zones() -> None:
    """Instants in any unit and any zone are the same instants."""
    at = pl.Series("at", [NOW - timedelta(hours=1)]).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone("Asia/Tokyo")
    events = pl.DataFrame({"prospect": ["a"], "at": at, "channel": ["phone"], "recorded_at": at, "end": at})
    found = decide_many(POLICY, pl.DataFrame({"id": ["a"], "zone": "UTC"}), events, as_of=NOW)
    assert found.frame["at"][0] == NOW + timedelta(hours=47)
    assert found.lanes["columns"] == 1
    assert Touch(id="t", at=NOW, channel="phone").at == NOW


def test_two_touches_at_one_instant_ran_on_both_channels() -> None:
    """What forbids the first channel of a stopped case is told in full where its last touches are several at once."""
    at = datetime(2026, 3, 6, 9, tzinfo=UTC)
    policy = Policy(
        name="tie",
        channels=["email", "phone"],
        rules=[
            NoRepeatedChannel(id="vary", at_most=1, count="planned"),
            MaxAttempts(id="never", at_most=0, count="planned"),
        ],
    )
    touches = [
        {"id": name, "prospect": "p", "at": at, "channel": name, "disposition": "no_answer"}
        for name in policy.channels or ()
    ]
    answers = decide_many(
        policy, pl.DataFrame({"id": ["p"], "zones": ["Europe/Madrid"]}), pl.DataFrame(touches), as_of=at, reasons="all"
    )
    one = policy.decide({"id": "p", "zones": "Europe/Madrid"}, touches, as_of=at)
    assert answers.frame["blocking"].to_list() == [["never", "vary"]] == [list(one.blocking)]


def test_a_blocked_case_is_told_from_the_channel_that_needs_the_least() -> None:
    """Needs and reasons are of one channel: e-mail was used last and has no address, the telephone has no address alone."""
    policy = Policy(
        name="nearest",
        channels=["email", "phone"],
        rules=[NoRepeatedChannel(id="vary", at_most=1), Spacing(id="calls", at_least="48h", per=["channel"])],
    )
    people = pl.DataFrame({"id": ["p"], "zone": "Europe/Madrid", "email": [None], "phone": [None]}, schema_overrides={
        "email": pl.String, "phone": pl.String,
    })  # fmt: skip
    events = [
        {"id": name, "prospect": "p", "at": NOW - timedelta(hours=hours), "channel": name, "disposition": "no_answer"}
        for hours, name in ((9, "phone"), (8, "email"))
    ]
    found = decide_many(policy, people, pl.DataFrame(events), as_of=NOW, reasons="all")
    one = policy.decide({"id": "p", "zones": "Europe/Madrid", "contact_points": []}, events, as_of=NOW)
    row = found.frame.row(0, named=True)
    assert found.lanes == {"columns": 1, "rows": 0, "engine": 0}
    assert row["blocking"] == list(one.blocking) == ["always/contact-points", "calls"]
    assert row["needs"] == list(one.needs) == ["contact_point"]
    assert row["rule"] == one.binding == "always/contact-points"


def test_who_has_entered_no_playbook_is_answered_by_the_first() -> None:
    """Law 14: nobody is left without an answer."""
    first = Playbook.load("after-the-no")
    people = pl.DataFrame({"id": ["a"], "zone": "UTC"})
    for shelf in (Playbooks(first), Playbooks(Playbook.load("stay-in-touch"), first)):
        assert shelf.decide(Prospect(id="a", zones="UTC"), as_of=NOW) is None
        wanted = next(iter(shelf)).decide(Prospect(id="a", zones="UTC"), as_of=NOW)
        assert decide_many(shelf, people, as_of=NOW).frame["answer"].to_list() == [wanted.answer]
    with pytest.raises(InputError, match="no playbook is on the shelf"):
        decide_many(Playbooks(), people, as_of=NOW)


def test_a_horizon_that_is_given_is_the_horizon() -> None:
    """Ninety days too, though a playbook would look further."""
    asked: list[dict[str, Any]] = []

    class Book:
        def decide(self, case: Case, /, *, as_of: datetime, **options: Any) -> Any:
            asked.append(options)
            return POLICY.decide(case, as_of=as_of, **options)

    people = pl.DataFrame({"id": ["a"], "zone": "UTC"})
    for more in ({"horizon": "90 days"}, {}):
        decide_many(Book(), people, as_of=NOW, **more)
    assert asked == [{"horizon": "90 days"}, {}]


def test_a_column_is_not_renamed_onto_one_that_is_there() -> None:
    """What to write is code that runs: whole names, quoted, and no name twice."""
    with pytest.raises(InputError, match=r"column `prospect_id` is not one of ours; rename it, or leave it out$"):
        decide_many(POLICY, pl.DataFrame({"id": ["a"], "prospect_id": ["a"]}), as_of=NOW)
    with pytest.raises(InputError) as caught:
        decide_many(POLICY, pl.DataFrame({"id": ["a"], 'na"me': ["a"]}), as_of=NOW)
    assert r'polars: `.rename({"na\"me": "name"})`' in str(caught.value)


def test_no_touches_may_be_an_empty_table() -> None:
    assert Policy(name="p", channels=["phone"]).decide({"id": "p", "zones": "UTC"}, {}, as_of=NOW).answer == "contact"
