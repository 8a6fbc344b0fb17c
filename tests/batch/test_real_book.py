"""A real book, BPI 2012, through the columns: the answers of the command line, row for row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from batch.books import told
from cadencia import Policy, decide_many
from cadencia.reading import Mapping, read_book

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2012-01-16T10:00+01:00"
TIMES = ("at", "end", "recorded_at")


def columns(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Models as columns with our names; records and lists as JSON in a cell."""
    names = dict.fromkeys(name for row in rows for name in row)
    data = {
        name: [
            json.dumps(row[name]) if isinstance(row.get(name), (list, dict)) else row.get(name) for row in rows
        ]
        for name in names
    }  # fmt: skip
    frame = pl.DataFrame(data, infer_schema_length=None)
    return frame.with_columns(
        pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC") for name in TIMES if name in frame.columns
    )


def test_a_real_book_is_answered_alike(shared_data: Path) -> None:
    data = shared_data / "bpi2012"
    bank = ROOT / "examples" / "bpi2012"
    policy = Policy.load(bank / "policy.yaml")
    cases = list(read_book(mapping=Mapping.load(bank / "mapping.yaml"), data=data).cases())[:1_500]
    dump: dict[str, Any] = {"mode": "json", "by_alias": True, "exclude_defaults": True}
    prospects = columns(
        [
            case.prospect.model_dump(**dump) | ({"opened_at": case.opened_at.isoformat()} if case.opened_at else {})
            for case in cases
        ]
    )
    touches = columns(
        [touch.model_dump(**dump) | {"prospect": case.prospect.id} for case in cases for touch in case.touches]
    )
    touches = touches.drop("source", strict=False)
    found = decide_many(policy, prospects, touches, as_of=AS_OF, reasons="all")
    assert found.prospects.answered == len(cases)
    for case, row in zip(cases, found.frame.iter_rows(named=True), strict=True):
        wanted = told(policy.decide(case, as_of=AS_OF))
        assert row == {name: wanted[name] for name in row}
