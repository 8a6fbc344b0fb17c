"""Reading without a mapping: the columns are our own field names.

Lists of names are separated by `;`; records are JSON in a cell. `zone` and `region` stand for `zones` and `regions`, a
channel's name (`phone`, `email` ...) for its addresses, `stage_since` for when the stage was reached, `promise_by`,
`promise_at` and `promise_kind` for the parts of a promise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from ..errors import InputError, given, nearest
from ..touch import CHANNELS
from .mapping import PROSPECT_FIELDS, TOUCH_FIELDS, ProspectSection, TouchSection
from .rows import check_separator
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


def check_columns(columns: Iterable[str], known: tuple[str, ...], where: str, *, frame: bool = False) -> None:
    """Every column is one of ours: one that is not might be an opt-out that nobody reads.

    Args:
        columns: what there is.
        known: our own.
        where: what the error begins with.
        frame: they are of a frame, and not of a file.

    Raises:
        InputError: a column is unknown; the nearest of ours is offered.
    """
    there = tuple(columns)
    for column in there:
        if column not in known:
            check_separator(there, where if frame else f"{where}:1", frame=frame)
            near = _nearest(column, known)
            near = None if near in there else near
            instead = "rename it, or write a mapping (`--mapping`)"
            if frame:
                instead = "rename it, or leave it out"
                if near:
                    names = json.dumps({column: near})
                    instead += f" (pandas: `.rename(columns={names})`, polars: `.rename({names})`)"
            meant = f"; did you mean `{near}`?" if near else ""
            raise InputError(f"{where}: column {given(column)} is not one of ours; {instead}{meant}")


def _nearest(column: str, known: tuple[str, ...]) -> str | None:
    """The nearest of our names; the `id` of what a table holds is often called after it."""
    holds = "touch" if "direction" in known else "prospect"
    if column.casefold().replace(" ", "").replace("_", "") == f"{holds}id":
        return "id"
    return nearest(column, known)


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
