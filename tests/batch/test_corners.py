"""Corners of the columns that random books seldom reach."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

import cadencia.batch
from batch.books import general, told
from cadencia import Case, InputError, MissingExtra, Policy, decide_many
from cadencia.batch.coding import positions
from cadencia.rules import BusinessDays, MaxAttempts, QuietHours, Spacing, StopOn

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)


def same(policy: Policy, prospects: dict[str, Any], touches: dict[str, Any], reasons: Any = "all") -> Any:
    """The answers in columns, which are those one by one."""
    people, events = pl.DataFrame(prospects), pl.DataFrame(touches)
    found = decide_many(policy, people, events, as_of=NOW, reasons=reasons)
    for row in people.iter_rows(named=True):
        own = events.filter(pl.col("prospect") == row["id"]).drop("prospect").iter_rows(named=True)
        some = [{name: value for name, value in touch.items() if value is not None} for touch in own]
        case = Case.of(
            {"id": row["id"], "zones": row.get("zone") or row.get("zones"), "regions": row.get("region") or ()},
            [{"id": f"t{number}", **touch} for number, touch in enumerate(some)],
        )
        wanted = told(general(policy, case, NOW))
        answer = found.frame.filter(pl.col("id") == row["id"]).row(0, named=True)
        assert answer == {name: wanted[name] for name in answer}
    return found


def touched(days: list[float], **more: Any) -> dict[str, Any]:
    return {
        "prospect": [f"p{number}" for number in range(len(days))],
        "at": [NOW - timedelta(days=day) for day in days],
        "channel": ["phone"] * len(days),
        **more,
    }


def people(count: int, **more: Any) -> dict[str, Any]:
    return {"id": [f"p{number}" for number in range(count)], "zone": ["Europe/Madrid"] * count, **more}


def test_windows_that_no_slot_fits() -> None:
    """Windows at odd minutes, one after another within a slot of the calendar."""
    hours = {"daily": ["09:01-09:04", "09:06-09:07", "09:08-09:11", "13:02-13:05"]}
    policy = Policy(
        name="odd", channels=["phone"], rules=[Spacing(id="s", at_least="48h"), QuietHours(id="h", allow=hours)]
    )
    base = timedelta(hours=12) - timedelta(hours=8)
    backs = [2 - (base - timedelta(minutes=minute)).total_seconds() / 86_400 for minute in range(0, 14)]
    same(policy, people(14), touched([back + 0.5 for back in backs]))


def test_hours_that_never_open_and_places_far_apart() -> None:
    """A calendar that reaches to the horizon, and one so long that its slots grow wide."""
    policy = Policy(
        name="rare", channels=["phone"], rules=[QuietHours(id="h", allow={"daily": ["09:00-10:00"]}, dates={})]
    )
    zones = sorted(zone for zone in pl.Series(["UTC"]).to_list())
    found = decide_many(
        policy,
        pl.DataFrame({"id": [1, 2], "zone": zones * 2, "asked": [NOW, NOW + timedelta(days=40 * 366)]}),
        as_of="asked",
    )
    assert found.frame["at"].to_list() == [
        NOW + timedelta(hours=21),
        NOW + timedelta(days=40 * 366, hours=21),
    ]
    never = Policy(
        name="never", channels=["phone"],
        rules=[BusinessDays(id="a", days="mon"), BusinessDays(id="b", days="tue")],
    )  # fmt: skip
    assert same(never, people(2), touched([3.0, 4.0])).frame["answer"].cast(pl.String).to_list() == ["blocked"] * 2


def test_long_spacings_in_dates() -> None:
    """Old touches are passed over where they cannot bind, and not where they can."""
    for text in ("3 business days", "40 business days", "2 dates", "90 dates"):
        policy = Policy(name="dated", channels=["phone"], rules=[Spacing(id="s", at_least=text, calendar="prospect")])
        days = [0.1, 1.0, 2.0, 3.5, 30.0, 61.0, 89.0, 200.0, 30_000.0]
        same(policy, people(9, region=["ES"] * 9), touched(days))
        same(policy, people(9, region=[None] * 9), touched(days))


def test_more_rules_than_a_table_of_bits_tells_apart() -> None:
    """Twenty stops at once, on a hundred and more rules the engine, and as many answers as one by one."""
    words = ["replied", "refused", "opted_out"]
    rules: list[Any] = [StopOn(id=f"s{number:02}", dispositions=[words[number % 3]]) for number in range(20)]
    policy = Policy(name="many", channels=["phone"], rules=rules)
    found = same(policy, people(3), touched([1.0, 1.0, 1.0], disposition=words))
    assert found.lanes == {"columns": 3, "rows": 0, "engine": 0}
    crowd = Policy(name="crowd", channels=["phone"], rules=[MaxAttempts(id=f"m{n:03}", at_most=n) for n in range(130)])
    found = same(crowd, people(3), touched([1.0, 1.0, 1.0]))
    assert found.lanes == {"columns": 0, "rows": 0, "engine": 3}


def test_lists_of_zones_and_categories() -> None:
    """One zone in a list is a zone; two are the engine's; a blank one cannot be read. Categories are texts."""
    policy = Policy(name="day", channels=["phone"], rules=[QuietHours(id="h", allow={"daily": ["09:00-18:00"]})])
    lists = {"id": ["a", "b", "c"], "zones": [["Asia/Tokyo"], ["Asia/Tokyo", "Europe/Madrid"], [" "]]}
    found = decide_many(policy, pl.DataFrame(lists), as_of=NOW)
    assert found.lanes == {"columns": 1, "rows": 0, "engine": 2}
    assert found.frame["answer"].cast(pl.String).to_list() == ["wait", "wait", "blocked"]
    kinds = {
        name: pl.Series(values, dtype=pl.Categorical)
        for name, values in {"id": ["a", "b"], "zone": ["UTC", None], "opt_outs": [None, " "]}.items()
    }
    found = decide_many(policy, pl.DataFrame({**kinds, "consents": [[], []]}, strict=False), as_of=NOW)
    assert found.frame["answer"].cast(pl.String).to_list() == ["contact", "blocked"]


