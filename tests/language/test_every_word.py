"""A missing message fails here: whatever the sources and the data can say, every language says."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from cadencia.language import languages, messages
from language import sayable

#: Tables that hold words for more than what is packaged: those of the well-known purposes and steps to come.
OPEN = frozenset({"steps"})
ALL = languages()


@pytest.mark.parametrize("language", ALL)
def test_every_code_is_said(language: str) -> None:
    """Every code, report, figure, purpose, carried thing, kind, outcome, stage, fact and step has its words, and no other has."""
    for table, wanted in sayable.codes().items():
        there = set(messages(language)[table])
        assert wanted <= there, f"{language}.json, {table}: nothing is said for {sorted(wanted - there)}"
        assert table in OPEN or there <= wanted, f"{language}.json, {table}: nothing says {sorted(there - wanted)}"
    for (table, inner), wanted in sayable.nested().items():
        assert set(messages(language)[table][inner]) == wanted, (table, inner)


@pytest.mark.parametrize("language", ALL)
def test_every_sentence_of_the_data_is_translated(language: str) -> None:
    """Playbooks and packs are written in English; a changed sentence is a missing one until its translation follows."""
    there, wanted = messages(language)["texts"], sayable.sentences()
    if language == "en":
        assert there == {}
        return
    assert wanted - set(there) == set(), "sentences without a translation"
    assert set(there) - wanted == set(), "translations of what nobody says"
    for text, said in there.items():
        assert said.strip(), text
        assert sorted(re.findall(r"\d\d:\d\d", text)) == sorted(re.findall(r"\d\d:\d\d", said)), text


def shape(value: Any) -> Any:
    """The keys of a table of messages, with the placeholders and the lengths of lists."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return len(value)
    return sorted(set(re.findall(r"{(\w+)(?::[^}]*)?}", value)))


@pytest.mark.parametrize("language", ALL)
def test_every_language_says_the_same(language: str) -> None:
    """With the same details, and nothing is blank."""

    def told(name: str) -> Any:
        return shape({key: value for key, value in messages(name).items() if key != "texts"})

    assert told(language) == told("es")
    assert all(text.strip() for text in strings(messages(language)))


def strings(value: Any) -> list[str]:
    """Every text of a file of messages."""
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value
    return [text for item in inside for text in strings(item)]


def keys(value: Any) -> set[str]:
    """Every key of a file of messages."""
    if not isinstance(value, dict):
        return set()
    return set(value) | {key for item in value.values() for key in keys(item)}


@pytest.mark.parametrize("language", ALL)
def test_every_key_that_the_sources_look_up_is_there(language: str) -> None:
    """Columns, titles and the words of the command are looked up by name: each name is in the file, and each in use."""
    there = keys(messages(language))
    looked: set[str] = set()
    for node in sayable.nodes("language", "cli", "agendas", "audit"):
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", None) in ("words", "table"):
            looked |= sayable.literal(node.slice)
    assert looked - there == set()
    written = {
        text for node in sayable.nodes() for text in sayable.texts(node if isinstance(node, ast.Constant) else None)
    }
    written |= {part for text in written for part in text.split()}
    for table in ("cli", "agenda", "audit", "words"):
        idle = {key for key in keys(messages(language)[table]) if key not in written}
        assert idle == set(), f"{language}.json, {table}: nothing says {sorted(idle)}"


@pytest.mark.parametrize("gone", ["given_up_early", "overdue"])
def test_a_message_that_is_nowhere_is_missed(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken out of every language at once, a message is missed all the same."""
    for language in ALL:
        monkeypatch.delitem(messages(language)["reports"], gone)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=gone):
        test_every_code_is_said("en")
