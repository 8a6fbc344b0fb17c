"""How wide tables are: as the terminal that shows them; always the same where there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "examples" / "playbooks"
COMMAND = (
    sys.executable, "-m", "cadencia.cli", "decide", str(BOOK / "prospects.jsonl"), str(BOOK / "touches.jsonl"),
    "--playbook", "all", "--as-of", "2026-03-27T10:00+01:00",
)  # fmt: skip
WITHOUT = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}


def widest(text: str) -> int:
    """The longest line of the table: it ends where its rule is drawn."""
    return max(len(line.rstrip("\r\n")) for line in text.splitlines() if "──" in line)


@pytest.mark.skipif(os.name == "nt", reason="a terminal of one's own is made as Unix makes it")
@pytest.mark.parametrize("columns", [80, 130])
def test_a_table_is_as_wide_as_its_terminal(columns: int) -> None:
    """Nothing is cut off, and no line is wider than the screen."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    ran = subprocess.Popen(
        COMMAND, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env={**WITHOUT, "TERM": "xterm"}
    )
    os.close(theirs)
    out = b""
    while True:
        try:
            some = os.read(ours, 1 << 16)
        except OSError:  # what a terminal of Linux says in the end
            break
        if not some:
            break
        out += some
    os.close(ours)
    assert ran.wait() == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.decode("utf-8"))
    assert widest(text) == columns


@pytest.mark.parametrize("columns", ["40", "300"])
def test_a_table_that_is_piped_is_always_the_same(columns: str) -> None:
    """Whatever the terminal of whoever runs it: what is kept in a file does not depend on it."""
    environment = {**WITHOUT, "COLUMNS": columns, "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(COMMAND, capture_output=True, env=environment, text=True, encoding="utf-8", check=True)
    assert widest(ran.stdout) == 150
