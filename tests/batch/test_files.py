"""Files in parts: the same answers and the same account of every row as in one piece."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.books import as_ofs, lane_policies, prospect_rows, touch_rows
from batch.test_law_13 import frames
from cadencia import InputError, Playbook, Policy, decide_many
from cadencia.batch import decide_files, keys
from cadencia.batch.counts import Counts
from cadencia.batch.keys import KEY, keyed_by_part, shared_keys
from cadencia.rules import Spacing

POLICY = Policy(name="gentle", channels=["phone", "email"], rules=[Spacing(id="breathe", at_least="48h")])
NOW = "2026-03-06T12:00Z"


def written(frame: pl.DataFrame, path: Path) -> Path:
    """A frame in the format that the name says."""
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".jsonl":
        times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
        frame.with_columns(pl.col(times).dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")).write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")
    return path


def plain(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    words = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Enum)]
    return frame.with_columns(pl.col(words).cast(pl.String)).sort("id").rows()


@settings(max_examples=max(25, settings.default.max_examples // 8), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_parts_are_answered_as_the_whole(data: st.DataObject) -> None:
    """Law 13 for files: however many parts, whatever format."""
    policy, as_of = data.draw(lane_policies()), data.draw(as_ofs())
    odd = data.draw(st.booleans())
    people, events = frames(
        prospects := data.draw(prospect_rows(odd)), data.draw(touch_rows(as_of, len(prospects), odd))
    )
    events = events.drop("duration", strict=False)
    whole = decide_many(policy, people, events, as_of=as_of, reasons="all")
    with TemporaryDirectory() as name:
        folder, steps = Path(name), []
        paths = written(people, folder / "people.parquet"), written(events, folder / "events.parquet")
        counts = decide_files(
            policy, *paths, folder / "answers.parquet", quarantine=folder / "bad.parquet", as_of=as_of, reasons="all",
            part=data.draw(st.sampled_from((3, 7, 1_000))), progress=lambda done, many: steps.append((done, many)),
        )  # fmt: skip
        assert plain(pl.read_parquet(folder / "answers.parquet")) == plain(whole.frame)
        assert sorted(pl.read_parquet(folder / "bad.parquet").rows()) == sorted(whole.quarantine.rows())
        assert sorted(path.name for path in folder.iterdir()) == [
            "answers.parquet", "bad.parquet", "events.parquet", "people.parquet"
        ]  # fmt: skip
    assert counts.prospects == whole.prospects
    assert counts.touches == whole.touches
    assert counts.strangers == dict(whole.strangers.rows())
    assert counts.bad_rows == whole.quarantine.height
    assert len(counts.bad) == min(20, counts.bad_rows)
    assert sum(counts.answers.values()) == whole.frame.height == sum(counts.lanes.values())
    assert steps[-1][0] == steps[-1][1] == len(steps)


@pytest.mark.parametrize("end", [".parquet", ".csv", ".tsv", ".jsonl"])
def test_every_format_is_read_and_written(tmp_path: Path, end: str) -> None:
    people = pl.DataFrame({"id": ["007", "b"], "zone": ["Europe/Madrid", "Asia/Tokyo"]})
    events = pl.DataFrame({"id": ["t1"], "prospect": ["007"], "at": ["2026-03-05T12:00:00Z"], "channel": ["phone"]})
    output = tmp_path / f"answers{end}"
    counts = decide_files(
        POLICY, written(people, tmp_path / f"p{end}"), written(events, tmp_path / f"t{end}"), output, as_of=NOW
    )
    assert counts.answers == {"contact": 1, "wait": 1, "blocked": 0, "stop": 0}
    assert counts.rules == {"breathe": 1}
    assert counts.lanes == {"columns": 2, "rows": 0, "engine": 0}
    text = output.read_bytes()
    assert b"2026-03-07T12:00:00" in text or end == ".parquet"
    assert b"007" in text


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    people = written(pl.DataFrame({"id": ["a"]}), tmp_path / "p.parquet")
    odd = written(pl.DataFrame({"id": ["a"], "hat": ["red"]}), tmp_path / "odd.parquet")
    bare = written(pl.DataFrame({"zone": ["UTC"]}), tmp_path / "bare.parquet")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    for path, says in (
        (tmp_path / "none.parquet", "there is no such file"),
        (odd, "column `hat` is not one of ours"),
        (bare, "there is no column `id`"),
        (broken, "the files cannot be read in columns"),
        (tmp_path, "there is no such file"),
    ):
        with pytest.raises(InputError, match=says):
            decide_files(POLICY, path, as_of=NOW)
    with pytest.raises(InputError, match=r"answers\.xlsx: `\.xlsx` is no format of columns"):
        decide_files(POLICY, people, output=tmp_path / "answers.xlsx", as_of=NOW)
    with pytest.raises(InputError, match="is one of the inputs"):
        decide_files(POLICY, people, output=people, as_of=NOW)
    with pytest.raises(InputError, match="use `decide_many`"):
        decide_files(POLICY, people, as_of=NOW, reserve=True)
    assert people.stat().st_size > 0


def test_each_row_may_have_its_own_instant(tmp_path: Path) -> None:
    people = written(pl.DataFrame({"id": ["a", "b"], "asked": [NOW, "2026-03-08T12:00Z"]}), tmp_path / "p.csv")
    events = written(
        pl.DataFrame({"prospect": ["a", "b"], "at": [NOW] * 2, "channel": ["phone"] * 2}), tmp_path / "t.csv"
    )
    counts = decide_files(POLICY, people, events, as_of="asked", part=1)
    assert counts.answers["contact"] == counts.answers["wait"] == 1


def test_a_playbook_and_no_reasons(tmp_path: Path) -> None:
    """Whatever decides reads files too; without reasons no rule is counted."""
    people, answers = tmp_path / "people.csv", tmp_path / "answers.jsonl"
    people.write_text("id,zone\na,Europe/Madrid\n")
    counts = decide_files(Playbook.load("gentle-persistence"), people, None, answers, as_of="2026-03-06T11:00+01:00")
    assert counts.lanes == {"columns": 0, "rows": 0, "engine": 1}
    assert counts.answers["contact"] == 1
    none = decide_files(POLICY, people, None, answers, as_of=NOW, reasons="none")
    assert none.rules == {}
    assert none.prospects.answered == 1


def split(people: pl.DataFrame, events: pl.DataFrame | None, folder: Path, part: int) -> tuple[Counts, Any]:
    """What parts say, after comparing it with the whole."""
    paths = [written(people, folder / "people.parquet")]
    if events is not None:
        paths.append(written(events, folder / "events.parquet"))
    output, bad = folder / "answers.parquet", folder / "bad.parquet"
    steps: list[int] = []
    counts = decide_files(
        POLICY, *paths, output=output, quarantine=bad, as_of=NOW, part=part, progress=lambda _, many: steps.append(many)
    )
    whole = decide_many(POLICY, people, events, as_of=NOW)
    assert plain(pl.read_parquet(output)) == plain(whole.frame)
    assert sorted(pl.read_parquet(bad).rows()) == sorted(whole.quarantine.rows())
    assert (counts.prospects, counts.touches) == (whole.prospects, whole.touches)
    assert counts.strangers == dict(whole.strangers.rows())
    assert steps == [len(steps)] * len(steps)
    return counts, steps


@pytest.mark.parametrize(
    "accounts", [["x", "y", "x", None, None], ["x", None, "x", None, None], [None, "y", None, "y", "x"]]
)
def test_a_prospect_with_two_accounts_is_decided_once(tmp_path: Path, accounts: list[str | None]) -> None:
    """Law 13: rows of one id that disagree about the account close it, in whichever part they would have come."""
    for people in (["a", "a", "b", "c", "d"], ["b", "c", "a", "d", "a"]):
        frame = pl.DataFrame({"id": people, "zone": "UTC", "account": accounts})
        events = pl.DataFrame({"prospect": ["a", "b", "c"] * 2, "at": ["2026-03-01T10:00Z"] * 6, "channel": "phone"})
        counts, steps = split(frame, events, tmp_path, 1)
        assert sum(counts.answers.values()) == 4
        assert len(steps) == 6


def test_touches_of_nobody_are_spread_over_the_parts(tmp_path: Path) -> None:
    """With accounts too: they are no reason for one large part."""
    people = pl.DataFrame({"id": ["a", "b"], "zone": "UTC", "account": ["x", None]})
    events = pl.DataFrame(
        {"prospect": [f"s{n}" for n in range(40)], "at": ["2026-03-01T10:00Z"] * 40, "channel": "phone"}
    )
    counts, _ = split(people, events, tmp_path, 10)
    assert len(counts.strangers) == 40
    keyed = keyed_by_part(people.lazy(), events.lazy())[1].collect()
    assert keyed[KEY].n_unique() == 40


def test_many_prospects_with_few_touches_are_many_parts(tmp_path: Path) -> None:
    people = pl.DataFrame({"id": range(30), "zone": "UTC"})
    events = pl.DataFrame({"prospect": [1], "at": ["2026-03-05T13:00Z"], "channel": "phone"})
    assert len(split(people, events, tmp_path, 10)[1]) == 3
    assert len(split(people, None, tmp_path, 10)[1]) == 3


@pytest.mark.parametrize(
    ("ids", "whose"),
    [
        ([1, 2, 3], [1.0, None, 2.0]),
        ([1.5, 2.0, float("nan")], ["1.5", "2", "nan"]),
        ([b"\x00\xff", b"\x01", b"a"], [b"\x01", b"\x00\xff", None]),
        (["a\x1f", "b", "c"], ["a", "\x1cb", "c"]),
    ],
)
def test_ids_of_any_type_meet_in_one_part(tmp_path: Path, ids: list[Any], whose: list[Any]) -> None:
    people = pl.DataFrame({"id": ids, "zone": "UTC"})
    events = pl.DataFrame({"prospect": whose, "at": ["2026-03-05T13:00Z"] * 3, "channel": "phone"})
    counts, _ = split(people, events, tmp_path, 1)
    assert counts.answers["wait"] > 0


@given(
    rows=st.lists(st.tuples(st.sampled_from([None, " ", "t1", " t1", "t2", "t3", "t4"]), st.sampled_from("abcd"))),
    held=st.integers(1, 9),
)
def test_shared_ids_are_found_in_passes(rows: list[tuple[str | None, str]], held: int) -> None:
    """However few hashes may be held, those who share the id of a touch are found, and nobody else."""
    whose: dict[str, set[str]] = {}
    for name, person in rows:
        if name is not None and name.strip():
            whose.setdefault(name.strip(), set()).add(person)
    wanted = sorted({person for people in whose.values() if len(people) > 1 for person in people})
    events = pl.LazyFrame(rows, schema={"id": pl.String, "prospect": pl.String}, orient="row")
    people = pl.LazyFrame({"id": ["a", "b", "c", "d"]})
    assert shared_keys(keyed_by_part(people, events), held) == wanted


def test_no_pass_holds_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three thousand ids eight hundred at a time are looked at: about so many, as a hash falls where it falls."""
    seen: list[int] = []
    shared_in = keys._shared_in

    def watched(hashed: pl.LazyFrame) -> list[str]:
        seen.append(hashed.select(pl.len()).collect().item())
        return shared_in(hashed)

    monkeypatch.setattr(keys, "_shared_in", watched)
    events = pl.LazyFrame({"id": range(3_000), "prospect": ["a", "b", "c"] * 1_000})
    assert shared_keys(keyed_by_part(pl.LazyFrame({"id": ["a", "b", "c"]}), events), 800) == []
    assert len(seen) == 4
    assert sum(seen) == 3_000
    assert max(seen) < 1_000


