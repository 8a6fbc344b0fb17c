"""Which file is read by which section, and the whole way from files to a book."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError, did_you_mean, given
from .book import Book
from .cells import Context, columns_of
from .mapping import Mapping, ProspectSection, Section, TouchSection
from .plain import check_columns, prospect_columns, prospects_as_named, touch_columns, touches_as_named
from .rows import Row, check_separator, header_of, read_rows
from .shape import ProspectShape, TouchShape

__all__ = ["Job", "plan", "read_book", "read_jobs"]

Watch = Callable[[Iterable[Row], Path], Iterable[Row]]


class Job(NamedTuple):
    """One file to be read by one section; `as_named` when no mapping says that its columns are not ours."""

    path: Path
    section: Section
    context: Context
    as_named: bool = False


#: Times need an offset, and only the empty cell means nothing.
_NOTHING = Context(None, ())


def plan(
    prospects: Sequence[Path] = (),
    touches: Sequence[Path] = (),
    mapping: Mapping | None = None,
    data: Path | None = None,
) -> list[Job]:
    """Which file is read how. Headers are checked here, so a mapping that does not fit is told before any row is read.

    Args:
        prospects, touches: files of each kind; none: what the mapping's patterns find in `data`.
        mapping: how to read them; without one, columns have our own names.
        data: the folder in which the mapping's patterns are looked for.

    Raises:
        InputError: a file is missing, empty or matches no section, a column is missing or not ours.
    """
    if mapping is None:
        return [_plain_job(path, ProspectSection()) for path in prospects] + [
            _plain_job(path, TouchSection()) for path in touches
        ]
    jobs = [
        *_jobs(prospects, mapping.prospects or (ProspectSection(),), mapping, data, "prospects"),
        *_jobs(touches, mapping.touches or (TouchSection(),), mapping, data, "touches"),
    ]
    for job in jobs:
        _check_header(job)
    return jobs


def read_book(
    prospects: Sequence[Path] = (),
    touches: Sequence[Path] = (),
    mapping: Mapping | None = None,
    data: Path | None = None,
    watch: Watch | None = None,
    dispositions: Collection[str] | None = None,
) -> Book:
    """The book that some files hold; see `plan` for the arguments. `watch` sees every row pass.

    With `dispositions`, those that are well known and those that the policy declares, a touch with any other closes its
    prospect; without, it is left to the policy, which counts it as gone out and reports it.

    Raises:
        InputError: a file that cannot be used at all. A bad row is no error: it closes its prospect.
    """
    return read_jobs(plan(prospects, touches, mapping, data), watch, dispositions)


def read_jobs(jobs: Sequence[Job], watch: Watch | None = None, dispositions: Collection[str] | None = None) -> Book:
    """The book of files that are already planned."""
    if not any(isinstance(job.section, ProspectSection) for job in jobs):
        raise InputError("prospects: no file is given; name at least one")
    book = Book()
    for job in jobs:
        rows: Iterable[Row] = _rows(job)
        if watch is not None:
            rows = watch(rows, job.path)
        if isinstance(job.section, ProspectSection):
            book.add_prospects(rows, ProspectShape(job.section, job.context, as_named=job.as_named))
        else:
            assert isinstance(job.section, TouchSection)
            book.add_touches(rows, TouchShape(job.section, job.context, dispositions))
    return book


def _rows(job: Job) -> Iterator[Row]:
    """The rows of a file; where columns must be ours, a JSON Lines record with another key cannot be read."""
    rows = read_rows(job.path, job.section.format, job.section.separator)
    return _strict(rows, _known(job.section)) if job.as_named else rows


def _strict(rows: Iterable[Row], known: tuple[str, ...]) -> Iterator[Row]:
    names = frozenset(known)
    for row in rows:
        if row.problem is None and not names.issuperset(row.cells):
            strange = next(name for name in row.cells if name not in names)
            row = row._replace(problem=f"key {given(strange)} is not one of ours{did_you_mean(strange, known)}")
        yield row


def _known(section: Section) -> tuple[str, ...]:
    return prospect_columns if isinstance(section, ProspectSection) else touch_columns


def _plain_job(path: Path, section: Section, context: Context = _NOTHING) -> Job:
    """The job of a file whose columns have our names; the section says the rest."""
    prospects = isinstance(section, ProspectSection)
    known = _known(section)
    header = header_of(path, section.format, section.separator)
    if header is not None:
        check_columns(header, known, path.name)
    columns: Iterable[str] = known if header is None else header
    plain = (prospects_as_named if prospects else touches_as_named)(columns)
    return Job(path, section.model_copy(update={"fields": plain.fields}), context, as_named=True)


def _jobs(
    paths: Sequence[Path], sections: Sequence[Section], mapping: Mapping, data: Path | None, kind: str
) -> Iterator[Job]:
    for path, section in _pairs(paths, sections, data, kind):
        section = section.model_copy(update={"separator": section.separator or mapping.separator})
        context = Context(section.zone or mapping.zone, section.blank or mapping.blank)
        if section.fields or (isinstance(section, TouchSection) and section.makes):
            yield Job(path, section, context)
        else:
            yield _plain_job(path, section, context)


def _pairs(
    paths: Sequence[Path], sections: Sequence[Section], data: Path | None, kind: str
) -> Iterator[tuple[Path, Section]]:
    """Each file with each section that takes it: by pattern, or any file where a section has none."""
    for path in paths:
        fitting = [
            section
            for section in sections
            if not section.files or any(fnmatch(path.name, Path(name).name) for name in section.files)
        ]
        if not fitting:
            raise InputError(
                f"{path.name}: no section of the mapping's `{kind}` takes this file; add its name to `files`"
            )
        yield from ((path, section) for section in fitting)
    for section in sections if data is not None and not paths else ():
        for pattern in section.files:
            matches = sorted(path for path in data.glob(pattern) if path.is_file())  # type: ignore[union-attr]
            if not matches:
                raise InputError(
                    f"{data}: no file matches {given(pattern)}, which the mapping's `{kind}` names; "
                    "give its folder with `--data`"
                )
            yield from ((path, section) for path in matches)


def _check_header(job: Job) -> None:
    """Every column that the mapping names is there."""
    section = job.section
    header = header_of(job.path, section.format, section.separator)
    if header is None:
        return
    specs: list[Any] = list(section.fields.values())
    if isinstance(section, ProspectSection):
        specs.extend(section.facts.values())
    else:
        assert isinstance(section, TouchSection)
        specs.extend(section.makes)
    for column in (*section.only, *section.skip, *columns_of(specs)):
        if column not in header:
            check_separator(header, f"{job.path.name}:1")
            raise InputError(
                f"{job.path.name}: there is no column {given(column)}, which the mapping names"
                + did_you_mean(column, header)
            )
