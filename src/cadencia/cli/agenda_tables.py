"""An agenda as tables that a person can read."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..agendas import Agenda
from ..agendas.words import (
    channel_text,
    entry_why,
    figure_lines,
    item_text,
    needs_text,
    sections,
    title_of,
    when_text,
    who_text,
)  # fmt: skip
from ..language import messages
from ..language.playbook import purpose_text
from .shared import clean

__all__ = ["agenda_parts"]


def agenda_parts(agenda: Agenda, language: str) -> Iterator[RenderableType]:
    """Today's contacts, a table for each owner; then everything that is owed, and the figures."""
    words = messages(language)["agenda"]
    yield from (Text(clean(line)) for line in title_of(agenda, language))
    yield _title(words["today"])
    if not agenda.today:
        yield Text(f"  {words['nothing']}")
    for owner, entries in agenda.by_owner().items():
        table = Table(box=SIMPLE_HEAD, pad_edge=False, title=clean(owner or words["nobody"]), title_justify="left")
        for name in ("prospect", "channel", "what_for", "when", "why"):
            table.add_column(words[name], overflow="fold")
        for entry in entries:
            purpose = purpose_text(entry.purpose, language) if entry.purpose else ""
            cells = (
                who_text(entry), channel_text(entry, language), purpose, when_text(entry, agenda, language),
                entry_why(entry, language),
            )  # fmt: skip
            table.add_row(*(Text(clean(cell)) for cell in cells))
        yield table
    for title, items in sections(agenda, language):
        if items:
            yield _title(title)
            yield from (Text(f"  {clean(item_text(item, language))}") for item in items)
    if agenda.blocked:
        yield _title(words["blocked"])
        yield from (Text(f"  {clean(f'{entry.prospect}: {needs_text(entry, language)}')}") for entry in agenda.blocked)
    yield _title(words["figures"])
    for figure in agenda.figures.values():
        yield from (Text(f"  {clean(line)}") for line in figure_lines(figure, language))


def _title(text: str) -> Text:
    return Text(clean(text), style="bold")
