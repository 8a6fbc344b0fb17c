"""A section made ready to read: from a row to a prospect, or to the touches it makes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from .._time.clock import read_instant
from ..errors import InputError, did_you_mean, given, mistakes_of, one_line
from ..prospect import Prospect
from ..touch import CHANNELS, Touch
from .cells import Context, duration_of, getter, is_chosen, label
from .mapping import ProspectSection, Section, TouchSection
from .rows import Row
from .source import Part, Source

__all__ = ["Opened", "ProspectShape", "TouchShape", "check_disposition"]

Cells = Mapping[str, Any]

#: Stands for an id that no cell gives: the place of the row names the touch.
_NO_ID: Final = "id"


class Opened(NamedTuple):
    """A prospect and when its case was opened, if the row says."""

    prospect: Prospect
    opened_at: datetime | None


class _Shape:
    """What prospects and touches have in common: which rows are read, and under which zone and blanks."""

    def __init__(self, section: Section, context: Context) -> None:
        self.context = Context(section.zone or context.zone, section.blank or context.blank)
        self._only = tuple(section.only.items())
        self._skip = tuple(section.skip.items())

    def passes(self, cells: Cells) -> bool:
        """Whether the mapping wants the row at all."""
        if not self._only and not self._skip:
            return True
        blank = self.context.blank
        return all(choice.has(label(cells, column, blank)) for column, choice in self._only) and not any(
            choice.has(label(cells, column, blank)) for column, choice in self._skip
        )

    def _names(self, get: Callable[[Cells], Any] | None, cells: Cells) -> str | None:
        """A name as it stands in a row that may be bad, or None."""
        try:
            value = get(cells) if get else None
        except InputError:
            return None
        return value.strip() or None if isinstance(value, str) else None


class ProspectShape(_Shape):
    """From rows to prospects."""

    def __init__(self, section: ProspectSection, context: Context, *, as_named: bool = False) -> None:
        super().__init__(section, context)
        self._as_named = as_named
        self._fields = [(name, getter(spec, name, self.context)) for name, spec in section.fields.items()]
        self._facts = [(name, _fact(spec, self.context)) for name, spec in section.facts.items()]
        self._get = dict(self._fields)

    def read(self, row: Row) -> Opened:
        """The prospect of a row.

        Raises:
            InputError: one line that says what cannot be read.
        """
        values = {name: value for name, get in self._fields if (value := get(row.cells)) is not None}
        if self._as_named and row.cells.get("contact_points") is None and row.cells.keys().isdisjoint(CHANNELS):
            values.pop("contact_points", None)  # nobody said anything about addresses: that is not an empty list
        opened = values.pop("opened_at", None)
        facts = {name: value for name, get in self._facts if (value := get(row.cells)) is not None}
        if facts:
            values["facts"] = {**values.get("facts", {}), **facts}
        try:
            prospect = Prospect.model_validate(values)
        except ValidationError as error:
            raise InputError("; ".join(mistakes_of(error, ""))) from None
        return Opened(prospect, None if opened is None else read_instant(opened, "opened_at"))

    def id_in(self, row: Row) -> str | None:
        """The id as it stands in a bad row, if it can be made out."""
        return self._names(self._get.get("id"), row.cells)

    def account_in(self, row: Row) -> str | None:
        """The account as it stands in a bad row, if it can be made out."""
        return self._names(self._get.get("account"), row.cells)


class TouchShape(_Shape):
    """From rows to touches: one each, or what `makes` says.

    With `dispositions`, a touch whose disposition is none of them cannot be read.
    """

    def __init__(self, section: TouchSection, context: Context, dispositions: Collection[str] | None = None) -> None:
        super().__init__(section, context)
        self._dispositions = dispositions
        parts = section.makes or (Part(),)
        self._always = not section.makes
        self._makes = [
            (
                part,
                [(name, getter(spec, name, self.context)) for name, spec in {**section.fields, **part.fields}.items()],
            )
            for part in parts
        ]
        self._has_id = all(_NO_ID in dict(fields) for _, fields in self._makes)

    def read(self, row: Row) -> list[Touch]:
        """The touches of a row, each with the prospect it is of; none where no part of `makes` applies.

        Raises:
            InputError: one line that says what cannot be read.
        """
        return [
            self._touch(row, {name: value for name, get in fields if (value := get(row.cells)) is not None})
            for part, fields in self._makes
            if self._always or is_chosen(part, row.cells, self.context)
        ]

    def _touch(self, row: Row, values: dict[str, Any]) -> Touch:
        if not self._has_id:
            values.setdefault(_NO_ID, row.place)
        lasted = values.pop("duration", None)
        if "prospect" not in values:
            raise InputError("prospect: this is empty; a touch in a file names its prospect")
        try:
            touch = Touch.model_validate(values)
        except ValidationError as error:
            raise InputError("; ".join(mistakes_of(error, ""))) from None
        if self._dispositions is not None:
            check_disposition(touch.disposition, self._dispositions, "disposition")
        if lasted is None or not isinstance(touch.at, datetime):
            return touch
        if touch.end is not None:
            raise InputError("duration: `end` is given too; give one of them")
        try:
            return touch.model_copy(update={"end": read_instant(touch.at + duration_of(lasted), "end")})
        except OverflowError as error:
            raise InputError(f"duration: {one_line(error)}") from None

    def prospects_in(self, cells: Cells) -> list[str]:
        """The prospects as they stand in a bad row, as far as they can be made out."""
        found: dict[str, None] = {}
        for _, fields in self._makes:
            for name, get in fields:
                if name == "prospect" and (person := self._names(get, cells)):
                    found[person] = None
        return list(found)

    def may_mean(self, row: Row) -> tuple[str, ...]:
        """All that may be names of prospects in a bad row whose cells do not fit the header; none where they fit."""
        return tuple(dict.fromkeys(person for cells in row.ways for person in self.prospects_in(cells)))


def check_disposition(name: str, known: Collection[str], where: str) -> None:
    """A word that nobody declared might be the opt-out.

    Raises:
        InputError: the disposition is none of those that are known; the nearest is offered.
    """
    if name not in known:
        raise InputError(
            f"{where}: {given(name)} is neither well known nor declared by the policy; declare it there under `dispositions`"
            + did_you_mean(name, known)
        )


def _fact(spec: Any, context: Context) -> Callable[[Cells], Any]:
    """A fact: a bare value, or a record with its dates that is left out without a value."""
    get = getter(spec, "value" if isinstance(spec, Source) else "facts", context)

    def read(cells: Cells) -> Any:
        found = get(cells)
        return (
            None
            if isinstance(found, dict) and "value" in getattr(spec, "fields", {}) and "value" not in found
            else found
        )

    return read
