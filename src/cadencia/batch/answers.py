"""The answers of a book as a frame, with an account of every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ..reading.book import Tally
from .coding import Bools, Ints
from .engine import Bad, Said
from .frames import Kind, write_frame

__all__ = ["ANSWERS", "Answers", "Columns"]

#: The answers, in the order of their codes.
ANSWERS: Final = ("contact", "wait", "blocked", "stop")
#: So many rules at once are told apart by a table.
_MOST_BITS: Final = 16
_INSTANT: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to a book.

    Every frame is of the kind that was given: polars, pandas, pyarrow or duckdb.

    Attributes:
        frame: one row for each prospect whose id can be read, in their order; see `decide_many` for its columns.
        quarantine: the rows that cannot be used: `table` (`prospects` or `touches`), `row` (from 1; of a text file its
            line), `column` (null where no
            single one is to blame), `cause`, and `prospects` (the ids that they close).
        strangers: the ids that have touches and are no prospects (`prospect`), with the number of their rows (`touches`).
        prospects, touches: what became of the rows; `answered + closed + unreadable == read`.
        lanes: how many prospects were answered by the numeric lane (`columns`) and how many one by one (`engine`).
    """

    frame: Any
    quarantine: Any
    strangers: Any
    prospects: Tally
    touches: Tally
    lanes: Mapping[str, int]

    @property
    def share(self) -> float:
        """The share of the prospects that the numeric lane answered, from 0 to 1."""
        return self.lanes["columns"] / (sum(self.lanes.values()) or 1)

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
        """The columns as a frame; `kept` says which rows are answers, None for all."""
        columns: list[pl.Series] = [
            ids,
            pl.Series("answer", self.answer).cat.to(pl.Enum(ANSWERS)),
            _words("channel", self.channel, self.channels),
            self._text("contact_point"),
            _instants("at", self.at, self.opened),
            _instants("until", self.until, self.bounded),
            self._not_before(),
            self._text("step"),
            self.needs.series("needs"),
        ]
        if self.stops is not None:
            columns += [_words("rule", self.rule, self.rules), self.stops.series("stops")]
        if self.blocking is not None:
            columns.append(self.blocking.series("blocking"))
        if self.touches is not None:
            columns.append(self.touches.series("touches"))
        frame = pl.DataFrame(columns)
        return frame if kept is None else frame.filter(pl.Series(kept))

    def _text(self, name: str) -> pl.Series:
        text = pl.Series(name, [None], dtype=pl.String).new_from_index(0, self.size)
        if name == "contact_point":
            for rows, column in self.addresses:
                text = text.scatter(rows, column)
        elif self.steps is not None:
            text = text.scatter(self.steps[0], self.steps[1])
        told = self.texts[name]
        return text.scatter(list(told), list(told.values())) if told else text

    def _not_before(self) -> pl.Series:
        column = pl.Series("not_before", [None], dtype=pl.Int64).new_from_index(0, self.size)
        if self.not_before:
            column = column.scatter(list(self.not_before), list(self.not_before.values()))
        return column.cast(_INSTANT)


class Lists:
    """A column of lists of which few differ: each kept once."""

    def __init__(self, size: int) -> None:
        self._which = np.zeros(size, np.int32)
        self._known: dict[tuple[str, ...] | None, int] = {None: 0}

    def number(self, value: tuple[str, ...] | None) -> int:
        """The number that stands for a list."""
        return self._known.setdefault(value, len(self._known))

    def put(self, rows: npt.NDArray[np.intp], values: Sequence[tuple[str, ...] | None]) -> None:
        """Fill in lists."""
        self._which[rows] = [self.number(value) for value in values]

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
        self._which[rows] = np.array(numbers, np.int32)[small]

    def series(self, name: str) -> pl.Series:
        """The column."""
        lists = pl.Series(
            name, [None if value is None else list(value) for value in self._known], dtype=pl.List(pl.String)
        )
        if len(lists) == 1:
            return lists.new_from_index(0, len(self._which))
        return lists.gather(pl.Series(self._which))


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


def _words(name: str, codes: npt.NDArray[Any], labels: list[str]) -> pl.Series:
    """Numbers as words; -1 is null."""
    column = pl.Series(name, codes)
    if len(codes) and int(codes.min()) < 0:
        column = pl.select(pl.when(column >= 0).then(column)).to_series().alias(name)
    kind = pl.UInt8 if len(labels) < 256 else pl.UInt16 if len(labels) < 65_536 else pl.UInt32
    return column.cast(kind).cat.to(pl.Enum(labels))


def _instants(name: str, micros: Ints, given: Bools) -> pl.Series:
    column, mask = pl.Series(name, micros), pl.Series(given)
    return pl.select(pl.when(mask).then(column)).to_series().alias(name).cast(_INSTANT)


def bad_frame(bad: Sequence[Bad], kind: Kind) -> Any:
    """The quarantine."""
    schema: dict[str, Any] = {
        "table": pl.String, "row": pl.Int64, "column": pl.String, "cause": pl.String, "prospects": pl.List(pl.String)
    }  # fmt: skip
    return write_frame(
        pl.DataFrame([(*item[:4], list(item.prospects)) for item in bad], schema=schema, orient="row"), kind
    )
