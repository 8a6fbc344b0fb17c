"""Touches and histories, placed around an instant so that rules bind."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from .._time.clock import HOUR, MINUTE, day_date, micros, zone_of
from ..touch import Touch
from .clocks import ticks_near, zones
from .words import (
    ADDRESSES,
    CHANNELS,
    DISPOSITIONS,
    OWNERS,
    PURPOSES,
    STEPS,
    SUBJECTS,
    UNDECLARED,
    datetime_or,
    maybe,
    often,
    record,
    record_of,
    some,
    when_near,
    written,
)

#: What may be frequent in a history.
THEMES: Final = ("plain", "answers", "promises", "bookings", "dates", "lengths")

__all__ = ["THEMES", "histories", "touches"]


@st.composite
def touches(
    draw: DrawFn,
    around: datetime | None = None,
    *,
    id: str = "t1",
    zone: str | None = None,
    exact: bool = False,
    bookings: bool = True,
    inbound: bool = True,
    lengths: bool = True,
    promises: bool = True,
    undeclared: bool = True,
    future: bool = True,
    theme: str = "plain",
) -> Touch:
    """Touches at distances from an instant at which rules bind.

    Args:
        around: the instant that counts, usually `as_of`; any when not given.
        id: the id of the touch.
        zone: on whose wall clock the distances are measured; any when not given.
        exact: only instants; otherwise some touches are known only to the day.
        bookings: whether some are booked to happen later.
        inbound: whether some come from the prospect.
        lengths: whether some have an end.
        promises: whether some carry a promise, ours or theirs.
        undeclared: whether some have a disposition that nobody declared.
        future: whether some done touches are dated after `around`, as by a clock that runs ahead.
        theme: what is frequent: one of `THEMES`. A history has one theme, so that rules meet what they are about.

    Example:
        >>> from cadencia.testing import touches
        >>> from hypothesis import find
        >>> find(touches(bookings=False), lambda touch: touch.direction == "inbound").channel
        'phone'
    """
    as_of = micros(draw(datetime_or(around)))
    name = draw(zones()) if zone is None else zone
    booked = bookings and draw(often(6 if theme == "bookings" else 2))
    ahead = booked or (future and draw(often(1)))
    overdue = booked and draw(often(2))
    at = draw(ticks_near(as_of, name, past=not ahead or overdue, future=ahead))
    channel = draw(st.sampled_from(CHANNELS))
    data: dict[str, Any] = {"id": id, "at": written(at), "channel": channel}
    if inbound and not booked and draw(often(5 if theme == "answers" else 2)):
        data["direction"] = "inbound"
    if booked:
        data["booked"] = True
    else:
        data["disposition"] = draw(st.sampled_from((*DISPOSITIONS, UNDECLARED) if undeclared else DISPOSITIONS))
    if not exact and draw(often(6 if theme == "dates" else 1)):
        data["at"] = day_date(zone_of(name).day(at)).isoformat()
        data["zone"] = draw(maybe(st.just(name)))
    elif lengths and draw(often(6 if theme == "lengths" else 2)):
        data["end"] = written(at + draw(st.sampled_from((0, 20 * MINUTE, 2 * HOUR, 30 * HOUR))))
    if promises and draw(often(6 if theme == "promises" else 1)):
        kind = st.sampled_from(("callback", "visit", "proposal"))
        promise = record({"by": st.sampled_from(("us", "them"))}, at=when_near(as_of, name), kind=kind)
        data["promise"] = draw(promise)
    more: dict[str, Any] = {
        "contact_point": st.sampled_from(ADDRESSES[channel]),
        "purpose": st.sampled_from(PURPOSES),
        "step": st.sampled_from(STEPS),
        "subjects": some(SUBJECTS),
        "by": st.sampled_from(OWNERS),
        "automated": st.just(True),
    }
    data |= draw(record_of({}, more, 3))
    if theme == "plain" and draw(often(1)):
        data["cancelled"] = True
    return Touch.model_validate(data)


@st.composite
def histories(
    draw: DrawFn,
    around: datetime | None = None,
    *,
    prefix: str = "t",
    zone: str | None = None,
    max_size: int = 6,
    exact: bool = False,
    bookings: bool = True,
    inbound: bool = True,
    lengths: bool = True,
    promises: bool = True,
    undeclared: bool = True,
    future: bool = True,
    equal: bool = True,
    repeats: bool = True,
    theme: str | None = None,
) -> list[Touch]:
    """Lists of touches in no particular order: several channels, equal instants, repeated ids with equal content.

    Args:
        around: the instant that counts, usually `as_of`; any when not given.
        prefix: ids are this and a number from 1.
        zone: on whose wall clock the distances are measured; any when not given.
        max_size: how many different touches at most.
        equal: whether some touches begin at the same instant.
        repeats: whether a touch may come twice with the same id and content.
        theme: what is frequent: one of `THEMES`; any when not given.
        exact, bookings, inbound, lengths, promises, undeclared, future: as in `touches`.

    Example:
        >>> from cadencia.testing import histories
        >>> from hypothesis import find
        >>> [touch.id for touch in find(histories(repeats=False), lambda history: len(history) == 2)]
        ['t1', 't2']
    """
    as_of = draw(datetime_or(around))
    name = draw(zones()) if zone is None else zone
    frequent = draw(st.sampled_from(THEMES)) if theme is None else theme
    found: list[Touch] = []
    for index in range(draw(st.integers(0, max_size))):
        touch = draw(
            touches(
                as_of, id=f"{prefix}{index + 1}", zone=name, exact=exact, bookings=bookings, inbound=inbound,
                lengths=lengths, promises=promises, undeclared=undeclared, future=future, theme=frequent,
            )
        )  # fmt: skip
        if equal and found and draw(often(2)):
            other = draw(st.sampled_from(found))
            length = touch.end - touch.at if touch.end and isinstance(touch.at, datetime) else None
            end = other.at + length if length is not None and isinstance(other.at, datetime) else None
            touch = touch.model_copy(update={"at": other.at, "zone": other.zone, "booked": other.booked, "end": end})
        found.append(touch)
    if repeats and found and draw(often(1)):
        found.append(draw(st.sampled_from(found)).model_copy())
    return found
