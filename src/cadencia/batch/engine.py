"""The rows that need the engine itself: read by the models, closed where they are bad, decided one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from .._time.clock import micros, moment
from ..reading.book import Book, Problem
from ..reading.plain import prospect_columns, prospects_as_named, touch_columns, touches_as_named
from ..reading.rows import Row
from ..reading.shape import ProspectShape, TouchShape
from .coding import Ints, texts
from .people import NOTHING
from .question import Decides, Question, decision_of
from .reserve import Bookings

__all__ = ["FRAMES", "Bad", "Said", "Seen", "Source", "Sources", "answer_one_by_one", "said_of"]

_COLUMN: Final = re.compile(r"([a-z_]+)(?:[.\[][^:]*)?: ")
_KNOWN: Final = frozenset((*prospect_columns, *touch_columns))

Rows = npt.NDArray[np.intp]


class Said(NamedTuple):
    """One answer, as the columns have it. Instants in microseconds, None for none."""

    answer: str
    channel: str | None
    contact_point: str | None
    at: int | None
    until: int | None
    not_before: int | None
    step: str | None
    needs: tuple[str, ...] | None
    rule: str | None
    stops: tuple[str, ...] | None
    blocking: tuple[str, ...] | None
    touches: tuple[str, ...] | None


class Source(NamedTuple):
    """Where the rows of a frame come from.

    Attributes:
        name: what their places begin with.
        numbers: the number of each; None: from 1.
        problems: why a row cannot be read, null where it can; None where all can.
    """

    name: str
    numbers: Ints | None = None
    problems: pl.Series | None = None


#: What the problem of a row begins with that is there once more, under another prospect whom it may be about as well.
ALSO: Final = "\x1f"

#: Of prospects, and of touches.
Sources = tuple[Source, Source]
FRAMES: Final[Sources] = Source("prospects"), Source("touches")


class Bad(NamedTuple):
    """A row that cannot be used: `prospects` or `touches`, its number from 1, the column if one is to blame, and why."""

    table: str
    row: int
    column: str | None
    cause: str
    prospects: tuple[str, ...]


@dataclass(slots=True)
class Seen:
    """What the engine said, and what became of the rows it was given."""

    answers: dict[int, Said] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    book: Book = field(default_factory=Book)


def answer_one_by_one(
    policy: Decides, prospects: pl.DataFrame, touches: pl.DataFrame, rows: Rows, touch_rows: Rows, question: Question, *,
    reserve: bool = False, sources: Sources = FRAMES,
) -> Seen:  # fmt: skip
    """The answers of some rows of prospects and touches, by the position of the prospect's first row."""
    seen = Seen()
    if not len(rows) and not len(touch_rows):
        return seen
    book = seen.book
    shape = ProspectShape(prospects_as_named(prospects.columns), NOTHING, as_named=True)
    index: dict[str, int] = {}

    def watched() -> Iterator[Row]:
        for number, row in zip(rows.tolist(), _rows(prospects, sources[0], rows, "id"), strict=True):
            person = shape.id_in(row)
            if person is not None:
                index.setdefault(person, number)
            yield row

    book.add_prospects(watched(), shape)
    many, more = len(book.problems), len(book.disagreements)  # those of prospects; those of touches follow
    book.add_touches(
        _rows(touches, sources[1], touch_rows, "prospect"),
        TouchShape(touches_as_named(touches.columns), NOTHING, question.dispositions),
    )
    booked = Bookings() if reserve else None
    for case in book.cases():
        row = index[case.prospect.id]
        as_of = moment(question.now if isinstance(question.now, int) else int(question.now[row]))
        decision = decision_of(policy, case if booked is None else booked.known(case), as_of, question.options)
        if booked is not None:
            booked.book(case, decision)
        if question.told is not None:
            question.told.reports.update({report[0] for report in decision.reports})
        seen.answers[row] = said_of(decision, question.reasons, question.evidence)
    seen.bad = sorted(
        _bad("prospects" if number < of_prospects else "touches", problem)
        for problems, of_prospects in ((book.problems, many), (book.disagreements, more))
        for number, problem in enumerate(problems)
    )
    return seen


def _rows(frame: pl.DataFrame, source: Source, rows: Rows, key: str) -> Iterator[Row]:
    """Rows as the reader of files has them; their lines are their numbers, from 1."""
    chosen = frame[rows] if len(rows) < len(frame) else frame
    for column in dict.fromkeys((key, "id")):
        if column in chosen.columns:
            chosen = chosen.with_columns(texts(chosen[column]))
    nested = [name for name, dtype in chosen.schema.items() if dtype.is_nested()]
    lines = rows + 1 if source.numbers is None else source.numbers[rows]
    problems: Iterable[str | None] = repeat(None) if source.problems is None else source.problems[rows]
    for number, cells, problem in zip(lines.tolist(), chosen.iter_rows(named=True), problems, strict=False):
        for name in nested:
            cells[name] = _without_gaps(cells[name])
        again = problem is not None and problem.startswith(ALSO)
        yield Row(source.name, number, cells, problem.removeprefix(ALSO) if problem else problem, again=again)


def _without_gaps(value: Any) -> Any:
    """Records without what they do not say: in a column each has the keys of all, null where it had none."""
    if isinstance(value, dict):
        return {name: _without_gaps(item) for name, item in value.items() if item is not None}
    return [_without_gaps(item) for item in value] if isinstance(value, list) else value


def _bad(table: str, problem: Problem) -> Bad:
    line = problem.place.rpartition(":")[2]
    found = _COLUMN.match(problem.what)
    column = found[1] if found and found[1] in _KNOWN else None
    return Bad(table, int(line), column, problem.what, problem.people)


def said_of(decision: Any, reasons: str, evidence: bool) -> Said:
    """A decision as the columns have it."""
    answer = decision.answer
    opened = answer in ("contact", "wait")
    rule = stops = blocking = touches = needs = None
    until = not_before = None
    if opened:
        at, until = decision.stretch()
    else:
        at = None
        if answer == "stop":
            until = _instant(decision.until)
        else:
            not_before, needs = _instant(decision.not_before), tuple(decision.needs)
    if reasons != "none":
        if answer == "stop":
            rule, stops = decision.reason, decision.stops
        elif answer != "contact":
            rule = decision.binding or decision.waits_for
        if reasons == "all":
            blocking = tuple(decision.blocking)
    if evidence:
        touches = tuple(dict.fromkeys(touch for verdict in decision.verdicts for touch in verdict.touches))
    return Said(
        answer, decision.channel if opened else None, decision.contact_point if opened else None, at, until, not_before,
        decision.step if opened else None, needs, rule, stops, blocking, touches,
    )  # fmt: skip


def _instant(value: datetime | None) -> int | None:
    return None if value is None else micros(value)
