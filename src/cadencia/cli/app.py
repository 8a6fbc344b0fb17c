"""The commands."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from .._version import __version__
from ..case import Case
from ..decision import Decision
from ..errors import InputError, did_you_mean, given, one_line
from ..playbook import Playbook
from ..policy import Policy
from ..reading import Mapping
from .agenda import agenda_parts, inputs_of
from .playbooks import asked_of, is_playbook, listed, source_of
from .shared import Asked, UsageError, bar, check_language, clean, console, read_as_of, read_files, told
from .summary import Summary
from .table import explained, row_of, show, table_of
from .words import WORDS

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


class AgendaFormat(StrEnum):
    """How an agenda is written."""

    table = "table"
    json = "json"
    ics = "ics"


class What(StrEnum):
    """What a JSON Schema is of."""

    policy = "policy"
    playbook = "playbook"
    mapping = "mapping"
    decision = "decision"


Files = Annotated[
    list[Path] | None,
    typer.Argument(help="A file of prospects, then files of touches; CSV or JSON Lines."),
]
Prospects = Annotated[list[Path] | None, typer.Option("--prospects", help="A file of prospects; may be repeated.")]
Touches = Annotated[list[Path] | None, typer.Option("--touches", help="A file of touches; may be repeated.")]
PolicyFiles = Annotated[
    list[Path] | None, typer.Option("--policy", "-p", help="A policy, YAML or JSON; repeated, they are layers.")
]
PlaybookNames = Annotated[
    list[str] | None,
    typer.Option(
        "--playbook",
        "-b",
        help="A playbook: a packaged one by name, `all` of them, or a file; of several, one proposes for each case.",
    ),
]
AsOf = Annotated[
    str, typer.Option("--as-of", help="The instant of the question, with offset (2026-03-27T13:37Z), or `now`.")
]
MappingFile = Annotated[Path | None, typer.Option("--mapping", "-m", help="How the columns of an export become ours.")]
Data = Annotated[
    Path | None, typer.Option("--data", help="The folder of the files that the mapping names; else the mapping's own.")
]
Replay = Annotated[
    bool, typer.Option("--replay", help="Decide from what was known at that instant: later touches and facts are gone.")
]
Purpose = Annotated[str | None, typer.Option("--purpose", help="What the contact would be for.")]
Horizon = Annotated[
    str | None,
    typer.Option("--horizon", help="How far ahead an opening is looked for; 90 days, or the playbook's own."),
]
Language = Annotated[str, typer.Option("--language", help="en or es.")]


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
    horizon: Horizon = None,
    playbook: PlaybookNames = None,
    format: Annotated[
        Format, typer.Option("--format", "-f", help="A table, JSON Lines, or only the summary.")
    ] = Format.table,
    language: Language = "en",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where decisions are written; else standard output.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary and no progress bar.")] = False,
) -> None:
    """Decide for every prospect of a book.

    Exit status: 0 every row was answered, 1 some were closed or unreadable, 2 the policy, a file or the command cannot
    be used.
    """
    with told():
        check_language(language)
        ask, instant = asked_of(policy or [], playbook or []), read_as_of(as_of)
        asked = Asked(files or [], prospects or [], touches or [], mapping, data)
        book = read_files(asked, WORDS[language]["reading"], quiet=quiet)
        summary = Summary(language)
        # A bar and lines of JSON on one terminal would write over each other.
        silent = quiet or (format is Format.jsonl and output is None and sys.stdout.isatty())
        with written(output, [*asked.paths, *(policy or []), *([mapping] if mapping else [])]) as out:
            rows: list[tuple[str, ...]] = []
            with bar(WORDS[language]["deciding"], len(book), quiet=silent) as progress:
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
    horizon: Horizon = None,
    playbook: PlaybookNames = None,
    language: Language = "en",
    json_: Annotated[bool, typer.Option("--json", help="The whole decision as JSON.")] = False,
) -> None:
    """Explain one prospect: what every rule says, the chain of blocks, deadlines, and each rule left out in turn."""
    with told():
        check_language(language)
        ask, instant = asked_of(policy or [], playbook or []), read_as_of(as_of)
        book = read_files(Asked(files or [], prospects or [], touches or [], mapping, data), WORDS[language]["reading"])
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
def agenda(
    as_of: AsOf,
    files: Files = None,
    policy: PolicyFiles = None,
    prospects: Prospects = None,
    touches: Touches = None,
    mapping: MappingFile = None,
    data: Data = None,
    replay: Replay = False,
    horizon: Horizon = None,
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
        AgendaFormat, typer.Option("--format", "-f", help="A table, JSON, or an iCalendar file.")
    ] = AgendaFormat.table,
    language: Language = "en",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the agenda is written; else standard output.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No account of the rows and no progress bar.")] = False,
) -> None:
    """The day's work of a book: today's contacts by owner, what falls due, what keeps us waiting, and the figures.

    Exit status: 0 every row was answered, 1 some were closed or unreadable, 2 the policy, a file or the command cannot
    be used.
    """
    from ..agendas import agenda as made_for

    with told():
        check_language(language)
        source, instant = source_of(policy or [], playbook or []), as_of if as_of != "now" else read_as_of(as_of)
        inputs = inputs_of(input_ or [])
        asked = Asked(files or [], prospects or [], touches or [], mapping, data)
        book = read_files(asked, WORDS[language]["reading"], quiet=quiet)
        summary = Summary(language)
        with written(output, [*asked.paths, *(policy or []), *([mapping] if mapping else [])]) as out:
            for line in () if quiet else summary.rows(book):
                print(line, file=sys.stderr)
            with bar(WORDS[language]["deciding"], len(book), quiet=quiet) as progress:
                cases = (case.known_at(instant) if replay else case for case in book.cases())
                made = made_for(
                    cases, source, as_of=instant, zone=zone, soon=soon, horizon=horizon, cycle=cycle, effort=effort,
                    inputs=inputs,
                    progress=None if progress is None else partial(progress.advance, progress.task_ids[0]),
                )  # fmt: skip
            if format is AgendaFormat.table:
                show(console(None if output is None else out), agenda_parts(made, language))
            elif format is AgendaFormat.json:
                out.write(made.to_json(indent=2) + "\n")
            else:
                out.write(made.to_ical(language).decode("utf-8"))
    raise typer.Exit(summary.status(book))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Policies and playbooks, each checked on its own.")],
    mapping: MappingFile = None,
) -> None:
    """Check policies and playbooks: the format, their own examples, and what is probably not meant.

    Exit status: 0 all is well, 1 an example fails or something is probably not meant, 2 a policy cannot be used.
    """
    status = 0
    for path in files:
        with _status_of(path) as found:
            playbook = Playbook.load(path) if is_playbook(path) else None
            policy = Policy.load(path) if playbook is None else playbook.policy
            failures, findings = policy.check_examples(), (playbook or policy).lint()
            for line in failures:
                print(clean(f"{path.name}: example: {line}"))
            for finding in findings:
                print(clean(f"{path.name}: {finding.code}: {finding.rule}: {finding.message}"))
            found.append(1 if failures or findings else 0)
            if not failures and not findings:
                examples = sum(len(layer.examples) for layer in (policy, *policy.layers))
                rules = len(policy.engine.rules)
                print(
                    clean(
                        f"{path.name}: {policy.name} ({policy.fingerprint[:12]}): "
                        f"{rules} rules, {examples} examples, nothing to say"
                    )
                )
        status = max(status, *found)
    if mapping is not None:
        with _status_of(mapping) as found:
            Mapping.load(mapping)
            print(f"{mapping.name}: nothing to say")
        status = max(status, *found, 0)
    raise typer.Exit(status)


@app.command()
def schema(
    what: Annotated[What, typer.Argument(help="Of a policy, a playbook, a mapping, or a decision.")] = What.policy,
) -> None:
    """Print a JSON Schema, for editors and validators."""
    with told():
        found: dict[str, Any] = {
            What.policy: Policy.json_schema,
            What.playbook: Playbook.json_schema,
            What.mapping: Mapping.json_schema,
            What.decision: Decision.json_schema,
        }[what]()
        print(json.dumps(found, indent=2, ensure_ascii=False))


@app.command()
def playbooks(
    name: Annotated[
        str | None,
        typer.Argument(help="A playbook, packaged or a file, to show step by step; all are listed without it."),
    ] = None,
    language: Annotated[str | None, typer.Option("--language", help="en or es; both when not given.")] = None,
) -> None:
    """List the playbooks that come with the library, or show one step by step."""
    with told():
        for line in listed(name, None if language is None else check_language(language)):
            print(clean(line))


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


@contextmanager
def written(path: Path | None, inputs: list[Path]) -> Iterator[TextIO]:
    """Standard output, or a file that appears only when it is whole and never replaces an input."""
    if path is None:
        yield sys.stdout
        return
    if any(path.exists() and other.exists() and path.samefile(other) for other in inputs):
        raise UsageError(f"--output: {given(path)} is one of the inputs; write another name")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise UsageError(f"--output: {given(path)} cannot be written ({one_line(error.strerror or error)})") from None
    finally:
        part.unlink(missing_ok=True)


def run() -> None:
    """The command, with output in UTF-8 whatever the terminal says, and silence when the reader of a pipe goes away."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:  # pragma: no cover - tested in a process of its own: here it would close the tests' output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