def test_the_most_frequent_of_those_we_do_not_know_are_kept(tmp_path: Path) -> None:
    """In one order, whatever the order of the rows, and over all parts."""
    whose = [f"s{n:04}" for n in range(1_200) for _ in range(1 + (n > 900) + (n > 1_100))]
    events = pl.DataFrame({"prospect": whose, "at": "2026-03-01T10:00Z", "channel": "phone"})
    people = pl.DataFrame({"id": ["a"], "zone": "UTC"})
    found = decide_many(POLICY, people, events.sample(fraction=1, shuffle=True, seed=1), as_of=NOW).strangers
    assert found.rows()[:2] == [("s1101", 3), ("s1102", 3)]
    assert found.rows()[-1] == ("s0900", 1)
    paths = written(people, tmp_path / "p.csv"), written(events, tmp_path / "t.csv")
    for part in (200, 10_000):
        counts = decide_files(POLICY, *paths, as_of=NOW, part=part)
        assert counts.strangers == dict(found.rows()[:1_000])


def test_the_ending_of_a_name_is_read_whatever_its_case(tmp_path: Path) -> None:
    """As in what is read: `ANSWERS.TSV` is parted by tabs."""
    people, answers = tmp_path / "PEOPLE.CSV", tmp_path / "ANSWERS.TSV"
    people.write_text("id,zone\na,UTC\n")
    decide_files(POLICY, people, None, answers, as_of=NOW)
    assert answers.read_text().splitlines()[0].split("\t")[:2] == ["id", "answer"]
