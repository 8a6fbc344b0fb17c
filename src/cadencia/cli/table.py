"""Decisions as a table that a person can read, and one decision with every rule."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ..decision import Decision
from ..language import (
    because_text,
    block_text,
    due_text,
    headline,
    messages,
    need_text,
    report_text,
    say,
    time_text,
    waiting_lines,
    word,
)
from ..language.playbook import proposal_lines
from ..record import BlockRecord, Record
from .shared import clean

__all__ = ["explained", "row_of", "table_of"]

_STYLE = {"contact": "green", "wait": "yellow", "blocked": "red", "stop": "magenta"}


def table_of(rows: Iterable[tuple[str, ...]], language: str) -> Table:
    """A table of decisions: prospect, answer, channel, when, why."""
    words = messages(language)["cli"]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("prospect", "answer", "channel", "when"):
        table.add_column(words[name], no_wrap=True, overflow="fold")
    table.add_column(words["why"], overflow="fold", ratio=1)
    for answer, *cells in rows:
        person, word, *rest = (Text(clean(cell)) for cell in cells)
        word.stylize(_STYLE[answer])
        table.add_row(person, word, *rest)
    return table


def row_of(record: Record, language: str) -> tuple[str, ...]:
    """The answer's own name, and the five cells of a decision."""
    words = messages(language)["cli"]
    channel = word(language, "channels", record.channel or "")
    return (
        record.answer,
        record.prospect,
        words[record.answer],
        channel,
        _when(record, language),
        _why(record, language),
    )


def _when(record: Record, language: str) -> str:
    words = messages(language)["cli"]
    if record.answer == "contact":
        until = f", {words['until']} {time_text(record.until, record.zone, language)}" if record.until else ""
        return f"{words['now']}{until}"
    if record.answer == "wait":
        return time_text(record.at, record.zone, language)
    if record.answer == "stop":
        return (
            f"{words['until']} {time_text(record.until, record.zone, language)}" if record.until else words["for_good"]
        )
    return f"{words['from']} {time_text(record.not_before, record.zone, language)}" if record.not_before else ""


def _why(record: Record, language: str) -> str:
    """The block that lasts longest on the way, and the one that binds in the end; what a blocked case needs."""
    words = messages(language)["cli"]
    if record.answer == "contact":
        return ""
    if record.answer == "stop":
        ending = [block for verdict in record.verdicts if verdict.rule == record.reason for block in verdict.blocks]
        return _said(ending[0], language) if ending else record.reason or ""
    waiting = waiting_lines(record, language)
    if not record.chain:
        return "".join(waiting)
    text = _said(_longest(record), language)
    binding = record.chain[-1].rule
    if record.answer == "blocked" and record.needs:
        return f"{words['needs']} {', '.join(need_text(need, language) for need in record.needs)} ({text})"
    text = text if binding == _longest(record).rule else f"{text}; {words['then']} {binding}"
    return "; ".join((text, *waiting))


def _longest(record: Record) -> BlockRecord:
    """The link of the chain that takes up the most time."""
    starts = [record.as_of, *(block.end or record.horizon for block in record.chain)]
    lengths = [end - start for start, end in pairwise(starts)]
    return record.chain[lengths.index(max(lengths))]


def _said(block: BlockRecord, language: str) -> str:
    return f"{block.rule}: {say(language, 'blocks', block.code, block.details)}"


def explained(decision: Decision, language: str) -> list[RenderableType]:
    """One decision whole: answer, every rule, chain, options, what is owed, and each rule left out in turn."""
    record, words = decision.record, messages(language)["cli"]
    zone = record.zone
    parts: list[RenderableType] = [
        Text(f"{record.prospect}: ", style="bold")
        + Text(clean(headline(record, language)), style=_STYLE[record.answer])
    ]
    parts += [Text(f"  {clean(line)}") for line in proposal_lines(record, language)]
    rules = _table(words["rule"], words["kind"], words["says"], words["because"], words["touches"])
    for verdict in record.verdicts:
        blocks = "\n".join(dict.fromkeys(block_text(block, zone, language) for block in verdict.blocks))
        because = f"{blocks}\n— {because_text(verdict.because, language)}" if verdict.because and blocks else blocks
        touches = ", ".join(verdict.touches[:6]) + (" …" if len(verdict.touches) > 6 else "")
        style = {"forbids": "red", "permits": "green"}.get(verdict.says, "dim")
        cells = (verdict.rule, verdict.kind, words[verdict.says], because, touches)
        rules.add_row(*(Text(clean(cell), style=style if index == 2 else "") for index, cell in enumerate(cells)))
    parts.append(rules)
    parts += _listed(words["chain"], (f"{block.rule}: {block_text(block, zone, language)}" for block in record.chain))
    parts += [Text(clean(line)) for line in waiting_lines(record, language)]
    parts += _listed(words["options"], _options(record, language))
    parts += _listed(words["owed"], (f"{due.rule}: {due_text(due, zone, language)}" for due in record.deadlines))
    parts += _listed(words["reports"], (report_text(report, language) for report in record.reports))
    for name, other in decision.counterfactuals().items():
        parts.append(Text(f"{words['without']} {clean(name)}: {clean(headline(other.record, language))}", style="dim"))
    return parts


def _listed(title: str, lines: Iterable[str]) -> list[Text]:
    """A title with its lines; nothing where there are none."""
    found = [Text(f"  {clean(line)}") for line in lines]
    return [Text(title, style="bold"), *found] if found else []


def _options(record: Record, language: str) -> Iterable[str]:
    words = messages(language)["cli"]
    for option in record.options:
        name = word(language, "channels", option.channel) + (
            f" ({option.contact_point})" if option.contact_point else ""
        )
        if option.opening is not None:
            yield f"{name}: {words['opens']} {time_text(option.opening, record.zone, language)}"
        else:
            needs = ", ".join(need_text(need, language) for need in option.needs)
            yield (
                f"{name}: {words['never']}"
                + (f"; {words['needs']} {needs}" if needs else "")
                + (f" ({', '.join(option.blocked_by)})" if option.blocked_by else "")
            )


def _table(*names: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def show(screen: Console, parts: Iterable[RenderableType]) -> None:
    """Print each part on its own."""
    for part in parts:
        screen.print(part)
