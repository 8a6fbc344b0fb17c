"""An agenda in words: the same data through the messages of a language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..language import block_text, due_text, fill, messages, need_text, time_text, word
from ..language.playbook import purpose_text, why_text
from ..prospect import ITEM_KINDS

if TYPE_CHECKING:
    from .models import Agenda, Entry, Figure, Item

__all__ = [
    "channel_text", "entry_why", "figure_lines", "figure_text", "item_text", "needs_text", "sections", "text_of", "title_of",
    "when_text", "who_text",
]  # fmt: skip

#: In which tables the parts of a row have words; other rows are named by ids and by the words of the data.
_ROWS = {"effort": ("effort",), "speed_to_lead": (None, "owner_kinds"), "silent_at": (None, "steps")}
#: So many names are written out; the data holds them all.
_SHOWN = 12


def text_of(agenda: Agenda, language: str = "en") -> str:
    """The whole agenda, a line for each contact, item and figure."""
    return "\n".join(_lines(agenda, language))


def title_of(agenda: Agenda, language: str) -> list[str]:
    """For what day, made for whom, and how many cases stand where."""
    words = messages(language)["agenda"]
    counts = {place: len(getattr(agenda, place)) for place in ("today", "later", "blocked", "stopped")}
    names = ", ".join(f"{name} ({fingerprint[:12]})" for name, fingerprint in agenda.made_for.items())
    told = [
        words["title"].format(date=time_text(agenda.as_of, agenda.zone, language)),
        words["made_for"].format(names=names),
        fill(words["counts"], {**counts, "all": len(agenda)}),
    ]
    if agenda.missing:
        told.append(words["unordered"].format(names=_missing(agenda.missing, language)))
    return told


def _lines(agenda: Agenda, language: str) -> Iterator[str]:
    words = messages(language)["agenda"]
    yield from title_of(agenda, language)
    yield f"{words['today']}:"
    if not agenda.today:
        yield f"  {words['nothing']}"
    for owner, entries in agenda.by_owner().items():
        yield f"  {owner or words['nobody']}:"
        for entry in entries:
            yield f"    {_entry(entry, agenda, language)}"
    for title, items in sections(agenda, language):
        if items:
            yield f"{title}:"
            yield from (f"  {item_text(item, language)}" for item in items)
    if agenda.blocked:
        yield f"{words['blocked']}:"
        for entry in agenda.blocked:
            yield f"  {entry.prospect}: {needs_text(entry, language)}"
    yield f"{words['figures']}:"
    for figure in agenda.figures.values():
        yield from (f"  {line}" for line in figure_lines(figure, language))


def sections(agenda: Agenda, language: str) -> Iterator[tuple[str, tuple[Item, ...]]]:
    """The sections of items with their titles."""
    words = messages(language)["agenda"]
    until = time_text(agenda.soon_ends, agenda.zone, language)
    for name in ("due_soon", "overdue", "lifting", "lapsing", "undated", "forbidden"):
        yield words[name].format(until=until), getattr(agenda, name)


def _entry(entry: Entry, agenda: Agenda, language: str) -> str:
    parts = [
        who_text(entry), channel_text(entry, language), purpose_text(entry.purpose, language) if entry.purpose else "",
        when_text(entry, agenda, language), entry_why(entry, language),
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)


def who_text(entry: Entry) -> str:
    """Whose case, and whom to contact where it is somebody else."""
    name = entry.prospect + (f" ({entry.name})" if entry.name else "")
    return name if entry.person in (None, entry.prospect) else f"{name} → {entry.person}"


def channel_text(entry: Entry, language: str) -> str:
    """By which channel, and the address."""
    channel = word(language, "channels", entry.channel or "")
    return channel + (f" ({entry.contact_point})" if entry.contact_point else "")


def when_text(entry: Entry, agenda: Agenda, language: str) -> str:
    """From when until when, on the person's wall clock."""
    words = messages(language)["agenda"]
    begins = str(words["now"]) if entry.at == agenda.as_of else time_text(entry.at, entry.zone, language)
    return begins + (f" {words['until']} {time_text(entry.until, entry.zone, language)}" if entry.until else "")


