"""Law 13, agreement: a batch equals one by one, row for row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from batch.books import as_ofs, book_of, general, lane_policies, prospect_rows, small, told, touch_rows
from cadencia import Policy, decide_many
from cadencia.batch.answers import Answers
from cadencia.testing import policies

LIBRARIES = ("polars", "pandas", "pyarrow", "duckdb")
TIMES = {"at": pl.Datetime("us", "UTC"), "end": pl.Datetime("us", "UTC"), "booked": pl.Boolean, "duration": pl.Float64}


def frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pl.DataFrame:
    names = list(dict.fromkeys([name for row in rows for name in row] or columns))
    return pl.DataFrame(rows, schema={name: TIMES.get(name, pl.String) for name in names}, orient="row")


def frames(prospects: list[dict[str, Any]], touches: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    return frame(prospects, ("id", "zone", "region")), frame(touches, ("prospect", "at", "channel"))


def agree(
    policy: Policy,
    prospects: list[dict[str, Any]],
    touches: list[dict[str, Any]],
    as_of: datetime,
    found: Answers,
    horizon: str = "90 days",
) -> None:
    """Every row is what one by one gives, and every row is accounted for."""
    book = book_of(prospects, touches)
    expected = [told(general(policy, case, as_of, horizon)) for case in book.cases()]
    rows = found.frame.rows(named=True)
    assert [row["id"].strip() for row in rows] == [row["id"] for row in expected]
    for row, wanted in zip(rows, expected, strict=True):
        wanted = {name: wanted[name] for name in row} | {"id": row["id"]}
        if row != wanted:
            note(f"{row['id']}: {[(name, row[name], wanted[name]) for name in row if row[name] != wanted[name]]}")
        assert row == wanted
    assert found.prospects == book.prospect_rows()
    assert found.touches == book.touch_rows()
    assert found.prospects.read == len(prospects)
    assert found.touches.read == len(touches)
    assert dict(found.strangers.rows()) == book.strangers
    bad = sorted((problem.place, problem.what) for problem in (*book.problems, *book.disagreements))
    assert (
        sorted((f"{item['table']}:{item['row']}", item["cause"]) for item in found.quarantine.rows(named=True)) == bad
    )


@given(data=st.data())
def test_batch_equals_one_by_one(data: st.DataObject) -> None:
    """Law 13: the rows of a batch are the answers given one by one, by the numeric lane, the engine, or both."""
    policy, as_of = data.draw(lane_policies()), data.draw(as_ofs())
    odd = data.draw(st.booleans())
    prospects = data.draw(prospect_rows(odd))
    touches = data.draw(touch_rows(as_of, len(prospects), odd))
    reasons = data.draw(st.sampled_from(("none", "binding", "all")))
    horizon = data.draw(st.sampled_from(("90 days", "3 days", "1 h", "400 days")))
    with small():
        found = decide_many(policy, *frames(prospects, touches), as_of=as_of, reasons=reasons, horizon=horizon)
    agree(policy, prospects, touches, as_of, found, horizon)
    found = decide_many(policy, *frames(prospects, touches), as_of=as_of, reasons=reasons, horizon=horizon)
    agree(policy, prospects, touches, as_of, found, horizon)
    if not odd and horizon == "400 days" and policy.engine.lane is not None:
        engine = [row["answer"] for row in found.frame.rows(named=True)]
        assert found.lanes["engine"] <= len(engine)


@settings(max_examples=max(40, settings.default.max_examples // 5), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_policies_of_any_rules_agree(data: st.DataObject) -> None:
    """Law 13 for policies that have no lane, or the lane only by chance."""
    as_of = data.draw(as_ofs())
    policy = data.draw(policies(as_of))
    prospects = data.draw(prospect_rows(True))
    touches = data.draw(touch_rows(as_of, len(prospects), True))
    found = decide_many(policy, *frames(prospects, touches), as_of=as_of, reasons="all", evidence=True)
    agree(policy, prospects, touches, as_of, found)


@pytest.mark.parametrize("library", LIBRARIES)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_library_gives_the_same(library: str, data: st.DataObject) -> None:
    """The kind of frame changes nothing, and comes back."""
    module = pytest.importorskip(library)
    policy, as_of = data.draw(lane_policies()), data.draw(as_ofs())
    prospects = data.draw(prospect_rows(True))
    touches = data.draw(touch_rows(as_of, len(prospects), True))
    people, events = frames(prospects, touches)
    given_: tuple[Any, Any] = people, events
    if library == "pandas":
        given_ = people.to_pandas(), events.to_pandas()
    elif library == "pyarrow":
        given_ = people.to_arrow(), events.to_arrow()
    elif library == "duckdb":
        given_ = module.from_arrow(people.to_arrow()), module.from_arrow(events.to_arrow())
    found = decide_many(policy, *given_, as_of=as_of)
    assert type(found.frame).__module__.partition(".")[0].lstrip("_") == library
    plain = decide_many(policy, people, events, as_of=as_of)
    same = pl.DataFrame(found.frame.to_arrow_table() if library == "duckdb" else found.frame)
    text = [
        pl.col("answer", "channel", "rule").cast(pl.String),
        pl.col("at", "until", "not_before").dt.cast_time_unit("us"),
    ]
    names = plain.frame.columns
    assert same.with_columns(text).select(names).rows() == plain.frame.with_columns(text).rows()
    assert found.prospects == plain.prospects
    assert found.lanes == plain.lanes


@given(data=st.data())
def test_written_instants_are_read_alike(data: st.DataObject) -> None:
    """Times as texts, in every spelling that the models accept, and in some that they do not."""
    policy, as_of = data.draw(lane_policies()), data.draw(as_ofs())
    prospects = data.draw(prospect_rows(False))
    touches = data.draw(touch_rows(as_of, len(prospects), False))
    spellings = (
        "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S.%f+05:45", "%Y-%m-%d",
        "%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:60Z", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y", "%Y-%m-%dT24:00:00Z", "0001-01-01T00:00:00Z",
        " %Y-%m-%dT%H:%M:%SZ ", "%Y-%m-%dT%H:%M:%S.%f123Z", "%Y-%m-%dT%H:%M-00:00",
    )  # fmt: skip
    for row in touches:
        row["at"] = row["at"].strftime(data.draw(st.sampled_from(spellings)))
    events = pl.DataFrame(
        touches, schema=dict.fromkeys(touches[0] if touches else ("prospect", "at", "channel"), pl.String)
    )
    for most in (-1, 1 << 40):
        with small(most):
            found = decide_many(policy, frame(prospects, ("id", "zone", "region")), events, as_of=as_of)
        agree(policy, prospects, touches, as_of, found)


@given(data=st.data())
def test_a_column_of_instants(data: st.DataObject) -> None:
    """Each prospect may be asked about at an instant of its own."""
    policy, as_of = data.draw(lane_policies()), data.draw(as_ofs())
    prospects = data.draw(prospect_rows(False))
    touches = data.draw(touch_rows(as_of, len(prospects), False))
    people, events = frames(prospects, touches)
    instants = [data.draw(as_ofs()) for _ in prospects]
    people = people.with_columns(pl.Series("asked", instants, dtype=pl.Datetime("us", "UTC")))
    for most in (-1, 1 << 40):
        with small(most):
            found = decide_many(policy, people, events, as_of="asked", reasons="all")
        cases = book_of(prospects, touches).cases()
        for case, row, instant in zip(cases, found.frame.rows(named=True), instants, strict=True):
            wanted = told(general(policy, case, instant))
            assert row == {name: wanted[name] for name in row}


@given(data=st.data())
def test_the_order_of_rows_means_nothing(data: st.DataObject) -> None:
    """A log in time order, one by prospect, and one in no order give the same answers."""
    policy, as_of = data.draw(lane_policies()), data.draw(as_ofs())
    prospects = data.draw(prospect_rows(False))
    touches = [row for row in data.draw(touch_rows(as_of, len(prospects), False)) if row.pop("id", True)]
    people, events = frames(prospects, touches)
    first = decide_many(policy, people, events, as_of=as_of).frame.rows()
    for names in (["at"], ["prospect", "at"], ["channel", "prospect"]):
        assert decide_many(policy, people, events.sort(names), as_of=as_of).frame.rows() == first
