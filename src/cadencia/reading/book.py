"""A book: many cases, joined from files of prospects and of touches, with an account of every row.

Bad data closes, and says so. A touch row that cannot be read closes its prospect and, since an account speaks with one
voice, the other people of the account: the row might be the opt-out or the reply that forbids the next call. So does an
id that comes twice with different contents. Every row is answered, closed or unreadable, and the three add up to what
was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..case import Account, Case
from ..errors import InputError, given, one_line
from ..prospect import Prospect
from ..touch import Touch
from .rows import Row
from .shape import Opened, ProspectShape, TouchShape

__all__ = ["Book", "Problem", "Tally"]

#: A case carries so many lines about its bad rows; the rest are counted.
_MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be used: where, of which prospects (none: they cannot be read either), and why."""

    place: str
    people: tuple[str, ...]
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Tally:
    """The rows of one kind: `answered + closed + unreadable == read`. Rows that the mapping skips were never read."""

    answered: int
    closed: int
    unreadable: int
    skipped: int = 0

    @property
    def read(self) -> int:
        """All rows but the skipped ones."""
        return self.answered + self.closed + self.unreadable


@dataclass(slots=True)
class _Entry:
    """What is known of one prospect id."""

    prospect: Prospect | None = None
    opened_at: datetime | None = None
    place: str = ""
    rows: int = 0
    touch_rows: int = 0
    account: str | None = None
    touches: list[Touch] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    more: int = 0
    inherited: bool = False

    def close(self, line: str) -> None:
        if len(self.closed) < _MOST_LINES:
            if line not in self.closed:
                self.closed.append(line)
        else:
            self.more += 1

    def lines(self) -> tuple[str, ...]:
        return (*self.closed, *((f"and {self.more} rows more",) if self.more else ()))


