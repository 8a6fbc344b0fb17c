"""Rows of prospects as places: who is plain enough for the numeric lane, and where they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from .._lane.digest import Place
from .._lane.rows import place_in
from ..errors import InputError
from ..reading.cells import Context
from ..reading.plain import prospects_as_named
from ..reading.rows import Row
from ..reading.shape import ProspectShape
from ..touch import CHANNELS
from .coding import Bools, read_codes, repeated, said, texts

__all__ = ["FEW", "FREE", "People", "are_words", "is_words", "place_of", "read_people", "told_of"]

#: What changes no answer of the lane and is always readable as a text.
FREE: Final = frozenset({"id", "name", "owner", "owner_kind"})
#: Columns of few different values: each combination is read once, as a prospect.
FEW: Final = ("zone", "zones", "region", "regions", "tags", "stage")
#: So many different combinations are read, and no more.
_MOST: Final = 200_000
NOTHING: Final = Context(None, ())
_TEXT: Final = frozenset({str, type(None)})
#: A name of a zone or region that stands by itself.
_NAME: Final = re.compile(r"[A-Za-z0-9_+/-]+")
#: Blanks around a name, what parts names, and what begins JSON.
_NOT_BARE: Final = r"^[\s\x1c-\x1f]|[\s\x1c-\x1f]$|;|^[\[{]"


@dataclass(slots=True)
class People:
    """The prospects of a book, as columns.

    Attributes:
        frame: the rows as they came.
        ids: the ids, blanks taken off; null where there is none.
        plain: the rows that the numeric lane may answer, their touches permitting.
        place: where each is, as an index into `places`; -1 where the row is not plain.
        offered: by channel, who has an address for it; None where the book has no addresses.
    """

    frame: pl.DataFrame
    ids: pl.Series
    plain: Bools
    place: npt.NDArray[np.int32]
    places: list[Place]
    offered: dict[str, Bools] | None

    def __len__(self) -> int:
        return len(self.frame)


def read_people(frame: pl.DataFrame) -> People:
    """The prospects of a frame whose columns are ours."""
    ids = texts(frame["id"])
    plain = np.ones(len(frame), np.bool_)
    if ids.null_count():
        plain = ids.is_not_null().to_numpy(writable=True)
    twice = repeated(ids)
    if twice is not None:
        plain &= ~twice
    offered: dict[str, Bools] | None = None
    flat = frame
    for name in frame.columns:
        column = frame[name]
        if name in FEW and name != "stage" and column.dtype == pl.List(pl.String):
            # joined they are read as one text; what would then be read otherwise than by itself is not plain
            other = pl.element().is_null() | (pl.element() == "") | pl.element().str.contains(_NOT_BARE)
            plain &= ~column.list.eval(other).list.any().fill_null(False).to_numpy()
            column = column.list.join(";")
            flat = flat.with_columns(column)
        if name in FREE and (column.dtype.is_integer() or is_words(column)):
            continue
        if name in FEW and is_words(column):
            continue
        if name in CHANNELS and column.dtype == pl.String:
            offered = offered or {}
            offered[name] = said(column)
            continue
        if name == "account":
            shared = repeated(texts(column))
            if shared is not None:
                plain &= ~shared
        elif name != "id":
            plain &= ~told_of(column)
    place, places = _places(flat)
    plain &= place >= 0
    return People(frame, ids, plain, place, places, offered)


def told_of(column: pl.Series) -> Bools:
    """Where a column of prospects says anything; that there are no contact points at all says that no channel has an address."""
    return column.is_not_null().to_numpy() if column.name == "contact_points" else said(column)


def is_words(column: pl.Series) -> bool:
    """Whether a column holds texts, however kept."""
    dtype = column.dtype  # made anew at each look, with all categories
    return dtype == pl.String or isinstance(dtype, (pl.Categorical, pl.Enum))


def are_words(values: list[Any]) -> bool:
    """Whether cells hold texts and nothing else: quicker than to ask for the kind of their column, where there are few."""
    return _TEXT.issuperset(map(type, values))


def _places(frame: pl.DataFrame) -> tuple[npt.NDArray[np.int32], list[Place]]:
    """The place of each row: every combination of what may matter is read once, by the models."""
    columns: list[str] = [name for name in FEW if name in frame.columns and is_words(frame[name])]
    if not columns or not len(frame):
        return np.full(len(frame), -1, np.int32), []
    coded = [read_codes(frame[name]) for name in columns]
    key: Any = coded[0].codes.astype(np.int64)
    size = len(coded[0].labels)
    for item in coded[1:]:
        key *= len(item.labels)
        key += item.codes
        size *= len(item.labels)
        if size > 1 << 22:
            _, key = np.unique(key, return_inverse=True)
            size = int(key.max()) + 1
    first = np.full(size, -1, np.int32)
    first[key[::-1]] = np.arange(len(frame) - 1, -1, -1, dtype=np.int32)
    found = np.flatnonzero(first >= 0)
    table = np.full(size, -1, np.int32)
    places: dict[Place, int] = {}
    if len(found) <= _MOST:
        names = tuple(columns)
        for code, row in zip(found.tolist(), first[found].tolist(), strict=True):
            place = place_of(names, tuple(item.labels[int(item.codes[row])] for item in coded))
            if place is not None:
                table[code] = places.setdefault(place, len(places))
    return table[key], list(places)


@lru_cache(maxsize=20_000)
def place_of(names: tuple[str, ...], cells: tuple[str | None, ...]) -> Place | None:
    """The one place of a prospect; None where it has another number of zones, or where a cell cannot be read. Kept by cells."""
    if names == ("zone", "region") and all(cell is not None and _NAME.fullmatch(cell) for cell in cells):
        return place_in(*cells)  # nothing is parted or trimmed in a bare name: no row need be made of it
    try:
        prospect = _shape(names).read(Row("", 0, {"id": "p", **dict(zip(names, cells, strict=True))})).prospect
    except InputError:
        return None
    if len(prospect.zones) != 1:
        return None
    return prospect.zones[0].zone, tuple(sorted({item.region for item in prospect.regions}))


@lru_cache(maxsize=64)
def _shape(names: tuple[str, ...]) -> ProspectShape:
    return ProspectShape(prospects_as_named(("id", *names)), NOTHING, as_named=True)
