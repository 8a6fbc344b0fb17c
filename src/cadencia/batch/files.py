"""Files larger than memory: prospects and touches are split by prospect, and each part is decided as a book of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import polars as pl

from ..errors import InputError, given, one_line
from ..reading.book import Tally
from ..reading.plain import check_columns, prospect_columns, touch_columns
from .answers import Answers
from .decide import NO_TOUCHES, Decides, answer_book, check_frame, instants_of, question_of

__all__ = ["FILES", "Counts", "decide_files", "format_of"]

#: The formats that are read, by the end of the name.
FILES: Final = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
#: So many rows of touches are decided at once.
_PART: Final = 4_000_000
_ROW: Final = "__row"
_KEY: Final = "__key"
_PART_OF: Final = "__part"
_COLUMNS: Final = {
    "prospects": (("id",), prospect_columns),
    "touches": (("prospect", "at", "channel"), touch_columns),
}

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Counts:
    """What became of every row, and what was answered.

    Attributes:
        answers: how many prospects were given each answer.
        rules: how often each rule bound a wait or ended a case.
        lanes: how many prospects took each lane.
        prospects, touches: what became of the rows.
        bad: the first rows that cannot be used, and `bad_rows` how many there are; `nameless` of them may be about anybody.
        strangers: the ids without a prospect, with the number of their touches; the most frequent first.
    """

    answers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("contact", "wait", "blocked", "stop"), 0))
    rules: dict[str, int] = field(default_factory=dict)
    lanes: dict[str, int] = field(default_factory=lambda: {"columns": 0, "rows": 0, "engine": 0})
    prospects: Tally = field(default_factory=lambda: Tally(0, 0, 0))
    touches: Tally = field(default_factory=lambda: Tally(0, 0, 0))
    bad: list[str] = field(default_factory=list)
    bad_rows: int = 0
    nameless: int = 0
    strangers: dict[str, int] = field(default_factory=dict)

    def add(self, found: Answers) -> None:
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
        ids = frame["id"].cast(pl.String).str.strip_chars()
        known = set(ids.filter(ids.is_in(people)))
        self.nameless += sum(known.isdisjoint(names) for names in found.quarantine["prospects"].to_list())
        for table, row, _, cause, _ in found.quarantine.head(max(0, 20 - len(self.bad))).iter_rows():
            self.bad.append(f"{table}:{row}: {cause}")
        self.strangers.update(found.strangers.head(max(0, 1_000 - len(self.strangers))).iter_rows())


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.answered + other.answered,
        one.closed + other.closed,
        one.unreadable + other.unreadable,
        one.skipped + other.skipped,
    )


def format_of(path: Path) -> str:
    """The format that a file's name says.

    Raises:
        InputError: it says none that columns can be read from.
    """
    found = FILES.get(path.suffix.lower())
    if found is None:
        raise InputError(f"{path.name}: {given(path.suffix)} is not read in columns; write one of {', '.join(FILES)}")
    return found


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
    **options: Any,
) -> Counts:
    """The answers for files that need not fit into memory, written to a file.

    Prospects and touches are split by prospect into parts of about `part` touches, on disk; the parts are decided one after
    the other. An account stays together, and so do prospects that share the id of a touch.

    Args:
        policy: a policy, or anything else that decides.
        prospects, touches: Parquet, CSV or JSON Lines with the columns of `decide_many`.
        output: where the answers go: `.parquet`, `.csv` or `.jsonl`; they are in the order of the parts. None: nowhere.
        as_of: as in `decide_many`.
        quarantine: where the rows that cannot be used go, in one of the same formats.
        part: how many touches are decided at once; with 4 million, memory stays near two gigabytes.
        progress: called with the parts done and the parts in all.
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
    sinks = [None if name is None else _Sink(Path(name), paths) for name in (output, quarantine)]
    counts = Counts()
    with TemporaryDirectory(prefix="cadencia-") as name, _one_line():
        folder = Path(name)
        people = _scan(paths[0], "prospects", (as_of,) if isinstance(as_of, str) else ())
        events = _scan(paths[1], "touches", ()) if len(paths) > 1 else None
        many = _split(people, events, folder, part)
        for number in range(many):
            some, theirs = _part(folder / "prospects", number, people), _part(folder / "touches", number, events)
            numbers = some[_ROW].to_numpy() + 1, None if theirs is None else theirs[_ROW].to_numpy() + 1
            now, some = instants_of(as_of, some.drop(_ROW))
            check_frame(some, ("id",), prospect_columns, "prospects")
            events_ = NO_TOUCHES if theirs is None else theirs.drop(_ROW)
            check_frame(events_, ("prospect", "at", "channel"), touch_columns, "touches")
            question = question_of(policy, now, **options)
            found = answer_book(policy, some, events_, question, "polars", numbers=numbers)
            counts.add(found)
            for sink, frame in zip(sinks, (found.frame, found.quarantine), strict=True):
                if sink is not None:
                    sink.write(frame)
            if progress is not None:
                progress(number + 1, many)
        for sink in sinks:
            if sink is not None:
                sink.close()
    return counts


