"""The compact integer view of a case: what rules read, made once from the models.

Every instant is an `int` (see `_clock`). A touch known only to the day may lie anywhere in `[lo, hi]`; each rule takes the
placement that forbids most.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ._time.clock import DAY, EVER, FOREVER, HOUR, Zone, day_number, micros, zone_of
from ._time.spans import Span
from .errors import InputError, did_you_mean, given
from .touch import DISPOSITIONS, UNDECLARED, Disposition, Touch

if TYPE_CHECKING:
    from .case import Case
    from .prospect import Prospect

#: How far a date may reach when nothing is known of its zone: UTC+14 to UTC-12.
_EAST, _WEST = 14 * HOUR, 12 * HOUR


class Seen:
    """One touch as the rules see it.

    Attributes:
        lo, hi: the first and last instant at which it may have begun; equal when the instant is known.
        end: the last instant at which it may have ended.
        out, delivered, reached: what its disposition says in the layer of the rule that asks; `reached` is True, False, or
            None when not known.
        person: the id of the prospect touched.
    """

    __slots__ = (
        "booked", "by", "channel", "delivered", "disposition", "end", "hi", "id", "lo", "outbound", "out", "person",
        "point", "promise", "purpose", "reached", "step", "subjects", "touch",
    )  # fmt: skip

    def __init__(self, touch: Touch, lo: int, hi: int, end: int, person: str, facts: Disposition | None) -> None:
        self.touch = touch
        self.id = touch.id
        self.lo = lo
        self.hi = hi
        self.end = end
        self.channel = touch.channel
        self.point = touch.contact_point
        self.outbound = touch.direction == "outbound"
        self.disposition = touch.disposition
        self.booked = touch.booked
        self.purpose = touch.purpose
        self.subjects = touch.subjects
        self.step = touch.step
        self.promise = touch.promise
        self.by = touch.by
        self.person = person
        if facts is None:
            facts = UNDECLARED
        self.out = touch.booked or facts.went_out
        self.delivered = not touch.booked and facts.delivered
        self.reached: bool | None = False if touch.booked else True if not self.outbound else _REACHED[facts.reached]

    def order(self) -> tuple[Any, ...]:
        """The one order of touches, whatever order they came in."""
        return self.lo, self.end, self.booked, self.channel, self.outbound, self.disposition, self.id

    def __repr__(self) -> str:
        return f"Seen({self.id!r}, {self.lo}, {self.channel!r}, {self.disposition!r})"


_REACHED: Mapping[str, bool | None] = {"yes": True, "no": False, "weak": False, "unknown": None}


class View:
    """A case in integers, under one table of dispositions, with some touches set aside.

    Attributes:
        prospect: the model it was made from.
        zones: every plausible zone, sorted by name; empty when none is known.
        regions: every plausible region, sorted.
        touches: the prospect's own touches, in order; cancelled and repeated ones left out.
        others: the touches of the other people of the account, in order.
        fulfilled: the id of the booking or promise that is about to be kept.
        opened: when the case was opened, or None.
        overdue: bookings whose end has passed undone: listed, counted nowhere.
    """

    def __init__(
        self,
        case: Case,
        table: Mapping[str, Disposition] = DISPOSITIONS,
        set_aside: frozenset[str] = frozenset(),
        fulfilled: frozenset[str] = frozenset(),
    ) -> None:
        self.case = case
        self.prospect: Prospect = case.prospect
        self.table = table
        self.set_aside = set_aside
        self.fulfilled = fulfilled
        self.opened = None if case.opened_at is None else micros(case.opened_at)
        self._siblings: dict[Any, View] = {}
        #: What rules remember about this view, by key; a rule may keep what it derived from the history here.
        self.memo: dict[Any, Any] = {}

    @classmethod
    def of(cls, case: Case) -> View:
        """The view of a case under the well-known dispositions."""
        return cls(case)

    @cached_property
    def zones(self) -> tuple[Zone, ...]:
        """Every plausible zone, sorted by name."""
        return tuple(zone_of(name) for name in sorted({item.zone for item in self.prospect.zones}))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Every plausible region, sorted."""
        return tuple(sorted({item.region for item in self.prospect.regions}))

    @cached_property
    def touches(self) -> list[Seen]:
        """The prospect's own touches, in order."""
        return self._read(self.case.touches)

    @cached_property
    def others(self) -> list[Seen]:
        """The touches of the other people of the account, in order."""
        if self.case.account is None:
            return []
        own = {touch.id: touch for touch in self.case.touches}  # one that is given here and there is one touch
        return self._read(touch for touch in self.case.account.touches if own.get(touch.id) != touch)

    @cached_property
    def everybody(self) -> list[Seen]:
        """The touches of the whole account, the prospect's own included, in order."""
        return sorted([*self.touches, *self.others], key=Seen.order) if self.others else self.touches

    def remember(self, owner: object, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` makes, made once; `owner` is kept, so that a key with its `id` stays its own."""
        known = self.memo.get(key)
        if known is None:
            known = self.memo[key] = (owner, make())
        return known[1]

    @cached_property
    def conflicts(self) -> tuple[str, ...]:
        """Ids that were given with two contents."""
        first: dict[str, Touch] = {}
        found: dict[str, None] = {}
        people = self.case.account.touches if self.case.account else ()
        for touch in (*self.case.touches, *people):
            if first.setdefault(touch.id, touch) != touch:
                found[touch.id] = None
        return tuple(sorted(found))

    def using(self, table: Mapping[str, Disposition]) -> View:
        """The same case under another table of dispositions."""
        if table is self.table:
            return self
        sibling = self._siblings.get(id(table))
        if sibling is None:
            sibling = self._siblings[id(table)] = View(self.case, table, self.set_aside, self.fulfilled)
        return sibling

    def at(self, as_of: int, fulfils: str | None = None) -> View:
        """The view with overdue bookings, and the booking about to be fulfilled, set aside.

        Of a done touch only the promise is fulfilled: the touch was made, and counts.
        """
        aside = {touch.id for touch in self._bookings if self._range(touch)[2] < as_of}
        if fulfils is not None and self._fulfillable(fulfils).booked:
            aside.add(fulfils)
        if not aside and fulfils is None:
            return self
        key = frozenset(aside), fulfils
        sibling = self._siblings.get(key)
        if sibling is None:
            fulfilled = frozenset(() if fulfils is None else (fulfils,))
            sibling = self._siblings[key] = View(self.case, self.table, key[0], fulfilled)
        return sibling

    def _fulfillable(self, name: str) -> Touch:
        """The booking, or the touch with a promise of ours, of an id.

        Raises:
            InputError: there is none.
        """
        people = self.case.account.touches if self.case.account else ()
        named = [touch for touch in (*self.case.touches, *people) if touch.id == name]
        for touch in named:
            ours = touch.booked or (touch.promise is not None and touch.promise.by == "us")
            if ours and not _cancelled(touch):
                return touch
        instead = "write the id of a booking, or of a touch with a promise of ours"
        if named and all(map(_cancelled, named)):
            raise InputError(f"fulfils: touch {given(name)} is cancelled; {instead}")
        if named:
            raise InputError(f"fulfils: touch {given(name)} is neither booked nor has it a promise of ours; {instead}")
        near = did_you_mean(name, [touch.id for touch in (*self.case.touches, *people)])
        raise InputError(f"fulfils: {given(name)} is no touch of the case; {instead}{near}")

    def one_zone_each(self) -> list[View]:
        """The case once for each plausible zone, as if that were the only one."""
        if len(self.zones) < 2:
            return [self]
        views = []
        for zone in self.zones:
            view = self._siblings.get(zone)
            if view is None:
                view = self._siblings[zone] = View(self.case, self.table, self.set_aside, self.fulfilled)
                view.zones = (zone,)
            views.append(view)
        return views

    @cached_property
    def _bookings(self) -> list[Touch]:
        people = self.case.account.touches if self.case.account else ()
        return [touch for touch in (*self.case.touches, *people) if touch.booked and not touch.cancelled]

    def overdue(self, as_of: int) -> tuple[str, ...]:
        """The ids of bookings whose end has passed undone."""
        return tuple(sorted({touch.id for touch in self._bookings if self._range(touch)[2] < as_of}))

    def _read(self, touches: Iterable[Touch]) -> list[Seen]:
        seen: dict[str, Seen] = {}
        own = self.prospect.id
        left_out = self.set_aside.union(self.conflicts)
        for touch in touches:
            if touch.cancelled or touch.id in left_out or touch.disposition == "cancelled":
                continue
            lo, hi, end = self._range(touch)
            seen[touch.id] = Seen(touch, lo, hi, end, touch.prospect or own, self.table.get(touch.disposition))
        return sorted(seen.values(), key=Seen.order)

    def _range(self, touch: Touch) -> tuple[int, int, int]:
        """The first and last instant at which a touch may have begun, and the last at which it may have ended."""
        at = touch.at
        if isinstance(at, datetime):
            instant = micros(at)
            return instant, instant, instant if touch.end is None else micros(touch.end)
        lo, hi = self.date_range(day_number(at), touch.zone)
        return lo, hi, max(hi, hi if touch.end is None else micros(touch.end))

    def date_range(self, day: int, zone: str | None = None) -> Span:
        """The first and last instant of a date: in its own zone, else any plausible one, else anywhere on Earth."""
        zones = (zone_of(zone),) if zone else self.zones
        if not zones:
            return day * DAY - _EAST, (day + 1) * DAY + _WEST - 1
        spans = [span for item in zones for span in item.days(day, day)]
        if not spans:  # a date that the zone skipped: the instant of the skip
            skipped = min(item.at(day) for item in zones)
            return skipped, skipped
        return min(start for start, _ in spans), max(end for _, end in spans) - 1

    @cached_property
    def stages(self) -> list[tuple[int, int, str]]:
        """The known stages as `(from, until, name)`; before the first dated one nothing is known."""
        stages = self.prospect.stages
        dated = sorted(
            (micros(stage.since) if stage.since else EVER, index, stage.name) for index, stage in enumerate(stages)
        )
        ends = [start for start, _, _ in dated[1:]] + [FOREVER]
        return [(start, end, name) for (start, _, name), end in zip(dated, ends, strict=False) if start < end]


def _cancelled(touch: Touch) -> bool:
    return touch.cancelled or touch.disposition == "cancelled"
