"""Where one value comes from, and how its cell is read: the smallest pieces of a mapping."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from .._model import Model, Names
from .._time.clock import check_zone
from ..errors import InputError, did_you_mean, given, mistakes_of
from ..rules.choice import Labels

__all__ = ["SOURCE_KEYS", "Part", "Source", "Spec", "Zone"]

_ORIGINS = frozenset({"column", "columns", "template"})
_CONTROLS = ("only", "if_given", "if_true", "fields")

Zone = Annotated[str, BeforeValidator(check_zone)]
Unit = Literal["ms", "s", "m", "h", "HH:MM", "HH:MM:SS"]


class Source(Model):
    """Where one value comes from, and how its cell is read.

    Attributes:
        column: one column; for JSON Lines a dotted name reaches into a record (`properties.hs_timestamp`).
        columns: several columns to one list; empty cells are left out.
        value: a constant instead of a column.
        template: a text with columns in braces, `{case}/{n}`; every one of them must be given.
        values: what each label means; a label that is not named here makes the row unreadable and closes its prospect.
        otherwise: what every label not in `values` means, if you would rather not be told.
        default: the value of an empty cell.
        split: the text between the items of a list inside one cell.
        json: a cell that begins with `[` or `{` holds JSON.
        unit: `ms` or `s` for an instant counted from 1970; also `m`, `h`, `HH:MM`, `HH:MM:SS` for a duration.
        format: the pattern of a written time, as `strptime` reads it: `%d/%m/%Y %H:%M`.
        zone: the zone of times without an offset; by default the section's, else the file's; none: they are unreadable.
        twice: which pass is meant when a clock change shows a time twice; not given: such a time is unreadable.
        date: `only` keeps the date of a time and drops the hour; `start` and `end` read a date, where an instant is
            needed, as the first instant of that date or of the next.
    """

    column: str | None = None
    columns: Names = ()
    value: Any = None
    template: str | None = None
    values: dict[str, Any] | None = None
    otherwise: Any = None
    default: Any = None
    split: str | None = None
    json_: bool = Field(default=False, alias="json")
    unit: Unit | None = None
    format: str | None = None
    zone: Zone | None = None
    twice: Literal["first", "second"] | None = None
    date: Literal["only", "start", "end"] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        origins = {
            "column": self.column,
            "columns": self.columns or None,
            "value": self.value,
            "template": self.template,
        }
        named = [name for name, origin in origins.items() if origin is not None]
        if len(named) != 1:
            raise InputError(
                f"{given(', '.join(named) or 'nothing')}: give one of `column`, `columns`, `value` and `template`"
            )
        if self.unit is not None and self.format is not None:
            raise InputError("give `unit` or `format`, not both: a time is counted or written")
        if self.otherwise is not None and self.values is None:
            raise InputError("`otherwise` needs `values`; it says what every label not named there means")
        return self


class Part(Model):
    """A record made from several columns, or a touch among those that a row makes.

    It is left out where a condition fails; without conditions, where all its columns are empty. The word `fields` may
    be left out: keys that are no condition are fields.

    Attributes:
        only: by column, the labels that make it: a list, or `{except: [...]}`, where an empty cell is `''`.
        if_given: columns that must not be empty.
        if_true: columns that must say yes (`true`, `yes`, `1`, `on`); neither yes nor no is unreadable.
        fields: where each field of the record comes from.
    """

    only: dict[str, Labels] = Field(default_factory=dict)
    if_given: Names = ()
    if_true: Names = ()
    fields: dict[str, Spec] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if not isinstance(data, dict) or all(key in _CONTROLS for key in data):
            return data
        loose = {key: value for key, value in data.items() if key not in _CONTROLS}
        if "fields" in data:
            raise InputError(f"unknown key {given(next(iter(loose)))}" + did_you_mean(next(iter(loose)), _CONTROLS))
        return {key: value for key, value in data.items() if key in _CONTROLS} | {"fields": loose}


def _read_spec(value: Any) -> Any:
    """A column's name, a source, a record, or a list of these."""
    if isinstance(value, (list, tuple)) and not any(isinstance(item, (list, tuple)) for item in value):
        return tuple(_read_spec(item) for item in value)
    if isinstance(value, (Source, Part)):
        return value
    if isinstance(value, str):
        return Source(column=value)
    if not isinstance(value, dict):
        raise InputError(f"{given(value)} is neither a column nor a record; write a column's name or `{{value: ...}}`")
    # No record has a field of these names: with one of them it is a source, and what else is unknown a mistake in it.
    kind: type[Model] = Source if set(value) <= set(SOURCE_KEYS) or not _ORIGINS.isdisjoint(value) else Part
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise InputError("; ".join(mistakes_of(error, "", kind if kind is Source else None))) from None


SOURCE_KEYS: Final = tuple(field.alias or name for name, field in Source.model_fields.items())
Spec = Annotated[Source | Part | tuple[Source | Part, ...], BeforeValidator(_read_spec)]
Part.model_rebuild()
