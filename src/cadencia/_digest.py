"""What most questions need of a case, as a few integers: made once, whatever the policy.

A digest exists only for a *plain* case: one known zone, touches known to the instant, done, in the past and unique, and no
wishes, consents, stages, suppressions or opt-outs. Every other case takes the general path.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from ._clock import EPOCH, EVER, SECOND, zone_of
from .touch import DISPOSITIONS

if TYPE_CHECKING:
    from .case import Case

#: Where a case lies: its zone and its regions, by which calendars are kept.
Place = tuple[str, tuple[str, ...]]
#: A touch: start, end, channel, whether outbound, disposition, id. Rows sort as touches do.
Row = tuple[int, int, str, bool, str, str]


class Tally:
    """The outbound touches of one way of counting, in order of start.

    Attributes:
        touches: `(start, end, channel, id)` of each.
        ids, starts: their ids and starts.
        ends: the latest end by channel.
        end: the latest end of all, `EVER` when there are none.
        last: the channels of the last touch (of all touches of that instant).
        ties: whether two touches begin at one instant.
    """

    __slots__ = ("channels", "end", "ends", "ids", "last", "starts", "ties", "touches")

    def __init__(self, touches: list[tuple[int, int, str, str]]) -> None:
        ends: dict[str, int] = {}
        starts: list[int] = []
        latest = EVER
        for start, end, channel, _ in touches:
            starts.append(start)
            if end > latest:
                latest = end
            if end > ends.get(channel, EVER):
                ends[channel] = end
        self.starts = starts
        self.ends = ends
        self.end = latest
        self.touches = touches
        self.ids = tuple([item[3] for item in touches])
        self.channels = [channel for _, _, channel, _ in touches]
        self.ties = len(set(starts)) < len(starts)
        if not touches:
            self.last: tuple[str, ...] = ()
        elif len(starts) == 1 or starts[-2] != starts[-1]:
            self.last = (self.channels[-1],)
        else:
            self.last = tuple(sorted({channel for start, _, channel, _ in touches if start == starts[-1]}))


class Digest:
    """A plain case in integers.

    Attributes:
        place, zone: where the case lies.
        long: whether any touch has a length.
        rows: the touches in order.
        latest: no touch begins after this instant.
        dispositions: the channels touched by each disposition that occurs.
        attempted, planned: the tallies of touches that went out, and of all.
    """

    __slots__ = ("attempted", "dispositions", "latest", "long", "place", "planned", "rows", "zone")

    def __init__(self, place: Place, touches: list[Row]) -> None:
        self.place = place
        self.zone = zone_of(place[0])
        self.long = False
        touches.sort()
        self.rows = touches
        dispositions: dict[str, set[str]] = {}
        planned: list[tuple[int, int, str, str]] = []
        attempted: list[tuple[int, int, str, str]] = []
        for start, end, channel, outbound, disposition, name in touches:
            if disposition in dispositions:
                dispositions[disposition].add(channel)
            else:
                dispositions[disposition] = {channel}
            if end != start:
                self.long = True
            if outbound:
                planned.append((start, end, channel, name))
                if disposition not in _NOT_OUT:
                    attempted.append((start, end, channel, name))
        self.dispositions = dispositions
        self.latest = touches[-1][0] if touches else EVER
        self.planned = Tally(planned)
        self.attempted = self.planned if len(attempted) == len(planned) else Tally(attempted)


_NOT_OUT = frozenset(name for name, facts in DISPOSITIONS.items() if not facts.went_out)


def digest_of(case: Case) -> Digest | None:
    """The digest of a plain case; None where the case is not plain."""
    prospect = case.prospect
    if (
        len(prospect.zones) != 1
        or prospect.wishes
        or prospect.consents
        or prospect.suppressions
        or prospect.opt_outs
        or prospect.stages
        or prospect.contact_points is not None
        or case.account is not None
        or case.unreadable
    ):
        return None
    rows: list[Row] = []
    ids: set[str] = set()
    for touch in case.touches:
        at = touch.at
        if touch.booked or touch.cancelled or not isinstance(at, datetime) or touch.disposition == "cancelled":
            return None
        ids.add(touch.id)
        start = _micros(at)
        rows.append((start, start if touch.end is None else _micros(touch.end), touch.channel, touch.direction == "outbound", touch.disposition, touch.id))
    if len(ids) != len(rows):
        return None
    return Digest((prospect.zones[0].zone, _regions(region.region for region in prospect.regions)), rows)


def _regions(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _micros(at: datetime) -> int:
    delta = at - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds
