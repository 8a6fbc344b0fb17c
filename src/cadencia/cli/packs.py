"""`cadencia packs`: which packs are shipped, and what one of them says on a date."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from textwrap import wrap
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..errors import given
from ..pack import NOTICE, Pack, Provision
from .shared import UsageError, clean, console, told

__all__ = ["packs"]

_WIDTH = 110
_STRENGTHS = ("primary text", "quoted text", "official page", "press")


def packs(
    names: Annotated[
        list[str] | None, typer.Argument(help="Jurisdictions such as ES or US-PA; every pack is listed when not given.")
    ] = None,
    on: Annotated[str | None, typer.Option("--on", help="Only what is in force on that date (2026-11-22).")] = None,
    json_: Annotated[bool, typer.Option("--json", help="The provisions as JSON.")] = False,
) -> None:
    """List the packs with how strongly they were verified, or print what one says: its rules in force, with their sources.

    Exit status: 0 printed, 2 no such pack or date.
    """
    with told():
        day = _date(on)
        chosen = [Pack.load(name) for name in names or Pack.names()]
        if json_:
            print(json.dumps([_data(pack, day) for pack in chosen], indent=2, ensure_ascii=False))
        elif not names:
            console().print(_table(chosen, day))
            print(NOTICE)
        else:
            for pack in chosen:
                for line in _lines(pack, day):
                    print(clean(line))


def _table(packs: list[Pack], day: date | None) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    heads = ("pack", "jurisdiction", "active" if day is None else f"active on {day}", "unverified", "not expressible")
    for head in (*heads, *_STRENGTHS, "checked"):
        table.add_column(head, justify="left" if head in ("pack", "jurisdiction", "checked") else "right")
    for pack in packs:
        statuses = Counter(item.status for item in pack.rules)
        active = pack.active if day is None else pack.in_force_on(day)
        strengths: Counter[str] = Counter(item.strength for item in pack.rules if item.verified)
        numbers = (len(active), statuses["unverified"], statuses["not expressible"])
        cells = (*numbers, *(strengths[name] for name in _STRENGTHS))
        table.add_row(pack.jurisdiction, pack.name, *(str(cell or "") for cell in cells), pack.checked.isoformat())
    return table


def _lines(pack: Pack, day: date | None) -> Iterator[str]:
    when = "" if day is None else f", in force on {day.isoformat()}"
    yield f"{pack.jurisdiction} {pack.name}{when}, checked {pack.checked.isoformat()}. {pack.notice}"
    found = [item for item in pack.rules if day is None or item.in_force_on(day)]
    for status, head in (
        ("active", "active"),
        ("not expressible", "verified, and not expressible as a rule"),
        ("unverified", "not verified, and without effect"),
    ):
        some = [item for item in found if item.status == status]
        if some:
            yield f"\n{head}:"
        for item in some:
            yield from _provision(item)
    if not any(item.status == "active" for item in found):
        yield "\nnothing is active" + when


def _provision(item: Provision) -> Iterator[str]:
    force = item.in_force
    dates = [f"from {force.from_}" if force and force.from_ else "", f"until {force.to}" if force and force.to else ""]
    source = item.strength + (", single source" if item.single_source else "")
    told = [f"channels {', '.join(item.channels)}", f"purposes {', '.join(item.purposes)}"]
    yield ""
    yield f"  {item.id}" + "".join(f", {word}" for word in dates if word)
    yield from wrap(item.says, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    for head, text in (
        ("source", item.citation + (f" ({source})" if item.verified else "")),
        ("binding", None if item.binding == "law" else item.binding),
        (
            "scope",
            "; ".join([*told, *([f"{item.segment} only"] if item.segment else []), item.scope or ""]).strip("; "),
        ),
        ("breach", item.consequence),
        ("reason", item.reason),
        ("note", item.note),
    ):
        if text:
            yield from wrap(f"{head}: {text}", _WIDTH, initial_indent="    ", subsequent_indent="      ")


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
