"""What the commands share: reading the policy, the instant and the book, and errors of one line."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import reduce
from io import TextIOWrapper
from operator import and_
from pathlib import Path
from typing import IO, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from .._time.clock import read_instant
from ..errors import CadenciaError, InputError, did_you_mean, given, one_line
from ..language import languages
from ..pack import Pack
from ..policy import Policy
from ..reading import Book, Mapping, Row, check_dispositions, plan, read_jobs

__all__ = [
    "Asked",
    "UsageError",
    "bar",
    "check_language",
    "check_purpose",
    "clean",
    "console",
    "load_policy",
    "read_as_of",
    "read_files",
    "told",
    "written",
]

#: From so many rows or cases on, a progress bar is worth its flicker.
LONG = 500
#: The width of a table that nobody's terminal limits.
WIDE = 150


class UsageError(CadenciaError):
    """The command was asked for what it cannot do."""


@contextmanager
def told() -> Iterator[None]:
    """Whatever is wrong with the input or the policy becomes a line each on the error stream, and exit status 2."""
    try:
        yield
    except InputError as error:
        for line in error.mistakes:
            print(f"cadencia: {clean(line)}", file=sys.stderr)
        raise SystemExit(2) from None
    except CadenciaError as error:
        print(f"cadencia: {clean(str(error))}", file=sys.stderr)
        raise SystemExit(2) from None
    except MemoryError:
        print("cadencia: not enough memory for these files; split them by prospect", file=sys.stderr)
        raise SystemExit(2) from None


def clean(text: str) -> str:
    """A text without characters that would steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "·" for letter in text)


def console(file: TextIO | None = None, *, error: bool = False) -> Console:
    """A console on a stream, wide where it is no terminal; nothing in a text is taken for markup."""
    found = Console(file=file, stderr=error, highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found.width = WIDE
    return found


def check_language(language: str) -> str:
    """The language, if there are words in it."""
    known = languages()
    if language not in known:
        raise UsageError(
            f"--language: {given(language)} is not there; write one of {', '.join(known)}"
            + did_you_mean(language, known)
        )
    return language


def check_purpose(purpose: str | None) -> None:
    """Refuse a purpose that is no word; none is another thing."""
    if purpose is not None and not purpose.strip():
        raise UsageError(f"--purpose: {given(purpose)} is blank; write what the contact is for, or leave it out")


def load_policy(paths: Sequence[Path]) -> Policy:
    """The policy in the files and packs (`pack:ES`), laid over each other."""
    if not paths:
        raise UsageError("--policy: none given; write for example `--policy house.yaml`")
    named = [str(path) for path in paths]
    layers = [
        Pack.load(name.removeprefix("pack:")).policy if name.startswith("pack:") else Policy.load(path)
        for name, path in zip(named, paths, strict=True)
    ]
    return reduce(and_, layers)


def read_as_of(text: str) -> datetime:
    """The instant of the question. Only here, on the command line, `now` may be written: the core reads no clock.

    Now is the second that has begun, so that what is printed can be asked again.
    """
    return datetime.now(UTC).replace(microsecond=0) if text == "now" else read_instant(text, "--as-of")


class Asked:
    """The files that a command was given, and how to read them."""

    def __init__(
        self,
        files: Sequence[Path],
        prospects: Sequence[Path],
        touches: Sequence[Path],
        mapping: Path | None,
        data: Path | None,
    ) -> None:
        first, rest = (files[:1], files[1:]) if not prospects else ((), files)
        self.prospects = [*prospects, *first]
        self.touches = [*touches, *rest]
        self.mapping = None if mapping is None else Mapping.load(mapping)
        self.mapping_name = "" if mapping is None else mapping.name
        self.data = data if data is not None or mapping is None else mapping.parent
        if self.mapping is None and data is not None:
            raise UsageError(
                "--data: only a mapping looks for files in a folder; give `--mapping` too, or name the files"
            )
        if not self.prospects and (
            self.mapping is None or not any(section.files for section in self.mapping.prospects)
        ):
            raise UsageError(
                "no file of prospects is given; write for example `cadencia decide prospects.csv touches.csv ...`"
            )

    @property
    def paths(self) -> list[Path]:
        """Every file named."""
        return [*self.prospects, *self.touches]


def read_files(asked: Asked, words: str, *, dispositions: Collection[str], quiet: bool = False) -> Book:
    """The book, with a count of rows on the error stream while a long one is read.

    A touch with none of the `dispositions` closes its prospect; a mapping that makes such a one is refused.
    """
    if asked.mapping is not None:
        check_dispositions(asked.mapping, dispositions, asked.mapping_name)
    jobs = plan(asked.prospects, asked.touches, asked.mapping, asked.data)
    screen = console(error=True)
    if quiet or not screen.is_terminal:
        return read_jobs(jobs, dispositions=dispositions)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}"),
        console=screen,
        transient=True,
    ) as progress:
        task = progress.add_task(words, total=None)

        def watch(rows: Iterable[Row], path: Path) -> Iterator[Row]:
            for number, row in enumerate(rows, 1):
                if number % LONG == 0:
                    progress.update(task, advance=LONG, description=f"{words} {path.name}")
                yield row

        return read_jobs(jobs, watch, dispositions)


@contextmanager
def bar(words: str, total: int, *, quiet: bool) -> Iterator[Progress | None]:
    """A progress bar on the error stream, if it is a terminal and the work is long."""
    screen = console(error=True)
    if quiet or total < LONG or not screen.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        progress.add_task(words, total=total)
        yield progress


@contextmanager
def written(
    path: Path | None, inputs: Sequence[Path], *, option: str = "--output", packed: bool = False
) -> Iterator[TextIO]:
    """Standard output, or a file (`packed`: gzip) that appears only when it is whole and never replaces an input."""
    if path is None:
        yield sys.stdout
        return
    if any(path.exists() and other.exists() and path.samefile(other) for other in inputs):
        raise UsageError(f"{option}: {given(path)} is one of the inputs; write another name")
    if not path.name or path.is_dir():  # `.`, `/` and nothing at all have no name
        raise UsageError(f"{option}: {given(path)} is a folder; name a file in it")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if packed:
            with (
                part.open("wb") as raw,
                gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packer,  # no time in it: the same bytes again
                TextIOWrapper(
                    cast(IO[bytes], packer), encoding="utf-8", errors="backslashreplace", newline="\n"
                ) as file,
            ):
                yield file
        else:
            with part.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                yield file
        part.replace(path)
    except OSError as error:
        raise UsageError(f"{option}: {given(path)} cannot be written ({one_line(error.strerror or error)})") from None
    finally:
        part.unlink(missing_ok=True)
