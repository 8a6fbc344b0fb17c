"""Columns to small integers: texts to codes, ids to positions, and the rows that are not as they should be."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ..reading.cells import number_text

__all__ = ["Bools", "Codes", "Ints", "SPACE", "said", "positions", "read_codes", "repeated", "texts"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Some = npt.NDArray[Any]

#: What `str.strip` takes away.
SPACE: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
#: A table by id may be so many times as long as the column, and no longer.
_SPARSE: Final = 16
#: A column of codes with more labels than this is given labels of its own.
_MANY: Final = 4_096
#: From so many rows on a table of hashes pays.
_WORTH_IT: Final = 10_000
_STEP: Final = 1 << 20


class Codes(NamedTuple):
    """A column as codes.

    Attributes:
        codes: one for each row.
        labels: what each code stands for, as it is written; None for a cell that says nothing.
    """

    codes: Some
    labels: list[Any]


def texts(column: pl.Series) -> pl.Series:
    """A column of ids as texts, blanks taken off, empty ones null; whole numbers stay as they are.

    A whole number that is kept as a float, as pandas keeps those of a column with gaps, is the same id; one that is none is null.
    """
    dtype = column.dtype
    if dtype.is_integer():
        return column
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        column = column.cast(pl.String)
    elif dtype.is_float():
        column = pl.Series(
            column.name, [None if value is None or value != value else number_text(value) for value in column], dtype=pl.String
        )  # fmt: skip
    elif dtype != pl.String:
        column = pl.Series(column.name, [None if value is None else str(value) for value in column], dtype=pl.String)
    bare = column.str.strip_chars(SPACE)
    if (bare.str.len_bytes() == column.str.len_bytes()).all():
        bare = column
    if (bare.str.len_bytes() == 0).any():
        bare = bare.replace("", None)
    return bare


def said(column: pl.Series) -> Bools:
    """Where a column says anything: not null, no empty text, no empty list."""
    if column.null_count() == len(column):
        return np.zeros(len(column), np.bool_)
    found = column.is_not_null()
    if isinstance(column.dtype, (pl.Categorical, pl.Enum)):
        column = column.cast(pl.String)
    if column.dtype == pl.String:
        found &= column.str.strip_chars(SPACE).str.len_bytes() > 0
    elif isinstance(column.dtype, pl.List):
        found &= column.list.len() > 0
    return found.fill_null(False).to_numpy()


def read_codes(column: pl.Series) -> Codes:
    """A column of texts, of few different ones, as codes."""
    labels: list[Any] = []
    dtype = column.dtype
    if isinstance(dtype, pl.Categorical):
        labels = _labels(column)
        if not labels:
            column = column.cast(pl.String)
    if isinstance(dtype, pl.Enum):
        labels = dtype.categories.to_list()
    elif not labels:
        if column.dtype != pl.String:
            column = pl.Series(
                column.name, [None if value is None else str(value) for value in column], dtype=pl.String
            )
        distinct = column.unique().drop_nulls().sort()
        column = column.cast(pl.Enum(distinct))
        labels = distinct.to_list()
    labels.append(None)
    physical = column.to_physical()
    if physical.null_count():
        physical = physical.cast(pl.UInt32).fill_null(len(labels) - 1)
    return Codes(physical.to_numpy(), labels)


def _labels(column: pl.Series) -> list[Any]:
    """What the numbers of a categorical column stand for; nothing where they are too far apart, as one table serves many."""
    distinct = column.unique().drop_nulls()
    numbers = distinct.to_physical().to_list()
    if max(numbers, default=_MANY) >= _MANY:
        return []
    labels: list[Any] = [None] * (max(numbers) + 1)
    for number, label in zip(numbers, distinct.cast(pl.String).to_list(), strict=True):
        labels[number] = label
    return labels


def repeated(ids: pl.Series) -> Bools | None:
    """Which of some ids come more than once; None when none does, which is found quickly."""
    if len(ids) < 2:
        return None
    if ids.dtype.is_integer() and not ids.null_count():
        numbers = ids.to_numpy()
        if (numbers[1:] > numbers[:-1]).all():
            return None
        hashes = np.sort(numbers)
    else:
        hashes = ids.hash().to_numpy(writable=True)
        if ids.null_count():
            hashes = hashes[ids.is_not_null().to_numpy()]
        hashes.sort()
    if not (hashes[1:] == hashes[:-1]).any():
        return None
    twice = (ids.is_duplicated() & ids.is_not_null()).to_numpy()
    return twice if twice.any() else None


def positions(wanted: pl.Series, ids: pl.Series) -> npt.NDArray[np.int32]:
    """Where each wanted id first stands among `ids`; -1 where it is null or not there."""
    if wanted.null_count():
        found = np.full(len(wanted), -1, np.int32)
        found[wanted.is_not_null().to_numpy()] = positions(wanted.drop_nulls(), ids)
        return found
    if wanted.dtype.is_integer() != ids.dtype.is_integer():
        wanted, ids = wanted.cast(pl.String), ids.cast(pl.String)
    if not len(wanted) or ids.null_count() == len(ids):
        return np.full(len(wanted), -1, np.int32)
    if ids.dtype.is_integer():
        table = _by_table(wanted, ids)
        if table is not None:
            return table
        wanted, ids = wanted.cast(pl.Int128), ids.cast(pl.Int128)
    elif len(wanted) > _WORTH_IT and not ids.null_count():
        hashed = _by_hash(wanted, ids)
        if hashed is not None:
            return hashed
    right = pl.DataFrame({"id": ids, "at": np.arange(len(ids), dtype=np.int32)})
    right = right.filter(pl.col("id").is_not_null()).unique("id", keep="first")
    joined = pl.DataFrame({"id": wanted}).join(right, on="id", how="left", maintain_order="left")
    return joined["at"].fill_null(-1).to_numpy()


def _by_hash(wanted: pl.Series, ids: pl.Series) -> npt.NDArray[np.int32] | None:
    """By a table over their hashes, every hit compared; None where two ids share a hash, or are the same.

    Half the price of a join, whose order has to be kept and which carries the texts along.
    """
    own, asked = ids.hash().to_numpy(), wanted.hash().to_numpy()
    ordered = np.sort(own)
    if (ordered[1:] == ordered[:-1]).any():
        return None
    size = 1 << (4 * len(own)).bit_length()
    table = np.full(size, -1, np.int32)
    left = np.arange(len(own), dtype=np.int32)
    slot = (own & np.uint64(size - 1)).astype(np.int64)
    while len(left):  # whoever finds the slot taken tries the next
        free = table[slot] < 0
        table[slot[free]] = left[free]
        taken = table[slot] != left
        left, slot = left[taken], (slot[taken] + 1) & (size - 1)
    found = np.empty(len(asked), np.int32)
    for low in range(0, len(asked), _STEP):
        part = asked[low : low + _STEP]
        slot = (part & np.uint64(size - 1)).astype(np.int64)
        here = table[slot]
        rest = np.flatnonzero((own[here] != part) & (here >= 0))
        while len(rest):
            slot[rest] = (slot[rest] + 1) & (size - 1)
            here[rest] = table[slot[rest]]
            rest = rest[(own[here[rest]] != part[rest]) & (here[rest] >= 0)]
        found[low : low + _STEP] = here
    hits = found >= 0
    same = ids.gather(pl.Series(np.maximum(found, 0))) == wanted
    found[~(hits & same.to_numpy())] = -1
    return found


def _by_table(wanted: pl.Series, ids: pl.Series) -> npt.NDArray[np.int32] | None:
    """By a table over the numbers themselves; None where they are too far apart."""
    bounds: list[Any] = [ids.min(), ids.max(), wanted.min(), wanted.max()]
    low, high, least, most = map(int, bounds)
    if high - low > _SPARSE * len(ids) + 1_000_000 or max(high, most) >= 1 << 62 or min(low, least) < -(1 << 62):
        return None
    keys: npt.NDArray[Any] = wanted.to_numpy()
    where = np.arange(len(ids), dtype=np.int32)
    own: npt.NDArray[Any]
    if ids.null_count():
        where = where[ids.is_not_null().to_numpy()]
        own = ids.drop_nulls().to_numpy()
    else:
        own = ids.to_numpy()
        if low == 0 and high == len(own) - 1 and least >= 0 and most <= high and (own[1:] > own[:-1]).all():
            return keys.astype(np.int32, copy=False)  # the numbers are the positions
    table: npt.NDArray[np.int32] = np.full(high - low + 1, -1, np.int32)
    table[own[::-1].astype(np.int64) - low] = where[::-1]  # of several, the first stays
    if least >= low and most <= high:
        at: npt.NDArray[np.int32] = table[keys] if low == 0 else table[keys.astype(np.int64) - low]
        return at
    inside = (keys >= low) & (keys <= high)
    found = np.full(len(keys), -1, np.int32)
    found[inside] = table[keys[inside].astype(np.int64) - low]
    return found
