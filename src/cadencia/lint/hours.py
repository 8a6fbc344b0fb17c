"""When: windows that never open, alone or together, looked for over a year in a few zones, public holidays included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from .._time.clock import DAY, HOUR, day_number, micros
from .._time.spans import cut, gaps, union
from .._view import View
from ..case import Case
from ..errors import given
from ..prospect import Prospect
from ..rules.base import Limit
from ..rules.combine import AnyOf
from ..rules.filters import Candidate
from ..rules.hours import ActivePeriod, BusinessDays, QuietHours
from ._told import Entry, Finding, Told, narrows

#: A prospect in each of these tells whether hours ever open there: west and east, north and south of the equator.
PLACES: Final = (
    ("America/Los_Angeles", "US-CA"),
    ("America/Sao_Paulo", "BR"),
    ("Europe/Madrid", "ES"),
    ("Asia/Tokyo", "JP"),
    ("Pacific/Auckland", "NZ"),
)
#: The year that is looked at; years with dated hours are looked at too.
YEAR: Final = 2026
_LOOK: Final = 28 * DAY
#: A purpose that no rule names.
_OTHER: Final = "\0other"


def findings(told: Told) -> Iterator[Finding]:
    """What is odd about times of the week and the year."""
    alone: set[str] = set()
    for entry in told.entries:
        if on_the_clock(entry.rule) and not opens([entry.rule]):
            alone.add(entry.id)
            yield _never_opens(entry)
    yield from _together(told, alone)
    yield from _active(told)


def on_the_clock(rule: Any) -> bool:
    """Whether a rule forbids by the wall clock and the calendar alone."""
    if isinstance(rule, AnyOf):
        return all(on_the_clock(child) for child in rule.rules)
    return type(rule) in (QuietHours, BusinessDays)


@cache
def _view(zone: str, region: str) -> View:
    return View.of(Case(prospect=Prospect.model_validate({"id": zone, "zones": zone, "regions": region})))


def _years(rules: Iterable[Any]) -> list[int]:
    found = {YEAR}
    for rule in rules:
        if isinstance(rule, AnyOf):
            found.update(_years(rule.rules))
        else:
            found.update(day.year for day in getattr(rule, "dates", ()))
    return sorted(found)


def _looks(rules: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """The years that matter, in pieces."""
    for year in _years(rules):
        low, high = day_number(date(year, 1, 1)) * DAY - DAY, day_number(date(year + 1, 1, 1)) * DAY + DAY
        for start in range(low, high, _LOOK):
            yield start, min(start + _LOOK, high)


def closed(rules: Iterable[Limit], zone: str, region: str, span: tuple[int, int]) -> list[tuple[int, int]]:
    """What some limits forbid in a place, exceptions and filters aside."""
    blocks = (block for rule in rules for block in rule.blocks(_view(zone, region), Candidate(""), span))
    return union((max(block.start, span[0]), min(block.end, span[1])) for block in blocks)


def opens(rules: list[Any]) -> set[str]:
    """The zones in which some limits together leave any instant open."""
    return {
        zone for zone, region in PLACES if any(gaps(closed(rules, zone, region, span), *span) for span in _looks(rules))
    }


def hides(strict: Any, loose: Any) -> bool:
    """Whether whatever one limit closes another closes too, everywhere and all year."""
    return all(
        not cut(closed([loose], zone, region, span), closed([strict], zone, region, span))
        for zone, region in PLACES
        for span in _looks([strict, loose])
    )


def _never_opens(entry: Entry) -> Finding:
    rule = entry.rule
    if isinstance(rule, AnyOf):
        what, instead = "none of its `rules`", "name hours that open in one of them"
    elif isinstance(rule, BusinessDays):
        what, instead = _as_written(rule, "days"), "name a day of the week"
    elif rule.allow is not None:
        what, instead = _as_written(rule, "allow"), 'name a window such as `mon-fri: ["09:00-14:00"]`'
    else:
        what, instead = _as_written(rule, "between"), "name quiet hours that end"
    ever = "ever" if isinstance(rule, AnyOf) else "never"
    return entry.finding(
        "never_opens",
        f"{what} {ever} opens; {instead}, or write `at_most: 0` where never is meant",
        "warning" if narrows(rule) else "error",
    )


def _as_written(rule: Limit, field: str) -> str:
    return given(f"{field}: {rule.model_dump(mode='json')[field]}".replace("'", ""))


def _together(told: Told, alone: set[str]) -> Iterator[Finding]:
    """Hours that apply to one channel at once and leave nothing, though each of them opens."""
    entries = [entry for entry in told.entries if entry.id not in alone and on_the_clock(entry.rule)]
    entries = [entry for entry in entries if not set(narrows(entry.rule)) - {"channels", "purposes", "unless"}]
    purposes = sorted({name for entry in entries if entry.rule.purposes for name in entry.rule.purposes.names})
    seen: dict[tuple[str, ...], set[str]] = {}

    def open_in(chosen: list[Entry]) -> set[str]:
        key = tuple(entry.id for entry in chosen)
        if key not in seen:
            seen[key] = opens([entry.rule for entry in chosen])
        return seen[key]

    for channel in _channels(told, entries):
        results: dict[str, Finding | None] = {}
        for purpose in (*purposes, _OTHER):
            applying = [entry for entry in entries if _applies(entry.rule, channel, purpose)]
            results[purpose] = _verdict(told, channel, applying, open_in)
        if len(set(results.values())) == 1:
            purpose = _OTHER
            if (found := results[purpose]) is not None:
                yield found
            continue
        for purpose, found in results.items():
            if found is not None:
                named = "no purpose that a rule names" if purpose == _OTHER else f"purpose {given(purpose)}"
                yield found._replace(message=f"{found.message} (for {named})")


def _channels(told: Told, entries: list[Entry]) -> list[str]:
    if told.channels is not None:
        return list(told.channels)
    return sorted({name for entry in entries if entry.rule.channels for name in entry.rule.channels.names} | {""})


def _applies(rule: Limit, channel: str, purpose: str) -> bool:
    return (rule.channels is None or rule.channels.has(channel)) and (
        rule.purposes is None or rule.purposes.has(purpose)
    )


def _verdict(told: Told, channel: str, applying: list[Entry], open_in: Any) -> Finding | None:
    always = [entry for entry in applying if not entry.rule.unless]
    on = f"on channel {given(channel)} " if channel else ""
    for chosen in (always, applying):
        if len(chosen) < 2:
            continue
        zones = open_in(chosen)
        names = ", ".join(given(entry.id) for entry in chosen)
        if not zones and chosen is always:
            return told.whole(
                "hours_never_meet",
                f"rules {names} together never open {on}in any zone; give them a window in common",
                "error",
            )
        if not zones:
            return told.whole(
                "opens_only_by_exception",
                f"rules {names} together open {on}only under an `unless`; give them a window in common",
                "note",
            )
        missing = [zone for zone, _ in PLACES if zone not in zones]
        if missing and chosen is always:
            return told.whole(
                "closed_in_some_zones",
                f"rules {names} together never open {on}for a prospect in {given(', '.join(missing))};"
                " widen one of them",
                "note",
            )
    if len(always) == 1:
        zones = open_in(always)
        missing = [zone for zone, _ in PLACES if zone not in zones]
        if missing:
            return always[0].finding(
                "closed_in_some_zones",
                f"never opens for a prospect in {given(', '.join(missing))}; widen its hours, or name one `clock`",
                "note",
            )
    return None


def _active(told: Told) -> Iterator[Finding]:
    """Active periods that are over before another begins; one that is over before it begins itself is refused."""
    entries = [entry for entry in told.of(ActivePeriod) if not set(narrows(entry.rule)) - {"unless"}]
    for first in entries:
        if first.rule.from_ is None:
            continue
        for last in entries:
            if last.rule.until is None or _edge(first.rule.from_, False) < _edge(last.rule.until, True):
                continue
            start, end = given(f"from: {_text(first.rule.from_)}"), given(f"until: {_text(last.rule.until)}")
            yield first.finding(
                "never_active",
                f"{start} is not before {end} of rule {given(last.id)}, so contact is never permitted; write a later end",
                "error",
            )


def _edge(value: datetime | date, end: bool) -> int:
    """The first instant that may lie in a period, or the last end that it may have, wherever the prospect is."""
    if isinstance(value, datetime):
        return micros(value)
    return (day_number(value) + end) * DAY + (12 * HOUR if end else -14 * HOUR)


def _text(value: datetime | date) -> str:
    return value.isoformat().replace("+00:00", "Z")


__all__ = ["closed", "findings", "hides", "on_the_clock", "opens"]
