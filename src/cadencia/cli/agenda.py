"""An agenda as tables that a person can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..agendas import Agenda, Inputs
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
from ..errors import given, mistakes_of
from ..language import messages
from ..language.playbook import purpose_text
from .shared import UsageError, clean

__all__ = ["agenda_parts", "inputs_of"]


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
