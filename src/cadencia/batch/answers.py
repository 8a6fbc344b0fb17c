"""The answers of a book as a frame, with an account of every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ..reading.book import Tally
from .coding import Bools, Ints
from .engine import Bad, Said
from .frames import Kind, write_frame

__all__ = ["ANSWERS", "Answers", "Columns", "most_first"]

#: The answers, in the order of their codes.
ANSWERS: Final = ("contact", "wait", "blocked", "stop")
#: So many rules at once are told apart by a table.
_MOST_BITS: Final = 16
_TEXTS: Final = pl.List(pl.String)
_BAD: Final[dict[str, Any]] = {
    "table": pl.String, "row": pl.Int64, "column": pl.String, "cause": pl.String, "prospects": _TEXTS
}  # fmt: skip
_NONE_BAD: Final = pl.DataFrame(schema=_BAD)
_STRANGERS: Final[dict[str, Any]] = {"prospect": pl.String, "touches": pl.Int64}
_NO_STRANGERS: Final = pl.DataFrame(schema=_STRANGERS)
_INSTANT: Final = pl.Datetime("us", "UTC")
#: What the columns without labels hold.
_KINDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("contact_point", "step"), pl.String),
    **dict.fromkeys(("at", "until", "not_before"), _INSTANT),
    **dict.fromkeys(("needs", "stops", "blocking"), _TEXTS),
}


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to a book.

    Every frame is of the kind that was given: polars, pandas, pyarrow or duckdb.

    Attributes:
        frame: one row for each prospect whose id can be read, in their order; see `decide_many` for its columns.
        quarantine: the rows that cannot be used: `table` (`prospects` or `touches`), `row` (from 1; of a text file its
            line), `column` (null where no
            single one is to blame), `cause`, and `prospects` (the ids that they close).
        strangers: the ids that have touches and are no prospects (`prospect`), with the number of their rows (`touches`); the
            most frequent first.
        prospects, touches: what became of the rows; `answered + closed + unreadable == read`.
        lanes: how many prospects were answered by the numeric lane (`columns`), in a small book by the fast lane of `decide`
            (`rows`), and by the engine itself (`engine`).
    """

    frame: Any
    quarantine: Any
    strangers: Any
    prospects: Tally
    touches: Tally
    lanes: Mapping[str, int]

    @property
    def share(self) -> float:
        """The share of the prospects that needed no engine, from 0 to 1."""
        return (self.lanes["columns"] + self.lanes["rows"]) / (sum(self.lanes.values()) or 1)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The frame of answers as an Arrow stream."""
        return pl.DataFrame(self.frame).__arrow_c_stream__(requested_schema)


class Columns:
    """The columns of the answers while they are filled: by position of the prospect's row."""

    def __init__(self, size: int, reasons: str, evidence: bool) -> None:
        self.size = size
        self.reasons = reasons
        self.answer = np.zeros(size, np.uint8)
        self.at = np.zeros(size, np.int64)
        self.until = np.zeros(size, np.int64)
        self.opened = np.zeros(size, np.bool_)
        self.bounded = np.zeros(size, np.bool_)
        self.channel: npt.NDArray[Any] = np.full(size, -1, np.int8)
        self.rule: npt.NDArray[Any] = np.full(size, -1, np.int8)
        self.channels: list[str] = []
        self.rules: list[str] = []
        self.stops = Lists(size) if reasons != "none" else None
        self.blocking = Lists(size) if reasons == "all" else None
        self.touches = Lists(size) if evidence else None
        self.needs = Lists(size)
        self.texts: dict[str, dict[int, str]] = {"contact_point": {}, "step": {}}
        self.not_before: dict[int, int] = {}
        self.addresses: list[tuple[npt.NDArray[np.intp], pl.Series]] = []
        self.steps: tuple[npt.NDArray[np.intp], str] | None = None

    def put(self, answers: Mapping[int, Said]) -> None:
        """Fill in what the engine said."""
        rows = np.fromiter(answers, np.intp, len(answers))
        said = list(answers.values())
        self.answer[rows] = [ANSWERS.index(item.answer) for item in said]
        self.at[rows] = [item.at or 0 for item in said]
        self.opened[rows] = [item.at is not None for item in said]
        self.until[rows] = [item.until or 0 for item in said]
        self.bounded[rows] = [item.until is not None for item in said]
        self.channel = _numbered(self.channel, rows, [item.channel for item in said], self.channels)
        self.rule = _numbered(self.rule, rows, [item.rule for item in said], self.rules)
        for lists, name in (
            (self.stops, "stops"),
            (self.blocking, "blocking"),
            (self.touches, "touches"),
            (self.needs, "needs"),
        ):
            if lists is not None:
                lists.put(rows, [getattr(item, name) for item in said])
        for row, item in answers.items():
            if item.contact_point is not None:
                self.texts["contact_point"][row] = item.contact_point
            if item.step is not None:
                self.texts["step"][row] = item.step
            if item.not_before is not None:
                self.not_before[row] = item.not_before

    def put_step(self, rows: npt.NDArray[np.intp], step: str) -> None:
        """The step that was asked for, for those who may be contacted."""
        self.steps = rows, step

    def frame(self, ids: pl.Series, kept: Bools | None) -> pl.DataFrame:
        """The columns as a frame; `kept` says which rows are answers, None for all.

        What needs a plan of the library is asked of it at once, as each plan has a price of its own.
        """
        given: list[pl.Series] = [ids]
        asked: list[pl.Expr] = [pl.col(ids.name)]

        def add(expression: pl.Expr, **needed: npt.NDArray[Any]) -> None:
            given.extend(pl.Series(f"{ids.name} {name}", values) for name, values in needed.items())
            asked.append(expression)

        def of(name: str) -> pl.Expr:
            return pl.col(f"{ids.name} {name}")

        def words(name: str, codes: npt.NDArray[Any], labels: Sequence[str]) -> None:
            kind = pl.UInt8 if len(labels) < 256 else pl.UInt16 if len(labels) < 65_536 else pl.UInt32
            spoken = pl.when(of(name) >= 0).then(of(name)) if len(codes) and int(codes.min()) < 0 else of(name)
            add(spoken.cast(kind).cat.to(pl.Enum(labels)).alias(name), **{name: codes})

        def instants(name: str, told: Ints, where: Bools) -> None:
            known = pl.when(of(f"{name} told")).then(of(name)).cast(_INSTANT).alias(name)
            add(known, **{name: told, f"{name} told": where})

        def lists(name: str, found: Lists) -> None:
            add(found.expression(name, of(name)), **({name: found.which} if found.many else {}))

        words("answer", self.answer, ANSWERS)
        words("channel", self.channel, self.channels)
        asked.append(self._text("contact_point"))
        instants("at", self.at, self.opened)
        instants("until", self.until, self.bounded)
        asked += [self._not_before(), self._text("step")]
        lists("needs", self.needs)
        if self.stops is not None:
            words("rule", self.rule, self.rules)
            lists("stops", self.stops)
        if self.blocking is not None:
            lists("blocking", self.blocking)
        if self.touches is not None:
            lists("touches", self.touches)
        frame = pl.DataFrame(given).select(asked)
        return frame if kept is None else frame.filter(pl.Series(kept))

    def _text(self, name: str) -> pl.Expr:
        told = self.texts[name]
        addresses = self.addresses if name == "contact_point" else []
        steps = self.steps if name == "step" else None
        if not (told or addresses or steps):
            return pl.lit(None, dtype=pl.String).alias(name)
        text = pl.Series(name, [None], dtype=pl.String).new_from_index(0, self.size)
        for rows, column in addresses:
            text = text.scatter(rows, column)
        if steps is not None:
            text = text.scatter(*steps)
        return pl.lit(text.scatter(list(told), list(told.values())) if told else text)

    def _not_before(self) -> pl.Expr:
        if not self.not_before:
            return pl.lit(None, dtype=_INSTANT).alias("not_before")
        column = pl.Series("not_before", [None], dtype=pl.Int64).new_from_index(0, self.size)
        return pl.lit(column.scatter(list(self.not_before), list(self.not_before.values()))).cast(_INSTANT)


