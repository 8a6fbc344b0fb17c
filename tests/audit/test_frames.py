"""The audit of frames: the same findings as of models, rows that cannot be read counted, and findings as a table."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import pytest

from cadencia import InputError, MissingExtra, Policy, Prospect, Touch
from cadencia.audit import audit, audit_frame, findings_table
from cadencia.rules import QuietHours, Spacing

pl = pytest.importorskip("polars")

POLICY = Policy(
    name="house",
    channels=["phone"],
    rules=[QuietHours(id="hours", allow={"mon-fri": ["09:00-17:00"]}), Spacing(id="gap", at_least="48h")],
)
PEOPLE = {"id": ["p", "q"], "zone": ["UTC", None], "regions": [["ES"], None]}
LOG = {
    "id": ["a", "b", "c", "d"],
    "prospect": ["p", "p", "p", "q"],
    "at": [datetime(2026, 3, day, hour, tzinfo=UTC) for day, hour in ((2, 10), (3, 10), (7, 10), (2, 10))],
    "channel": ["phone"] * 4,
    "purpose": [None, None, "offer", None],
}


def test_the_same_as_of_models() -> None:
    people = [Prospect(id="p", zones="UTC", regions="ES"), Prospect(id="q")]
    rows = [dict(zip(LOG, values, strict=True)) for values in zip(*LOG.values(), strict=True)]
    models = audit(POLICY, people, [Touch.model_validate(row) for row in rows])
    frames = audit_frame(POLICY, pl.DataFrame(PEOPLE), pl.DataFrame(LOG))
    assert frames == models
    assert [(finding.touch, finding.says) for finding in frames.findings] == [
        ("b", "forbidden"), ("c", "forbidden"), ("d", "unproven"),
    ]  # fmt: skip


def test_other_frames_speak_arrow_too() -> None:
    arrow = pytest.importorskip("pyarrow")
    assert audit_frame(POLICY, arrow.table(PEOPLE), arrow.table(LOG)) == audit_frame(
        POLICY, pl.DataFrame(PEOPLE), pl.DataFrame(LOG)
    )


def test_a_bad_row_closes_its_prospect_and_every_row_is_counted() -> None:
    log = {
        "id": ["a", "b", "c", "c", "e"],
        "prospect": ["p", "p", "q", "q", "nobody"],
        "at": ["2026-03-02T10:00Z", "2026-03-02 10:00", "2026-03-02", "2026-03-02", "2026-03-02"],
        "channel": ["phone"] * 5,
    }
    summary = audit_frame(POLICY, pl.DataFrame(PEOPLE), pl.DataFrame(log)).summary
    assert (summary.read, summary.audited, summary.closed, summary.unreadable) == (5, 1, 1, 1)
    assert (summary.repeated, summary.strangers) == (1, 1)


def test_records_and_dates_in_cells() -> None:
    people = pl.DataFrame({"id": ["p"], "zones": [["UTC"]], "opt_outs": [[{"channel": "phone", "since": None}]]})
    log = pl.DataFrame({"id": ["a"], "prospect": ["p"], "at": [date(2026, 3, 3)], "channel": ["phone"]})
    found = audit_frame(POLICY, people, log).findings
    assert [(finding.rules, finding.at) for finding in found] == [(("always/opt-outs",), date(2026, 3, 3))]


def test_findings_as_a_table() -> None:
    log = pl.DataFrame(
        {"id": ["a", "b"], "prospect": ["p", "p"], "at": ["2026-03-07T10:00Z", "2026-03-08"], "channel": ["phone"] * 2}
    )
    table = findings_table(audit_frame(POLICY, pl.DataFrame(PEOPLE), log))
    rows = table.to_dicts()
    assert [(row["touch"], row["rule"], row["evidence"]) for row in rows] == [
        ("a", "hours", []), ("b", "gap", ["a"]), ("b", "hours", []),
    ]  # fmt: skip
    assert rows[0]["at"] == datetime(2026, 3, 7, 10, tzinfo=UTC)
    assert rows[0]["instead"] == datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert (rows[1]["at"], rows[1]["date"]) == (None, date(2026, 3, 8))


def test_one_line_for_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="prospects: `str` is not a frame"):
        audit_frame(POLICY, "people.csv", pl.DataFrame(LOG))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"touches: column `chanel` is not one of ours.*did you mean `channel`"):
        audit_frame(POLICY, pl.DataFrame(PEOPLE), pl.DataFrame({"chanel": ["phone"]}))
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtra, match=r"pip install 'cadencia\[frames\]'"):
        audit_frame(POLICY, pl.DataFrame(PEOPLE), pl.DataFrame(LOG))
