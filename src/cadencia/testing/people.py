"""Prospects and cases, placed around an instant so that rules bind.

Every strategy takes switches for its nasty dimensions, so that a law which needs, say, exact instants can ask for them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from .._time.clock import micros, read_instant
from ..case import Account, Case
from ..prospect import Prospect
from .clocks import CONSTANT_ZONES, ZONES, zones
from .histories import histories
from .words import (
    ADDRESSES,
    BASES,
    CHANNELS,
    FACTS,
    OWNERS,
    PURPOSES,
    REGIONS,
    REGISTRIES,
    STAGES,
    TAGS,
    date_near,
    datetime_or,
    maybe,
    near,
    often,
    record,
    some,
    when_near,
)

__all__ = ["cases", "prospects"]


@st.composite
def prospects(
    draw: DrawFn,
    around: datetime | None = None,
    *,
    id: str = "p1",
    zone: str | None = None,
    one_zone: bool = False,
    constant: bool = False,
    facts: bool = True,
    wishes: bool = True,
    shiftable: bool = False,
) -> Prospect:
    """Prospects with plausible zones and regions, contact points, consents, opt-outs, stages, facts and wishes.

    Args:
        around: the instant near which consents, stages and the rest begin and end.
        id: the id of the prospect.
        zone: a zone that is always among the plausible ones.
        one_zone: exactly one plausible zone; otherwise none to three.
        constant: only zones without clock changes.
        facts: whether there is anything but zones, regions and contact points.
        wishes: whether the prospect may have limits of their own.
        shiftable: nothing dated by the calendar: moving the case by whole weeks moves everything (law 9).

    Example:
        >>> from cadencia.testing import prospects
        >>> from hypothesis import find
        >>> find(prospects(one_zone=True), lambda prospect: True).zones[0].zone
        'Europe/Madrid'
    """
    as_of = micros(draw(datetime_or(around)))
    first = draw(zones(constant=constant)) if zone is None else zone
    if one_zone:
        plausible = [first]
    else:
        more = draw(st.lists(zones(constant=constant), max_size=2, unique=True))
        known = zone is not None or not draw(often(3))
        plausible = list(dict.fromkeys([first, *more])) if known else []
    data: dict[str, Any] = {"id": id, "zones": plausible}
    data["regions"] = draw(some(REGIONS))
    data["contact_points"] = draw(maybe(st.lists(_contact_points(as_of, first), max_size=3)))
    if not facts:
        return Prospect.model_validate(data)
    bounds = {"since": near(as_of, first), "until": near(as_of, first)}
    what = {"channel": st.sampled_from(CHANNELS), "purpose": st.sampled_from(PURPOSES)}
    consent = record({"since": near(as_of, first)}, until=bounds["until"], basis=st.sampled_from(BASES), **what)
    data["consents"] = [_in_order(found) for found in draw(st.lists(consent, max_size=2))]
    check = record(
        {"registry": st.sampled_from(REGISTRIES), "since": near(as_of, first)},
        channel=what["channel"], contact_point=st.sampled_from(ADDRESSES["phone"]),
    )  # fmt: skip
    listing = record({"listed": st.just(True)}, listed_on=date_near(as_of, first))
    if not shiftable:
        checks = st.integers(0, 2).flatmap(lambda many: st.lists(st.booleans(), min_size=many, max_size=many))
        data["registers"] = [{**draw(check), **(draw(listing) if listed else {})} for listed in draw(checks)]
    data["stages"] = draw(st.lists(record({"name": st.sampled_from(STAGES)}, since=near(as_of, first)), max_size=2))
    data["tags"] = draw(some(TAGS))
    fact = record({"value": st.sampled_from((True, "high", False))}, **bounds)
    data["facts"] = draw(st.dictionaries(st.sampled_from(FACTS), fact, max_size=1))
    data["owner"] = draw(maybe(st.sampled_from(OWNERS)))
    data["pending"] = draw(_pending(as_of, first))
    if draw(often(3)):  # what closes a case for long is kept rare
        closing = draw(st.sampled_from(("opt_outs", "suppressions")))
        point = {"contact_point": st.sampled_from(ADDRESSES["phone"])} if closing == "suppressions" else {}
        data[closing] = [_in_order(draw(record({}, **bounds, **what, **point)))]
    if wishes and draw(often(2)):
        data["wishes"] = draw(st.lists(_wishes(as_of, first, shiftable), max_size=1))
    if not shiftable:
        occasion = record({"kind": st.just("birthday"), "date": date_near(as_of, first)}, yearly=st.booleans())
        data["occasions"] = draw(st.lists(occasion, max_size=1))
    return Prospect.model_validate(data)


@st.composite
def cases(
    draw: DrawFn,
    around: datetime | None = None,
    *,
    zone: str | None = None,
    one_zone: bool = False,
    constant: bool = False,
    account: bool = True,
    facts: bool = True,
    wishes: bool = True,
    shiftable: bool = False,
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
) -> Case:
    """Cases: a prospect with a history, other people of the account, perhaps an opening.

    Args:
        around: the instant that counts, usually `as_of`: the history is placed around it. Any when not given.
        account: whether some cases have other people at the account, with touches of their own.
        zone: on whose wall clock the case lies; usually one of the prospect's, the only one with `one_zone`.
        one_zone, constant, facts, wishes, shiftable: as in `prospects`.
        max_size, exact, bookings, inbound, lengths, promises, undeclared, future, equal, repeats, theme: as in
            `histories`.

    Example:
        >>> from cadencia.testing import cases
        >>> from hypothesis import find
        >>> find(cases(), lambda case: True).prospect.id
        'p1'
    """
    as_of = draw(datetime_or(around))
    tick = micros(as_of)
    name = draw(zones(constant=constant)) if zone is None else zone
    assert not constant or name in CONSTANT_ZONES or name not in ZONES, f"zone `{name}` changes its clock"
    own = name if one_zone or not draw(often(3)) else None
    person = draw(
        prospects(
            as_of, zone=own, one_zone=one_zone, constant=constant, facts=facts, wishes=wishes, shiftable=shiftable
        )
    )
    switches: dict[str, Any] = {
        "zone": name, "exact": exact, "bookings": bookings, "inbound": inbound, "lengths": lengths,
        "promises": promises, "undeclared": undeclared, "future": future, "equal": equal, "repeats": repeats,
        "theme": theme,
    }  # fmt: skip
    history = draw(histories(as_of, max_size=max_size, **switches))
    others: Account | None = None
    if account and draw(often(4)):
        people = [Prospect(id=f"p{number}", zones=name) for number in range(2, draw(st.integers(2, 3)) + 1)]
        said = [
            touch.model_copy(update={"prospect": other.id})
            for other in people
            for touch in draw(histories(as_of, prefix=f"{other.id}-t", max_size=2, **switches))
        ]
        others = Account(id="a1", people=people, touches=said)
        person = person.model_copy(update={"account": "a1"})
    opened = draw(maybe(near(tick, name, future=False)))
    return Case.model_validate({"prospect": person, "touches": history, "account": others, "opened_at": opened})


@st.composite
def _contact_points(draw: DrawFn, around: int, zone: str) -> dict[str, Any]:
    channel = draw(st.sampled_from(CHANNELS))
    data = {"channel": channel, "address": draw(st.sampled_from(ADDRESSES[channel]))}
    if draw(st.sampled_from((False, False, False, True))):
        data["status"] = draw(st.sampled_from(("invalid", "bounced", "valid")))
        data["since"] = draw(maybe(near(around, zone)))
    return data


def _in_order(data: dict[str, Any]) -> dict[str, Any]:
    """A period without its end where that comes before its beginning, which is refused."""
    if read_instant(data.get("until", "9998-01-01T00:00Z")) <= read_instant(data.get("since", "0002-01-01T00:00Z")):
        del data["until"]
    return data


@st.composite
def _pending(draw: DrawFn, around: int, zone: str) -> list[dict[str, Any]]:
    if not draw(often(2)):
        return []
    kind = st.sampled_from(("promise", "doubt", "payment", "impediment", "hold"))
    item = record({"kind": kind}, due=when_near(around, zone), since=near(around, zone), done_at=near(around, zone))
    return [{"id": f"i{number}", **draw(item)} for number in range(1, draw(st.integers(1, 2)) + 1)]


@st.composite
def _wishes(draw: DrawFn, around: int, zone: str, shiftable: bool) -> dict[str, Any]:
    from .rulebook import data_of

    kind = draw(st.sampled_from(("quiet_hours", "frequency_cap", "spacing")))
    data: dict[str, Any] = draw(data_of(kind, around, zone, "wish-1", shiftable))
    return data
