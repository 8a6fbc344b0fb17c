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
from cadencia.batch import decide_files
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
    events = pl.DataFrame({"prospect": ["007"], "at": ["2026-03-05T12:00:00Z"], "channel": ["phone"]})
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
