"""A million touches for one prospect, from the file to the answer: what the command does grows with them and no faster."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
BOOK = Path(__file__).resolve().parents[2] / "examples" / "book" / "policy.yaml"
START = datetime(2025, 1, 1, tzinfo=UTC)
OPTED_OUT = "last,p1,{at},phone,inbound,opted_out\n"


def written(folder: Path, count: int, last: str = "") -> tuple[list[str], datetime]:
    """Files of one prospect with a touch every two minutes, and the instant of the last one."""
    words = ("no_answer", "busy", "sent", "voicemail_left")
    with (folder / "many.csv").open("w", encoding="utf-8") as file:
        file.write("id,prospect,at,channel,direction,disposition\n")
        for index in range(count):
            at = START + index * timedelta(minutes=2)
            channel = ("phone", "email", "sms")[index % 3]
            file.write(f"t{index},p1,{at:%Y-%m-%dT%H:%M:%SZ},{channel},outbound,{words[index % 4]}\n")
        end = START + count * timedelta(minutes=2)
        file.write(last.format(at=f"{end:%Y-%m-%dT%H:%M:%SZ}"))
    (folder / "one.csv").write_text("id,zones,regions\np1,Europe/Madrid,ES\n")
    return ["decide", "one.csv", "many.csv", "--policy", str(BOOK), "--format", "jsonl"], end


@pytest.mark.slow
@pytest.mark.parametrize("last", ["", OPTED_OUT], ids=["worked to the end", "opted out at last"])
def test_a_hundred_thousand_touches_are_read_and_decided_in_bounded_time(tmp_path: Path, last: str) -> None:
    """A million cost ten times as much (`docs/explanation/performance.md`): measured there, since it takes a minute."""
    command, end = written(tmp_path, 100_000, last)
    done = subprocess.run(
        [sys.executable, "-m", "cadencia.cli", *command, "--as-of", f"{end + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read = 100_000 + bool(last)
    assert f"touches: {read:,} rows read = {read:,} answered + 0 closed + 0 unreadable" in done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["answer"] == "stop"
    assert ("opted-out" in json.loads(line)["blocking"]) == bool(last)


def test_twice_the_rows_are_twice_the_work_of_the_whole_command(run: Run, folder: Path) -> None:
    """Calls are counted, not timed; asked at the end and in the middle of the history."""

    def calls(count: int, part: float) -> int:
        command, _ = written(folder, count)
        asked = START + int(count * part) * timedelta(minutes=2)
        made = 0

        def watch(frame: object, event: str, argument: object) -> None:
            nonlocal made
            made += event in ("call", "c_call")

        sys.setprofile(watch)
        try:
            found = run(*command, "--as-of", f"{asked:%Y-%m-%dT%H:%M:%SZ}", cwd=folder)
        finally:
            sys.setprofile(None)
        assert found.status == 0, found.err
        return made

    for part in (1, 0.5):
        calls(10, part)  # clocks, calendars and modules are kept
        few, many = calls(1_000, part), calls(2_000, part)
        assert many < 2.2 * few, (few, many)
