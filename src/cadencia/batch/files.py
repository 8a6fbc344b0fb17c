"""Files larger than memory: prospects and touches are split by prospect, and each part is decided as a book of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from ..errors import InputError, given, one_line
from ..reading.plain import check_columns, prospect_columns, touch_columns
from .counts import Counts
from .engine import FRAMES, Source
from .keys import KEY, keyed_by_part, shared_keys, text_of
from .lanes import answer_book
from .question import NO_TOUCHES, Decides, check_frame, instants_of, question_of
from .sink import format_of, sinks
from .tidy import PROBLEM, Tidy, tidied

__all__ = ["Counts", "decide_files"]

#: So many rows of touches, or of prospects, are decided at once.
_PART: Final = 4_000_000
_ROW: Final = "__row"
_PART_OF: Final = "__part"
_COLUMNS: Final = {
    "prospects": (("id",), prospect_columns),
    "touches": (("prospect", "at", "channel"), touch_columns),
}

Progress = Callable[[int, int], None]


def decide_files(
    policy: Decides,
    prospects: Path | str,
    touches: Path | str | None = None,
    output: Path | str | None = None,
    *,
    as_of: datetime | str,
    quarantine: Path | str | None = None,
    part: int = _PART,
    progress: Progress | None = None,
    dispositions: Collection[str] | None = None,
    **options: Any,
) -> Counts:
    """The answers for files that need not fit into memory, written to a file.

    Prospects and touches are split by prospect into parts of about `part` rows of either, on disk; the parts are decided one
    after the other. An account stays together, and so do prospects that share the id of a touch.

    Args:
        policy: a policy, or anything else that decides.
        prospects, touches: Parquet, CSV or JSON Lines with the columns of `decide_many`.
        output: where the answers go: `.parquet`, `.csv` or `.jsonl`; they are in the order of the parts. None: nowhere.
        as_of: as in `decide_many`.
        quarantine: where the rows that cannot be used go, in one of the same formats.
        part: how many touches, or prospects, are decided at once; with 4 million, memory stays near two gigabytes. What is held
            besides: sixteen million hashes of ids at a time while ids that are shared are looked for, those who share one,
            and for prospects with an account their ids and accounts.
        progress: called with the parts done and the parts in all.
        dispositions: those that are known; a touch with any other cannot be read, and closes its prospect. None: it is
            left to the policy, which counts it as gone out.
        options: the other arguments of `decide_many`, but for `reserve`.

    Returns:
        `Counts`: what was answered, and what became of every row.

    Raises:
        InputError: a file or column that cannot be used.

    Example:
        >>> import tempfile, polars as pl
        >>> from cadencia import Policy
        >>> from cadencia.batch import decide_files
        >>> policy = Policy(name="open", channels=["phone"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     pl.DataFrame({"id": ["a", "b"]}).write_parquet(f"{folder}/people.parquet")
        ...     counts = decide_files(policy, f"{folder}/people.parquet", as_of="2026-03-06T12:00Z")
        >>> counts.answers["contact"]
        2
    """
    if options.get("reserve"):
        raise InputError(
            "reserve: proposals are booked in the order of the rows, which parts do not keep; use `decide_many`"
        )
    paths = [Path(name) for name in (prospects, touches) if name is not None]
    counts = Counts()
    with (
        _one_line(),
        TemporaryDirectory(prefix="cadencia-") as name,
        sinks(_path(output), _path(quarantine), paths) as (answers, unusable),
    ):
        folder = Path(name)
        people = _scan(paths[0], "prospects", folder, (as_of,) if isinstance(as_of, str) else ())
        known = cache(lambda: frozenset(people.frame.select(text_of(people.frame, "id")).collect()["id"].drop_nulls()))
        events = _scan(paths[1], "touches", folder, people=known) if len(paths) > 1 else None
        many = _split(people.frame, None if events is None else events.frame, folder, part)
        for number in range(many):
            some, of_people = people.part(number)
            theirs, of_events = (NO_TOUCHES, FRAMES[1]) if events is None else events.part(number)
            now, some = instants_of(as_of, some)
            check_frame(some, ("id",), prospect_columns, "prospects")
            check_frame(theirs, ("prospect", "at", "channel"), touch_columns, "touches")
            question = question_of(policy, now, **options)._replace(dispositions=dispositions, told=counts.told)
            found = answer_book(policy, some, theirs, question, "polars", sources=(of_people, of_events))
            counts.add(found, (of_people.name, of_events.name))
            if answers is not None:
                answers.write(found.frame)
            if unusable is not None:
                unusable.write(found.quarantine)
            if progress is not None:
                progress(number + 1, many)
    return counts


def _path(name: Path | str | None) -> Path | None:
    return None if name is None else Path(name)


@contextmanager
def _one_line() -> Iterator[None]:
    """What the reader of files says of them, as an error of one line."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"the files cannot be read in columns ({one_line(error)}); CSV and JSON Lines are read row by row with `--format jsonl`"
        ) from None


class _Table(NamedTuple):
    """A file as it is read lazily, with the number of each row.

    Attributes:
        name: what the places of its rows begin with.
        folder: where its parts are put.
        text: of a text file, which line each row stands on.
    """

    frame: pl.LazyFrame
    name: str
    folder: Path
    text: Tidy | None

    def part(self, number: int) -> tuple[pl.DataFrame, Source]:
        """One part, in the order of its rows; an empty one has the columns all the same."""
        files = sorted((self.folder / f"{_PART_OF}={number}").glob("*.parquet"))
        if files:
            found = pl.read_parquet(files).sort(_ROW)
        else:
            found = self.frame.collect_schema().to_frame(eager=True)
        rows = found[_ROW].to_numpy()
        lines = rows.astype(np.int64) + 1 if self.text is None else self.text.line(rows)
        problems = found[PROBLEM] if PROBLEM in found.columns else None
        return found.drop(_ROW, PROBLEM, strict=False), Source(self.name, lines, problems)


def _scan(
    path: Path, what: str, folder: Path, more: tuple[str, ...] = (), people: Callable[[], Container[str]] = frozenset
) -> _Table:
    """A file as it is read lazily; CSV as texts, since a telephone is no number.

    A text file is looked through first, row by row, and its places are file and line.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    format_ = format_of(path)
    needed, known = _COLUMNS[what]
    text = None
    if format_ == "parquet":
        frame = pl.scan_parquet(path)
    else:
        separator = "\t" if path.suffix.lower() == ".tsv" else ","
        text = tidied(path, format_, separator, folder / f"{what}.{format_}", people)
        if format_ == "csv":
            check_columns(text.header or (), (*known, *more), path.name)
            frame = pl.scan_csv(text.path, infer_schema=False, separator=separator)
        else:
            frame = pl.scan_ndjson(text.path, infer_schema_length=None)
            if text.lines is not None:  # where only broken records name a column, there is none
                here = frame.collect_schema().names()
                frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in needed if name not in here)
            if what == "touches" and "id" not in frame.collect_schema().names():
                frame = frame.with_columns(id=pl.lit(None, pl.String))  # a record must name it, as it must row by row
    names = frame.collect_schema().names()
    check_columns([name for name in names if name != PROBLEM or text is None], (*known, *more), path.name)
    for name in needed:
        if name not in names:
            raise InputError(f"{path.name}: there is no column {given(name)}")
    return _Table(frame.with_row_index(_ROW), path.name if text is not None else what, folder / what, text)


def _split(people: pl.LazyFrame, events: pl.LazyFrame | None, folder: Path, part: int) -> int:
    """Write the parts to disk, and say how many there are."""
    frames = {"prospects": people} if events is None else {"prospects": people, "touches": events}
    rows = max(frame.select(pl.len()).collect(engine="streaming").item() for frame in frames.values())
    many: int = max(1, -(-rows // part))
    keyed = keyed_by_part(people, events)
    together = shared_keys(keyed) if many > 1 else []
    for name, frame in zip(frames, keyed, strict=True):
        where = (
            pl.when(pl.col(KEY).is_null() | pl.col(KEY).is_in(together)).then(0).otherwise(pl.col(KEY).hash() % many)
        )
        (
            frame.with_columns(where.cast(pl.UInt32).alias(_PART_OF))
            .drop(KEY)
            .sink_parquet(pl.PartitionBy(folder / name, key=_PART_OF, include_key=False), mkdir=True, compression="lz4")
        )
    return many
