"""Run the command line inside the test, and small books to run it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Ran(NamedTuple):
    """What a run came to."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]

POLICY = """
cadencia: 1
name: house
channels: [phone, email]
rules:
  - {rule: quiet_hours, id: hours, allow: {mon-fri: ["09:00-17:00"]}}
  - {rule: spacing, id: breathe, at_least: 48h}
  - {rule: stop_on, id: answered, dispositions: [replied, opted_out]}
examples:
  - says: nobody is called at night
    as_of: "2026-03-26T23:00Z"
    case: {prospect: {id: p, zones: UTC}}
    expect: {answer: wait, at: "2026-03-27T09:00Z"}
"""
PEOPLE = "id,zone,phone\np1,UTC,+9990001\np2,UTC,+9990002\np3,Asia/Tokyo,+9990003\n"
TOUCHES = (
    "id,prospect,at,channel,direction,disposition\n"
    "t1,p1,2026-03-20T10:00Z,phone,outbound,no_answer\n"
    "t2,p2,2026-03-20T10:00Z,phone,inbound,replied\n"
)
AS_OF = "2026-03-27T13:37Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a policy and a book."""
    for name, text in {"policy.yaml": POLICY, "people.csv": PEOPLE, "touches.csv": TOUCHES}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Run:
    """`cadencia ...` in that folder."""
    from cadencia.cli import main

    def call(*arguments: str, cwd: Path = folder) -> Ran:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr("sys.argv", ["cadencia", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Ran(int(ended.value.code or 0), out, err)

    return call
