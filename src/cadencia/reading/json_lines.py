"""One line of JSON Lines to a record, and what can be made out of a line that is none.

A bad row closes its prospect only if the row still says whose it is. So a record with a key twice keeps its other keys,
and a line that breaks off keeps the pairs before the break.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ..errors import given

__all__ = ["record_of"]

_BLANK: Final = " \t\r\n"
_LENIENT: Final = json.JSONDecoder(strict=False)
#: A record is read to this many pairs when it is broken.
_MOST_PAIRS: Final = 1_000


def record_of(text: str) -> tuple[dict[str, Any], str | None]:
    """The record that a line holds and None; or what can be made out of it, and why it cannot be read."""
    problems: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(pairs)
        if len(record) != len(pairs):
            record, twice = _sure(pairs)
            problems.append(f"key {given(twice)} comes twice in one record")
        return record

    def no_constant(word: str) -> None:
        problems.append(f"{given(word)} is not a JSON number")

    try:
        record = json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        return leading(text), f"this is not JSON ({error.msg} at column {error.colno})"
    except RecursionError:
        return leading(text), "records and lists stand in each other too deep; the recursion has no end"
    except ValueError:  # the one other thing that `json` refuses
        return leading(text), "a number has thousands of digits; write fewer, or text in quotes"
    if not isinstance(record, dict):
        return {}, f"{given(text)} is not a record; write one `{{...}}` a line"
    if "\\u0000" in text and _holds_nul(record):
        problems.append("it holds the character NUL (`\\u0000`), which no text has; take it out")
    return record, problems[0] if problems else None


def leading(text: str) -> dict[str, Any]:
    """The pairs with which a broken record begins. A value counts only where it is seen to end: `12` may be cut off `123`."""
    pairs: list[tuple[str, Any]] = []
    at = _past(text, 0)
    while len(pairs) < _MOST_PAIRS and text[at : at + 1] == ("," if pairs else "{"):
        try:
            key, at = _LENIENT.raw_decode(text, _past(text, at + 1))
            at = _past(text, at)
            if not isinstance(key, str) or text[at : at + 1] != ":":
                break
            value, at = _LENIENT.raw_decode(text, _past(text, at + 1))
        except (ValueError, RecursionError):
            break
        at = _past(text, at)
        if text[at : at + 1] not in (",", "}"):
            break
        pairs.append((key, value))
    return _sure(pairs)[0]


def _past(text: str, at: int) -> int:
    """Where the blanks end."""
    while text[at : at + 1] and text[at] in _BLANK:
        at += 1
    return at


def _sure(pairs: list[tuple[str, Any]]) -> tuple[dict[str, Any], str]:
    """The keys that stand for one value, and the first that comes twice: it may mean either, or both."""
    record: dict[str, Any] = {}
    unsure: list[str] = []
    twice = ""
    for key, value in pairs:
        if key in record:
            twice = twice or key
            if record[key] != value:
                unsure.append(key)
        else:
            record[key] = value
    return {key: value for key, value in record.items() if key not in unsure}, twice


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(map(_holds_nul, value)) or any(map(_holds_nul, value.values()))
    return isinstance(value, list) and any(map(_holds_nul, value))
