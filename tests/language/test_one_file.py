"""Adding a language is adding one file: a copy of the library with a file more speaks that language wherever it speaks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import holidays
import pytest
from holidays import list_supported_countries

from cadencia import Playbooks
from cadencia.language import messages
from cadencia.rules.registry import kinds
from language import sayable

pytest.importorskip("icalendar")

BOOK = sayable.ROOT / "examples" / "playbooks"
#: The new language writes every letter wide, so that whatever its file did not say stands out.
WIDE = {code: code + 0xFEE0 for code in (*range(ord("a"), ord("z") + 1), *range(ord("A"), ord("Z") + 1))}


def widened(value: Any) -> Any:
    """Every text of a file of messages in wide letters, but for the names that stand in braces."""
    if isinstance(value, dict):
        return {key: widened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [widened(item) for item in value]
    return "".join(part if part.startswith("{") else part.translate(WIDE) for part in re.split(r"({\w+:?|})", value))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the library says when `qq.json` has been laid beside the other languages."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(sayable.SOURCE, folder / "cadencia", ignore=shutil.ignore_patterns("__pycache__"))
    words = {**messages("en"), "texts": {text: text for text in sayable.sentences()}}
    text = json.dumps(widened(words), ensure_ascii=False)
    (folder / "cadencia" / "language" / "qq.json").write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "speaking.py"), "qq", str(BOOK)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    assert found["from"].startswith(str(folder))
    return found


def named() -> set[str]:
    """What is no word of a language: ids, names, addresses and the words of the book; rules, playbooks, zones, files."""
    found: set[str] = {
        "law",
        "apart",
        "often",
        "quick",
        "pack",
        "qq",
        "es",
        "robinson",
        "Europe",
        "Madrid",
        "Africa",
        "Ceuta",
        "Atlantic",
        "Canary",
        "tzdata",
    }
    found |= {
        part for kind in (*kinds(), "step_channels", "unreadable_touches") for part in kind.split("_")
    }  # as they are written in a policy
    # the reserved ids of what always binds, and of cadences
    found |= {"always", "channels", "contact", "points", "opt", "outs", "suppressions", "touches", "cadence", "due"}
    data: list[Any] = [
        json.loads(line)
        for file in sorted(BOOK.glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    texts = sayable.under(
        data,
        "id",
        "name",
        "facts",
        "account",
        "owner",
        "address",
        "contact_points",
        "zones",
        "zone",
        "by",
        "what",
        "value",
    )
    for playbook in Playbooks.packaged():
        texts |= {playbook.name, *sayable.NAMES, *sayable.under(playbook.policy.to_dict(), "id")}
        texts |= {step.id for step in playbook.cadence.steps}
    # the parts of a country that keep a holiday, where only the country is known
    texts |= {
        f"{name}-{part}"
        for name, parts in holidays.list_supported_countries().items()
        if name == "ES"
        for part in parts
    }
    for pack in sayable.packs():
        texts |= {pack.jurisdiction, *(item.id for item in pack.rules if pack.jurisdiction == "ES")}
    texts |= set(list_supported_countries()["ES"])  # the parts of the country of the book, whose holidays may be named
    return found | {part for text in texts for part in WORD.findall(text)}


WORD = re.compile(r"[^\W\d_]+")


def unsaid(text: str) -> set[str]:
    """The words of a text that neither the file of the language nor the data gave; fingerprints and identifiers of touches apart."""
    text = re.sub(r"\b[0-9a-f]{12}\b|\bt\d+\b", "", text)
    return {item for item in WORD.findall(text) if re.search("[A-Za-z]", item)} - named()


def test_the_options_offer_it(spoken: dict[str, Any]) -> None:
    assert spoken["languages"] == ["en", "es", "qq"]


SAYING = ("decision", "agenda", "audit", "cli agenda", "cli decide", "cli explain", "cli audit", "cli playbooks", "cli packs",
    "cli zones",
)  # fmt: skip


@pytest.mark.parametrize("part", SAYING)
def test_everything_is_said_in_it(spoken: dict[str, Any], part: str) -> None:
    """No word but those of the file, and the names that the book and the policies give."""
    text = spoken["told"][part]
    assert re.search(r"[ａ-ｚ]{3}", text), text[:400]
    odd = unsaid(text)
    assert odd == set(), [next(line for line in text.splitlines() if item in line) for item in sorted(odd)][:5]


def test_the_calendar_speaks_it(spoken: dict[str, Any]) -> None:
    import icalendar

    events = icalendar.Calendar.from_ical(spoken["told"]["calendar"]).walk("VEVENT")
    assert events
    for event in events:
        for key in ("summary", "description"):
            assert unsaid(str(event[key])) == set()
