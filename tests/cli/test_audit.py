"""`cadencia audit`: a summary to read, a file to keep, and the exit status."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from cadencia.audit import Finding, Summary

Run = Callable[..., Any]
FILES = ("people.csv", "touches.csv", "-p", "policy.yaml")
LOG = (
    "id,prospect,at,channel,direction,disposition,contact_point\n"
    "t1,p1,2026-03-20T10:00Z,phone,outbound,no_answer,+9990001\n"
    "t2,p2,2026-03-20T10:00Z,phone,inbound,replied,\n"
    "t3,p1,2026-03-21T10:00Z,phone,outbound,no_answer,+9990001\n"
    "t4,p2,2026-03-23T10:00Z,phone,outbound,no_answer,+9990002\n"
    "t5,p3,2026-03-23T01:00Z,email,outbound,sent,\n"
)


@pytest.fixture(autouse=True)
def log(folder: Path) -> None:
    (folder / "touches.csv").write_text(LOG)


def test_a_summary_to_read(run: Run) -> None:
    ran = run("audit", *FILES)
    assert (ran.status, ran.err) == (0, "")
    assert "house (" in ran.out
    assert "4 touches audited, Fri 20 Mar 2026 to Mon 23 Mar 2026" in ran.out
    assert "forbidden: 3 (75.0 %) of 3 prospects, permitted: 1, not to be told: 0" in ran.out
    assert "breathe: 1 (25.0 %), 0 by it alone, 1 prospect" in ran.out
    assert "touches: 5 read = 4 audited + 1 inbound" in ran.out
    assert "touches: 5 rows read = 5 answered + 0 closed + 0 unreadable" in ran.out


def test_spanish_and_quiet(run: Run) -> None:
    assert "prohibidos: 3 (75.0 %)" in run("audit", *FILES, "--language", "es").out
    assert run("audit", *FILES, "-q").out == ""


def test_only_what_was_asked(run: Run) -> None:
    ran = run("audit", *FILES, "--since", "2026-03-21T00:00Z", "--until", "2026-03-22T00:00Z")
    assert "touches: 5 read = 1 audited + 1 inbound + 3 outside what was asked" in ran.out
    assert "by channel" not in run("audit", *FILES, "-c", "phone").out


@pytest.mark.parametrize("name", ["kept.jsonl", "kept.jsonl.gz"])
def test_json_lines_to_keep(run: Run, folder: Path, name: str) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t6,p3,2026-03-24 10:00,phone,outbound,no_answer,\n")
    ran = run("audit", *FILES, "-o", name)
    assert ran.status == 1
    assert "closed because of bad rows: p3" in ran.out
    raw = (folder / name).read_bytes()
    lines = [json.loads(line) for line in (gzip.decompress(raw) if name.endswith("gz") else raw).splitlines()]
    kinds = [line.pop("kind") for line in lines]
    assert kinds == ["finding", "finding", "unreadable", "summary"]
    findings = [TypeAdapter(Finding).validate_python(line) for line in lines[:2]]
    assert [(finding.touch, finding.rules) for finding in findings] == [
        ("t3", ("breathe", "hours")),
        ("t4", ("answered",)),
    ]
    assert (lines[2]["place"], lines[2]["prospects"]) == ("touches.csv:7", ["p3"])
    summary = TypeAdapter(Summary).validate_python(lines[3])
    assert (summary.read, summary.audited, summary.unreadable, summary.closed) == (6, 3, 1, 1)
    assert run("audit", *FILES, "-o", name).status == 1
    assert (folder / name).read_bytes() == raw


def test_a_table_to_keep(run: Run, folder: Path) -> None:
    assert run("audit", *FILES, "-o", "kept.csv").status == 0
    with (folder / "kept.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    assert (first["touch"], first["rules"], first["evidence"]) == ("t3", "breathe; hours", "t1")
    assert first["contact_point"] == "+9990001"
    assert first["instead"] == "2026-03-23T09:00:00Z"
    assert first["why"].startswith("breathe: too close to another touch")
    assert {row["policy"] for row in rows} == {"house"}


def test_no_cell_is_a_formula(run: Run, folder: Path) -> None:
    (folder / "people.csv").write_text("id,zone\n=p1,UTC\n")
    (folder / "touches.csv").write_text("id,prospect,at,channel\nt1,=p1,2026-03-21T10:00Z,phone\n")
    run("audit", *FILES, "-o", "kept.csv")
    assert "\n'=p1,t1" in (folder / "kept.csv").read_text()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-o", "kept.xlsx"), "--out: `kept.xlsx` is neither JSON Lines nor CSV"),
        (("-o", "kept.json"), "did you mean `.jsonl`?"),
        (("-o", "people.csv"), "--out: `people.csv` is one of the inputs"),
        (("-o", "no/where.csv"), "cannot be written"),
        (("--since", "2026-03-21"), "since: `2026-03-21` is a date without a time"),
        (("--since", "2026-03-21T00:00Z", "--until", "2026-03-21T00:00Z"), "is not after since"),
        (("--language", "eo"), "--language: `eo` is not there"),
    ],
)
def test_one_line_for_what_is_wrong(run: Run, options: tuple[str, ...], says: str) -> None:
    ran = run("audit", *FILES, *options)
    assert (ran.status, ran.out) == (2, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_rows_that_may_be_about_anybody_come_first(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t9,,2026-03-24T10:00Z,phone,outbound,no_answer,\n")
    ran = run("audit", *FILES)
    assert ran.status == 1
    assert ran.out.startswith("! 1 row may be about anybody")


def test_a_pack_is_a_policy(run: Run, folder: Path) -> None:
    (folder / "people.csv").write_text("id,zone,region\np1,Europe/Madrid,ES-MD\np2,UTC,\np3,UTC,\n")
    ran = run("audit", "people.csv", "touches.csv", "-p", "pack:ES", "-p", "policy.yaml", "-c", "phone")
    assert ran.status == 0
    assert "house & pack:ES" in ran.out
    assert "pack:ES/ES-96-HOURS: 1" in ran.out
    alone = run("audit", "people.csv", "touches.csv", "-p", "pack:ES", "-c", "phone")
    assert "pack:ES/" not in alone.out
    assert "ES-96-HOURS: 1" in alone.out
    assert "no pack `XX`" in run("audit", "people.csv", "touches.csv", "-p", "pack:XX").err


def test_the_schema_of_an_audit(run: Run) -> None:
    assert json.loads(run("schema", "audit").out)["title"] == "Audit"


def test_a_progress_bar_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("cadencia.cli.shared.LONG", 2)
    ran = run("audit", *FILES)
    assert ran.status == 0
    assert "auditing" in ran.err
    assert run("audit", *FILES, "-q").err == ""
