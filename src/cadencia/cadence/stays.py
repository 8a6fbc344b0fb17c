"""Where a stay in a cadence begins, begins anew, and can begin no more: stages, doors, and opt-outs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from .._time.clock import EVER, FOREVER, micros
from .conditions import holds

if TYPE_CHECKING:
    from .._model import Names
    from .._time.spans import Span
    from .._view import Seen, View
    from .models import Cadence, Entry

__all__ = ["admits", "opens", "opted_out_at", "opted_out_before", "reopened"]


def reopened(view: View, closing: Names, spans: list[Span]) -> Iterator[Span]:
    """The spans, cut where a case that was closed by its stage is opened again: that begins another stay."""
    stages = view.stages
    again = [start for (_, _, was), (start, _, name) in pairwise(stages) if was in closing and name not in closing]
    for lo, hi in spans:
        for start in again:
            if lo < start < hi:
                yield lo, start
                lo = start
        yield lo, hi


def opens(view: View, entry: Entry, place: int) -> bool:
    """Whether a touch opens a door: it matches, the condition holds then, and enough conversations came before."""
    seen = view.touches[place]
    assert entry.by is not None
    if not entry.by.surely(seen) or (entry.by.directions is None and not seen.reached):
        return False
    before = sum(1 for other in view.touches[:place] if other.reached)
    return before >= entry.worked and any(lo <= seen.hi < hi for lo, hi in holds(view, entry))


def admits(cadence: Cadence, view: View, lo: int, hi: int) -> bool:
    """Whether a cadence takes a case up from a stay: one with doors does where a touch of that stay opens one of them."""
    doors = [entry for entry in cadence.enters if entry.by is not None]
    places = [place for place, seen in enumerate(view.touches) if lo <= seen.lo and seen.hi <= hi]
    return not doors or any(opens(view, entry, place) for entry in doors for place in places)


def opted_out_before(cadence: Cadence, view: View, lo: int) -> Seen | None:
    """The opt-out from before a stay that still binds in it."""
    lifted_by = cadence.ends["opted_out"].lifted_by
    found = None
    for seen in view.touches:
        if seen.lo >= lo:
            break
        if cadence.reading.of(seen) == "opted_out":
            found = found or seen
        elif (lifted_by == "inbound" and not seen.outbound) or (
            lifted_by == "answer" and cadence.reading.answers(seen)
        ):
            found = None
    return found


def opted_out_at(cadence: Cadence, view: View) -> int:
    """When an opt-out ended everything: said in a touch, or on record for every channel and purpose; `FOREVER` where none did."""
    said = [seen.hi for seen in view.touches if cadence.reading.of(seen) == "opted_out" and not seen.booked]
    record = [
        EVER if item.since is None else micros(item.since)
        for item in view.prospect.opt_outs
        if item.channel is None and item.purpose is None and item.until is None
    ]
    if cadence.ends["opted_out"].lifted_by != "nothing":
        said = []
    return min([*said, *record], default=FOREVER)