@contextmanager
def _one_line() -> Iterator[None]:
    """What the reader of files says of them, as an error of one line."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"the files cannot be read in columns ({one_line(error)})") from None


def _scan(path: Path, what: str, more: tuple[str, ...]) -> pl.LazyFrame:
    """A file as it is read lazily, with the number of each row; CSV as texts, since a telephone is no number."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    format_ = format_of(path)
    if format_ == "parquet":
        frame = pl.scan_parquet(path)
    elif format_ == "csv":
        frame = pl.scan_csv(path, infer_schema=False, separator="\t" if path.suffix.lower() == ".tsv" else ",")
    else:
        frame = pl.scan_ndjson(path, infer_schema_length=None)
    needed, known = _COLUMNS[what]
    names = frame.collect_schema().names()
    check_columns(names, (*known, *more), path.name)
    for name in needed:
        if name not in names:
            raise InputError(f"{path.name}: there is no column {given(name)}")
    return frame.with_row_index(_ROW)


def _split(people: pl.LazyFrame, events: pl.LazyFrame | None, folder: Path, part: int) -> int:
    """Write the parts to disk, and say how many there are."""
    rows = (people if events is None else events).select(pl.len()).collect(engine="streaming").item()
    many: int = max(1, -(-rows // part))
    key = _text("id")
    accounts = "account" in people.collect_schema().names()
    if accounts:
        account = _text("account")
        key = pl.when(account.is_not_null()).then("account " + account).otherwise("prospect " + key)
    people = people.with_columns(key.alias(_KEY))
    if events is not None:
        if accounts:
            homes = people.select(_text("id").alias("__id"), _KEY).unique("__id", keep="first")
            events = (
                events.with_columns(_text("prospect").alias("__id")).join(homes, on="__id", how="left").drop("__id")
            )
        else:
            events = events.with_columns(_text("prospect").alias(_KEY))
    together = _together(events, many)
    for name, frame in (("prospects", people), ("touches", events)):
        if frame is not None:
            where = (
                pl.when(pl.col(_KEY).is_null() | pl.col(_KEY).is_in(together))
                .then(0)
                .otherwise(pl.col(_KEY).hash() % many)
            )
            (
                frame.with_columns(where.cast(pl.UInt32).alias(_PART_OF))
                .drop(_KEY)
                .sink_parquet(
                    pl.PartitionBy(folder / name, key=_PART_OF, include_key=False), mkdir=True, compression="lz4"
                )
            )
    return many


def _text(name: str) -> pl.Expr:
    """An id as it is compared: a text without blanks around it, null where there is none."""
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text.str.len_bytes() > 0).then(text)


def _together(events: pl.LazyFrame | None, many: int) -> list[str]:
    """The keys of those who share the id of a touch with others: they are decided in one part.

    Eight bytes for each touch are held while they are looked for.
    """
    if events is None or many == 1 or "id" not in events.collect_schema().names():
        return []
    hashes = (
        events.select(_text("id").drop_nulls().hash().alias("hash"))
        .collect(engine="streaming")["hash"]
        .to_numpy(writable=True)
    )
    hashes.sort()
    twice = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if not len(twice):
        return []
    shared = events.filter(_text("id").hash().is_in(twice.tolist())).select(pl.col(_KEY).unique())
    return [name for name in shared.collect(engine="streaming")[_KEY].to_list() if name is not None]


def _part(folder: Path, number: int, whole: pl.LazyFrame | None) -> Any:
    """One part, in the order of its rows; an empty one has the columns all the same."""
    if whole is None:
        return None
    files = sorted((folder / f"{_PART_OF}={number}").glob("*.parquet"))
    if not files:
        return whole.collect_schema().to_frame(eager=True)
    return pl.read_parquet(files).sort(_ROW)


class _Sink:
    """A file that is written part by part, and appears only when it is whole."""

    def __init__(self, path: Path, inputs: Sequence[Path]) -> None:
        self._path = path
        self._format = format_of(path)
        if any(path.exists() and other.exists() and path.samefile(other) for other in inputs):
            raise InputError(f"output: {given(path)} is one of the inputs; write another name")
        self._folder = TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
        self._parts: list[Path] = []

    def write(self, frame: pl.DataFrame) -> None:
        """Add the rows of a part."""
        name = Path(self._folder.name) / f"{len(self._parts):06}.parquet"
        words = [column for column, dtype in frame.schema.items() if isinstance(dtype, pl.Enum)]
        frame.with_columns(pl.col(words).cast(pl.String)).write_parquet(name)
        self._parts.append(name)

    def close(self) -> None:
        """Put the parts together under the file's own name."""
        whole = pl.scan_parquet(self._parts)
        part = Path(self._folder.name) / "whole"
        if self._format == "parquet":
            whole.sink_parquet(part)
        else:
            instants = [name for name, dtype in whole.collect_schema().items() if isinstance(dtype, pl.Datetime)]
            whole = whole.with_columns(pl.col(instants).dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ"))
            if self._format == "jsonl":
                whole.sink_ndjson(part)
            else:
                lists = [name for name, dtype in whole.collect_schema().items() if isinstance(dtype, pl.List)]
                whole.with_columns(pl.col(lists).list.join(";")).sink_csv(
                    part, separator="\t" if self._path.suffix == ".tsv" else ","
                )
        part.replace(self._path)
        self._folder.cleanup()
