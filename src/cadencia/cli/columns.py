"""`cadencia decide` on columns: Parquet and files larger than memory, answered as a table of columns."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bookshelf import Playbooks
from ..language import messages, time_text
from ..policy import Policy
from .playbooks import check_no_purpose, declared_in
from .shared import Asked, UsageError, bar, clean
from .summary import counted, most, people_line, reported_line, rows_text

if TYPE_CHECKING:
    from ..batch.files import Counts

__all__ = ["decide_columns", "wants_columns"]

_PARQUET = (".parquet", ".pq")


def wants_columns(asked: Asked) -> bool:
    """Whether files must be read in columns, whatever the format of the answers."""
    return any(path.suffix.lower() in _PARQUET for path in asked.paths)


def decide_columns(
    source: Policy | Playbooks, asked: Asked, as_of: datetime, output: Path | None, *, quarantine: Path | None,
    language: str, quiet: bool, purpose: str | None, **options: Any,
) -> tuple[list[str], int]:  # fmt: skip
    """Decide a book in columns; the lines of its summary, and the exit status.

    Raises:
        UsageError: more files than one of each kind, a mapping, or a purpose where playbooks are asked.
    """
    from ..batch import decide_files

    if asked.mapping is not None:
        raise UsageError("--mapping: columns are read under our own names; rename them, or use `--format jsonl`")
    if len(asked.prospects) != 1 or len(asked.touches) > 1:
        raise UsageError("columns are read from one file of prospects and one of touches; join the files first")
    if isinstance(source, Playbooks):
        check_no_purpose(purpose)
    words = messages(language)["cli"]
    with bar(words["deciding"], 0 if quiet else 1 << 30, quiet=quiet) as progress:

        def watch(done: int, many: int) -> None:
            if progress is not None:
                progress.update(progress.task_ids[0], completed=done, total=many)

        counts = decide_files(
            source, asked.prospects[0], asked.touches[0] if asked.touches else None, output, as_of=as_of,
            quarantine=quarantine, progress=watch, dispositions=declared_in(source), purpose=purpose, **options,
        )  # fmt: skip
    rows = (counts.prospects, counts.touches)
    status = 0 if all(tally.read == tally.answered for tally in rows) else 1
    return ([] if quiet else _lines(source, as_of, counts, language)), status


def _lines(source: Policy | Playbooks, as_of: datetime, counts: Counts, language: str) -> list[str]:
    """What the run came to, a line each; rows that may be about anybody come first."""
    words = messages(language)["cli"]
    told = []
    if counts.nameless:
        told.append("! " + counted("nameless", counts.nameless, language))
    whom = ", ".join(
        f"{item.name}{f' {item.version}' if item.version else ''} ({item.fingerprint[:12]})"
        for item in ((source,) if isinstance(source, Policy) else source)
    )
    told.append(words["asof"].format(policy=whom, as_of=time_text(as_of, None, language)))
    answers = ", ".join(f"{words[answer]} {many:,}" for answer, many in counts.answers.items())
    told.append(f"{words['answers']}: {answers}")
    told.append(f"{words['binding']}: {most(counts.rules.items()) or words['none']}")
    if counts.told.reports:
        told.append(reported_line(counts.told.reports, language))
    for name, tally in (("prospects", counts.prospects), ("touches", counts.touches)):
        told.append(f"{words[name]}: {rows_text(tally, language)}")
    alone = counts.lanes["rows"] + counts.lanes["engine"]
    told.append(words["lanes"].format(columns=f"{counts.lanes['columns']:,}", engine=f"{alone:,}"))
    if counts.strangers:
        told.append(words["strangers"].format(people=most(counts.strangers.items())))
    if counts.told.closed:
        told.append(words["closed_people"].format(people=people_line(counts.told.closed, language)))
    if counts.bad_rows:
        told.append(counted("unusable", counts.bad_rows, language))
        told += [f"  {line}" for line in counts.bad]
        if counts.bad_rows > len(counts.bad):
            told.append(f"  {words['more'].format(count=f'{counts.bad_rows - len(counts.bad):,}')}")
    return [clean(line) for line in told]
