"""Writes what the playbook pages say of the vectors: which sentence is shown where, the walks day by day, and the figures.

Run `python docs/make_playbooks.py` after a vector or a playbook has changed; a test refuses pages that are not up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cadencia import Playbook
from cadencia.language import length_text, messages
from cadencia.language.playbook import step_text
from cadencia.playbook import packaged_names

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "tests" / "vectors" / "playbooks"
PAGES = ROOT / "docs" / "playbooks"
BEGIN, END = "<!-- made: {} -->", "<!-- end: {} -->"


def cell(text: str) -> str:
    """A text that may stand in a cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def read(name: str) -> dict[str, Any]:
    """The vectors of a playbook."""
    data: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return data


def named(day: dict[str, Any]) -> Iterator[str]:
    """The steps and rules that a day is about."""
    expect = day.get("expect") or {}
    yield from filter(None, (expect.get("step"), day.get("ask"), expect.get("binding"), *expect.get("blocking", ())))
    for due in expect.get("dues", ()):
        yield from filter(None, (due.get("step"), due.get("rule")))
    for asked in day.get("why_not", ()):
        yield from filter(None, (asked.get("step"),))
    yield from (step for step, _, _ in day.get("plan") or ())
    if expect.get("ending"):
        yield expect["ending"]


def teachings() -> str:
    """Article, teaching, rule or step, vector."""
    rows = []
    for name in packaged_names():
        data, playbook = read(name), Playbook.load(name)
        for code, sentence in data["sentences"].items():
            days = [(walk["id"], number, day) for walk in data["walks"] for number, day in enumerate(walk["days"], 1)]
            shown = [(walk, number, day) for walk, number, day in days if code in day.get("shows", ())]
            about = dict.fromkeys(item for _, _, day in shown for item in named(day))
            checks = [check for check in data.get("checks", ()) if code in check.get("shows", ())]
            about |= dict.fromkeys(finding for check in checks for finding in check["finds"])
            about |= dict.fromkeys(figure for _, _, day in shown for figure in day.get("figures", ()))
            parts = [f"`{walk}` {number}" for walk, number, _ in shown] + [f"`check` {check['id']}" for check in checks]
            vectors = ", ".join(parts)
            page = f"[{playbook.credit}]({name}.md)"
            rows.append((page, sentence, ", ".join(f"`{item}`" for item in about) or "the format", vectors))
    return table(("article", "teaching", "rule, step or ending", "vector and day"), rows)


def any_cadence() -> str:
    """What any cadence says, and where it is shown."""
    data = json.loads((VECTORS.parent / "cadences" / "any.json").read_text(encoding="utf-8"))
    rows = []
    for code, sentence in data["sentences"].items():
        shown = [
            f"`{walk['id']}` {number}"
            for walk in data["walks"]
            for number, day in enumerate(walk["days"], 1)
            if code in day["shows"]
        ]
        shown += [f"`refused` {item['id']}" for item in data["refused"] if code in item["shows"]]
        rows.append((sentence, ", ".join(shown)))
    return table(("what any cadence says", "vector and day"), rows)


def days_work() -> str:
    """What an agenda holds, and the small books by which it is shown."""
    books = [
        (f"`{path.stem}` {book['id']}", book["expect"])
        for path in sorted((VECTORS.parent / "agenda").glob("*.json"))
        for book in json.loads(path.read_text(encoding="utf-8"))["books"]
    ]
    words = messages("en")
    sections = [name for name in words["agenda"] if any(isinstance(expect.get(name), list) for _, expect in books)]
    rows = []
    for name in sections:
        label = words["agenda"][name].partition(" {")[0].lower()
        rows.append((label, ", ".join(book for book, expect in books if expect.get(name))))
    for name, text in words["figures"].items():
        label = text.partition(": ")[0]
        rows.append(
            (f"figure: {label}", ", ".join(book for book, expect in books if name in expect.get("figures", ())))
        )
    return table(("of the day's work", "vector and book"), rows)


def walks(name: str) -> str:
    """The walks of a playbook, day by day."""
    parts = []
    for walk in read(name)["walks"]:
        rows = []
        for number, day in enumerate(walk["days"], 1):
            expect = day.get("expect") or {}
            answer = " ".join(filter(None, (expect.get("answer", ""), expect.get("step"), expect.get("ending"))))
            when = expect.get("at") or expect.get("not_before") or ""
            rows.append((str(number), day["as_of"], day["says"], answer, expect.get("channel") or "", when))
        parts.append(f"### {walk['id']}\n\n" + table(("day", "asked at", "what happens", "answer", "by", "at"), rows))
    return "\n\n".join(parts)


def steps(name: str) -> str:
    """The steps of a playbook."""
    playbook = Playbook.load(name)
    rows = []
    for step in playbook.cadence.steps:
        delay = "at once" if step.after.delay is None else length_text(str(step.after.delay), "en")
        if step.after.undated is not None:
            delay = f"as promised, else {step.after.undated}"
        if step.after.anchor in ("occasion", "pending"):
            delay = ", ".join(step.after.kinds).replace("_", " ")
        rows.append((f"`{step.id}`", step_text(playbook, step.id), ", ".join(step.channels) or "a task", delay))
    return table(("step", "what for", "channels, in order", "when"), rows)


def figures(name: str) -> str:
    """The parameters of a playbook, those that are ours marked."""
    rows = [
        (f"`{key}`", f"`{item.value}`", "ours" if item.ours else "the article's", item.says or "")
        for key, item in Playbook.load(name).parameters.items()
    ]
    return table(("parameter", "value", "whose", "what"), rows)


def made() -> Iterator[tuple[Path, str, str]]:
    """Every page with what it says and what it should say."""
    parts = {"index": {"teachings": teachings(), "any": any_cadence(), "day": days_work()}}
    for name in packaged_names():
        parts[name] = {"steps": steps(name), "figures": figures(name), "walks": walks(name)}
    for page, blocks in parts.items():
        path = PAGES / f"{page}.md"
        text = wanted = path.read_text(encoding="utf-8")
        for code, body in blocks.items():
            begin, end = BEGIN.format(code), END.format(code)
            before, rest = wanted.split(begin)
            wanted = f"{before}{begin}\n\n{body}\n\n{end}{rest.split(end)[1]}"
        yield path, text, wanted


def main() -> int:
    """Write the pages that are not up to date."""
    for path, text, wanted in made():
        if text != wanted:
            path.write_text(wanted, encoding="utf-8")
            print(f"{path.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
