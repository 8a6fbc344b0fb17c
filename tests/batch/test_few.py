"""A small book goes row by row: the same answers, the same account of every row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from batch.books import small
from cadencia import Policy, decide_many
from cadencia.batch import few
from cadencia.rules import MaxAttempts, NoRepeatedChannel, QuietHours, Spacing, StopOn

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
POLICY = Policy(
    name="gentle",
    channels=["phone", "email"],
    rules=[
        MaxAttempts(id="three", at_most=3),
        Spacing(id="breathe", at_least="48h"),
        QuietHours(id="day", allow={"mon-fri": ["09:00-18:00"]}),
        StopOn(id="answered", dispositions=["replied"]),
        StopOn(id="hung-up", dispositions=["refused"], scope="channel", channels=["phone", "email"]),
    ],
)
PEOPLE: dict[str, list[Any]] = {
    "id": [" a ", "b", "c", "d", "e", "f", None, "g", "g"],
    "zone": ["Europe/Madrid", "Asia/Tokyo", None, "UTC", "UTC", "UTC", "UTC", "UTC", "UTC"],
    "stage": ["new"] * 9,
    "account": [1, 2, 3, 4, 5, 5, 6, 7, 7],
}
TOUCHES: dict[str, list[Any]] = {
    "id": [1, 2, 3, 4, 5, 5, 7, 8, 9],
    "prospect": ["b", "d", "d", "d", "b", "b", "ghost", "a", None],
    "at": [NOW - timedelta(hours=hours) for hours in (30, 24, 98, 72, 200, 200, 5, -3, 9)],
    "channel": ["phone", "phone", "phone", "email", "phone", "email", "phone", "phone", "phone"],
    "disposition": ["no_answer", "no_answer", None, "busy", "no_answer", "no_answer", "no_answer", "no_answer", "busy"],
}


@pytest.fixture(autouse=True)
def books_may_be_small() -> Iterator[None]:
    with small():
        yield


def by_columns(*asked: Any, **more: Any) -> Any:
    with small(-1):
        return decide_many(*asked, **more)


def alike(policy: Policy, people: dict[str, Any], touches: dict[str, Any] | None, **more: Any) -> Any:
    """What a small book is told, after comparing it with what columns say."""
    frames = pl.DataFrame(people, strict=False), None if touches is None else pl.DataFrame(touches, strict=False)
    found, other = decide_many(policy, *frames, as_of=NOW, **more), by_columns(policy, *frames, as_of=NOW, **more)
    assert found.frame.schema == other.frame.schema
    assert found.frame.equals(other.frame)
    assert found.quarantine.equals(other.quarantine)
    assert found.strangers.equals(other.strangers)
    assert (found.prospects, found.touches) == (other.prospects, other.touches)
    assert found.prospects.read == len(frames[0])
    assert found.touches.read == (0 if frames[1] is None else len(frames[1]))
    assert other.lanes["rows"] == 0
    return found


@pytest.mark.parametrize("reasons", ["none", "binding", "all"])
def test_the_account_of_a_small_book_is_that_of_a_big_one(reasons: Any) -> None:
    found = alike(POLICY, PEOPLE, TOUCHES, reasons=reasons)
    assert found.lanes == {"columns": 0, "rows": 1, "engine": 6}  # what is odd about the others, the engine says
    assert found.strangers.rows() == [("ghost", 1)]
    assert found.share == 1 / 7


@pytest.mark.parametrize("reasons", ["none", "binding", "all"])
@pytest.mark.parametrize("said", ["no_answer", "replied", "refused"])
def test_plain_rows_need_no_engine(reasons: Any, said: str) -> None:
    people = {"id": list(range(5)), "zone": ["Europe/Madrid", "Asia/Tokyo", "UTC", "America/New_York", "UTC"]}
    touches = {
        "prospect": [0, 1, 1, 2, 2, 2, 2],
        "at": [NOW - timedelta(hours=hours) for hours in (24, 50, 99, 100, 200, 300, 400)],
        "channel": ["phone"] * 7,
        "disposition": ["no_answer", said, "busy", "busy", "no_answer", said, "no_answer"],
    }
    found = alike(POLICY, people, touches, reasons=reasons)
    assert found.lanes == {"columns": 0, "rows": 5, "engine": 0}
    assert found.share == 1


def test_names_owners_and_a_step_change_no_answer() -> None:
    """What a prospect is called is read by nobody; the step that was asked for is told."""
    people = {"id": ["a"], "zone": ["UTC"], "name": ["Ana"], "owner": ["bo"]}
    touches = {"prospect": ["a"], "at": [NOW - timedelta(days=9)], "channel": ["phone"]}
    found = alike(POLICY, people, touches, step="first")
    assert found.lanes["rows"] == 1
    assert found.frame["step"].to_list() == ["first"]


def test_a_stop_by_more_than_one_rule_and_one_for_a_channel() -> None:
    policy = Policy(
        name="one",
        channels=["phone"],
        rules=[
            MaxAttempts(id="three", at_most=1),
            StopOn(id="answered", dispositions=["replied"]),
            StopOn(id="shut", dispositions=["refused"], scope="channel"),
            StopOn(id="elsewhere", dispositions=["refused"], scope="channel", channels=["email"]),
        ],
    )
    people = {"id": ["a", "b", "c"], "zone": ["UTC"] * 3}
    touches = {
        "prospect": ["a", "b", "c"], "at": [NOW - timedelta(days=1)] * 3, "channel": ["phone", "phone", "phone"],
        "disposition": ["replied", "refused", "busy"],
    }  # fmt: skip
    found = alike(policy, people, touches, reasons="all")
    assert found.frame["stops"].to_list() == [["answered", "three"], ["shut", "three"], ["three"]]
    assert found.frame["rule"].to_list() == ["answered", "shut", "three"]
    assert found.lanes["rows"] == 3


def test_hours_without_a_region_forbid_a_stopped_case_too() -> None:
    hours = QuietHours(id="hours", allow={"daily": ["00:00-24:00"]}, holidays="prospect")
    policy = Policy(name="over", channels=["phone"], rules=[StopOn(id="answered", dispositions=["replied"]), hours])
    touches = {"prospect": ["a"], "at": [NOW], "channel": ["phone"], "disposition": ["replied"]}
    found = alike(policy, {"id": ["a"], "zone": ["UTC"]}, touches, reasons="all")
    assert found.frame["blocking"].to_list() == [["answered", "hours"]]
    assert found.lanes["rows"] == 1


def test_a_blocked_case_is_the_engines() -> None:
    policy = Policy(name="vary", channels=["phone"], rules=[NoRepeatedChannel(id="vary")])
    touches = {"prospect": ["a"], "at": [NOW - timedelta(days=1)], "channel": ["phone"]}
    found = alike(policy, {"id": ["a"], "zone": ["UTC"]}, touches)
    assert found.frame["needs"].to_list() == [["other_channel"]]
    assert found.lanes["engine"] == 1


def test_nobody_and_nothing() -> None:
    assert alike(POLICY, {"id": []}, None).frame.height == 0
    assert alike(POLICY, {"id": ["a"]}, {"prospect": [], "at": [], "channel": []}).prospects.answered == 1


def test_every_row_is_asked_about_its_own_instant() -> None:
    instants = [NOW, NOW + timedelta(days=1)]
    people = pl.DataFrame({"id": ["a", "b"], "zone": "UTC", "when": instants})
    touches = pl.DataFrame({"prospect": ["a", "b"], "at": [NOW - timedelta(hours=1)] * 2, "channel": "phone"})
    found = decide_many(POLICY, people, touches, as_of="when")
    assert found.frame.equals(by_columns(POLICY, people, touches, as_of="when").frame)
    assert found.lanes["rows"] == 2


def test_the_callers_kind_is_kept() -> None:
    people, touches = {"id": ["a", "b"], "zone": ["UTC", "UTC"]}, {"prospect": ["b"], "at": [NOW], "channel": ["phone"]}
    answers = decide_many(POLICY, pl.DataFrame(people), pl.DataFrame(touches), as_of=NOW).frame
    table = decide_many(POLICY, pa.table(people), pa.table(touches), as_of=NOW)
    assert isinstance(table.frame, pa.Table)
    assert table.frame["answer"].to_pylist() == answers["answer"].to_list()
    frame = decide_many(POLICY, pd.DataFrame(people), pd.DataFrame(touches), as_of=NOW)
    assert isinstance(frame.frame, pd.DataFrame)
    assert isinstance(frame.strangers, pd.DataFrame)
    assert frame.lanes["rows"] == 2


def test_addresses_and_lists_of_zones_are_for_columns() -> None:
    for people in ({"id": ["a"], "zone": ["UTC"], "phone": ["+34600"]}, {"id": ["a"], "zones": [["UTC"]]}):
        found = decide_many(POLICY, pl.DataFrame(people), as_of=NOW)
        assert found.lanes == {"columns": 1, "rows": 0, "engine": 0}


def test_a_book_is_small_up_to_a_number_of_rows() -> None:
    with small(3):
        people = pl.DataFrame({"id": [1, 2], "zone": "UTC"})
        touches = pl.DataFrame({"prospect": [1, 2], "at": [NOW] * 2, "channel": "phone"})
        assert decide_many(POLICY, people, touches.head(1), as_of=NOW).lanes["rows"] == 2
        assert decide_many(POLICY, people, touches, as_of=NOW).lanes["columns"] == 2
    assert few.MOST == 1 << 40


def agreed(people: dict[str, Any], touches: dict[str, Any] | None = None) -> Any:
    """What columns say, after comparing it with a small book, and with the engine that is asked about every row."""
    found = alike(POLICY, people, touches)
    asked = pl.DataFrame(people, strict=False), None if touches is None else pl.DataFrame(touches, strict=False)
    engine = decide_many(POLICY, *asked, as_of=NOW, evidence=True)
    said = pl.col("answer", "channel", "rule").cast(pl.String)
    assert found.frame.with_columns(said).equals(engine.frame.drop("touches").with_columns(said))
    assert (found.prospects, found.touches) == (engine.prospects, engine.touches)
    assert found.quarantine.equals(engine.quarantine)
    return found


@pytest.mark.parametrize(
    "values", [[["UTC;Asia/Tokyo"]], [['["UTC"]']], [[" UTC"]], [["UTC\x1f"]], [[""]], [["UTC", None]]]
)
def test_a_list_is_read_name_by_name(values: list[Any]) -> None:
    """Law 13: joined to one text, two names in one would have been read as two."""
    found = agreed({"id": ["a", "b"], "zones": [*values, ["UTC"]]})
    assert found.lanes["columns"] <= 1
    agreed({"id": ["a", "b"], "zone": ["UTC"] * 2, "regions": [["ES;PT"], [" ES "]]})
    agreed({"id": ["a", "b"], "zone": ["UTC"] * 2, "stage": [["new"], None]})


def test_no_contact_points_at_all_close_every_channel() -> None:
    """An empty list is not the same as not having been told."""
    found = agreed({"id": ["a", "b"], "zone": ["UTC"] * 2, "contact_points": [[], None]})
    assert found.frame["answer"].to_list() == ["blocked", "contact"]


@pytest.mark.parametrize("name", ["channel", "direction", "disposition"])
@pytest.mark.parametrize("value", [True, NOW.date(), ["replied"], []])
def test_what_is_no_word_closes(name: str, value: Any) -> None:
    """Law 13: what the models refuse as a word, no lane takes for one."""
    touches = {"prospect": ["a", "b"], "at": [NOW] * 2, "channel": ["phone"] * 2, name: [value, None]}
    found = agreed({"id": ["a", "b", "c"], "zone": ["UTC"] * 3}, touches)
    assert found.frame["answer"].to_list()[::2] == ["blocked", "contact"]


@pytest.mark.parametrize(
    ("value", "answer"), [("[oops", "blocked"), ('{"a": 1}', "blocked"), ('["a"]', "wait"), ("a;b", "wait")]
)
def test_subjects_that_cannot_be_read_close(value: str, answer: str) -> None:
    touches = {"prospect": ["a"], "at": [NOW], "channel": ["phone"], "subjects": [value]}
    found = agreed({"id": ["a"], "zone": ["UTC"]}, touches)
    assert found.frame["answer"].to_list() == [answer]


def test_ids_of_a_column_with_gaps_are_whole_numbers() -> None:
    """Pandas keeps whole numbers with gaps as floats: the touch is that of prospect 1, and not of a stranger `1.0`."""
    people = pd.DataFrame({"id": [1, 2], "zone": "UTC"})
    touches = pd.DataFrame({"prospect": [1, None], "at": [NOW] * 2, "channel": "phone"})
    for ask in (decide_many, by_columns):
        found = ask(POLICY, people, touches, as_of=NOW)
        assert found.frame["answer"].tolist() == ["wait", "contact"]
        assert (len(found.strangers), found.touches.unreadable) == (0, 1)
    agreed(
        {"id": [1, 2], "zone": ["UTC"] * 2},
        {"prospect": [2.0, float("nan")], "at": [NOW] * 2, "channel": ["phone"] * 2},
    )