class Book:
    """Cases by prospect id, in the order in which the prospects came.

    Add rows of prospects and of touches in any order, then ask for `cases()`.

    Attributes:
        problems: the rows that cannot be read.
        disagreements: the rows whose id stands elsewhere with other content; they close their prospects.
        repeated_prospects, repeated_touches: rows that say again what an earlier one said; they change nothing.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._touches: dict[str, tuple[Touch, str]] = {}
        self._unreadable = [0, 0]
        self._skipped = [0, 0]
        self._shared: list[tuple[str, ...]] = []  # the people of each row that makes touches of several
        self._loose: list[tuple[int, tuple[str, ...]]] = []  # of some problems whom else they may be about
        self._sealed = False
        self.problems: list[Problem] = []
        self.disagreements: list[Problem] = []
        self.repeated_prospects = 0
        self.repeated_touches = 0

    def add_prospects(self, rows: Iterable[Row], shape: ProspectShape) -> None:
        """Read rows of prospects."""
        self._open()
        for row in rows:
            try:
                if row.problem is not None:
                    raise InputError(row.problem)
                if not shape.passes(row.cells):
                    self._skipped[0] += 1
                    continue
                opened = shape.read(row)
            except InputError as error:
                self._bad_prospect(row, shape, one_line(error, 300))
            else:
                self._prospect(row, opened)

    def add_touches(self, rows: Iterable[Row], shape: TouchShape) -> None:
        """Read rows of touches."""
        self._open()
        for row in rows:
            try:
                if row.problem is not None:
                    raise InputError(row.problem)
                if not shape.passes(row.cells):
                    self._skipped[1] += 1
                    continue
                touches = shape.read(row)
            except InputError as error:
                named = tuple(shape.prospects_in(row.cells))
                problem = Problem(row.place, named, one_line(error, 300))
                if others := shape.may_mean(row):
                    self._loose.append((len(self.problems), others))
                if not row.again:
                    self.problems.append(problem)
                    self._unreadable[1] += 1
                for person in named:
                    self._entry(person).close(str(problem))
                continue
            if not touches:
                self._skipped[1] += 1
                continue
            people = tuple(dict.fromkeys(touch.prospect or "" for touch in touches))
            if len(people) == 1:
                self._entry(people[0]).touch_rows += 1
            else:
                self._shared.append(people)
            for touch in touches:
                self._touch(row, touch)

    def _open(self) -> None:
        if self._sealed:
            raise InputError("book: its cases were already taken; add every row first")

    def _entry(self, person: str) -> _Entry:
        entry = self._entries.get(person)
        if entry is None:
            entry = self._entries[person] = _Entry()
        return entry

    def _bad_prospect(self, row: Row, shape: ProspectShape, what: str) -> None:
        person = shape.id_in(row)
        problem = Problem(row.place, () if person is None else (person,), what)
        self.problems.append(problem)
        self._unreadable[0] += 1
        if person is not None:
            entry = self._entry(person)
            entry.place = entry.place or row.place
            entry.account = entry.account or shape.account_in(row)
            entry.close(str(problem))

    def _prospect(self, row: Row, opened: Opened) -> None:
        entry = self._entry(opened.prospect.id)
        entry.rows += 1
        if entry.prospect is None:
            entry.prospect, entry.opened_at = opened
            entry.place = row.place
            entry.account = opened.prospect.account or entry.account
        elif (entry.prospect, entry.opened_at) == opened:
            self.repeated_prospects += 1
        else:
            what = f"prospect {given(opened.prospect.id)} stands in {entry.place} with other content"
            self._disagree(Problem(row.place, (opened.prospect.id,), what))

    def _touch(self, row: Row, touch: Touch) -> None:
        person = touch.prospect
        assert person is not None
        first = self._touches.get(touch.id)
        if first is None:
            self._touches[touch.id] = (touch, row.place)
            self._entry(person).touches.append(touch)
        elif first[0] == touch:
            self.repeated_touches += 1
        else:
            people = tuple(dict.fromkeys((person, first[0].prospect or person)))
            self._disagree(
                Problem(row.place, people, f"touch {given(touch.id)} stands in {first[1]} with other content")
            )

    def _disagree(self, problem: Problem) -> None:
        self.disagreements.append(problem)
        for person in problem.people:
            self._entry(person).close(str(problem))

    def _seal(self) -> None:
        """Closed people close the others of their account; this is known only when every row has been read."""
        if self._sealed:
            return
        self._sealed = True
        self._close_loose()
        for people in self._accounts().values():
            closed = [(person, entry.closed[0]) for person, entry in people if entry.closed and not entry.inherited]
            for _, entry in people:
                if not entry.closed:
                    for other, line in closed[:3]:
                        entry.close(f"{line} (of {given(other)}, same account)")
                    entry.inherited = bool(closed)

    def _close_loose(self) -> None:
        """A row whose cells do not fit the header is about everybody whom any of them may name."""
        for number, names in self._loose:
            people = tuple(person for person in names if person in self)
            problem = self.problems[number]
            if people:
                problem = self.problems[number] = replace(problem, people=people)
            for person in people:
                self._entries[person].close(str(problem))

    def _accounts(self) -> dict[str, list[tuple[str, _Entry]]]:
        found: dict[str, list[tuple[str, _Entry]]] = {}
        for person, entry in self._entries.items():
            if entry.account is not None:
                found.setdefault(entry.account, []).append((person, entry))
        return found

    def __len__(self) -> int:
        """How many cases `cases()` gives: one for each prospect whose id could be read."""
        return sum(1 for entry in self._entries.values() if entry.place)

    def __contains__(self, person: object) -> bool:
        entry = self._entries.get(person) if isinstance(person, str) else None
        return entry is not None and bool(entry.place)

    @property
    def ids(self) -> list[str]:
        """The ids of the prospects, in order."""
        return [person for person, entry in self._entries.items() if entry.place]

    def cases(self, chosen: Callable[[str], bool] | None = None) -> Iterator[Case]:
        """The case of each prospect, in order; a case with bad rows carries them, and is answered `Blocked`."""
        self._seal()
        accounts = self._accounts()
        for person, entry in self._entries.items():
            if entry.place and (chosen is None or chosen(person)):
                yield self._case(person, entry, accounts)

    def _case(self, person: str, entry: _Entry, accounts: dict[str, list[tuple[str, _Entry]]]) -> Case:
        account = None
        if entry.account is not None:
            others = [(other, its) for other, its in accounts[entry.account] if other != person]
            if others:
                account = Account(
                    id=entry.account,
                    people=tuple(its.prospect for _, its in others if its.prospect is not None),
                    touches=tuple(touch for _, its in others for touch in its.touches),
                )
        return Case(
            prospect=entry.prospect or Prospect(id=person),
            touches=tuple(entry.touches),
            account=account,
            opened_at=entry.opened_at,
            unreadable=entry.lines(),
        )

    @property
    def closed(self) -> list[str]:
        """The prospects that are closed because of bad rows, their own or their account's."""
        self._seal()
        return [person for person, entry in self._entries.items() if entry.place and entry.closed]

    @property
    def nameless(self) -> list[Problem]:
        """Bad rows whose prospect cannot be read or is nobody we know: anybody may be meant. To be said first."""
        self._seal()
        return [problem for problem in self.problems if not any(person in self for person in problem.people)]

    @property
    def strangers(self) -> dict[str, int]:
        """The people that have touches and no prospect row, with the number of their rows."""
        return {
            person: entry.touch_rows for person, entry in self._entries.items() if not entry.place and entry.touch_rows
        }

    def prospect_rows(self) -> Tally:
        """What became of the rows of prospects."""
        self._seal()
        answered = sum(entry.rows for entry in self._entries.values() if not entry.closed)
        closed = sum(entry.rows for entry in self._entries.values() if entry.closed)
        return Tally(answered, closed, self._unreadable[0], self._skipped[0])

    def touch_rows(self) -> Tally:
        """What became of the rows of touches; those of nobody we know are closed."""
        self._seal()
        good = {person for person, entry in self._entries.items() if entry.place and not entry.closed}
        answered = sum(self._entries[person].touch_rows for person in good) + sum(
            good.issuperset(people) for people in self._shared
        )
        closed = sum(entry.touch_rows for entry in self._entries.values()) + len(self._shared) - answered
        return Tally(answered, closed, self._unreadable[1], self._skipped[1])
