"""Reading without a mapping: the columns are our own field names.

Lists of names are separated by `;`; records are JSON in a cell. `zone` and `region` stand for `zones` and `regions`, a
channel's name (`phone`, `email` ...) for its addresses, `stage_since` for when the stage was reached, `promise_by`,
`promise_at` and `promise_kind` for the parts of a promise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..errors import InputError, did_you_mean, given
from ..touch import CHANNELS
from .mapping import PROSPECT_FIELDS, TOUCH_FIELDS, ProspectSection, TouchSection
from .source import Part, Source

__all__ = [
    "check_columns",
    "json_columns",
    "prospect_columns",
    "prospects_as_named",
    "touch_columns",
    "touches_as_named",
]

_LISTS = frozenset({"zones", "regions", "tags", "subjects"})
_JSON = frozenset(
    {"zones", "regions", "contact_points", "consents", "opt_outs", "suppressions", "registers", "wishes", "stages", "occasions",
     "facts", "pending", "tags", "subjects", "promise", "source"}
)  # fmt: skip
_SHORT: Final = {"zone": "zones", "region": "regions"}

#: The columns that may hold lists and records.
json_columns: Final = _JSON | _SHORT.keys()
prospect_columns: Final = (*PROSPECT_FIELDS, *_SHORT, *CHANNELS, "stage_since")
touch_columns: Final = (*TOUCH_FIELDS, "promise_by", "promise_at", "promise_kind")


def check_columns(columns: Iterable[str], known: tuple[str, ...], where: str) -> None:
    """Every column is one of ours: one that is not might be an opt-out that nobody reads.

    Raises:
        InputError: a column is unknown; the nearest of ours is offered.
    """
    for column in columns:
        if column not in known:
            raise InputError(
                f"{where}: column {given(column)} is not one of ours; rename it, or write a mapping (`--mapping`)"
                + did_you_mean(column, known)
            )


def prospects_as_named(columns: Iterable[str]) -> ProspectSection:
    """The section that reads prospects from columns with our own names."""
    present = tuple(columns)
    fields: dict[str, Any] = {name: _source(name) for name in present if name in PROSPECT_FIELDS}
    for short, name in _SHORT.items():
        if short in present:
            fields[name] = _together(fields.get(name), _source(short, name))
    if "stage" in present:
        since = {"since": Source(column="stage_since")} if "stage_since" in present else {}
        fields["stage"] = Part(if_given=("stage",), fields={"name": Source(column="stage"), **since})
    points = [
        Part(if_given=(channel,), fields={"channel": Source(value=channel), "address": Source(column=channel)})
        for channel in CHANNELS
        if channel in present
    ]
    if points:
        fields["contact_points"] = _together(fields.get("contact_points"), *points)
    return ProspectSection.model_construct(fields=fields)


def touches_as_named(columns: Iterable[str]) -> TouchSection:
    """The section that reads touches from columns with our own names."""
    present = tuple(columns)
    fields: dict[str, Any] = {name: _source(name) for name in present if name in TOUCH_FIELDS}
    promise = {name: Source(column=f"promise_{name}") for name in ("by", "at", "kind") if f"promise_{name}" in present}
    if promise:  # a record of JSON Lines may have it in either form
        fields["promise"] = (fields["promise"], Part(fields=promise)) if "promise" in fields else Part(fields=promise)
    return TouchSection.model_construct(fields=fields)


def _source(column: str, name: str | None = None) -> Source:
    name = name or column
    # nothing here needs checking, and the checks of a model are only made when first asked for, which takes milliseconds
    return Source.model_construct(column=column, split=";" if name in _LISTS else None, json_=name in _JSON)


def _together(first: Any, *more: Any) -> tuple[Any, ...]:
    return (*(() if first is None else (first,)), *more)