class Lists:
    """A column of lists of which few differ: each kept once."""

    def __init__(self, size: int) -> None:
        self.which = np.zeros(size, np.int32)
        self._known: dict[tuple[str, ...] | None, int] = {None: 0}

    def number(self, value: tuple[str, ...] | None) -> int:
        """The number that stands for a list."""
        return self._known.setdefault(value, len(self._known))

    def put(self, rows: npt.NDArray[np.intp], values: Sequence[tuple[str, ...] | None]) -> None:
        """Fill in lists."""
        self.which[rows] = [self.number(value) for value in values]

    def put_bits(self, rows: npt.NDArray[np.intp], bits: Ints, names: Sequence[str]) -> None:
        """Fill in lists that are given as bits."""
        used = [place for place in range(len(names)) if int(np.bitwise_or.reduce(bits)) >> place & 1]
        small = np.zeros(len(bits), np.int64)
        for order, place in enumerate(used):
            small |= (bits >> place & 1) << order
        if len(used) > _MOST_BITS:
            masks, small = np.unique(small, return_inverse=True)
        else:
            seen = np.zeros(1 << len(used), np.bool_)
            seen[small] = True
            masks = np.flatnonzero(seen)
            small = np.cumsum(seen)[small] - 1
        numbers = [
            self.number(tuple(names[place] for order, place in enumerate(used) if mask >> order & 1))
            for mask in masks.tolist()
        ]
        self.which[rows] = np.array(numbers, np.int32)[small]

    @property
    def many(self) -> bool:
        """Whether any list was filled in."""
        return len(self._known) > 1

    def expression(self, name: str, which: pl.Expr) -> pl.Expr:
        """The column, where `which` is that of the numbers."""
        if not self.many:
            return pl.lit(None, dtype=_TEXTS).alias(name)
        known = [None if value is None else list(value) for value in self._known]
        return pl.lit(pl.Series(name, known, dtype=_TEXTS)).gather(which).alias(name)


