"""Rows of touches as integers: when, whose, and in which words; and the rows that need the engine itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from .._time.clock import DAY, EVER, FOREVER
from ..errors import InputError
from .coding import Bools, Ints, Some, positions, read_codes, repeated, said, texts
from .frames import SAY_ZONE
from .people import People, are_words, is_words

__all__ = ["READ", "Events", "Words", "in_time", "odd_cells", "read_events", "read_instants", "read_words"]

#: Texts that change no answer of the lane.
_FREE: Final = frozenset({"contact_point", "purpose", "step", "by", "via", "group"})
_FLAGS: Final = frozenset({"automated", "objective_met"})
#: How instants are usually written; what is written otherwise is read by the models.
_ISO: Final = {
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,6})?[+-]\d\d:\d\d$": "%Y-%m-%dT%H:%M:%S%.f%:z",
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d\d:\d\d$": "%Y-%m-%dT%H:%M%:z",
}
_MOST: Final = 1 << 20
_TIMES: Final = frozenset({"at", "end", "recorded_at"})
_WORDS: Final = (("channel", None), ("direction", "outbound"), ("disposition", "unknown"))
_SPOKEN: Final = frozenset(name for name, _ in _WORDS)
_DIRECTIONS: Final = frozenset({"outbound", "inbound"})
#: What the lane reads itself, where words are words.
READ: Final = frozenset({"id", "prospect", "at", *_SPOKEN})
#: What begins like this is read as JSON.
_JSON: Final = r"^[\s\x1c-\x1f]*[\[{]"


@dataclass(slots=True)
class Words:
    """The words of a touch, each combination as one code.

    Attributes:
        code: the code of each row.
        channels, outbound, dispositions: what each code stands for; a channel None where the row cannot be read.
    """

    code: Some
    channels: list[str | None]
    outbound: Bools
    dispositions: list[str]


@dataclass(slots=True)
class Events:
    """The touches of a book, as columns.

    Attributes:
        frame: the rows as they came, instants to the microsecond.
        at: when each begins, in microseconds; whatever it is where the row is odd.
        end: when each ends; None where none has a length.
        owner: the position of its prospect; -1 where there is none.
        words: channel, direction and disposition.
        odd: the rows that the lane cannot read; None where it can read all.
    """

    frame: pl.DataFrame
    at: Ints
    end: Ints | None
    owner: npt.NDArray[np.int32]
    words: Words
    odd: Bools | None

    def __len__(self) -> int:
        return len(self.frame)


def in_time(frame: pl.DataFrame) -> pl.DataFrame:
    """The touches with their instants to the microsecond, and none that Python has not.

    Raises:
        InputError: times without an offset; nothing is guessed.
    """
    for name in frame.columns:
        if name in _SPOKEN:
            continue  # no times; and to ask for the kind of a column of categories makes it anew
        column = frame[name]
        dtype = column.dtype
        if isinstance(dtype, pl.Datetime):
            if name in _TIMES and dtype.time_zone is None:
                raise InputError(
                    f"touches: the times of `{name}` have no UTC offset; say which zone they are in, for example with "
                    + SAY_ZONE
                )
            if dtype.time_unit != "us":
                column = column.dt.cast_time_unit("us")
                frame = frame.with_columns(column)
            if name in _TIMES and (far := _far(column)).any():
                if name != "at":
                    raise InputError(
                        f"touches: `{name}` of row {int(np.flatnonzero(far)[0]) + 1} is out of range; write a year from 2 to 9998"
                    )
                frame = frame.with_columns(
                    column.set(pl.Series(far), None)
                )  # Python has no such instant: it cannot be read
    return frame


def read_events(frame: pl.DataFrame, people: People) -> Events:
    """The touches of a frame whose columns are ours, in time as `in_time` leaves them."""
    at, bad = read_instants(frame["at"])
    odd = np.zeros(len(frame), np.bool_) if bad is None else bad.copy()
    end: Ints | None = None
    if "end" in frame.columns:
        column = frame["end"]
        if isinstance(column.dtype, pl.Datetime) and column.null_count() < len(column):
            end = column.cast(pl.Int64).fill_null(EVER).to_numpy()
            odd |= (end != EVER) & (end < at)
            end = np.maximum(end, at)
    cells = odd_cells(frame, ends=end is None)
    if cells is not None:
        odd |= cells
    if "id" in frame.columns:
        names = texts(frame["id"])
        twice = repeated(names)
        if twice is not None:
            odd |= twice
        if names.null_count():
            odd |= names.is_null().to_numpy()
    owner, nameless = _owners(frame["prospect"], people)
    odd[nameless] = True
    words, unread = _words(frame)
    if unread is not None:
        odd |= unread
    return Events(frame, at, end, owner, words, odd if odd.any() else None)


def odd_cells(frame: pl.DataFrame, *, ends: bool = True) -> Bools | None:
    """The rows in which a column says something that the lane does not read; an end only if `ends`."""
    odd: Bools | None = None
    for name in frame.columns:
        column = frame[name]
        if name in READ and _spoken(column) is column:
            continue
        if (name in _FREE and is_words(column)) or (name == "end" and not ends):
            continue
        if (name in _FLAGS and column.dtype == pl.Boolean) or (
            name == "recorded_at" and isinstance(column.dtype, pl.Datetime)
        ):
            continue
        if name in ("booked", "cancelled") and column.dtype == pl.Boolean:
            found = column.fill_null(False).to_numpy()
        elif name in _SPOKEN:  # of a kind that no word is read from, be it an empty list
            found = column.is_not_null().to_numpy()
        elif name == "subjects" and is_words(column):  # what counts by subject is no rule of the lane
            found = column.cast(pl.String).str.contains(_JSON).fill_null(False).to_numpy()
        else:
            found = said(column)
        odd = found if odd is None else odd | found
    return odd


def _spoken(column: pl.Series) -> pl.Series:
    """A column of words; of a kind that the models read no word from, one that says nothing."""
    dtype = column.dtype
    if column.name not in _SPOKEN or is_words(column) or dtype.is_integer() or dtype.is_float():
        return column
    return (
        column if dtype == pl.Null else pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, len(column))
    )


def _owners(column: pl.Series, people: People) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """The position of each row's prospect, and the rows that name nobody."""
    if column.dtype != pl.String:
        column = texts(column)
    owner = positions(column, people.ids)
    lost = np.flatnonzero(owner < 0)
    if len(lost) and column.dtype == pl.String:  # blanks are only looked for where nobody was found
        bare = texts(column[lost])
        if owner.flags.writeable is False:
            owner = owner.copy()
        owner[lost] = positions(bare, people.ids)
        return owner, lost[bare.is_null().to_numpy()]
    return owner, lost[column[lost].is_null().to_numpy()] if len(lost) else lost


