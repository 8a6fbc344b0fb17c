"""Run with a copy of the library that has one language more: everything that it says in that language, as JSON."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import cadencia
from cadencia import Pack, Playbooks, Policy, agenda
from cadencia.audit import Auditor
from cadencia.cli.app import app
from cadencia.language import languages
from cadencia.reading import plan, read_jobs

AS_OF = "2026-03-27T10:00+01:00"
language, book = sys.argv[1], Path(sys.argv[2])
files = [str(book / "prospects.jsonl"), str(book / "touches.jsonl")]
cases = list(read_jobs(plan([Path(files[0])], [Path(files[1])], None, None)).cases())
law = Path("law.yaml")
law.write_text(
    json.dumps(
        {
            "cadencia": 1,
            "name": "law",
            "channels": ["phone"],
            "rules": [
                {"rule": "spacing", "id": "apart", "at_least": "90 days"},
                {"rule": "frequency_cap", "id": "often", "at_most": 1, "within": "400d"},
                {"rule": "respond_within", "id": "quick", "within": "1h", "of": "opening"},
            ],
        }
    ),
    encoding="utf-8",
)


def command(*arguments: str) -> str:
    """What a command prints on either stream."""
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(out), suppress(SystemExit):
        app([*arguments, "--language", language], standalone_mode=False)
    return out.getvalue()


shelf = Playbooks.packaged()
day = agenda(cases, shelf, as_of=AS_OF)
auditor = Auditor(Policy.load(law) & Pack.load("ES").policy)
findings = [finding for case in cases for finding in auditor.case(case)]
asked = ["--as-of", AS_OF, "--playbook", "all"]
told = {
    "decision": "\n".join(
        shelf.decide(case, as_of=AS_OF).text(language) for case in cases if shelf.which(case, as_of=AS_OF)
    ),
    "agenda": day.text(language),
    "audit": "\n".join([auditor.summary().text(language), *(finding.text(language) for finding in findings)]),
    "calendar": day.to_ical(language).decode(),
    "cli agenda": command("agenda", *files, *asked),
    "cli decide": command("decide", *files, *asked),
    "cli explain": command("explain", "N01", *files, *asked) + command("explain", "G03", *files, *asked),
    "cli audit": command("audit", *files, "--policy", str(law)),
    "cli playbooks": command("playbooks") + command("playbooks", "after-the-no"),
    "cli packs": command("packs"),
    "cli pack": command("packs", "ES"),
    "cli zones": command("zones", "--country", "ES"),
}
json.dump({"from": cadencia.__file__, "languages": languages(), "told": told}, sys.stdout)
