"""A lane made ready for columns, and the answers that it fills in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .._lane.digest import Place
from .._lane.lane import Lane
from .._lane.timeline import Timeline
from .._time.clock import DAY, EVER, day_date
from .._time.holidays import holiday_days, regions_named
from ..rules.base import Limit
from ..rules.consent import ContactPoints
from ..rules.rotation import ChannelRotation, PreferredChannel
from ..rules.stops import StopOn
from .calendar import Openings
from .coding import Bools, Ints
from .past import Past, releases

__all__ = ["BLOCKED", "CONTACT", "ENGINE", "NEEDS", "STOP", "WAIT", "Found", "Track"]

#: How a row was answered; `ENGINE` where it was not.
ENGINE: Final = 0
CONTACT: Final = 1
WAIT: Final = 2
STOP: Final = 3
BLOCKED: Final = 4

#: The rule that every policy has for those without an address.
POINTS: Final = ContactPoints().id
#: What a blocked case may need, the least first: the number of `needs`.
NEEDS: Final = (("contact_point",), ("other_channel",), ("contact_point", "other_channel"))


@dataclass(slots=True)
class Found:
    """The answers of the lane, one for each prospect.

    Attributes:
        kind: `CONTACT`, `WAIT`, `STOP`, `BLOCKED`, or `ENGINE` where the engine must say.
        channel: the channel's number, -1 where there is none.
        at, until: when, and where the window ends (`FOREVER`: not before the horizon).
        rule: the number of the rule that binds, or that ended the case; -1 where there is none.
        stops, blocking: rules as bits.
        needs: by row, the number among `NEEDS` of what a blocked case needs.
    """

    kind: npt.NDArray[np.int8]
    channel: npt.NDArray[np.int8]
    at: Ints
    until: Ints
    rule: npt.NDArray[np.int8] | None
    stops: Ints | None
    blocking: Ints | None
    needs: dict[int, int]


class Track:
    """A lane made ready for columns.

    Attributes:
        lane: what it was made from.
        channels: those of the policy, then those that preferences name; any other has the number after the last.
        rules: the ids of the limits, sorted: bits and numbers mean these.
    """

    def __init__(
        self, lane: Lane, places: Sequence[Place], start: int, end: int, first: int, more: tuple[Limit, ...] = ()
    ) -> None:
        """Between the first instant asked about and the last horizon; no touch is before `first`.

        `more` are limits that are asked in columns; `said` holds what they say.
        """
        self.lane = lane
        self.more = more
        self.said: dict[tuple[str, str], Ints] = {}
        self.first = first
        self._covered: Bools | None = None
        self.places = places
        self.start = start
        self.end = end
        self.roads = list(lane.roads.values())
        named = [
            name
            for rule in lane.preferences
            if isinstance(rule, (ChannelRotation, PreferredChannel))
            for name in rule.order
        ]
        self.channels = list(dict.fromkeys([*lane.roads, *named]))
        self.rules = sorted([POINTS, *(rule.id for rule in (*lane.limits, *more))])
        self.number = {name: index for index, name in enumerate(self.rules)}
        self.numbered = [(rule, self.number[rule.id]) for rule in lane.limits]
        self.stopping = sum(1 << number for rule, number in self.numbered if isinstance(rule, StopOn))
        self.points = self.number[POINTS]
        self.ranks = self._ranked()
        self.by_rank = np.argsort(self.ranks, axis=1).astype(np.int8)
        self.rank_bits = len(self.roads).bit_length()
        # a rank beyond the last stands where no channel opens
        self.by_rank = np.pad(self.by_rank, ((0, 0), (0, (1 << self.rank_bits) - len(self.roads))))
        self._openings: dict[tuple[int, ...], Openings] = {}
        self._making = RLock()

    @staticmethod
    def fits(lane: Lane, more: tuple[Limit, ...] = ()) -> bool:
        """Whether there are few enough channels and rules for their bits."""
        return len(lane.roads) <= 60 and len(lane.limits) + len(more) <= 60

    def ask(self, past: Past) -> None:
        """Ask the limits that come in columns."""
        for rule in self.more:
            for channel in self.lane.roads:
                if rule.channels is None or rule.channels.has(channel):
                    self.said[rule.id, channel] = releases(rule, past, channel)

    def _ranked(self) -> Ints:
        """The rank of each channel after a last touch on each; the row after the last is for other channels, then for none."""
        lasts = [(name,) for name in self.channels] + [("",), ()]
        ranks = np.empty((len(lasts), len(self.roads)), np.int64)
        number = {road.channel: index for index, road in enumerate(self.roads)}
        for row, last in enumerate(lasts):
            for rank, road in enumerate(self.lane.order(last)):
                ranks[row, number[road.channel]] = rank
        return ranks

    def openings(self, rules: tuple[Any, ...]) -> Openings:
        """The table of some hours rules together; channels with the same hours share it."""

        def spans(place: Place, low: int, high: int) -> list[tuple[int, int]]:
            return Timeline(rules, place).spans(low, high)

        key = tuple(map(id, rules))
        with self._making:
            known = self._openings.get(key)
            if known is None:
                known = self._openings[key] = Openings(spans, self.places, self.start, self.end)
        return known

    def covered(self) -> Bools:
        """The places whose calendars reach as far as anybody looks, so that no rule of the lane needs one."""
        if self._covered is None:
            gaps = [gap for gap in self.lane.spacings.values() if gap.elapsed < 0]
            years = range(day_date(max(self.first, EVER) // DAY - 1).year, day_date(self.end // DAY + 1).year + 1)
            found = []
            for _, regions in self.places:
                named = {name for gap in gaps for name in (gap.rule.calendar or ())}
                named |= {name for road in self.roads for rule in road.hours for name in (rule.holidays or ())}
                names = regions_named(tuple(sorted(named)), regions)
                known = names is not None and all(
                    holiday_days(name, year) is not None for name in names for year in years
                )
                found.append(known)
            self._covered = np.array(found, np.bool_)
        return self._covered
