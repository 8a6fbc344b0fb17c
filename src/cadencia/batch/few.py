"""A small book: its plain rows by the fast lane one after the other, as columns only pay from some hundreds of prospects on.

What is plain is what the numeric lane reads; every other row goes to the engine, as there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from .._lane.lane import Lane
from .._lane.rows import Raw
from .._time.clock import DAY, EVER, FOREVER
from ..decision import answered
from ..engine import Engine
from ..touch import CHANNELS
from .coding import texts
from .engine import Said, said_of
from .events import READ, odd_cells, read_instants, read_words
from .people import FEW, FREE, are_words, is_words, place_of, told_of
from .question import Question

__all__ = ["Few", "answer_few", "is_few"]

#: So many rows of prospects and of touches together are no more than few.
MOST = 700


class Few(NamedTuple):
    """What the fast lane said of a small book, by the position of the prospect's row.

    Attributes:
        said: the answers.
        rows, touch_rows: the rows of prospects and of touches that the engine must read.
        strangers: the ids without a prospect, with the number of their touches.
        touches: how many rows of touches were answered.
    """

    said: dict[int, Said]
    rows: list[int]
    touch_rows: list[int]
    strangers: dict[str, int]
    touches: int


def is_few(people: pl.DataFrame, touches: pl.DataFrame) -> bool:
    """Whether a book is small, and its columns are of those that are read row by row."""
    return len(people) + len(touches) <= MOST and not any(
        name in CHANNELS or (name in FEW and not are_words(people[name].to_list())) for name in people.columns
    )  # addresses, and lists of zones, are for columns


def answer_few(engine: Engine, lane: Lane, people: pl.DataFrame, touches: pl.DataFrame, question: Question) -> Few:
    """The answers of a book whose times are as `in_time` leaves them."""
    now, horizon = question.now, question.horizon
    wanted = question.options.get("purpose"), question.options.get("step")
    count = len(people)
    places, odd, ids = _people(people)
    owner: dict[str | None, int] = {name: row for row, name in enumerate(ids) if name is not None}
    named, made, strange = _touches(touches)
    whose = list(map(owner.get, named))
    rows: list[list[Any]] = [[] for _ in range(count)]
    lost = 0
    for person, touch in zip(whose, made, strict=True):
        if person is None:
            lost += 1
        else:
            rows[person].append(touch)
    for row in strange:
        person = whose[row]
        if person is not None:
            odd[person] = True
    instants = repeat(now, count) if isinstance(now, int) else now.tolist()
    told: dict[int, Said] = {}
    for row, (place, instant) in enumerate(zip(places, instants, strict=True)):
        if place is not None and not odd[row]:
            raw = Raw(place, rows[row], False)
            # with several touches at one instant the engine must say why
            usable = raw.plain and raw.latest <= instant
            found = lane.answer(raw, instant, instant + horizon) if usable else None
            if found is not None:
                decision = answered((engine, raw, instant, instant + horizon, *wanted), found)
                if decision.answer != "blocked":  # what would lift it, the engine says
                    told[row] = said_of(decision, question.reasons, False)
    left = [row for row in range(count) if row not in told]
    if not left and not lost:
        return Few(told, left, [], {}, len(whose))
    nobodys = [row for row, person in enumerate(whose) if person is None]
    unread = [row for row in nobodys if row in strange or named[row] is None]
    strangers = Counter(name for row in nobodys if row not in strange and (name := named[row]) is not None)
    mine = [row for row, person in enumerate(whose) if person is not None and person not in told]
    return Few(told, left, sorted([*mine, *unread]), strangers, len(whose) - len(nobodys) - len(mine))


def _people(frame: pl.DataFrame) -> tuple[list[Any], list[bool], list[str | None]]:
    """Where each prospect is (None: not known), whether anything else makes its row odd, and its id."""
    ids = list(map(_name, _ids(frame["id"])))
    odd = [name is None for name in ids]
    names = tuple(name for name in FEW if name in frame.columns)
    cells = zip(*(frame[name].to_list() for name in names), strict=True) if names else repeat((), len(ids))
    places = [place_of(names, item) if item else None for item in cells]
    same: list[list[str | None]] = [ids]
    for name in frame.columns:
        if name == "id" or name in FEW:
            continue
        column = frame[name]
        if name == "account":
            same.append(list(map(_name, _ids(column))))
        elif not (name in FREE and (is_words(column) or column.dtype.is_integer())):
            odd = [one or other for one, other in zip(odd, told_of(column).tolist(), strict=True)]
    for values in same:
        if len(set(values)) < len(values):
            many = Counter(values)
            odd = [one or (item is not None and many[item] > 1) for one, item in zip(odd, values, strict=True)]
    return places, odd, ids


def _touches(frame: pl.DataFrame) -> tuple[list[str | None], list[Any], set[int]]:
    """For each row its prospect's id and the touch as the lane has it; and the odd rows, of which neither is to be believed."""
    instants, strange = _instants(frame["at"])
    channels, directions, dispositions, unread, plain = read_words(frame)
    strange.update(unread)
    cells = None if plain and READ.issuperset(frame.columns) else odd_cells(frame)
    if cells is not None:
        strange.update(np.flatnonzero(cells).tolist())
    named = list(map(_name, _ids(frame["prospect"])))
    ids: Sequence[Any] = range(len(named))
    if "id" in frame.columns:
        ids = _ids(frame["id"])
        if len(set(ids)) < len(ids) or None in ids:
            many = Counter(ids)
            strange.update(row for row, name in enumerate(ids) if name is None or many[name] > 1)
    return named, list(zip(instants, instants, channels, directions, dispositions, ids, strict=True)), strange


def _instants(column: pl.Series) -> tuple[list[int], set[int]]:
    """Instants in microseconds, and the rows of those that cannot be read here."""
    if isinstance(column.dtype, pl.Datetime):
        known = column.cast(pl.Int64).to_list()
        if not known or (None not in known and min(known) >= EVER + DAY and max(known) < FOREVER - DAY):
            return known, set()
    at, bad = read_instants(column)
    return at.tolist(), set() if bad is None else set(np.flatnonzero(bad).tolist())


def _ids(column: pl.Series) -> list[Any]:
    """Ids as `texts` has them: texts without blanks around them, or whole numbers; None where there is none."""
    values = column.to_list()
    if are_words(values):
        return [None if value is None else value.strip() or None for value in values]
    return values if column.dtype.is_integer() else texts(column).to_list()


def _name(item: Any) -> str | None:
    return None if item is None else str(item)
