"""The commands."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from .._version import __version__
from ..agendas import Agenda
from ..audit import Audit
from ..case import Case
from ..decision import Decision
from ..errors import InputError, did_you_mean, given
from ..language import fill, messages
from ..playbook import Playbook
from ..policy import Policy
from ..reading import Mapping, check_dispositions
from ..touch import DISPOSITIONS
from .agenda import agenda
from .audit import audit
from .columns import decide_columns, wants_columns
from .options import (
    LANGUAGES,
    AsOf,
    Data,
    Files,
    Language,
    MappingFile,
    PlaybookHorizon,
    PlaybookNames,
    PolicyFiles,
    Prospects,
    Purpose,
    Quiet,
    Replay,
    Touches,
)
from .packs import packs
from .playbooks import asked_of, declared_in, is_playbook, listed, source_of
from .shared import (
    Asked,
    UsageError,
    bar,
    check_language,
    check_purpose,
    clean,
    console,
    read_as_of,
    read_files,
    told,
    written,
)
from .summary import Summary
from .table import explained, row_of, show, table_of
from .usage import usage_line
from .zones import zones

__all__ = ["app", "run"]

app = typer.Typer(
    name="cadencia",
    help="Decides whether, when and how a prospect may be contacted, and says why not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """How decisions are written."""

    table = "table"
    jsonl = "jsonl"
    summary = "summary"
    columns = "columns"


class Reasons(StrEnum):
    """How much is said of why, in columns."""

    none = "none"
    binding = "binding"
    all = "all"


class What(StrEnum):
    """What a JSON Schema is of."""

    policy = "policy"
    playbook = "playbook"
    mapping = "mapping"
    decision = "decision"
    audit = "audit"
    agenda = "agenda"


@app.command()
def decide(
    as_of: AsOf,
    files: Files = None,
    policy: PolicyFiles = None,
    prospects: Prospects = None,
    touches: Touches = None,
    mapping: MappingFile = None,
    data: Data = None,
    replay: Replay = False,
    purpose: Purpose = None,
    horizon: PlaybookHorizon = None,
    playbook: PlaybookNames = None,
    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="A table, JSON Lines, only the summary, or columns in a file; columns for Parquet, else a table.",
        ),
    ] = None,
    language: Language = "en",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where decisions are written; else standard output.")
    ] = None,
    reasons: Annotated[
        Reasons, typer.Option("--reasons", help="In columns: no reasons, the binding rule, or every blocking rule.")
    ] = Reasons.binding,
    quarantine: Annotated[
        Path | None, typer.Option("--quarantine", help="In columns: where the rows that cannot be used are written.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Decide for every prospect of a book.

    With `--format columns`, and for Parquet, the book is read in parts and need not fit into memory; `--output` is then
    Parquet, CSV or JSON Lines by its name.

    Exit status: 0 every row was answered, 1 some were closed or unreadable, 2 the policy, a file or the command cannot
    be used.
    """
    with told():
        check_language(language)
        check_purpose(purpose)
        source, instant = source_of(policy or [], playbook or []), read_as_of(as_of)
        asked = Asked(files or [], prospects or [], touches or [], mapping, data)
        in_columns = wants_columns(asked)
        if format is Format.columns or in_columns:
            if in_columns and format not in (None, Format.columns, Format.summary):
                raise UsageError(f"--format: {given(format)} is not for Parquet; write `--format columns`")
            if replay:
                raise UsageError("--replay: columns are decided from all that is known; use `--format jsonl`")
            if output is None and format is not Format.summary:
                raise UsageError("--output: columns go to a file; write for example `--output answers.parquet`")
            told_, status = decide_columns(
                source, asked, instant, output, quarantine=quarantine, language=language, quiet=quiet,
                purpose=purpose, horizon=horizon, reasons=str(reasons),
            )  # fmt: skip
            for line in told_:
                print(line)
            raise typer.Exit(status)
        ask = asked_of(source)
        book = read_files(asked, messages(language)["cli"]["reading"], dispositions=declared_in(source), quiet=quiet)
        format = format or Format.table
        summary = Summary(language)
        # A bar and lines of JSON on one terminal would write over each other.
        silent = quiet or (format is Format.jsonl and output is None and sys.stdout.isatty())
        with written(output, [*asked.paths, *(policy or []), *([mapping] if mapping else [])]) as out:
            rows: list[tuple[str, ...]] = []
            with bar(messages(language)["cli"]["deciding"], len(book), quiet=silent) as progress:
                for case in book.cases():
                    known = case.known_at(instant) if replay else case
                    summary.later += replay and case.opened_at is not None and case.opened_at > instant
                    decision = ask(known, instant, purpose, horizon)
                    record = decision.record
                    summary.add(record)
                    if format is Format.jsonl:
                        out.write(decision.to_json() + "\n")
                    elif format is Format.table:
                        rows.append(row_of(record, language))
                    if progress is not None:
                        progress.advance(progress.task_ids[0])
            lines = [] if quiet else summary.lines(book, replayed=replay)
            if format is Format.jsonl:
                for line in lines:
                    print(line, file=sys.stderr)
            else:
                screen = console(None if output is None else out)
                if format is Format.table:
                    screen.print(table_of(rows, language))
                for line in lines:
                    screen.print(line, soft_wrap=True)
    raise typer.Exit(summary.status(book))


