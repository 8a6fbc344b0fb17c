"""A file of answers that is written part by part, and appears only when it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from ..errors import InputError, given, one_line

__all__ = ["FILES", "Sink", "format_of", "sinks"]

#: The formats that are read and written, by the end of the name.
FILES: Final = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


def format_of(path: Path) -> str:
    """The format that a file's name says.

    Raises:
        InputError: it says none that columns can be read from or written to.
    """
    found = FILES.get(path.suffix.lower())
    if found is None:
        raise InputError(
            f"{path.name or path}: {given(path.suffix)} is no format of columns; write a name that ends in one of {', '.join(FILES)}"
        )
    return found


@contextmanager
def sinks(
    output: Path | None, quarantine: Path | None, inputs: Sequence[Path]
) -> Iterator[tuple[Sink | None, Sink | None]]:
    """Where answers and bad rows go; both files appear when everything has gone well, and neither otherwise.

    Raises:
        InputError: a name that says no format, is an input, or is given twice.
    """
    for what, path in (("output", output), ("quarantine", quarantine)):
        if path is not None:
            format_of(path)
            if any(path.exists() and other.exists() and path.samefile(other) for other in inputs):
                raise InputError(f"{what}: {given(path)} is one of the inputs; write another name")
    if output is not None and quarantine is not None and output.resolve() == quarantine.resolve():
        raise InputError(f"quarantine: {given(quarantine)} is where the answers go; write another name")
    with ExitStack() as stack:
        made = [
            None if path is None else stack.enter_context(Sink(path, what))
            for what, path in (("output", output), ("quarantine", quarantine))
        ]
        yield made[0], made[1]
        for sink in made:
            if sink is not None:
                sink.close()


@contextmanager
def _writing(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{what}: {given(path)} cannot be written ({one_line(error.strerror or error)})") from None


class Sink(AbstractContextManager["Sink"]):
    """A file that is written part by part."""

    def __init__(self, path: Path, what: str) -> None:
        self._path, self._what = path, what
        self._format = format_of(path)
        with _writing(what, path):
            self._folder = TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
        self._parts: list[Path] = []

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

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
                    part, separator="\t" if self._path.suffix.lower() == ".tsv" else ","
                )
        with _writing(self._what, self._path):
            part.replace(self._path)
