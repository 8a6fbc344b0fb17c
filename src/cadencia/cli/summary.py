"""What a run over a book says in the end: rows that may mean anybody, the answers, and every row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..language import fill, messages, time_text
from ..reading import Book, Tally
from ..record import Record
from .shared import clean

__all__ = ["Summary", "book_lines", "counted", "most", "nameless_lines", "people_line", "reported_line", "rows_text"]

_SHOWN = 20


class Summary:
    """Counts, gathered while decisions pass by."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.answers: Counter[str] = Counter()
        self.binding: Counter[str] = Counter()
        self.reports: Counter[str] = Counter()
        self.first: Record | None = None
        self.later = 0

    def add(self, record: Record) -> None:
        """Count a decision; a rule is binding where it is what a case waits for, or what ended it."""
        self.first = self.first or record
        self.answers[record.answer] += 1
        rule = record.reason or record.binding
        if rule is not None and record.answer != "contact":
            self.binding[rule] += 1
        self.reports.update({report[0] for report in record.reports})

    def status(self, book: Book) -> int:
        """0 when every row was answered, else 1."""
        rows = (book.prospect_rows(), book.touch_rows())
        return 0 if all(tally.read == tally.answered for tally in rows) else 1

    def lines(self, book: Book, *, replayed: bool) -> list[str]:
        """The summary, a line each; rows that may be about anybody come first."""
        words = messages(self.language)["cli"]
        told = nameless_lines(book, self.language)
        if self.first is not None:
            name = self.first.policy + (f" {self.first.version}" if self.first.version else "")
            head = words["asof"].format(
                policy=f"{name} ({self.first.fingerprint[:12]})", as_of=time_text(self.first.as_of, None, self.language)
            )
            told.append(head + (f", {words['replayed']}" if replayed else ""))
        counts = ", ".join(f"{words[name]} {self.answers[name]:,}" for name in ("contact", "wait", "blocked", "stop"))
        told.append(f"{words['answers']}: {counts}")
        told.append(f"{words['binding']}: {most(self.binding.items()) or words['none']}")
        if self.later:
            told.append(fill(words["later"], {"count": f"{self.later:,}"}))
        if self.reports:
            told.append(reported_line(self.reports, self.language))
        return [clean(line) for line in [*told, *book_lines(book, self.language)]]


def nameless_lines(book: Book, language: str) -> list[str]:
    """The rows that may be about anybody: to be said first."""
    if not book.nameless:
        return []
    first = "! " + counted("nameless", len(book.nameless), language)
    return [first, *_some([str(problem) for problem in book.nameless], language)]


def book_lines(book: Book, language: str) -> list[str]:
    """What became of every row."""
    words = messages(language)["cli"]
    told = [
        f"{words['prospects']}: {rows_text(book.prospect_rows(), language)}",
        f"{words['touches']}: {rows_text(book.touch_rows(), language)}",
    ]
    if book.repeated_prospects or book.repeated_touches:
        told.append(
            words["repeated"].format(prospects=f"{book.repeated_prospects:,}", touches=f"{book.repeated_touches:,}")
        )
    if book.strangers:
        told.append(words["strangers"].format(people=people_line(list(book.strangers), language)))
    if book.closed:
        told.append(words["closed_people"].format(people=people_line(book.closed, language)))
    rest = [problem for problem in book.problems if problem not in book.nameless]
    if rest:
        told.append(counted("bad", len(rest), language))
        told += _some([str(problem) for problem in rest], language)
    if book.disagreements:
        told.append(counted("disagree", len(book.disagreements), language))
        told += _some([str(problem) for problem in book.disagreements], language)
    return told


def reported_line(reports: Counter[str], language: str) -> str:
    """What was reported, each with the number of prospects it is about."""
    names = messages(language)["report_names"]
    counts = Counter({names[code]: count for code, count in reports.items()})
    return f"{messages(language)['cli']['reports_by']}: {most(counts.items())}"


def counted(name: str, count: int, language: str) -> str:
    """A sentence about so many rows."""
    return fill(messages(language)["cli"][name], {"count": f"{count:,}"})


def rows_text(tally: Tally, language: str) -> str:
    """What became of some rows."""
    words = messages(language)["cli"]
    text = fill(
        words["rows"],
        {
            "read": f"{tally.read:,}",
            "answered": f"{tally.answered:,}",
            "closed": f"{tally.closed:,}",
            "unreadable": f"{tally.unreadable:,}",
        },
    )
    return text + (f" ({fill(words['skipped'], {'count': f'{tally.skipped:,}'})})" if tally.skipped else "")


def most(counts: Iterable[tuple[str, int]]) -> str:
    """The most frequent first, ties by name."""
    ordered = sorted(counts, key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered[:8])


def _some(lines: Sequence[str], language: str) -> list[str]:
    return [f"  {line}" for line in [*lines[:_SHOWN], *_more(len(lines) - _SHOWN, language)]]


def people_line(people: Sequence[str], language: str) -> str:
    """The first of some people by name, and how many more there are."""
    return " ".join([", ".join(people[:_SHOWN]), *_more(len(people) - _SHOWN, language)])


def _more(count: int, language: str) -> list[str]:
    """How many are left out, if any."""
    return [messages(language)["cli"]["more"].format(count=f"{count:,}")] if count > 0 else []
