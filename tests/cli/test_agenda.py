"""`cadencia agenda`: a table, JSON and a calendar, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import icalendar
import jsonschema
import pytest
from typer.testing import CliRunner

from cadencia import Agenda
from cadencia.cli.app import app

BOOK = Path(__file__).resolve().parents[2] / "examples" / "playbooks"
FILES = [str(BOOK / "prospects.jsonl"), str(BOOK / "touches.jsonl")]
ASKED = ["--playbook", "all", "--as-of", "2026-03-27T10:00+01:00"]


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["agenda", *args])
    return result.exit_code, result.stdout, result.stderr


def test_a_table_in_either_language() -> None:
    status, out, err = run(*FILES, *ASKED)
    assert status == 0
    for words in ("18 today, 1 later, 2 blocked, 4 stopped: 25 cases", "Lifts today", "speed to lead: 2 of 3", "priya"):
        assert words in out
    assert "25 rows read = 25 answered" in err
    status, out, err = run(*FILES, *ASKED, "--language", "es", "--quiet")
    assert (status, err) == (0, "")
    assert "18 hoy, 1 más tarde, 2 bloqueados, 4 terminados: 25 casos" in out


def test_json_is_the_agenda() -> None:
    status, out, _ = run(*FILES, *ASKED, "--format", "json", "--zone", "Europe/Madrid", "--soon", "1d")
    assert status == 0
    day = Agenda.from_dict(json.loads(out))
    assert (len(day), day.zone, len(day.due_soon)) == (25, "Europe/Madrid", 3)


def test_a_calendar_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "day.ics"
    status, out, _ = run(*FILES, *ASKED, "--format", "ics", "--output", str(file))
    assert (status, out) == (0, "")
    assert len(icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")) == 19


def test_inputs_have_the_names_that_the_data_uses() -> None:
    status, out, _ = run(*FILES, *ASKED, "-f", "json", "--input", "value=worth", "--input", "refused=soft_no,refused")
    assert status == 0
    assert json.loads(out)["missing"] == ["fact:worth"]
    assert json.loads(out)["figures"]["refusals"]["of"] == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--input", "valu=x"], "unknown key `valu`; did you mean `value`?"),
        (["--input", "value"], "`value` is not an input; write for example `--input value=deal_size`"),
        (["--zone", "Europe/Madird"], "did you mean `Europe/Madrid`?"),
        (["--soon", "a while"], "soon: `a while` is not a length of time"),
        (["--language", "xx"], "--language: `xx` is not there"),
    ],
)
def test_what_cannot_be_used_is_one_line(given: list[str], said: str) -> None:
    status, out, err = run(*FILES, *ASKED, *given, "--quiet")
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_bad_rows_are_said_and_close_their_case(tmp_path: Path) -> None:
    people, touches = tmp_path / "people.csv", tmp_path / "touches.csv"
    people.write_text("id,zones\nana,Europe/Madrid\nluis,Europe/Madrid\n", encoding="utf-8")
    touches.write_text("id,prospect,at,channel\nt1,ana,never,phone\nt2,eva,never,phone\n", encoding="utf-8")
    status, out, err = run(str(people), str(touches), *ASKED)
    assert status == 1
    assert "ana: needs" in out
    assert err.startswith("! 1 row may be about anybody")


def test_a_policy_now_and_what_was_known_then(tmp_path: Path) -> None:
    house = tmp_path / "house.json"
    house.write_text(json.dumps({"cadencia": 1, "name": "house", "channels": ["phone"]}), encoding="utf-8")
    status, out, _ = run(*FILES, "--policy", str(house), "--as-of", "now", "--format", "json", "--quiet")
    assert status == 0
    assert list(json.loads(out)["made_for"]) == ["house"]
    status, out, _ = run(*FILES, *ASKED[:2], "--as-of", "2026-01-20T10:00+01:00", "--replay", "-f", "json", "--quiet")
    assert status == 0
    (known,) = (item for item in json.loads(out)["today"] + json.loads(out)["later"] if item["prospect"] == "G04")
    assert known["step"] == "third"


def test_the_schema_describes_what_is_written() -> None:
    result = CliRunner().invoke(app, ["schema", "agenda"])
    assert result.exit_code == 0
    _, out, _ = run(*FILES, *ASKED, "-f", "json", "--quiet")
    jsonschema.validate(json.loads(out), json.loads(result.stdout))


def test_nothing_today(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("id\n", encoding="utf-8")
    status, out, _ = run(str(people), *ASKED)
    assert status == 0
    assert "  nothing" in out
