"""`cadencia audit`: which touches of a past log a policy would have forbidden; a summary to read, and a file to keep."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, TextIO

import typer

from ..audit import Auditor, Finding, Summary
from ..audit.words import said, summary_lines
from ..errors import did_you_mean, given
from ..language import messages
from ..reading import Book
from .options import Data, Files, Horizon, Language, MappingFile, PolicyFiles, Prospects, Quiet, Touches
from .playbooks import declared_in
from .shared import Asked, UsageError, bar, check_language, clean, console, load_policy, read_files, told, written
from .summary import book_lines, nameless_lines

__all__ = ["audit"]

#: The columns of a CSV of findings.
COLUMNS: Final = (
    "prospect", "touch", "at", "channel", "contact_point", "purpose", "step", "by", "says", "rules", "evidence", "why",
    "instead", "needs", "policy", "fingerprint",
)  # fmt: skip


def audit(
    files: Files = None,
    policy: PolicyFiles = None,
    prospects: Prospects = None,
    touches: Touches = None,
    mapping: MappingFile = None,
    data: Data = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Audit touches from this instant on, with offset.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Audit touches before this instant, with offset.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", "-c", help="Audit touches by this channel only; may be repeated.")
    ] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="The purpose of touches that name none.")] = None,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="The whole length of a touch must have been permitted, not only its beginning."),
    ] = False,
    horizon: Horizon = "90 days",
    language: Language = "en",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Where findings are kept: .jsonl or .csv, with .gz if they are many."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Audit a past log: every touch that the policy would have forbidden, by what was known when it began.

    Every other touch is history all the same. Exit status: 0 every row was answered, whatever was found; 1 some were closed
    or unreadable; 2 the policy, a file or the command cannot be used.
    """
    with told():
        check_language(language)
        rules = load_policy(policy or [])
        auditor = Auditor(
            rules, since=since, until=until, channels=channel, purpose=purpose, whole=whole, horizon=horizon
        )
        kind = None if out is None else _kind(out)
        asked = Asked(files or [], prospects or [], touches or [], mapping, data)
        book = read_files(asked, messages(language)["cli"]["reading"], dispositions=declared_in(rules), quiet=quiet)
        inputs = [*asked.paths, *(policy or []), *([mapping] if mapping else [])]
        with _kept(out, kind, inputs, language) as keeper:
            with bar(messages(language)["cli"]["auditing"], len(book), quiet=quiet) as progress:
                for case in book.cases():
                    for finding in auditor.case(case):
                        keeper.add(finding, rules.name, rules.fingerprint)
                    if progress is not None:
                        progress.advance(progress.task_ids[0])
            auditor.rows(book)
            summary = auditor.summary()
            keeper.end(summary, book)
        if not quiet:
            screen = console()
            found = [*nameless_lines(book, language), *summary_lines(summary, language), *book_lines(book, language)]
            for line in found:
                screen.print(clean(line), soft_wrap=True)
    rows = (book.prospect_rows(), book.touch_rows())
    raise typer.Exit(0 if all(tally.read == tally.answered for tally in rows) else 1)


def _kind(path: Path) -> str:
    """What a file of findings is, by its name."""
    kinds = (".jsonl", ".csv")
    name = path.name.removesuffix(".gz")
    suffix = Path(name).suffix
    if suffix not in kinds:
        raise UsageError(
            f"--out: {given(path.name)} is neither JSON Lines nor CSV; write a name that ends in .jsonl or .csv"
            + did_you_mean(suffix, kinds)
        )
    return suffix


class _Keeper(Protocol):
    """Where findings go."""

    def add(self, finding: Finding, policy: str, fingerprint: str) -> None: ...

    def end(self, summary: Summary, book: Book) -> None: ...


@contextmanager
def _kept(path: Path | None, kind: str | None, inputs: Sequence[Path], language: str) -> Iterator[_Keeper]:
    """The file of findings, which appears only when it is whole; or nowhere."""
    if path is None or kind is None:
        yield _Nowhere()
        return
    with written(path, list(inputs), option="--out", packed=path.name.endswith(".gz")) as file:
        yield _Lines(file) if kind == ".jsonl" else _Table(file, language)


class _Nowhere:
    """Findings that are only counted."""

    def add(self, finding: Finding, policy: str, fingerprint: str) -> None:
        """Forget it."""

    def end(self, summary: Summary, book: Book) -> None:
        """Nothing to write."""


class _Lines:
    """JSON Lines: a line each for findings and for rows that could not be read, then one with the counts; `kind` tells them apart."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, finding: Finding, policy: str, fingerprint: str) -> None:
        """A finding."""
        self._line("finding", finding.to_dict())

    def end(self, summary: Summary, book: Book) -> None:
        """The rows that could not be read, and the counts."""
        for problem in book.problems:
            self._line("unreadable", {"place": problem.place, "prospects": problem.people, "what": problem.what})
        self._line("summary", summary.to_dict())

    def _line(self, kind: str, data: dict[str, Any]) -> None:
        self._file.write(json.dumps({"kind": kind, **data}, ensure_ascii=False) + "\n")


class _Table:
    """CSV: a row for each finding, lists joined with `; `, times in UTC."""

    def __init__(self, file: TextIO, language: str) -> None:
        self._language = language
        self._rows = csv.writer(file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def add(self, finding: Finding, policy: str, fingerprint: str) -> None:
        """A finding."""
        data = finding.to_dict()
        cells = {
            **{name: data.get(name) for name in COLUMNS},
            "rules": "; ".join(finding.rules),
            "evidence": "; ".join(finding.evidence),
            "why": "; ".join(said(finding, self._language)),
            "needs": "; ".join(finding.needs),
            "policy": policy,
            "fingerprint": fingerprint,
        }
        self._rows.writerow([_plain(cells[name]) for name in COLUMNS])

    def end(self, summary: Summary, book: Book) -> None:
        """A table has rows of one kind only."""


_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![\d ()-]+$)")


def _plain(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula; a telephone number stays as it is."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text
