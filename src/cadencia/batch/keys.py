"""Who is decided together: the key by which the rows of files are split into parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from ..reading.cells import EXACT
from .coding import SPACE

__all__ = ["KEY", "keyed_by_part", "shared_keys", "text_of"]

KEY: Final = "__key"
_ID: Final = "__id"
#: So many hashes are held at a time.
_HELD: Final = 16_000_000


def keyed_by_part(people: pl.LazyFrame, events: pl.LazyFrame | None) -> list[pl.LazyFrame]:
    """Prospects, and touches if there are any, with the key of each row: the account of the prospect, else the prospect.

    Null where a row names nobody. A prospect that comes twice may have two keys.
    """
    own = text_of(people, "id")
    if "account" not in people.collect_schema().names():
        keyed = [people.with_columns(own.alias(KEY))]
        return keyed if events is None else [*keyed, events.with_columns(text_of(events, "prospect").alias(KEY))]
    account = text_of(people, "account")
    people = people.with_columns(
        pl.when(account.is_not_null()).then("account " + account).otherwise("prospect " + own).alias(KEY)
    )
    if events is None:
        return [people]
    homes = people.filter(account.is_not_null()).select(own.alias(_ID), KEY).unique(_ID, keep="any")
    events = events.with_columns(text_of(events, "prospect").alias(_ID)).join(homes, on=_ID, how="left")
    return [people, events.with_columns(pl.col(KEY).fill_null("prospect " + pl.col(_ID))).drop(_ID)]


def text_of(frame: pl.LazyFrame, name: str) -> pl.Expr:
    """An id as it is compared: a text without blanks around it, null where there is none."""
    dtype, column = frame.collect_schema()[name], pl.col(name)
    if dtype == pl.Binary:
        return column.bin.encode("hex")
    text = column.cast(pl.String)
    if dtype.is_float():
        whole = (column == column.floor()) & (column.abs() < EXACT)
        text = pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text)
        text = pl.when(column.is_not_nan()).then(text)
    text = text.str.strip_chars(SPACE)
    return pl.when(text.str.len_bytes() > 0).then(text)


def shared_keys(keyed: Sequence[pl.LazyFrame], held: int = _HELD) -> list[str]:
    """The keys that share the id of a row with another key: of a touch, or of a prospect that comes twice.

    No more than about `held` hashes are held at a time: there are as many passes over a file as that takes. What is found is held
    besides, which is little where ids are ids.
    """
    found: set[str] = set()
    for frame in keyed:
        names = frame.collect_schema().names()
        if "id" in names and ("prospect" in names or "account" in names):  # else the id is the key
            name = text_of(frame, "id")
            rows = frame.select(name.count()).collect(engine="streaming").item()
            passes = max(1, -(-rows // held))
            hashed = frame.select(pl.when(name.is_not_null()).then(name.hash()).alias(_ID), KEY).drop_nulls(_ID)
            for number in range(passes):
                found.update(_shared_in(hashed.filter(pl.col(_ID) % passes == number)))
    return sorted(found)


def _shared_in(hashed: pl.LazyFrame) -> list[str]:
    """The keys of those ids, as hashes, that come under several keys."""
    hashes = hashed.select(_ID).collect(engine="streaming")[_ID].to_numpy(writable=True)
    hashes.sort()
    twice = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    del hashes
    if not len(twice):
        return []
    pairs = hashed.filter(pl.col(_ID).is_in(pl.Series(twice).implode())).drop_nulls(KEY).unique()
    shared = pairs.collect(engine="streaming").filter(pl.col(_ID).is_duplicated())
    return shared[KEY].unique().to_list()
