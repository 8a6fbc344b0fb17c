"""Small books with the day that they make, as data that needs no knowledge of Python.

`tests/vectors/agenda/*.json`: a policy or playbooks, the cases, and what is expected: entries in their order, items in
theirs, and figures; each was worked out by hand. A key left out is not asked, `null` is asked and means none; `why` is for the
reader of a figure, and is the reason of a proposal in an entry.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cadencia import Agenda, Case, Playbook, Playbooks, Policy, agenda
from cadencia.agendas import Entry, Figure, Item

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "agenda"
BOOKS = [
    pytest.param(book, id=f"{file.stem}-{book['id']}")
    for file in sorted(FOLDER.glob("*.json"))
    for book in json.loads(file.read_text(encoding="utf-8"))["books"]
]
PLACES = ("today", "later", "blocked", "stopped")
SECTIONS = ("due_soon", "overdue", "lifting", "lapsing", "undated", "forbidden")


def made(book: dict[str, Any]) -> Agenda:
    """The agenda of a book."""
    if "policy" in book:
        return agenda(cases_of(book), Policy.from_dict(book["policy"]), as_of=book["as_of"])
    shelf = Playbooks(*(Playbook.from_dict(data) for data in book["playbooks"]))
    return agenda(cases_of(book), shelf, as_of=book["as_of"])


def cases_of(book: dict[str, Any]) -> list[Case]:
    """The cases, each with the other people of its account."""
    cases = []
    for data in book["cases"]:
        account = data["prospect"].get("account")
        others = [
            other["prospect"]
            for other in book["cases"]
            if account and other is not data and other["prospect"].get("account") == account
        ]
        whole = {**data, "account": {"id": account, "people": others}} if others else data
        cases.append(Case.model_validate(whole))
    return cases


def shown(value: Any) -> Any:
    """A value as a vector writes it."""
    if isinstance(value, datetime):
        return value.timestamp()
    return list(value) if isinstance(value, tuple) else value


def told(item: Entry | Item, key: str) -> Any:
    """What an entry or an item says under a key of a vector."""
    if isinstance(item, Entry) and key in ("why", "anchor"):
        return None if item.proposal is None else getattr(item.proposal, key)
    if isinstance(item, Item) and key in ("code", "state"):
        return None if item.due is None else getattr(item.due, key)
    return shown(getattr(item, key))


def wanted(expected: dict[str, Any]) -> dict[str, Any]:
    """What a vector expects, its instants as numbers."""
    times = {"at", "until", "deadline"}
    return {
        key: datetime.fromisoformat(value).timestamp() if key in times and value else value
        for key, value in expected.items()
    }


@pytest.mark.parametrize("book", BOOKS)
def test_entries_and_items(book: dict[str, Any]) -> None:
    """Every case in its place and in its order; every thing owed, lifting, lapsing, without a date or forbidden."""
    day = made(book)
    for place in (*PLACES, *SECTIONS):
        if place in book["expect"]:
            expected = [wanted(item) for item in book["expect"][place]]
            items = getattr(day, place)
            found = [{key: told(item, key) for key in want} for item, want in zip(items, expected, strict=False)]
            assert [item.prospect for item in items] == [item["prospect"] for item in expected], place
            assert found == expected, place


def figure(found: Figure, key: str) -> Any:
    """A part of a figure as a vector writes it; rows and names in any order."""
    if key == "by":
        return sorted([list(row.key), row.part, row.of] for row in found.by)
    return sorted(found.named) if key == "named" else shown(getattr(found, key))


@pytest.mark.parametrize("book", BOOKS)
def test_figures(book: dict[str, Any]) -> None:
    """Each figure as it was counted by hand."""
    figures = made(book).figures
    for code, expected in book["expect"]["figures"].items():
        want = {
            key: sorted(value) if key in ("by", "named") else value for key, value in expected.items() if key != "why"
        }
        assert {key: figure(figures[code], key) for key in want} == want, code


def test_every_figure_has_a_vector_with_a_number() -> None:
    """No figure of an agenda is without a book in which it was counted."""
    counted = {
        code
        for book in (param.values[0] for param in BOOKS)
        for code, expected in book["expect"]["figures"].items()  # type: ignore[index,call-overload,union-attr]
        if expected.get("part")
    }
    assert counted == set(agenda([], Playbooks.packaged(), as_of="2026-03-27T10:00Z").figures)