def entry_why(entry: Entry, language: str) -> str:
    """Why now, what is owed, what it is worth, and whom it comes after."""
    words = messages(language)["agenda"]
    if entry.booking is not None:
        told = [f"{words['booking']} {entry.booking}"]
    elif entry.proposal is not None:
        step = f" · {word(language, 'steps', entry.step)}" if entry.step else ""
        told = [f"{entry.playbook}{step}: {why_text(entry.proposal, language, entry.zone)}"]
    else:
        told = [words["policy"]]
    if entry.deadline is not None:
        told.append(words["owed_by"].format(due=time_text(entry.deadline, entry.zone, language)))
    if entry.value is not None:
        told.append(words["worth"].format(value=f"{entry.value:g}"))
    if entry.gives_way_to:
        told.append(words["gives_way"].format(people=_some(entry.gives_way_to)))
    return "; ".join(told)


def item_text(item: Item, language: str) -> str:
    """Something owed, lifting, lapsing or without a date."""
    words = messages(language)["agenda"]
    if item.due is not None:
        return f"{item.prospect}: {due_text(item.due, item.zone, language)}"
    kind = words["booking"] if item.kind == "booking" else word(language, "kinds", item.kind)
    what = word(language, "kinds", item.what) if item.what and item.kind == "promise" else item.what
    told = f"{item.prospect}: {kind} {item.id}" + (f" ({what})" if what else "")
    told += f", {time_text(item.at, item.zone, language)}" if item.at is not None else f", {words['no_date']}"
    if item.block is not None:
        told += f": {item.block.rule}: {block_text(item.block, item.zone, language)}"
    if item.owner is None and item.kind in ITEM_KINDS:
        return f"{told}, {messages(language)['words']['no_owner']}"
    return told + (f", {item.owner}" if item.owner else "")


def needs_text(entry: Entry, language: str) -> str:
    """What a blocked case needs, and what says so."""
    named = f"{messages(language)['agenda']['needs']} " + ", ".join(need_text(need, language) for need in entry.needs)
    return named + (f" ({entry.block.rule}: {block_text(entry.block, entry.zone, language)})" if entry.block else "")


def figure_text(figure: Figure, language: str) -> str:
    """A figure on one line; what is missing by name where there is no number."""
    table = messages(language)
    words = table["agenda"]
    if figure.missing:
        missing = words["missing"].format(names=_missing(figure.missing, language))
        return f"{table['figure_names'][figure.code]}: {missing}"
    share = figure.share
    shown = {
        "part": figure.part, "of": figure.of,
        "share": "—" if share is None else f"{100 * share:.0f} %", "ratio": "—" if share is None else f"{share:.2f}",
    }  # fmt: skip
    text = fill(str(table["figures"][figure.code]), shown)
    return text + (f"; {fill(words['unknown'], {'count': figure.unknown})}" if figure.unknown else "")


def figure_lines(figure: Figure, language: str) -> Iterator[str]:
    """A figure, and a line for each of its rows."""
    yield figure_text(figure, language)
    unsaid = messages(language)["agenda"]["unsaid"]
    for row in figure.by:
        tables = _ROWS.get(figure.code, (None,) * len(row.key))
        key = " · ".join(
            unsaid if item is None else item if table is None else word(language, table, item)
            for item, table in zip(row.key, tables, strict=True)
        )
        yield f"  {key}: {row.part}" + (f"/{row.of}" if row.of is not None else "")
    if figure.named:
        yield f"  → {_some(figure.named)}"


def _some(names: tuple[str, ...]) -> str:
    """The first names of many."""
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


def _missing(names: tuple[str, ...], language: str) -> str:
    table: dict[str, Any] = messages(language)["missing"]
    told = []
    for item in names:
        kind, _, name = item.partition(":")
        told.append(str(table[item if item in table else kind]).format(name=name))
    return ", ".join(told)
