"""Rows that the numeric lane must leave to the engine, whatever their columns say, and what it has to report itself."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from .coding import Bools
from .engine import Sources
from .events import Events
from .people import People
from .question import Told

__all__ = ["set_apart", "tell_undeclared"]


def set_apart(people: People, events: Events, sources: Sources, dispositions: Collection[str] | None) -> None:
    """Rows that cannot be read, and touches with a disposition that nobody declared, are for the engine."""
    broken = sources[0].problems
    if broken is not None:
        people.plain &= broken.is_null().to_numpy()
    odd = np.zeros(len(events), np.bool_) if events.odd is None else events.odd
    if sources[1].problems is not None:
        odd |= sources[1].problems.is_not_null().to_numpy()
    if dispositions is not None:
        odd |= _of_others(events, dispositions)
    events.odd = odd if odd.any() else None


def _of_others(events: Events, known: Collection[str]) -> Bools:
    """The touches whose disposition is none of the known."""
    words = events.words
    found: Bools = np.array([name not in known for name in words.dispositions])[words.code]
    return found


def tell_undeclared(told: Told, declared: Collection[str], events: Events, fast: Bools) -> None:
    """The numeric lane has no reports of its own; this is the one thing that it may have to report."""
    strange = _of_others(events, declared) & (events.owner >= 0)
    if strange.any():
        owners = np.unique(events.owner[strange])
        told.reports["undeclared_disposition"] += int(np.count_nonzero(fast[owners]))
