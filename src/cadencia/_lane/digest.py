"""What most questions need of a case, as a few integers: made once, whatever the policy.

A digest exists only for a *plain* case: one known zone, touches known to the instant, done, in the past and unique, no
wishes, suppressions or opt-outs, and of addresses at most one for a channel, none that is dead. Every other case takes the
general path.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from .._time.clock import EVER, micros
from ..touch import DISPOSITIONS

if TYPE_CHECKING:
    from ..case import Case

#: Where a case lies: its zone and its regions, by which calendars are kept.
Place = tuple[str, tuple[str, ...]]
#: A touch: start, end, channel, direction, disposition, id. Rows sort as touches do.
Row = tuple[int, int, str, str, str, str]


_Small = TypeVar("_Small")


class Tally:
    """The outbound touches of one way of counting, in order.

    Attributes:
        touches: the rows; `starts`: when each began.
        ends: the latest end by channel; `end` the latest of all, `EVER` when there are none.
        last: the channels of the last touch (of all touches of that instant).
        ties: whether two touches begin at one instant.
    """

    __slots__ = ("_listed", "end", "ends", "last", "starts", "ties", "touches")

    def __init__(self, touches: list[Row], plain: bool) -> None:
        """From rows in order; `plain` when no two begin together and none has a length."""
        self.touches = touches
        self.starts = tuple([row[0] for row in touches])
        self._listed: dict[str | None, tuple[list[Row], tuple[str, ...]]] | None = None
        self.ends = ends = {row[2]: row[1] for row in touches}
        self.ties = False
        self.end = EVER
        self.last: tuple[str, ...] = ()
        if touches:
            self.last = (touches[-1][2],)
            self.end = touches[-1][0]
            if not plain:
                self.ties = len(set(self.starts)) < len(touches)
                self.last = tuple(sorted({row[2] for row in touches if row[0] == touches[-1][0]}))
                for row in touches:  # a later touch may end earlier
                    if row[1] > ends[row[2]]:
                        ends[row[2]] = row[1]
                self.end = max(ends.values())

    def rows_of(self, channel: str | None) -> tuple[list[Row], tuple[str, ...]]:
        """The rows of one channel (of all where None) with their ids; made when first asked for."""
        listed = self._listed
        if listed is None:
            listed = self._listed = {}
        found = listed.get(channel)
        if found is None:
            rows = self.touches if channel is None else [row for row in self.touches if row[2] == channel]
            found = listed[channel] = rows, tuple([row[5] for row in rows])
        return found


class Digest:
    """A plain case in integers.

    Attributes:
        place: where the case lies.
        rows: the touches in order.
        latest: no touch begins after this instant.
        long: whether any touch has a length.
        dispositions: those that occur.
        points: the address of each channel; None where addresses were not given.
        planned, attempted: the outbound touches counted in either way, once `tally` has been asked for them.
    """

    __slots__ = ("_plain", "attempted", "dispositions", "latest", "long", "place", "planned", "points", "rows")

    def __init__(self, place: Place, rows: list[Row], long: bool, tidy: bool = False) -> None:
        """From rows in any order; `tidy` when each begins after the one before."""
        if not tidy:
            rows.sort()
        self.place = place
        self.rows = rows
        self.latest = rows[-1][0] if rows else EVER
        self.long = long
        self.dispositions: set[str] | frozenset[str] = {row[4] for row in rows}
        self.planned: Tally | None = None
        self.attempted: Tally | None = None
        self.points: dict[str, str] | None = None
        self._plain: bool | None = True if tidy and not long else None

    @property
    def plain(self) -> bool:
        """Whether no touch has a length and no two begin together."""
        if self._plain is None:
            self._plain = not self.long and len({row[0] for row in self.rows}) == len(self.rows)
        return self._plain

    def tally(self, planned: bool) -> Tally:
        """All outbound touches, or only those that went out; made when first asked for."""
        made = self.planned if planned else self.attempted
        if made is None:
            if planned:
                made = self.planned = Tally([row for row in self.rows if row[3] == "outbound"], self.plain)
            elif _NOT_OUT.isdisjoint(self.dispositions):
                made = self.attempted = self.tally(planned=True)
            else:
                out = [row for row in self.rows if row[3] == "outbound" and row[4] not in _NOT_OUT]
                made = self.attempted = Tally(out, self.plain)
        return made

    def by(self, names: frozenset[str]) -> set[str]:
        """The channels touched with one of these dispositions."""
        return {row[2] for row in self.rows if row[4] in names}


_fields = itemgetter("at", "end", "channel", "direction", "disposition", "id", "booked", "cancelled")
_DEAD = ("invalid", "bounced")
_NOT_OUT = frozenset(name for name, facts in DISPOSITIONS.items() if not facts.went_out)


def digest_of(case: Case) -> Digest | None:
    """The digest of a plain case; None where the case is not plain."""
    prospect = case.prospect
    if (
        len(prospect.zones) != 1
        or prospect.wishes
        or prospect.suppressions
        or prospect.opt_outs
        or case.account is not None
        or case.unreadable
    ):
        return None
    points: dict[str, str] | None = None
    if prospect.contact_points is not None:
        points = {point.channel: point.address for point in prospect.contact_points if point.status not in _DEAD}
        if len(points) < len(prospect.contact_points):
            return None
    rows: list[Row] = []
    long = False
    for touch in case.touches:
        at, end, channel, direction, disposition, name, booked, cancelled = _fields(touch.__dict__)
        if booked or cancelled or not isinstance(at, datetime) or disposition == "cancelled":
            return None
        start = micros(at)
        if end is not None:
            long = True
        rows.append((start, start if end is None else micros(end), channel, direction, disposition, name))
    if len({row[5] for row in rows}) != len(rows):
        return None
    place = prospect.zones[0].zone, _regions(region.region for region in prospect.regions)
    digest = Digest(_shared(place), rows, long)
    digest.points = points
    digest.dispositions = _shared(frozenset(digest.dispositions))
    for tally in (digest.tally(planned=True), digest.tally(planned=False)):  # made with the view
        tally.last = _shared(tally.last)
    return digest


_kept: dict[Any, Any] = {}


def _shared(value: _Small) -> _Small:
    """One object for equal values: a book has few places and few sets of dispositions, and what is shared stays near."""
    if len(_kept) > 10_000:  # pragma: no cover - a bound on memory, far above what a test should reach
        _kept.clear()
    kept: _Small = _kept.setdefault(value, value)
    return kept


def _regions(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
