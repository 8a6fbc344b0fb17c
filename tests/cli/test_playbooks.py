"""The command with playbooks: the list, a decision with its step, an explanation, a check and a schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cadencia.cli.app import app
from cadencia.language import languages, messages
from cadencia.playbook import packaged_names

FOLDER = Path(__file__).resolve().parents[2] / "src" / "cadencia" / "playbooks"
AS_OF = "2026-03-06T10:00+01:00"


@pytest.fixture
def book(tmp_path: Path) -> list[str]:
    people, touches = tmp_path / "people.csv", tmp_path / "touches.csv"
    people.write_text("id,zones\nana,Europe/Madrid\nluis,Europe/Madrid\n", encoding="utf-8")
    touches.write_text(
        "id,prospect,at,channel,direction,disposition\nt1,luis,2026-03-05T12:00+01:00,phone,outbound,refused\n",
        encoding="utf-8",
    )
    return [str(people), str(touches)]


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(args))
    return result.exit_code, result.output


def test_the_five_with_a_summary_in_both_languages() -> None:
    status, output = run("playbooks")
    assert status == 0
    for name in packaged_names():
        assert f"{name} (" in output
        for language in languages():
            assert f"  {language}: {messages(language)['playbooks'][name]['summary']}" in output


def test_one_step_by_step() -> None:
    status, output = run("playbooks", "after-the-no", "--language", "es")
    assert status == 0
    assert "call (teléfono" in output
    assert "debrief (tarea" in output
    status, output = run("playbooks", "after-the-now")
    assert status == 2
    assert "did you mean `after-the-no`?" in output


def test_decide(book: list[str]) -> None:
    """Of all the playbooks, one proposes for each case."""
    status, output = run("decide", *book, "--playbook", "all", "--as-of", AS_OF, "--format", "jsonl", "--quiet")
    assert status == 0
    ana, luis = (json.loads(line) for line in output.splitlines())
    assert (ana["answer"], ana["proposal"]["playbook"], ana["step"]) == ("contact", "gentle-persistence", "first")
    assert (luis["proposal"]["playbook"], luis["step"], luis["at"]) == ("after-the-no", "call", "2026-03-06T11:00:00Z")


def test_decide_under_a_policy(book: list[str], tmp_path: Path) -> None:
    law = tmp_path / "law.json"
    law.write_text(json.dumps({"cadencia": 1, "name": "law", "channels": ["email"]}), encoding="utf-8")
    given = ("--playbook", "gentle-persistence", "--policy", str(law), "--as-of", AS_OF)
    status, output = run("decide", *book, *given, "--format", "jsonl", "--quiet")
    assert status == 0
    assert [json.loads(line)["channel"] for line in output.splitlines()] == ["email", None]


def test_a_case_in_none(book: list[str]) -> None:
    status, output = run(
        "decide", *book, "--playbook", "stay-in-touch", "--as-of", AS_OF, "--format", "jsonl", "--quiet"
    )
    assert status == 0
    assert {json.loads(line)["code"] for line in output.splitlines()} == {"not_entered"}


def test_explain(book: list[str]) -> None:
    status, output = run(
        "explain", "ana", *book, "--playbook", "gentle-persistence", "--as-of", AS_OF, "--language", "es"
    )
    assert status == 0
    assert "presentarnos" in output
    assert "llevar: por qué les contactamos" in output


def test_purpose_is_the_steps_own(book: list[str]) -> None:
    status, output = run("explain", "ana", *book, "-b", "gentle-persistence", "--as-of", AS_OF, "--purpose", "x")
    assert status == 2
    assert "--purpose: a playbook's step says" in output


def test_check(tmp_path: Path) -> None:
    for name in packaged_names():
        status, output = run("check", str(FOLDER / f"{name}.yaml"))
        assert status == 0, output
        assert "nothing to say" in output
    data = json.loads((FOLDER / "gentle-persistence.json").read_text(encoding="utf-8"))
    data["cadence"]["steps"][1]["tone"] = "harsh"
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(data), encoding="utf-8")
    status, output = run("check", str(bad))
    assert status == 1
    assert "tone_escalates" in output
    del data["cadence"]["steps"][1]["purpose"]
    bad.write_text(json.dumps(data), encoding="utf-8")
    status, output = run("check", str(bad))
    assert status == 2
    assert "a touch without a clear objective is refused" in output


def test_schema() -> None:
    status, output = run("schema", "playbook")
    assert status == 0
    assert json.loads(output)["title"] == "cadencia playbook"
