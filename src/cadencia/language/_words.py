"""The words of a language: its messages, open vocabularies, lengths, and sentences that stand in data files of ours."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from ..errors import InputError, check_text, did_you_mean, given

__all__ = [
    "anchor_text", "because_text", "date_text", "detail_texts", "fill", "languages", "length_text", "messages", "said_in", "word",
]  # fmt: skip


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages there are."""
    found = (item.name for item in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


def messages(language: str) -> Mapping[str, Any]:
    """The messages of a language: tables `answers`, `blocks`, `needs`, `deadlines`, `reports`, `words` and more."""
    return _messages(check_text(language, "language"))


@cache
def _messages(language: str) -> Mapping[str, Any]:
    if language not in languages():
        raise InputError(
            f"language {given(language)} is not there; write one of {', '.join(languages())}"
            + did_you_mean(language, languages())
        )
    data: Mapping[str, Any] = json.loads((files(__package__) / f"{language}.json").read_text(encoding="utf-8"))
    return data


class _Slots(string.Formatter):
    """Slots that bring their own words along: none of them are said where there is nothing to say."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if "~" not in format_spec:
            return str(super().format_field(value, format_spec))
        text = "" if value is None else str(value)
        one, plural, many = format_spec.partition("|")
        return (one if text == "1" or not plural else many).replace("~", text) if text else ""


_fill: Final = _Slots().vformat


def fill(template: str, details: Mapping[str, Any]) -> str:
    """A message with its details in their places.

    `{purpose: for ~}` is said where there is a purpose, which stands for `~`; `{people:~ prospect|~ prospects}` is in the singular
    for 1.
    """
    return _fill(template, (), details) if "~" in template else template.format_map(details)


def word(language: str, table: str, code: str) -> str:
    """A code of an open vocabulary in words: as the language has it; one that a user invented as it is, without underscores."""
    found = messages(language)[table].get(code)
    return code.replace("_", " ") if found is None else str(found)


def said_in(language: str, text: str) -> str:
    """A sentence that stands in a playbook or a pack of ours; one that anybody else wrote is shown as it was written."""
    return str(messages(language)["texts"].get(text, text))


def because_text(because: str | Mapping[str, str], language: str) -> str:
    """Why a rule is there: by language, as its author wrote it, or a sentence of ours.

    A pack adds its `[source]`, which is quoted and not translated.
    """
    if not isinstance(because, str):
        return because.get(language) or next(iter(because.values()))
    said, mark, source = because.rpartition(" [")
    if mark and source.endswith("]"):
        return f"{said_in(language, said)} [{source}"
    return said_in(language, because)


_ELAPSED: Final = re.compile(r"(\d+) ?([smhd])(?: (\d+) ?([smh]))?")
_ELAPSED_UNITS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


def length_text(value: str, language: str) -> str:
    """A delay, length or period in the words of a language: `2 business days`, `7d`, `week`."""
    units: Mapping[str, str] = messages(language)["units"]
    if value in units:
        return units[value]
    if match := _ELAPSED.fullmatch(value):
        parts = [(match[1], match[2]), *([(match[3], match[4])] if match[3] else [])]
        return " ".join(
            f"{number} {units[_ELAPSED_UNITS[unit] + ('' if int(number) == 1 else 's')]}" for number, unit in parts
        )
    number, _, unit = value.partition(" ")
    return f"{number} {units.get(unit, unit)}" if unit else value


def date_text(day: date, language: str) -> str:
    """A date as people write it."""
    words = messages(language)["words"]
    return f"{words['weekdays'][day.weekday()]} {day.day} {words['months'][day.month - 1]} {day.year}"


_OCCASION: Final = re.compile(r"(.+) (\d{4}-\d\d-\d\d)")


def anchor_text(anchor: str, language: str) -> str:
    """What something follows: the opening of the case, an occasion with its date, or the id of a touch or an item."""
    if match := _OCCASION.fullmatch(anchor):
        return f"{word(language, 'occasions', match[1])} ({date_text(date.fromisoformat(match[2]), language)})"
    return str(messages(language)["anchors"].get(anchor, anchor))


#: The table in which the value of a detail has words; a list of values has them one by one.
_TABLES: Final[Mapping[str, str]] = {
    "channel": "channels", "purpose": "purposes", "disposition": "dispositions", "ending": "endings", "kind": "kinds",
    "promise": "kinds", "stage": "stages", "fact": "facts", "step": "steps", "place": "steps", "status": "statuses",
    "kept_not": "kept_not", "owner_kind": "owner_kinds", "reason": "reasons",
}  # fmt: skip
#: Details that hold a delay, a length or a calendar period.
_LENGTHS: Final = frozenset({"gap", "silence", "period"})


def detail_texts(details: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The details of a message in the words of a language."""
    return {key: _detail(key, value, language) for key, value in details.items()}


def _detail(key: str, value: Any, language: str) -> Any:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(_detail(key, item, language)) for item in value)
    if key in _LENGTHS:
        return length_text(str(value), language) if value else messages(language)["words"]["none"]
    if not isinstance(value, str) or not value:
        return value
    if key == "anchor":
        return anchor_text(value, language)
    return word(language, _TABLES[key], value) if key in _TABLES else value
