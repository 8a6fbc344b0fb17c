"""What a run over files came to: the answers, and an account of every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from ..reading.book import Tally
from .answers import ANSWERS, Answers, most_first
from .coding import texts
from .question import Told

__all__ = ["Counts"]

_STRANGERS: Final = 1_000


@dataclass(slots=True)
class Counts:
    """What became of every row, and what was answered.

    Attributes:
        answers: how many prospects were given each answer.
        rules: how often each rule bound a wait or ended a case.
        lanes: how many prospects took each lane.
        prospects, touches: what became of the rows.
        told: by how many prospects what is reported, and who is closed because of bad rows.
        bad: the first rows that cannot be used, with their places, and `bad_rows` how many there are; `nameless` of them may
            be about anybody.
        strangers: the ids without a prospect, with the number of their touches; the most frequent, a thousand at most.
    """

    answers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ANSWERS, 0))
    rules: dict[str, int] = field(default_factory=dict)
    lanes: dict[str, int] = field(default_factory=lambda: {"columns": 0, "rows": 0, "engine": 0})
    prospects: Tally = field(default_factory=lambda: Tally(0, 0, 0))
    touches: Tally = field(default_factory=lambda: Tally(0, 0, 0))
    told: Told = field(default_factory=Told)
    bad: list[str] = field(default_factory=list)
    bad_rows: int = 0
    nameless: int = 0
    strangers: dict[str, int] = field(default_factory=dict)

    def add(self, found: Answers, names: tuple[str, str] = ("prospects", "touches")) -> None:
        """Count the answers of a part."""
        frame = found.frame
        for name, many in frame["answer"].cast(pl.String).value_counts(name="many").iter_rows():
            self.answers[name] += many
        if "rule" in frame.columns:
            for name, many in frame["rule"].drop_nulls().cast(pl.String).value_counts(name="many").iter_rows():
                self.rules[name] = self.rules.get(name, 0) + many
        for name, many in found.lanes.items():
            self.lanes[name] += many
        self.prospects = _sum(self.prospects, found.prospects)
        self.touches = _sum(self.touches, found.touches)
        self.bad_rows += found.quarantine.height
        people = {name for names in found.quarantine["prospects"].to_list() for name in names}
        ids = texts(frame["id"]).cast(pl.String)
        known = set(ids.filter(ids.is_in(people)))
        self.nameless += sum(known.isdisjoint(names) for names in found.quarantine["prospects"].to_list())
        for table, row, _, cause, _ in found.quarantine.head(max(0, 20 - len(self.bad))).iter_rows():
            self.bad.append(f"{names[table == 'touches']}:{row}: {cause}")
        self.strangers.update(found.strangers.head(_STRANGERS).iter_rows())
        if len(self.strangers) > _STRANGERS:
            self.strangers = dict(most_first(self.strangers)[:_STRANGERS])


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.answered + other.answered,
        one.closed + other.closed,
        one.unreadable + other.unreadable,
        one.skipped + other.skipped,
    )
