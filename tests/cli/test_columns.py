"""`cadencia decide` in columns: Parquet in and out, the same answers as one by one, and every row accounted for."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Run = Callable[..., Any]
AS_OF = "2026-03-27T13:37Z"
POLICY = ("-p", "policy.yaml", "--as-of", AS_OF)
FILES = ("people.csv", "touches.csv", *POLICY)
ROOT = Path(__file__).resolve().parents[2]


def test_the_columns_say_what_json_lines_say(run: Run, folder: Path) -> None:
    ran = run("decide", *FILES, "-f", "columns", "-o", "answers.parquet")
    assert (ran.status, ran.err) == (0, "")
    assert "answers: contact 1, wait 1, blocked 0, stop 1" in ran.out
    assert "prospects: 3 rows read = 3 answered + 0 closed + 0 unreadable" in ran.out
    assert "answered in columns 3, one by one 0" in ran.out
    alone = [json.loads(line) for line in run("decide", *FILES, "-f", "jsonl").out.splitlines()]
    found = {row["id"]: row for row in pl.read_parquet(folder / "answers.parquet").iter_rows(named=True)}
    for row in alone:
        mine = found[row["prospect"]]
        assert (mine["answer"], mine["channel"], mine["contact_point"]) == (
            row["answer"],
            row["channel"],
            row["contact_point"],
        )
        assert mine["rule"] == (row["reason"] or row["binding"])


def test_parquet_is_read_without_being_asked(run: Run, folder: Path) -> None:
    for name in ("people", "touches"):
        pl.read_csv(folder / f"{name}.csv", infer_schema=False).write_parquet(folder / f"{name}.parquet")
    files = ("people.parquet", "touches.parquet", *POLICY)
    assert "contact 1, wait 1" in run("decide", *files, "-o", "answers.csv", "--reasons", "all").out
    assert "blocking" in (folder / "answers.csv").read_text()
    assert "contact 1, wait 1" in run("decide", *files, "-f", "summary").out
    assert "respondidos por columnas 3" in run("decide", *files, "-f", "summary", "--language", "es").out
    assert run("decide", *files, "-f", "summary", "-q").out == ""
    ran = run("decide", *files, "-f", "table")
    assert (ran.status, ran.err) == (2, "cadencia: --format: `table` is not for Parquet; write `--format columns`\n")


def test_bad_rows_close_and_are_written_apart(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,yesterday,phone,inbound,opted_out\nt4,nobody,2026-03-20T10:00Z,phone,outbound,sent\n")
        file.write("".join(f"u{n},,2026-03-20T10:00Z,phone,outbound,sent\n" for n in range(30)))
    ran = run("decide", *FILES, "-f", "columns", "-o", "answers.jsonl", "--quarantine", "bad.csv")
    assert ran.status == 1
    assert ran.out.startswith("! 30 rows may be about anybody")
    assert "contact 0, wait 1, blocked 1, stop 1" in ran.out
    assert "touches: 34 rows read = 1 answered + 2 closed + 31 unreadable" in ran.out
    assert "touches of people who are not in the book: nobody 1" in ran.out
    assert "31 rows cannot be used" in ran.out
    assert "  touches.csv:4: at: `yesterday` is not a time" in ran.out
    assert "and 11 more" in ran.out
    assert (folder / "bad.csv").read_text().count("\n") == 32
    assert json.loads((folder / "answers.jsonl").read_text().splitlines()[0])["answer"] == "blocked"


def test_the_summary_says_in_columns_what_it_says_row_by_row(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,2026-03-28T10:00Z,phone,outbound,no_answer\nt4,p3,2026-03-28T10:00Z,phone\n")
    alone = run("decide", *FILES, "-f", "summary").out.splitlines()
    found = run("decide", *FILES, "-f", "columns", "-o", "answers.csv").out.splitlines()
    shared = [line for line in alone if "cannot be" not in line]
    assert "reported, by prospects: touch in the future 1" in shared
    assert "closed because of bad rows: p3" in shared
    assert [line for line in found if "cannot be" not in line and "in columns" not in line] == shared


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-f", "columns"), "--output: columns go to a file"),
        (("-f", "columns", "-o", "a.parquet", "--replay"), "--replay: columns are decided from all that is known"),
        (("-f", "columns", "-o", "a.parquet", "--touches", "more.csv"), "columns are read from one file of prospects"),
        (
            ("-f", "columns", "-o", "a.parquet", "-b", "gentle-persistence", "--purpose", "sale"),
            "--purpose: a playbook's step says",
        ),
        (("-f", "columns", "-o", "a.parquet", "-m", "map.yaml"), "--mapping: columns are read under our own names"),
        (("-f", "columns", "-o", "people.csv"), "output: `people.csv` is one of the inputs"),
        (
            ("-f", "columns", "-o", "a.csv", "--quarantine", "people.csv"),
            "quarantine: `people.csv` is one of the inputs",
        ),
        (("-f", "columns", "-o", "a.csv", "--quarantine", "./a.csv"), "quarantine: `a.csv` is where the answers go"),
    ],
)
def test_what_columns_cannot_do(run: Run, folder: Path, arguments: tuple[str, ...], says: str) -> None:
    (folder / "map.yaml").write_text("prospects: {fields: {id: id}}\n")
    ran = run("decide", *FILES, *arguments)
    assert ran.status == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("names", [("gentle-persistence",), ("after-the-no", "stay-in-touch"), ("all",)])
def test_playbooks_are_asked_in_columns_too(run: Run, folder: Path, names: tuple[str, ...]) -> None:
    """The same answers, also for those who have entered no playbook: the first of them says so."""
    asked = [part for name in names for part in ("-b", name)]
    files = ("people.csv", "touches.csv", "--as-of", AS_OF, *asked)
    alone = {
        row["prospect"]: row
        for line in run("decide", *files, "-f", "jsonl").out.splitlines()
        for row in [json.loads(line)]
    }
    ran = run("decide", *files, "-f", "columns", "-o", "answers.jsonl")
    assert (ran.status, ran.err) == (0, "")
    assert "answered in columns 0, one by one 3" in ran.out
    found = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert len(found) == len(alone) == 3
    for row in found:
        whole = alone[row["id"]]
        assert (row["answer"], row["channel"], row["step"]) == (whole["answer"], whole["channel"], whole["step"])
        assert row["rule"] == (
            None if row["answer"] == "contact" else whole["reason"] or whole["binding"] or whole["waits_for"]
        )


def test_long_work_shows_how_far_it_is(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Part by part, on a terminal."""
    seen: list[tuple[int, int]] = []

    class Bar:
        task_ids = (0,)

        def update(self, task: int, *, completed: int, total: int) -> None:
            seen.append((completed, total))

    monkeypatch.setattr("cadencia.cli.columns.bar", lambda *_, **__: nullcontext(Bar()))
    assert run("decide", *FILES, "-f", "columns", "-o", "answers.parquet").status == 0
    assert seen == [(1, 1)]