def test_times_out_of_range_and_numbers_for_times_close() -> None:
    policy = Policy(name="open", channels=["phone"])
    far = pl.Series([-(10**18), 0]).cast(pl.Datetime("us", "UTC"))
    events = pl.DataFrame({"prospect": ["a", "b"], "at": far, "channel": ["phone"] * 2})
    book = pl.DataFrame({"id": ["a", "b"], "zone": "UTC"})
    found = decide_many(policy, book, events, as_of=NOW)
    assert found.frame["answer"].cast(pl.String).to_list() == ["blocked", "contact"]
    assert found.quarantine["column"].to_list() == ["at"]
    late = events.with_columns(at=pl.lit(NOW), end=far)
    with pytest.raises(InputError, match="touches: `end` of row 1 is out of range"):
        decide_many(policy, book, late, as_of=NOW)
    counted = pl.DataFrame({"prospect": ["a"], "at": [1_772_000_000], "channel": ["phone"]})
    found = decide_many(policy, pl.DataFrame({"id": ["a"], "zone": "UTC"}), counted, as_of=NOW)
    assert found.frame["answer"].cast(pl.String).to_list() == ["blocked"]
    assert found.quarantine["column"].to_list() == ["at"]


def test_an_index_of_pandas_is_no_column() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": ["a", "b"], "zone": ["UTC", "UTC"]}, index=[7, 9])
    found = decide_many(Policy(name="open", channels=["phone"]), frame, as_of=NOW)
    assert found.frame["answer"].tolist() == ["contact", "contact"]
    with pytest.raises(InputError, match="prospects: the frame cannot be read"):
        decide_many(Policy(name="open", channels=["phone"]), {"id": ["a"], "zone": ["UTC", "UTC", "UTC"]}, as_of=NOW)


def test_many_words_are_no_vocabulary() -> None:
    """More kinds of disposition and channel than a table holds: the engine reads them."""
    count = 1_100
    events = touched([1.0] * count, disposition=[f"word{number}" for number in range(count)])
    events["channel"] = [f"channel{number}" for number in range(count)]
    found = decide_many(
        Policy(name="open", channels=["phone"]),
        pl.DataFrame(people(count)),
        pl.DataFrame(events),
        as_of=NOW,
        reasons="none",
    )
    assert found.lanes["engine"] == count


def test_hashes_that_meet_in_a_slot() -> None:
    """Of many texts some share a slot of the table; each is found all the same, and strangers are not."""
    ids = pl.Series([f"p{number}" for number in range(60_000)])
    asked = pl.concat(
        [ids.sample(fraction=1.0, shuffle=True, seed=5), pl.Series([f"q{number}" for number in range(60_000)])]
    )
    found = positions(asked, ids)
    assert [ids[int(place)] for place in found[:100]] == asked[:100].to_list()
    assert (found[:60_000] >= 0).all()
    assert (found[60_000:] == -1).all()


def test_without_its_packages_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    monkeypatch.delitem(vars(cadencia.batch), "decide_many", raising=False)
    with pytest.raises(MissingExtra, match=r"deciding on frames needs the extra `frames`"):
        cadencia.batch.decide_many  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'decide_few'"):
        cadencia.batch.decide_few  # noqa: B018