@app.command()
def explain(
    prospect: Annotated[str, typer.Argument(help="The id of the prospect.")],
    as_of: AsOf,
    files: Files = None,
    policy: PolicyFiles = None,
    prospects: Prospects = None,
    touches: Touches = None,
    mapping: MappingFile = None,
    data: Data = None,
    replay: Replay = False,
    purpose: Purpose = None,
    horizon: PlaybookHorizon = None,
    playbook: PlaybookNames = None,
    language: Language = "en",
    json_: Annotated[bool, typer.Option("--json", help="The whole decision as JSON.")] = False,
) -> None:
    """Explain one prospect: what every rule says, the chain of blocks, deadlines, and each rule left out in turn."""
    with told():
        check_language(language)
        check_purpose(purpose)
        source, instant = source_of(policy or [], playbook or []), read_as_of(as_of)
        ask = asked_of(source)
        book = read_files(
            Asked(files or [], prospects or [], touches or [], mapping, data),
            messages(language)["cli"]["reading"],
            dispositions=declared_in(source),
        )
        if prospect not in book:
            raise UsageError(f"prospect {given(prospect)} is not in the book" + did_you_mean(prospect, book.ids))
        case: Case = next(book.cases(lambda person: person == prospect))
        decision = ask(case.known_at(instant) if replay else case, instant, purpose, horizon)
        if json_:
            print(decision.to_json(indent=2))
        else:
            show(console(), explained(decision, language))
            for line in case.unreadable:
                print(f"! {clean(line)}", file=sys.stderr)
    raise typer.Exit(1 if case.unreadable else 0)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Policies and playbooks, each checked on its own.")],
    mapping: MappingFile = None,
) -> None:
    """Check policies and playbooks: the format, their own examples, and what is probably not meant.

    A mapping may make the dispositions that are well known, and those that the policies declare.

    Exit status: 0 all is well, 1 an example fails or something is probably not meant, 2 a policy cannot be used.
    """
    status = 0
    known = set(DISPOSITIONS)
    for path in files:
        with _status_of(path) as found:
            playbook = Playbook.load(path) if is_playbook(path) else None
            policy = Policy.load(path) if playbook is None else playbook.policy
            known |= policy.engine.declared
            failures, findings = policy.check_examples(), (playbook or policy).lint()
            for line in failures:
                print(clean(f"{path.name}: example: {line}"))
            for finding in findings:
                print(clean(f"{path.name}: {finding.code}: {finding.message}"))
            found.append(1 if failures or findings else 0)
            if not failures and not findings:
                examples = sum(len(layer.examples) for layer in (policy, *policy.layers))
                rules = len(policy.engine.rules)
                counts = fill(
                    "{rules:~ rule|~ rules}, {examples:~ example|~ examples}", {"rules": rules, "examples": examples}
                )
                print(clean(f"{path.name}: {policy.name} ({policy.fingerprint[:12]}): {counts}, nothing to say"))
        status = max(status, *found)
    if mapping is not None:
        with _status_of(mapping) as found:
            check_dispositions(Mapping.load(mapping), known, mapping.name)
            print(f"{mapping.name}: nothing to say")
        status = max(status, *found, 0)
    raise typer.Exit(status)


@app.command()
def schema(
    what: Annotated[
        What, typer.Argument(help="Of a policy, a playbook, a mapping, a decision, an audit, or an agenda.")
    ] = What.policy,
) -> None:
    """Print a JSON Schema, for editors and validators."""
    with told():
        found: dict[str, Any] = {
            What.policy: Policy.json_schema,
            What.playbook: Playbook.json_schema,
            What.mapping: Mapping.json_schema,
            What.decision: Decision.json_schema,
            What.audit: Audit.json_schema,
            What.agenda: Agenda.json_schema,
        }[what]()
        print(json.dumps(found, indent=2, ensure_ascii=False))


@app.command()
def playbooks(
    name: Annotated[
        str | None,
        typer.Argument(help="A playbook, packaged or a file, to show step by step; all are listed without it."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help=f"{LANGUAGES}; all of them when not given.")
    ] = None,
) -> None:
    """List the playbooks that come with the library, or show one step by step."""
    with told():
        for line in listed(name, None if language is None else check_language(language)):
            print(clean(line))


app.command()(agenda)
app.command()(audit)
app.command()(packs)
app.command()(zones)


def _version(asked: bool) -> None:
    if asked:
        print(f"cadencia {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Decides whether, when and how a prospect may be contacted, and says why not."""


@contextmanager
def _status_of(path: Path) -> Iterator[list[int]]:
    """What one file's check came to; its mistakes are printed and the next file is checked all the same."""
    found: list[int] = []
    try:
        yield found
    except InputError as error:
        for line in error.mistakes:
            print(clean(line if path.name in line else f"{path.name}: {line}"))
        found.append(2)


def run() -> None:
    """The command: output in UTF-8 whatever the terminal says, errors of one line, silence when a pipe's reader goes away."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        raise SystemExit(typer.main.get_command(app).main(prog_name="cadencia", standalone_mode=False) or 0)
    except BrokenPipeError:  # pragma: no cover - tested in a process of its own: here it would close the tests' output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except typer.Abort:
        print("cadencia: stopped", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as error:
        if not hasattr(error, "format_message"):  # not of the parser
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message(), file=sys.stderr)
        else:
            print(f"cadencia: {clean(usage_line(error))}", file=sys.stderr)
        raise SystemExit(2) from None