def read_instants(column: pl.Series) -> tuple[Ints, Bools | None]:
    """Instants in microseconds, and which cannot be read here."""
    bad: Bools | None = None
    if column.dtype == pl.String:
        column = _parsed(column)
        bad = column.is_null().to_numpy()
    elif not isinstance(column.dtype, pl.Datetime):
        return np.zeros(len(column), np.int64), np.ones(len(column), np.bool_)
    physical = column.cast(pl.Int64)  # unlike `to_physical` at once, without a plan
    if physical.null_count():
        missing = physical.is_null().to_numpy()
        bad = missing if bad is None else bad | missing
        physical = physical.fill_null(
            physical.max() or 0
        )  # an instant like the others: calendars reach to the first of all
    at = physical.to_numpy()
    if len(at) and (at.min() < EVER + DAY or at.max() >= FOREVER - DAY):
        far = (at < EVER + DAY) | (at >= FOREVER - DAY)
        bad = far if bad is None else bad | far
        at = np.where(far, at[~far].max() if not far.all() else 0, at)
    return at, bad


def _parsed(column: pl.Series) -> pl.Series:
    """Written instants; null where one is not written as expected, which the models may read all the same."""
    text = column.str.replace("Z$", "+00:00").str.replace(" ", "T")
    found = pl.Series([None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, len(column))
    for pattern, written in _ISO.items():
        left = found.is_null() & text.str.contains(pattern).fill_null(False)
        if left.any():
            read = text.set(~left, None).str.to_datetime(written, time_unit="us", time_zone="UTC", strict=False)
            found = found.zip_with(~left, read)
    return found


def _far(column: pl.Series) -> Bools:
    """Where an instant is out of range."""
    far: Bools = np.zeros(len(column), np.bool_)
    physical = column.cast(pl.Int64)
    bounds: list[Any] = [physical.min(), physical.max()]
    if bounds[0] is not None and (bounds[0] < EVER + DAY or bounds[1] >= FOREVER - DAY):
        far = ((physical < EVER + DAY) | (physical >= FOREVER - DAY)).fill_null(False).to_numpy()
    return far


def _words(frame: pl.DataFrame) -> tuple[Words, Bools | None]:
    """The words of each row, and which rows have one that the lane cannot read."""
    channels = read_codes(_spoken(frame["channel"]))
    known: list[str | None] = [_bare(label) for label in channels.labels]
    code = channels.codes
    directions = ["outbound"]
    if "direction" in frame.columns:
        read = read_codes(_spoken(frame["direction"]))
        directions = [_bare(label) or "outbound" for label in read.labels]
        code = _joined(code, len(known), read.codes, len(directions))
    dispositions = ["unknown"]
    if "disposition" in frame.columns:
        read = read_codes(_spoken(frame["disposition"]))
        dispositions = [_bare(label) or "unknown" for label in read.labels]
        code = _joined(code, len(known) * len(directions), read.codes, len(dispositions))
    if len(known) * len(directions) * len(dispositions) > _MOST:  # so many words are no vocabulary
        everything = np.ones(len(frame), np.bool_)
        return Words(np.zeros(len(frame), np.uint8), [None], np.zeros(1, np.bool_), ["unknown"]), everything
    strange = [name not in _DIRECTIONS for name in directions]
    ended = [name == "cancelled" for name in dispositions]
    bad = np.array(
        [channel is None or is_strange or is_ended for channel in known for is_strange in strange for is_ended in ended]
    )
    words = Words(
        code,
        [channel for channel in known for _ in directions for _ in dispositions],
        np.array([name == "outbound" for _ in known for name in directions for _ in dispositions]),
        [name for _ in known for _ in directions for name in dispositions],
    )
    used = bad[code] if bad.any() else None
    return words, used if used is not None and used.any() else None


def read_words(frame: pl.DataFrame) -> tuple[list[Any], list[Any], list[Any], list[int], bool]:
    """The words of each row as texts, the numbers of the rows that the lane cannot read, and whether all words came as words."""
    plain = True
    read: list[tuple[list[Any], set[Any]]] = []
    for name, otherwise in _WORDS:
        if name not in frame.columns:
            read.append(([otherwise] * len(frame), {otherwise}))
            continue
        values = frame[name].to_list()
        if not are_words(values):
            plain, values = False, _spoken(frame[name]).to_list()
        read.append(_bare_texts(values, otherwise))
    channels, directions, dispositions = read
    bad: list[int] = []
    if None in channels[1] or not directions[1] <= _DIRECTIONS or "cancelled" in dispositions[1]:
        rows = zip(channels[0], directions[0], dispositions[0], strict=True)
        bad = [
            row
            for row, (channel, direction, disposition) in enumerate(rows)
            if channel is None or direction not in _DIRECTIONS or disposition == "cancelled"
        ]
    return channels[0], directions[0], dispositions[0], bad, plain


def _bare_texts(values: list[Any], otherwise: str | None) -> tuple[list[str | None], set[str | None]]:
    """Texts without blanks around them, and which occur."""
    bare = {value: otherwise if value is None else str(value).strip() or otherwise for value in set(values)}
    return [bare[value] for value in values], set(bare.values())


def _bare(label: str | None) -> str | None:
    return None if label is None else label.strip() or None


def _joined(code: Some, size: int, more: Some, count: int) -> Some:
    """Two codes as one, in as few bytes as hold it."""
    kind = np.uint8 if size * count < 1 << 8 else np.uint16 if size * count < 1 << 16 else np.uint32
    joined: npt.NDArray[Any] = code.astype(kind)
    np.multiply(joined, kind(count), out=joined)
    np.add(joined, more.astype(kind, copy=False), out=joined)
    return joined
