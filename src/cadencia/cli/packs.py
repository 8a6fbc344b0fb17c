"""`cadencia packs`: which packs are shipped, and what one of them says on a date."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from textwrap import wrap
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..errors import given
from ..language import messages, said_in, word
from ..pack import NOTICE, Pack, Provision
from .options import Language
from .shared import UsageError, check_language, clean, console, told

__all__ = ["packs"]

_WIDTH = 110
_STRENGTHS = ("primary text", "quoted text", "official page", "press")


def packs(
    names: Annotated[
        list[str] | None, typer.Argument(help="Jurisdictions such as ES or US-PA; every pack is listed when not given.")
    ] = None,
    on: Annotated[str | None, typer.Option("--on", help="Only what is in force on that date (2026-11-22).")] = None,
    language: Language = "en",
    json_: Annotated[bool, typer.Option("--json", help="The provisions as JSON.")] = False,
) -> None:
    """List the packs with how strongly they were verified, or print what one says: its rules in force, with their sources.

    Exit status: 0 printed, 2 no such pack or date.
    """
    with told():
        check_language(language)
        day = _date(on)
        chosen = [Pack.load(name) for name in names or Pack.names()]
        if json_:
            print(json.dumps([_data(pack, day) for pack in chosen], indent=2, ensure_ascii=False))
        elif not names:
            console().print(_table(chosen, day, language))
            print(said_in(language, NOTICE))
        else:
            for pack in chosen:
                for line in _lines(pack, day, language):
                    print(clean(line))


def _table(packs: list[Pack], day: date | None, language: str) -> Table:
    words = messages(language)["packs"]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("pack", "jurisdiction"):
        table.add_column(words[name])
    active_words = words["active"] if day is None else words["active_on"].format(day=day)
    strengths = [words["strengths"][name] for name in _STRENGTHS]
    for head in (active_words, words["unverified"], words["not expressible"], *strengths):
        table.add_column(head, justify="right")
    table.add_column(words["checked"])
    for pack in packs:
        statuses = Counter(item.status for item in pack.rules)
        active = pack.active if day is None else pack.in_force_on(day)
        counts: Counter[str] = Counter(item.strength for item in pack.rules if item.verified)
        numbers = (len(active), statuses["unverified"], statuses["not expressible"])
        cells = (*numbers, *(counts[name] for name in _STRENGTHS))
        name = said_in(language, pack.name)
        table.add_row(pack.jurisdiction, name, *(str(cell or "") for cell in cells), pack.checked.isoformat())
    return table


def _lines(pack: Pack, day: date | None, language: str) -> Iterator[str]:
    words = messages(language)["packs"]
    when = "" if day is None else words["when"].format(day=day.isoformat())
    yield words["head"].format(
        jurisdiction=pack.jurisdiction, name=said_in(language, pack.name), when=when, checked=pack.checked.isoformat(),
        notice=said_in(language, pack.notice),
    )  # fmt: skip
    found = [item for item in pack.rules if day is None or item.in_force_on(day)]
    for status in ("active", "not expressible", "unverified"):
        some = [item for item in found if item.status == status]
        if some:
            yield f"\n{words[f'{status}_title']}:"
        for item in some:
            yield from _provision(item, language)
    if not any(item.status == "active" for item in found):
        yield "\n" + words["nothing"].format(when=when)


def _provision(item: Provision, language: str) -> Iterator[str]:
    words = messages(language)["packs"]
    dates = [
        words[name].format(day=day)
        for name, day in (
            ("from", item.in_force and item.in_force.from_),
            ("until", item.in_force and item.in_force.to),
        )
        if day
    ]
    yield ""
    yield f"  {item.id}" + "".join(f", {word}" for word in dates)
    yield from wrap(said_in(language, item.says), _WIDTH, initial_indent="    ", subsequent_indent="    ")
    for head, text in (
        ("source", said_in(language, item.citation) + (f" ({_strength(item, words)})" if item.verified else "")),
        ("binding", None if item.binding == "law" else words["bindings"][item.binding]),
        ("scope", _scope(item, language)),
        ("breach", item.consequence and said_in(language, item.consequence)),
        ("reason", item.reason and said_in(language, item.reason)),
        ("note", item.note and said_in(language, item.note)),
    ):
        if text:
            yield from wrap(f"{words[head]}: {text}", _WIDTH, initial_indent="    ", subsequent_indent="      ")


def _strength(item: Provision, words: Mapping[str, Any]) -> str:
    strength = str(words["strengths"][item.strength])
    return str(words["single"]).format(strength=strength) if item.single_source else strength


def _scope(item: Provision, language: str) -> str:
    words = messages(language)["packs"]
    channels = ", ".join(word(language, "channels", name) for name in item.channels)
    told = [words["channels"].format(names=channels)]
    told.append(words["purposes"].format(names=", ".join(word(language, "purposes", name) for name in item.purposes)))
    if item.segment is not None:
        told.append(words["only"].format(segment=words["segments"][item.segment]))
    return "; ".join([*told, *([said_in(language, item.scope)] if item.scope else [])])


def _data(pack: Pack, day: date | None) -> dict[str, Any]:
    data = pack.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    data["rules"] = [
        item.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for item in pack.rules
        if day is None or item.in_force_on(day)
    ]
    return data


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--on: {given(text)} is not a date; write for example `2026-11-22`") from None