def test_blocks_side_by_side() -> None:
    """A book of several blocks, its log in no order, is answered like the few rows it repeats."""
    backs, many = [0.5, 1.5, 2.5, 3.5, 9.0, 0.1, 30.0], 40_000
    policy = Policy(
        name="blocks", channels=["email", "phone"],
        rules=[Spacing(id="s", at_least="48h"), QuietHours(id="h", allow={"mon-fri": ["09:00-10:00"]}, channels=["phone"])],
    )  # fmt: skip
    few = decide_many(policy, pl.DataFrame(people(7)), pl.DataFrame(touched(backs)), as_of=NOW).frame.drop("id")
    book = pl.DataFrame({"id": range(7 * many), "zone": "Europe/Madrid"})
    log = pl.DataFrame(
        {"prospect": range(7 * many), "at": [NOW - timedelta(days=day) for day in backs] * many, "channel": "phone"}
    ).sample(fraction=1.0, shuffle=True, seed=3)
    found = decide_many(policy, book, log, as_of=NOW)
    assert found.lanes == {"columns": 7 * many, "rows": 0, "engine": 0}
    assert found.frame.drop("id").equals(pl.concat([few] * many))


@pytest.mark.parametrize(("region", "rule"), [("ES", "a"), ("ES-CT", "a"), ("ES-MD", "b")])
def test_a_holiday_of_a_part_of_the_country_binds_by_the_rule_that_keeps_it(region: str, rule: str) -> None:
    """The Diada closes Catalonia, and whoever may live there: in columns by the same rule as one by one."""
    rules = [
        BusinessDays(id="a", days="daily", holidays="prospect"),
        QuietHours(id="b", allow={"daily": ["00:00-20:00"]}),
    ]
    policy = Policy(name="diada", channels=["phone"], rules=rules)
    evening, feast = datetime(2026, 9, 10, 20, tzinfo=UTC), datetime(2026, 9, 11, 10, tzinfo=UTC)
    for when in (evening, feast):
        frame = decide_many(policy, pl.DataFrame(people(1, region=[region])), as_of=when, reasons="all").frame
        found = frame.row(0, named=True)
        decision = policy.decide({"id": "p0", "zones": "Europe/Madrid", "regions": region}, as_of=when)
        assert (found["answer"], found["blocking"]) == (decision.answer, list(decision.blocking))
        if when == evening:
            assert (found["answer"], found["rule"], decision.binding) == ("wait", rule, rule)


def test_a_slot_in_which_it_opens_more_than_once() -> None:
    """Asked within a slot of the calendar after one of its openings is over."""
    hours = {"daily": ["09:01-09:03", "09:05-09:07", "09:09-09:11"]}
    policy = Policy(name="odd", channels=["phone"], rules=[QuietHours(id="h", allow=hours)])
    asked = [datetime(2026, 3, 6, 9, minute, tzinfo=UTC) for minute in range(13)]
    book = pl.DataFrame({"id": range(13), "zone": "UTC", "asked": asked})
    found = decide_many(policy, book, as_of="asked")
    alone = [policy.decide({"id": "p", "zones": "UTC"}, as_of=when).at for when in asked]  # type: ignore[union-attr]
    assert found.frame["at"].to_list() == [datetime.fromisoformat(at.isoformat()) for at in alone]


def test_more_names_than_a_byte_tells_apart() -> None:
    rules: list[Any] = [MaxAttempts(id=f"m{n:03}", at_most=0, tags=[f"t{n}"]) for n in range(130)]
    policy = Policy(name="crowd", channels=["phone"], rules=rules)
    book = pl.DataFrame({"id": range(130), "zone": "UTC", "tags": [f"t{n}" for n in range(130)]})
    found = decide_many(policy, book, as_of=NOW)
    assert found.frame["rule"].cast(pl.String).to_list() == [rule.id for rule in rules]


