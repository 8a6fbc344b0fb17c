"""`cadencia agenda`: the day's work of a book, as tables, as JSON, or as a calendar."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from ..agendas import Inputs
from ..agendas import agenda as made_of
from ..errors import given, mistakes_of
from ..language import messages
from .agenda_tables import agenda_parts
from .options import (
    AsOf,
    Data,
    Files,
    Language,
    MappingFile,
    PlaybookHorizon,
    PlaybookNames,
    PolicyFiles,
    Prospects,
    Quiet,
    Replay,
    Touches,
)  # fmt: skip
from .playbooks import declared_in, source_of
from .shared import Asked, UsageError, bar, check_language, clean, console, read_as_of, read_files, told, written
from .summary import book_lines, nameless_lines
from .table import show

__all__ = ["agenda"]


class Format(StrEnum):
    """How an agenda is written."""

    table = "table"
    json = "json"
    ics = "ics"


def agenda(
    as_of: AsOf,
    files: Files = None,
    policy: PolicyFiles = None,
    prospects: Prospects = None,
    touches: Touches = None,
    mapping: MappingFile = None,
    data: Data = None,
    replay: Replay = False,
    horizon: PlaybookHorizon = None,
    playbook: PlaybookNames = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone", help="The zone of the desk, at whose midnight the day ends; else the offset of --as-of."
        ),
    ] = None,
    soon: Annotated[str, typer.Option("--soon", help="How far ahead a thing falls due soon.")] = "3 days",
    cycle: Annotated[str, typer.Option("--cycle", help="How far back a client counts as active.")] = "1461 days",
    effort: Annotated[str, typer.Option("--effort", help="How far back touches count as effort.")] = "365 days",
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", help="Under which name the data holds an input: `value=deal_size`; may be repeated."),
    ] = None,
    format: Annotated[
        Format, typer.Option("--format", "-f", help="Tables, JSON, or an iCalendar file.")
    ] = Format.table,
    language: Language = "en",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the agenda is written; else standard output.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """The day's work of a book: today's contacts by owner, what falls due, what keeps us waiting, and the figures.

    Exit status: 0 every row was answered, 1 some were closed or unreadable, 2 the policy, a file or the command cannot
    be used.
    """
    with told():
        check_language(language)
        source, inputs = source_of(policy or [], playbook or []), inputs_of(input_ or [])
        # As it is written, not in UTC: the day is that of its offset.
        instant = read_as_of(as_of) if as_of == "now" else as_of
        asked = Asked(files or [], prospects or [], touches or [], mapping, data)
        book = read_files(asked, messages(language)["cli"]["reading"], dispositions=declared_in(source), quiet=quiet)
        if not quiet:
            for line in (*nameless_lines(book, language), *book_lines(book, language)):
                print(clean(line), file=sys.stderr)
        with written(output, [*asked.paths, *(policy or []), *([mapping] if mapping else [])]) as out:
            with bar(messages(language)["cli"]["deciding"], len(book), quiet=quiet) as progress:
                made = made_of(
                    (case.known_at(instant) if replay else case for case in book.cases()),
                    source, as_of=instant, zone=zone, soon=soon, horizon=horizon, cycle=cycle, effort=effort, inputs=inputs,
                    progress=None if progress is None else partial(progress.advance, progress.task_ids[0]),
                )  # fmt: skip
            if format is Format.table:
                show(console(None if output is None else out), agenda_parts(made, language))
            elif format is Format.json:
                out.write(made.to_json(indent=2) + "\n")
            else:
                out.write(made.to_ical(language).decode("utf-8"))
    rows = (book.prospect_rows(), book.touch_rows())
    raise typer.Exit(0 if all(tally.read == tally.answered for tally in rows) else 1)


def inputs_of(pairs: Sequence[str]) -> Inputs:
    """The names of inputs, from `input=name`; several names of dispositions or stages are separated by commas."""
    named: dict[str, str | list[str]] = {}
    for pair in pairs:
        key, sign, name = pair.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"--input: {given(pair)} is not an input; write for example `--input value=deal_size`")
        field = Inputs.model_fields.get(key.strip())
        several = field is not None and isinstance(field.default, tuple)
        named[key.strip()] = [item.strip() for item in name.split(",")] if several else name.strip()
    try:
        return Inputs.model_validate(named)
    except ValidationError as error:
        raise UsageError("; ".join(mistakes_of(error, "--input", Inputs))) from None
