"""What goes wrong, said in one line: where, what was given in backticks, what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_QUOTED = re.compile(r"`([^`]*)`")
_INNER = re.compile(r"([a-z_]+(?:[\[.][\w\].\[-]*)?): (.*)")

__all__ = ["CadenciaError", "InputError", "MissingExtra", "PolicyError", "RuleFailure"]


class CadenciaError(ValueError):
    """Base of every error that cadencia raises on purpose."""


class InputError(CadenciaError):
    """A prospect, touch, instant or argument that cannot be read.

    `mistakes` holds one line for each thing that is wrong.
    """

    def __init__(self, *mistakes: str) -> None:
        self.mistakes: tuple[str, ...] = tuple(mistakes)
        super().__init__("\n".join(mistakes))


class PolicyError(InputError):
    """A policy, a rule or a layer that cannot be used."""


class RuleFailure(CadenciaError):
    """A rule raised while answering; the rule's exception is the cause.

    Two failures are equal when rule, exception type and code are.
    """

    def __init__(self, rule: str, error: BaseException) -> None:
        self.rule = rule
        self.type = type(error).__name__
        self.code = "rule_error"
        self.__cause__ = error
        super().__init__(f"rule `{rule}`: {raised(error)}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuleFailure):
            return NotImplemented
        return (self.rule, self.type, self.code) == (other.rule, other.type, other.code)

    def __hash__(self) -> int:
        return hash((self.rule, self.type, self.code))


class MissingExtra(CadenciaError, ImportError):
    """A feature was asked for whose optional packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{feature} needs the extra `{extra}`; write `pip install 'cadencia[{extra}]'`")


def one_line(value: object, limit: int = 200) -> str:
    """The text of a value with line breaks folded, cut at `limit` characters, and such that every encoding can write it."""
    try:
        text = str(value)
    except Exception:  # a number of thousands of digits, a list in itself, an object without a text
        text = f"<{type(value).__name__}>"
    text = " ".join(text.split())
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # lone surrogates, which no file can hold


def raised(error: BaseException) -> str:
    """An exception on one line: its type, and its text where it has one."""
    text = one_line(error)
    return f"{type(error).__name__}: {text}" if text else f"{type(error).__name__}, without a text"


def given(value: object) -> str:
    """A value as errors quote it: in backticks, on one line, short."""
    return f"`{one_line(value, 60)}`"


def check_text(value: Any, what: str) -> str:
    """A text as it was given.

    Raises:
        InputError: anything else.
    """
    if not isinstance(value, str):
        raise InputError(f"{what}: {given(value)} is not text; write a name in quotes")
    return value


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """`; did you mean ...` for the nearest known word, or nothing."""
    near = nearest(word, known)
    return "" if near is None else f"; did you mean `{near}`?"


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The nearest known word, or none; capitals make no distance where nothing else is near."""
    if not isinstance(word, str):
        return None
    words = list(known)
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return near[0]
    folded = {name.casefold(): name for name in reversed(words)}
    near = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def path_text(path: Iterable[Any]) -> str:
    """A pydantic location as a person writes it: `rules[3].within`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def mistakes_of(error: ValidationError, where: str, model: type[BaseModel] | None = None) -> list[str]:
    """Every mistake of a pydantic error as one line each, with its path; near misses are looked for in `model`."""
    lines: dict[str, None] = {}
    for item in error.errors(include_url=False):
        path = path_text(part for part in item["loc"] if not _is_branch(part))
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            path = path_text(part for part in item["loc"][:-1] if not _is_branch(part))
            key = str(item["loc"][-1])
            message = f"unknown key {given(key)}" + did_you_mean(key, _keys_at(model, item["loc"][:-1]))
        elif item["type"] == "missing":
            message = "this key is required"
        elif item["type"] == "string_pattern_mismatch" and not str(item["input"]).strip():
            message = f"{given(item['input'])} is blank; write a name, or leave the key out"
        elif item["type"] != "value_error":  # pydantic's own words do not quote what was given
            message = _in_our_words(item, f": {message[:1].lower()}{message[1:]}")
        for part in message.split("\n"):
            inner = _INNER.match(part)
            place = f"{path}.{inner[1]}" if inner and path and inner[1] != "instant" else path
            text = inner[2] if inner and path else part
            lines[one_line(": ".join(filter(None, (", ".join(filter(None, (where, place))), text))), 400)] = None
    return list(lines)


#: What is wrong with a value, and what to write instead, by pydantic's name for it.
_WORDS: dict[str, str] = {
    **dict.fromkeys(
        ("int_parsing", "int_parsing_size", "int_type", "int_from_float"),
        " is not a whole number; write for example `3`",
    ),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), " is not a number; write for example `1.5`"),
    **dict.fromkeys(("bool_parsing", "bool_type"), " says neither yes nor no; write `true` or `false`"),
    **dict.fromkeys(("tuple_type", "list_type", "iterable_type"), " is not a list; write for example `[a, b]`"),
    **dict.fromkeys(("dict_type", "mapping_type"), " is not a table; write for example `{{key: value}}`"),
    "string_type": " is not text; write a name in quotes",
    "greater_than_equal": " is too small; write {ge} or more",
    "less_than_equal": " is too large; write {le} or less",
    "literal_error": " is not known; write {expected}",
}


def _in_our_words(item: Any, else_: str) -> str:
    """A mistake that pydantic found: what was given, and what to write instead."""
    context = {name: str(value).replace("'", "`") for name, value in item.get("ctx", {}).items()}
    words = _WORDS.get(item["type"])
    told = given(item["input"]) + (else_ if words is None else words.format(**context))
    if item["type"] == "literal_error":
        told += did_you_mean(item["input"], _QUOTED.findall(context["expected"]))
    return told


def _is_branch(part: Any) -> bool:
    """Whether a location part is pydantic's name for a union branch, not a key a person wrote."""
    return isinstance(part, str) and (
        part.startswith(("function-", "lax-or-strict", "is-instance")) or "[" in part or part == "TouchFilter"
    )


def _keys_at(model: type[Any] | None, path: Iterable[Any]) -> list[str]:
    """The keys that may stand at a path inside a model, as a person writes them."""
    here: list[Any] = [] if model is None else [model]
    for part in path:
        inside = [kind for item in here for kind in _classes(_fields(item).get(str(part)))]
        here = inside or here  # an index, a branch, or a key of a mapping: no step down
    return [name for item in here for name in _fields(item)]


def _fields(kind: Any) -> dict[str, Any]:
    """The annotations of a model or dataclass by key."""
    if hasattr(kind, "model_fields"):
        return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
    return dict.fromkeys(getattr(kind, "__dataclass_fields__", ()))


def _classes(annotation: Any) -> list[Any]:
    """The models and dataclasses that an annotation names."""
    if hasattr(annotation, "model_fields") or hasattr(annotation, "__dataclass_fields__"):
        return [annotation]
    return [kind for inner in get_args(annotation) for kind in _classes(inner)]
