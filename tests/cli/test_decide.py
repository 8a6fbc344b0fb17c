"""`cadencia decide` and `explain`: every row accounted for, the exit status, and one line for whatever is wrong."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cadencia.decision import Decision

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-03-27T13:37Z"
FILES = ("people.csv", "touches.csv", "-p", "policy.yaml", "--as-of", AS_OF)


def test_a_table_and_a_summary(run: Run) -> None:
    ran = run("decide", *FILES)
    assert (ran.status, ran.err) == (0, "")
    assert "answers: contact 1, wait 1, blocked 0, stop 1" in ran.out
    assert "prospects: 3 rows read = 3 answered + 0 closed + 0 unreadable" in ran.out
    assert "touches: 2 rows read = 2 answered + 0 closed + 0 unreadable" in ran.out
    assert "Mon 30 Mar 2026 09:00 +09:00" in ran.out


def test_options_instead_of_positions(run: Run) -> None:
    named = ("--prospects", "people.csv", "--touches", "touches.csv", "-p", "policy.yaml", "--as-of", AS_OF)
    assert run("decide", *named).out == run("decide", *FILES).out


def test_json_lines_read_back_as_the_same_decisions(run: Run) -> None:
    ran = run("decide", *FILES, "-f", "jsonl")
    decisions = [Decision.from_dict(json.loads(line)) for line in ran.out.splitlines()]
    answers = {decision.prospect: decision.answer for decision in decisions}
    assert answers == {"p1": "contact", "p2": "stop", "p3": "wait"}
    assert "answers: contact 1" in ran.err


def test_spanish(run: Run) -> None:
    ran = run("decide", *FILES, "--language", "es")
    assert "respuestas: contactar 1, esperar 1" in ran.out
    assert "lun 30 mar 2026" in ran.out
    assert run("explain", "p3", *FILES, "--language", "es").out.startswith("p3: esperar hasta")


def test_now_is_an_instant_on_the_command_line_only(run: Run) -> None:
    found = run("decide", *FILES[:-1], "now", "-f", "summary")
    assert found.status == 0
    assert re.search(r", as of \w{3} \d+ \w{3} \d{4} \d\d:\d\d(:\d\d)? \+00:00\n", found.out), "to the second"


def test_layers_tighten(run: Run, folder: Path) -> None:
    law = "cadencia: 1\nname: law\nrules: [{rule: max_attempts, id: never, at_most: 0, channels: [phone]}]\n"
    (folder / "law.yaml").write_text(law)
    ran = run("decide", *FILES, "-p", "law.yaml", "-f", "summary")
    assert "contact 0, wait 0" in ran.out


def test_replay_knows_only_what_was_known(run: Run) -> None:
    early = (*FILES[:-1], "2026-03-20T09:30Z")
    ran = run("decide", *early, "-f", "summary")
    assert "contact 1, wait 2" in ran.out
    assert "reported, by prospects: touch in the future 2" in ran.out
    ran = run("decide", *early, "-f", "summary", "--replay")
    assert "contact 2, wait 1" in ran.out
    assert "history as it was known then" in ran.out


def test_a_bad_touch_closes_its_prospect(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,yesterday,phone,inbound,opted_out\n")
    ran = run("decide", *FILES)
    assert ran.status == 1
    assert "contact 0, wait 1, blocked 1, stop 1" in ran.out
    assert "touches: 3 rows read = 1 answered + 1 closed + 1 unreadable" in ran.out
    assert "closed because of bad rows: p1" in ran.out
    assert "touches.csv:4: at" in ran.out
    assert "`yesterday` is not a time; write for example" in ran.out


def test_a_bad_touch_of_nobody_is_said_first(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,,yesterday,phone,inbound,opted_out\n")
    ran = run("decide", *FILES, "-f", "summary")
    assert ran.status == 1
    assert ran.out.startswith("! 1 row may be about anybody")
    assert "touches.csv:4" in ran.out.splitlines()[1]


@pytest.mark.parametrize("how", [("-f", "summary"), ("-f", "columns", "-o", "a.csv"), ("-f", "jsonl", "-o", "a.jsonl")])
def test_a_disposition_that_nobody_declared_closes(run: Run, folder: Path, how: tuple[str, ...]) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,2026-03-20T11:00Z,phone,inbound,opted_uot\n")
    ran = run("decide", *FILES, *how)
    told = ran.out + ran.err
    assert ran.status == 1
    assert "contact 0, wait 1, blocked 1, stop 1" in told
    assert "closed because of bad rows: p1" in told
    assert (
        "touches.csv:4: disposition: `opted_uot` is neither well known nor declared by the policy; "
        "declare it there under `dispositions`; did you mean `opted_out`?"
    ) in told
    policy = (folder / "policy.yaml").read_text()
    (folder / "policy.yaml").write_text(policy + "dispositions: {opted_uot: {went_out: true}}\n")
    assert run("decide", *FILES, *how).status == 0


def test_every_command_that_reads_touches_closes_alike(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,2026-03-20T11:00Z,phone,inbound,opted_uot\n")
    assert "p1: blocked" in run("explain", "p1", *FILES).out
    for ran in (run("agenda", *FILES), run("audit", *FILES[:-2]), run("decide", *FILES[:2], "-b", "all", *FILES[-2:])):
        assert ran.status == 1
        assert "did you mean `opted_out`" in ran.out + ran.err


def test_a_mapping_makes_known_dispositions_only(run: Run, folder: Path) -> None:
    mapping = """
    prospects: {fields: {id: id, zones: zone}}
    touches:
      fields: {id: id, prospect: prospect, at: at, channel: channel, direction: direction,
               disposition: {column: disposition, values: {NA: no_anwser, R: replied}, otherwise: huh}}
    """
    (folder / "map.yaml").write_text(mapping)
    for ran in (run("decide", *FILES, "-m", "map.yaml"), run("check", "policy.yaml", "-m", "map.yaml")):
        assert ran.status == 2
        lines = (ran.err or ran.out).splitlines()
        assert any("map.yaml, touches[0].fields.disposition.values: `no_anwser` is neither" in line for line in lines)
        assert any("did you mean `no_answer`?" in line for line in lines)
        assert any("touches[0].fields.disposition.otherwise: `huh` is neither" in line for line in lines)
    (folder / "policy.yaml").write_text(
        (folder / "policy.yaml").read_text() + "dispositions: {no_anwser: {went_out: true}, huh: {went_out: true}}\n"
    )
    assert run("check", "policy.yaml", "-m", "map.yaml").status == 0
    (folder / "map.yaml").write_text(
        "touches: {fields: {prospect: p}, makes: [{fields: {at: a, channel: c, disposition: {value: sned}}}]}"
    )
    assert (
        "touches[0].makes[0].disposition.value: `sned` is neither" in run("check", "policy.yaml", "-m", "map.yaml").out
    )


def test_ids_that_disagree_close_and_the_summary_says_why(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t1,p1,2026-03-20T10:00Z,phone,outbound,connected\n")
    ran = run("decide", *FILES, "-f", "summary")
    assert ran.status == 1
    assert "1 row says something else under an id that an earlier row has" in ran.out
    assert "  touches.csv:4: touch `t1` stands in touches.csv:2 with other content" in ran.out
    ran = run("agenda", *FILES, "--language", "es")
    assert "  touches.csv:4: touch `t1`" in ran.err


def test_output_appears_whole_and_never_replaces_an_input(run: Run, folder: Path) -> None:
    ran = run("decide", *FILES, "-f", "jsonl", "-o", "out.jsonl")
    assert (ran.status, ran.out) == (0, "")
    assert len((folder / "out.jsonl").read_text().splitlines()) == 3
    table = run("decide", *FILES, "-o", "out.txt")
    assert table.out == ""
    assert "answers:" in (folder / "out.txt").read_text()
    ran = run("decide", *FILES, "-o", "touches.csv")
    assert ran.status == 2
    assert "is one of the inputs" in ran.err
    assert run("decide", *FILES, "-o", "no/such/folder.txt").status == 2
    for command in (("decide", *FILES, "-f", "jsonl"), ("agenda", *FILES, "-q")):
        for name in (".", "", "/", ".."):
            ran = run(*command, "-o", name)
            assert (ran.status, ran.err.count("\n")) == (2, 1)
            assert "is a folder; name a file in it" in ran.err
    assert not list(folder.glob(".*part"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("people.csv", "-p", "policy.yaml", "--as-of", "2026-03-27T13:37"), "has no UTC offset; write"),
        ((".", "-p", "policy.yaml", "--as-of", AS_OF), ".: `.` is neither CSV nor JSON Lines"),
        ((*FILES, "--purpose", " "), "--purpose: `` is blank; write what the contact is for"),
        ((*FILES, "--horizon", ""), "horizon"),
        (("people.csv", "-p", "policy.yaml", "--as-of", "soon"), "--as-of: `soon` is not a time"),
        (("people.csv", "--as-of", AS_OF), "--policy: none given"),
        (("-p", "policy.yaml", "--as-of", AS_OF), "no file of prospects is given"),
        (("nobody.csv", "-p", "policy.yaml", "--as-of", AS_OF), "nobody.csv: there is no such file"),
        (("people.csv", "-p", "no.yaml", "--as-of", AS_OF), "no.yaml"),
        (("empty.csv", "-p", "policy.yaml", "--as-of", AS_OF), "empty.csv: the file is empty"),
        (("latin.csv", "-p", "policy.yaml", "--as-of", AS_OF), "latin.csv:1: the header is not UTF-8"),
        (("people.csv", "-p", "wrong.yaml", "--as-of", AS_OF), "did you mean `at_most`?"),
        (("people.csv", "-p", "future.yaml", "--as-of", AS_OF), "policy format `99` is not known"),
        (("people.csv", "-p", "policy.yaml", "--as-of", AS_OF, "--language", "xx"), "--language: `xx` is not there"),
        (("people.csv", "-p", "policy.yaml", "--as-of", AS_OF, "--horizon", "soon"), "horizon: `soon`"),
        (("people.csv", "-p", "policy.yaml", "--as-of", AS_OF, "--data", "."), "--data: only a mapping looks"),
        (("people.csv", "-p", "policy.yaml", "--as-of", AS_OF, "-m", "mapping.yaml"), "did you mean `Id`?"),
        (("people.csv", "-p", "layer.yaml", "--as-of", AS_OF), "names no channels"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(
    run: Run, folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    (folder / "empty.csv").write_bytes(b"")
    (folder / "latin.csv").write_bytes("año\n".encode("latin-1"))
    rule = "cadencia: 1\nname: x\nchannels: [phone]\nrules: [{rule: max_attempts, id: a, at_mots: 1}]\n"
    (folder / "wrong.yaml").write_text(rule)
    (folder / "future.yaml").write_text("cadencia: 99\nname: x\n")
    (folder / "layer.yaml").write_text("cadencia: 1\nname: x\n")
    (folder / "mapping.yaml").write_text("prospects: {fields: {id: Idd}}")
    (folder / "people.csv").write_text("Id\np1\n" if "mapping.yaml" in arguments else "id\np1\n")
    ran = run("decide", *arguments)
    assert ran.status == 2
    assert told in ran.err
    assert all(line.startswith("cadencia: ") for line in ran.err.splitlines())


def test_markup_and_control_characters_in_data_do_not_reach_the_terminal(run: Run, folder: Path) -> None:
    (folder / "people.csv").write_text("id,zone\n[red]p\x1b[2J,UTC\n")
    ran = run("decide", "people.csv", *FILES[2:])
    assert "\x1b" not in ran.out
    assert "[red]p·[2J" in ran.out


def test_gzip_and_json_lines(run: Run, folder: Path) -> None:
    (folder / "p.jsonl.gz").write_bytes(gzip.compress(b'{"id": "p1", "zones": ["UTC"], "contact_points": null}\n'))
    ran = run("decide", "p.jsonl.gz", *FILES[2:], "-f", "jsonl")
    assert json.loads(ran.out)["answer"] == "contact"


def test_explain(run: Run) -> None:
    ran = run("explain", "p3", *FILES)
    assert ran.status == 0
    for word in ("p3: wait until Mon 30 Mar 2026 09:00 +09:00", "forbids", "permits", "without hours: contact now"):
        assert word in ran.out
    data = json.loads(run("explain", "p3", *FILES, "--json", "--replay").out)
    assert (data["answer"], data["binding"]) == ("wait", "hours")
    ran = run("explain", "p33", *FILES)
    assert (ran.status, ran.err) == (2, "cadencia: prospect `p33` is not in the book; did you mean `p3`?\n")


def test_explain_a_closed_prospect(run: Run, folder: Path) -> None:
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,yesterday,phone,inbound,opted_out\n")
    ran = run("explain", "p1", *FILES)
    assert ran.status == 1
    assert "! touches.csv:4:" in ran.err


def test_the_sample_book_has_every_answer(run: Run) -> None:
    book = ROOT / "examples" / "book"
    files = (book / "prospects.csv", book / "touches.csv", "-p", book / "policy.yaml")
    ran = run("decide", *files, "--as-of", AS_OF, "-f", "jsonl")
    decisions = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.status == 0
    assert len(decisions) == 200
    counts = Counter(decision["answer"] for decision in decisions)
    assert len(counts) == 4
    assert min(counts.values()) >= 5
    assert len({decision["reason"] or decision["binding"] for decision in decisions}) >= 15
    assert run("check", book / "policy.yaml").status in (0, 1)


def test_the_sample_book_is_what_its_script_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import runpy

    book = ROOT / "examples" / "book"
    made = runpy.run_path(str(book / "make.py"))
    made["main"].__globals__["HERE"] = tmp_path
    made["main"]()
    for name in ("prospects.csv", "touches.csv"):
        assert (tmp_path / name).read_bytes() == (book / name).read_bytes()


def test_a_progress_bar_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("cadencia.cli.shared.LONG", 2)
    ran = run("decide", *FILES, "-f", "summary")
    assert ran.status == 0
    assert "deciding" in ran.err
    assert run("decide", *FILES, "-q").err == ""


def test_no_memory_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("cadencia.cli.app.read_files", full)
    ran = run("decide", *FILES)
    assert (ran.status, ran.err) == (2, "cadencia: not enough memory for these files; split them by prospect\n")


def test_the_summary_says_what_is_odd(run: Run, folder: Path) -> None:
    (folder / "people.csv").write_text("id,zone,opened_at\np1,UTC,2026-03-21T00:00Z\np1,UTC,2026-03-21T00:00Z\n")
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,2026-04-01T10:00Z,phone,outbound,no_answer\n")
        file.writelines(f"x{number},p1,soon,phone,,\n" for number in range(30))
        file.writelines(f"y{number},stranger{number},2026-03-01T10:00Z,phone,,\n" for number in range(30))
    (folder / "mapping.yaml").write_text("touches: {skip: {channel: fax}, fields: {id: id, prospect: prospect, at: at, "
        "channel: channel, direction: {column: direction, default: outbound}, disposition: disposition}}")  # fmt: skip
    with (folder / "touches.csv").open("a") as file:
        file.write("z,p1,2026-03-01T10:00Z,fax,,\n")
    ran = run("decide", *FILES[:-1], "2026-03-20T00:00Z", "-m", "mapping.yaml", "-f", "summary", "--replay")
    for words in (
        "1 case was opened only later",
        "rows that repeat an earlier one, changing nothing: 1 of prospects, 0 of touches",
        "touches of people who are not in the book: p2, stranger0",
        "and 11 more",
        "30 rows cannot be read",
        "and 10 more",
        "(1 more skipped by the mapping)",
    ):
        assert words in ran.out
    (folder / "people.csv").write_text("id\n")
    (folder / "touches.csv").write_text("id,prospect,at,channel\n")
    ran = run("decide", *FILES, "-f", "summary")
    assert ran.status == 0
    assert "most binding rules: none" in ran.out


def test_a_preference_that_waits_is_named(run: Run, folder: Path) -> None:
    rule = "  - {rule: preferred_hours, id: late, hours: {mon-fri: ['16:00-17:00']}, patience: 1d}\n"
    text = (folder / "policy.yaml").read_text()
    (folder / "policy.yaml").write_text(text.replace("rules:\n", "rules:\n" + rule))
    (folder / "touches.csv").write_text("id,prospect,at,channel\n")
    (line,) = [line for line in run("decide", *FILES).out.splitlines() if line.strip().startswith("p1")]
    assert "wait" in line
    assert "Fri 27 Mar 2026 16:00" in line
    assert "late: it is a preference that waits; contact is permitted from Fri 27 Mar 2026 13:37" in line
    told = run("explain", "p1", *FILES).out
    assert "late: it is a preference that waits; contact is permitted from Fri 27 Mar 2026 13:37 +00:00\n" in told
    assert "without late: contact now by phone" in told
    assert "late: es una preferencia la que espera" in run("explain", "p1", *FILES, "--language", "es").out


def test_output_may_be_any_stream(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    held = StringIO()
    monkeypatch.setattr("sys.stdout", held)
    assert run("decide", *FILES).status == 0
    assert "answers:" in held.getvalue()


def test_explain_says_what_is_owed_and_what_is_odd(run: Run, folder: Path) -> None:
    policy = (
        (folder / "policy.yaml")
        .read_text()
        .replace("rules:\n", "rules:\n  - {rule: touch_at_least_every, id: often, every: 2 days}\n")
    )
    (folder / "policy.yaml").write_text(policy)
    with (folder / "touches.csv").open("a") as file:
        file.write("t3,p1,2026-03-28T10:00Z,phone,outbound,no_answer\n")
    ran = run("explain", "p1", *FILES)
    for words in (
        "owed",
        "often: the next touch after t3",
        "reported",
        "touch t3 is done but dated after the question",
    ):
        assert words in ran.out


@pytest.mark.slow
@pytest.mark.parametrize("replay", [False, True])
def test_ten_thousand_real_cases(run: Run, shared_data: Path, replay: bool) -> None:
    """The gzipped log of a lender's desk is read as it is; every row is answered."""
    data = shared_data / "bpi2012"
    if not data.is_dir():
        pytest.skip("no ../shared/data/bpi2012 beside the repository")
    bank = ROOT / "examples" / "bpi2012"
    arguments = ["decide", "-m", bank / "mapping.yaml", "--data", data, "-p", bank / "policy.yaml", "-f", "summary"]
    ran = run(*arguments, "--as-of", "2012-01-16T10:00+01:00", *(["--replay"] if replay else []))
    assert ran.status == 0
    assert "prospects: 10,411 rows read = 10,411 answered + 0 closed + 0 unreadable" in ran.out
    assert "touches: 58,757 rows read = 58,757 answered + 0 closed + 0 unreadable" in ran.out
    assert "rule that failed" not in ran.out


def test_nothing_is_written_when_a_pipe_is_closed(folder: Path) -> None:
    """`cadencia decide ... | head -1` ends without a word of complaint."""
    import subprocess
    import sys

    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "cadencia.cli", "decide", *FILES, "-f", "jsonl", "-q"]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()