def test_many_kinds_of_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Combinations of what may matter, more than a table holds, and more than are read."""
    policy = Policy(name="open", channels=["phone"])
    book = pl.DataFrame(
        {
            "id": range(2_100),
            "zone": "UTC",
            "tags": [f"t{n}" for n in range(2_100)],
            "stage": [f"s{n}" for n in range(2_100)],
        }
    )
    assert decide_many(policy, book, as_of=NOW).lanes["columns"] == 2_100
    monkeypatch.setattr("cadencia.batch.people._MOST", 2)
    assert decide_many(policy, book.head(3), as_of=NOW).lanes == {"columns": 0, "rows": 0, "engine": 3}


def test_what_is_kept_between_calls_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendars of a few days and places, and a few vocabularies; more are made anew, with the same answers."""
    monkeypatch.setattr("cadencia.batch.track._MOST_DAYS", 1)
    monkeypatch.setattr("cadencia.batch.track._MOST_PLACES", 2)
    monkeypatch.setattr("cadencia.batch.track._MOST_WORDS", 4)
    rules: list[Any] = [QuietHours(id="h", allow={"daily": ["09:00-18:00"]}), StopOn(id="s", dispositions=["replied"])]
    policy = Policy(name="kept", channels=["phone"], rules=rules)
    said = [[word] * 3 for word in ("busy", "sent", "replied", "no_answer", "refused")] + [["busy", "sent", "replied"]]
    for zones in (["UTC"], ["UTC", "Asia/Tokyo", "Asia/Kolkata"]):
        for days in range(4):
            now = NOW + timedelta(days=days)
            book = pl.DataFrame(people(3) | {"zone": (zones * 3)[:3]})
            for words in said:
                at = [now - timedelta(days=back) for back in (1, 2, 3)]
                events = pl.DataFrame(touched([1.0, 2.0, 3.0], disposition=words) | {"at": at})
                found = decide_many(policy, book, events, as_of=now)
                other = decide_many(policy.model_copy(), book, events, as_of=now)
                assert found.frame.equals(other.frame)


def test_a_column_of_ends_without_an_end() -> None:
    policy = Policy(name="gap", channels=["phone"], rules=[Spacing(id="s", at_least="48h")])
    ends = pl.Series([None, None], dtype=pl.Datetime("us", "UTC"))
    found = decide_many(policy, pl.DataFrame(people(2)), pl.DataFrame({**touched([1.0, 3.0]), "end": ends}), as_of=NOW)
    assert found.frame["answer"].cast(pl.String).to_list() == ["wait", "contact"]
    assert found.lanes["columns"] == 2


def test_written_instants_out_of_range_close() -> None:
    policy = Policy(name="open", channels=["phone"])
    events = {
        "prospect": ["p0", "p1"],
        "at": ["0001-01-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"],
        "channel": ["phone"] * 2,
    }
    found = decide_many(policy, pl.DataFrame(people(2)), pl.DataFrame(events), as_of=NOW)
    assert found.frame["answer"].cast(pl.String).to_list() == ["blocked", "contact"]
    assert found.quarantine["column"].to_list() == ["at"]


def test_relations_of_duckdb_come_back_as_relations() -> None:
    duckdb = pytest.importorskip("duckdb")
    book = duckdb.sql("select 'p0' as id, 'UTC' as zone union all select 'p1', 'UTC' order by id")
    found = decide_many(Policy(name="open", channels=["phone"]), book, as_of=NOW)
    assert isinstance(found.frame, duckdb.DuckDBPyRelation)
    assert [row[1] for row in found.frame.fetchall()] == ["contact", "contact"]


def test_a_bounce_among_the_words_and_none_in_the_log() -> None:
    """A disposition that closes a channel, said by nobody of whom it is asked."""
    policy = Policy(
        name="b", channels=["phone"], rules=[StopOn(id="s", scope="channel", dispositions=["bounced_hard"])]
    )
    words = pl.Series(["busy", "busy"], dtype=pl.Enum(["busy", "bounced_hard"]))
    found = decide_many(
        policy, pl.DataFrame(people(2)), pl.DataFrame({**touched([1.0, 2.0]), "disposition": words}), as_of=NOW
    )
    assert found.frame["answer"].cast(pl.String).to_list() == ["contact"] * 2


def test_pandas_without_pyarrow_is_told_in_our_words() -> None:
    """Pandas hands its columns over by pyarrow, which the extra does not bring along."""

    class Frame:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise ImportError("pyarrow is required for converting a pandas dataframe")

    with pytest.raises(InputError, match="prospects: a frame of pandas is handed over by `pyarrow`"):
        decide_many(Policy(name="open", channels=["phone"]), Frame(), as_of=NOW)


def test_records_and_lists_in_columns_are_read_by_the_engine() -> None:
    """What a record within a column does not say is null there, and is left out again."""
    facts = pl.Series("facts", [{"vip": {"value": True, "since": None}}, {"vip": None}, None])
    prospects = pl.DataFrame([pl.Series("id", ["p0", "p1", "p2"]), facts]).with_columns(
        zones=pl.Series([["UTC"], ["UTC", "Asia/Tokyo"], ["UTC"]]),
        opt_outs=pl.Series([None, [{"channel": "phone", "purpose": None}], []]),
    )
    found = decide_many(Policy(name="p", channels=["phone"]), prospects, as_of=NOW)
    assert found.frame["answer"].to_list() == ["contact", "stop", "contact"]
    assert found.lanes["engine"] == 2