def _numbered(
    column: npt.NDArray[Any], rows: npt.NDArray[np.intp], names: Iterable[str | None], known: list[str]
) -> npt.NDArray[Any]:
    """A column of numbers with some names filled in; `known` grows by those that are new."""
    number: dict[str | None, int] = {None: -1, **{name: place for place, name in enumerate(known)}}
    found = [number.setdefault(name, len(number) - 1) for name in names]
    known += list(number)[len(known) + 1 :]  # type: ignore[arg-type]
    if len(known) > 120 and column.dtype == np.int8:
        column = column.astype(np.int32)
    column[rows] = found
    return column


def frame_of_few(
    ids: pl.Series, said: Mapping[int, Said], channels: Sequence[str], rules: Sequence[str], reasons: str
) -> pl.DataFrame:
    """What was said of a few prospects, by position, as a frame with the columns of `Columns`."""
    kept = sorted(said)
    found: dict[str, Any] = dict.fromkeys(Said._fields, ())
    found.update(zip(Said._fields, zip(*(said[row] for row in kept), strict=True), strict=bool(kept)))
    columns = [
        _of_few("answer", found, ANSWERS),
        _of_few("channel", found, tuple(channels)),
        *(_of_few(name, found) for name in ("contact_point", "at", "until", "not_before", "step", "needs")),
    ]
    if reasons != "none":
        columns += [_of_few("rule", found, tuple(rules)), _of_few("stops", found)]
    if reasons == "all":
        columns.append(_of_few("blocking", found))
    return (ids if len(kept) == len(ids) else ids.gather(kept)).to_frame().hstack(columns)


def _of_few(name: str, found: Mapping[str, Sequence[Any]], labels: tuple[str, ...] | None = None) -> pl.Series:
    """A column with few rows. In many nothing is said, which is cheaper to copy than to make."""
    values = found[name]
    if values.count(None) == len(values):
        return _nothing(name, labels).new_from_index(0, len(values))
    if labels is not None:
        more = dict.fromkeys(value for value in values if value is not None and value not in labels)
        return pl.Series(name, values, dtype=pl.String).cast(_enum((*labels, *more)))
    kind = _KINDS[name]
    if kind == _INSTANT:
        return pl.Series(name, values, dtype=pl.Int64).cast(kind)
    if kind == _TEXTS:
        values = [None if value is None else list(value) for value in values]
    return pl.Series(name, values, dtype=kind)


#: The kind of column that has these labels; made once, as it costs more than a small column.
_enum = lru_cache(maxsize=64)(pl.Enum)


@lru_cache(maxsize=256)
def _nothing(name: str, labels: tuple[str, ...] | None) -> pl.Series:
    """A row of a column in which nothing is said."""
    return pl.Series(name, [None], dtype=_KINDS[name] if labels is None else _enum(labels))


def most_first(strangers: Mapping[str, int]) -> list[tuple[str, int]]:
    """Ids with the number of their touches, the most frequent first, and else by name."""
    return sorted(strangers.items(), key=lambda item: (-item[1], item[0]))


def strangers_frame(strangers: Mapping[str, int], kind: Kind) -> Any:
    """The ids without a prospect, with the number of their touches."""
    found = pl.DataFrame(most_first(strangers), schema=_STRANGERS, orient="row") if strangers else _NO_STRANGERS
    return write_frame(found.clone(), kind)


def bad_frame(bad: Sequence[Bad], kind: Kind) -> Any:
    """The quarantine."""
    rows = [(*item[:4], list(item.prospects)) for item in bad]
    found = pl.DataFrame(rows, schema=_BAD, orient="row") if rows else _NONE_BAD
    return write_frame(found.clone(), kind)
