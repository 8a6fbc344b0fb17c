"""Preferences: which of the options that open is taken, when, and how long a better one is waited for."""

from __future__ import annotations

from typing import Any

from .._time.clock import EVER
from .._time.spans import Span
from ..errors import RuleFailure
from ..inquiry import Option
from ..rules.base import Offer, Preference
from .openings import Openings
from .ruled import in_force

__all__ = ["choose"]


def choose(asked: Openings, options: list[Option]) -> tuple[Option, int]:
    """The option that preferences choose, and the instant at which it is taken."""
    deadline = _patience_ends(asked)
    ready = (
        [option for option in options if option.opening is not None and option.opening <= deadline]
        if deadline is not None
        else []
    )
    patient = bool(ready)
    if not ready:
        first = min(option.opening for option in options if option.opening is not None)
        ready = [option for option in options if option.opening == first]
    limit = deadline if patient and deadline is not None else EVER
    ranked = _rank(asked, ready, limit)
    return ranked[0]


def _rank(asked: Openings, options: list[Option], until: int) -> list[tuple[Option, int]]:
    """Options with the instants at which they would be taken, best first."""
    keys: dict[Option, list[Any]] = {option: [] for option in options}
    moments: dict[Option, int] = {option: option.opening or 0 for option in options}
    moved = False  # the first that would wait says until when: another that moved it on would be undone when asked again then
    for rule, table in asked.engine.preferences:
        view = asked.view.using(table)
        try:
            if not in_force(rule, view, min(moments.values())):
                continue
            found: dict[Option, Any] = {}
            moves = not moved and type(rule).moment is not Preference.moment
            for option in options:
                offer = Offer(option.candidate, moments[option], _spans(asked, option, until))
                at = rule.moment(view, offer, until) if moves and until >= moments[option] else moments[option]
                offer = offer._replace(opening=at)
                found[option] = (rule.key(view, offer), at)
            sorted(key for key, _ in found.values())  # keys that cannot be compared are the preference's fault
        except Exception as error:
            failure = RuleFailure(rule.id, error)
            asked.failures.setdefault(rule.id, failure)
            asked.reports[("preference_ignored", rule.id, failure.type)] = None
            continue
        moved = moved or moves
        for option, (key, at) in found.items():
            keys[option].append(key)
            moments[option] = at
    places = {option: place for place, option in enumerate(options)}
    ordered = sorted(options, key=lambda item: (*keys[item], moments[item], item.candidate.channel, places[item]))
    return [(option, moments[option]) for option in ordered]


def _spans(asked: Openings, option: Option, until: int) -> tuple[Span, ...]:
    assert option.opening is not None
    if until <= option.opening:
        return ((option.opening, option.opening + 1),)
    return tuple(asked.permitted(option.candidate, option.opening, min(until + 1, asked.end)))


def _patience_ends(asked: Openings) -> int | None:
    """`ready + patience`: until when a better option may be waited for; None when nobody is patient."""
    patient = [item for item in asked.engine.preferences if getattr(item.rule, "patience", None) is not None]
    if not patient:
        return None
    made = [
        seen.hi
        for seen in asked.view.touches
        if seen.outbound and seen.out and not seen.booked and seen.lo <= asked.start
    ]
    begin = made[-1] + 1 if made else asked.view.opened if asked.view.opened is not None else asked.start
    begin = min(begin, asked.start)
    assert asked.engine.channels is not None
    options = [asked.option(candidate, begin, asked.end) for candidate in asked.candidates(asked.engine.channels)]
    opened = [option.opening for option in options if option.opening is not None]
    if not opened:  # pragma: no cover - what opens in the question opens in a longer span, if its rules are local
        return None
    ready = min(opened)
    waits = [rule.patience.micros for rule, _ in patient if in_force(rule, asked.view, ready)]
    return ready + max(waits) if waits else None
