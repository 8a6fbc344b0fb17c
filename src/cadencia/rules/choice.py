"""A choice of names: a set, or everything but a set; and what may be chosen where a name is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from .._territories import all_lie_in, lies_in
from ..errors import InputError, given

__all__ = ["Choice", "ChoiceField", "Labels", "in_region", "may_be_in_region", "read_labels"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A set of names, or everything but a set of names."""

    names: frozenset[str]
    excluded: bool = False

    def has(self, name: str) -> bool:
        """Whether a known name is chosen."""
        return (name in self.names) is not self.excluded

    def may_have(self, name: str | None) -> bool:
        """Whether a name that may be unknown could be chosen."""
        return name is None or (name in self.names) is not self.excluded

    def may_have_any(self, names: Iterable[str]) -> bool:
        """Whether any of the names is chosen; no names at all are unknown."""
        known = tuple(names)
        return not known or any(self.has(name) for name in known)

    def has_all(self, names: Iterable[str]) -> bool:
        """Whether there are names, and all of them are surely chosen."""
        known = tuple(names)
        return bool(known) and all(self.has(name) for name in known)

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether any of the names is surely chosen."""
        return any(self.has(name) for name in names)


def _read_choice(value: Any) -> Choice:
    choice = read_labels(value)
    if not all(name.strip() for name in all_lie_in(choice.names)):
        raise InputError(f"{given(value)} names something blank, which nothing is called; write a name")
    return choice


def read_labels(value: Any) -> Choice:
    """A choice of labels, the blank one among them if need be."""
    if isinstance(value, Choice):
        return value
    excluded = False
    if isinstance(value, Mapping):
        if set(value) != {"except"}:
            raise InputError(f"{given(dict(value))} is not a choice; write `[a, b]` or `{{except: [a, b]}}`")
        value, excluded = value["except"], True
    if isinstance(value, str):
        value = [value]
    if (
        not isinstance(value, (list, tuple, set, frozenset))
        or not all(isinstance(item, str) for item in value)
        or not value
    ):
        raise InputError(
            f"{given(value)} is not a choice of names; write for example `[phone, email]` or `{{except: [email]}}`"
        )
    return Choice(frozenset(value), excluded)


def _write_choice(value: Choice) -> Any:
    names = sorted(value.names)
    return {"except": names} if value.excluded else names


_NAMES_SCHEMA = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_CHOICE_SCHEMA = {
    "anyOf": [
        _NAMES_SCHEMA,
        {
            "type": "object",
            "properties": {"except": _NAMES_SCHEMA},
            "required": ["except"],
            "additionalProperties": False,
        },
    ]
}
ChoiceField = Annotated[
    Choice,
    PlainValidator(_read_choice),
    PlainSerializer(_write_choice, return_type=Any),
    WithJsonSchema(_CHOICE_SCHEMA),
]
Labels = Annotated[
    Choice,
    PlainValidator(read_labels),
    PlainSerializer(_write_choice, return_type=Any),
    WithJsonSchema(_CHOICE_SCHEMA),
]


def in_region(choice: Choice, region: str) -> bool:
    """Whether a region, or the country it lies in, is chosen."""
    place, names = lies_in(region), all_lie_in(choice.names)
    return (place in names or place.partition("-")[0] in names) is not choice.excluded


def may_be_in_region(choice: Choice, regions: tuple[str, ...]) -> bool:
    """Whether a prospect in one of these plausible regions may be chosen; a bare country may be any of its parts."""
    if not regions:
        return True
    for region in regions:
        if in_region(choice, region):
            return True
        if "-" not in region and any(name.partition("-")[0] == region for name in all_lie_in(choice.names)):
            return True
    return False
