"""A block of prospects: when each channel is released, when it opens, and which one is taken."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .._lane.lane import Road
from .._time.clock import EVER, FOREVER
from .calendar import after
from .coding import Bools, Ints, Some
from .history import History
from .track import BLOCKED, CONTACT, ENGINE, NEEDS, STOP, WAIT, Found, Track

__all__ = ["Block"]

_NEVER: Final = 1 << 62


class Trip(NamedTuple):
    """A channel of a block.

    Attributes:
        opening: when it opens, for each row.
        begins, closing: the stretch of its hours that is open then; None without hours.
        own: the numbers of its own spacings, with their releases.
    """

    opening: Ints
    begins: Ints | None
    closing: Ints | None
    own: list[tuple[int, Ints]]


class Block:
    """Some prospects next to each other, with their counted touches in order.

    Attributes:
        shared, trips: what holds for all channels, and for each.
        nearest: of a blocked case, the number of the channel that needs the least.
    """

    def __init__(
        self, track: Track, part: slice, offsets: Ints, at: Ints, end: Ints | None, channel: Some,
        place: npt.NDArray[np.int32], now: Any, horizon: int,
    ) -> None:  # fmt: skip
        self.track = track
        self.part = part
        self.size = part.stop - part.start
        self.counts = offsets[1:] - offsets[:-1]
        self.after = offsets[1:]
        self.none = len(at)  # stands for a touch that there is not
        self.at = np.append(at, EVER)
        self.ends = self.at if end is None else np.append(np.maximum(end, at), EVER)
        self.long = end is not None
        self.channel = np.append(channel, np.uint16(len(track.channels) + 1))
        self.place = np.maximum(place, 0)
        self.now = now
        self.end = now + horizon
        self.whose = np.repeat(np.arange(self.size, dtype=np.int32), self.counts)
        last = np.where(self.counts > 0, self.after - 1, self.none)
        self.last = self.channel[last]
        self.odd = self._odd(last)
        self.latest = self._latest(last)
        self.by_channel = self._by_channel()
        self.shared: list[tuple[int, Ints]] = []
        self.trips: list[Trip] = []
        self.nearest = np.zeros(self.size, np.int8)

    def _odd(self, last: Ints) -> Bools:
        """Whose last touches are several at once, and what else only the engine tells."""
        before = np.where(self.counts > 1, self.after - 2, self.none)
        odd: Bools = (self.at[before] == self.at[last]) & (self.counts > 1)
        if self.long and self.track.lane.dated:
            odd[self.whose[np.flatnonzero(self.ends[: self.none] != self.at[: self.none])]] = True
        if self.track.lane.runs and self.none:
            equal = np.flatnonzero(
                (self.at[1 : self.none] == self.at[: self.none - 1]) & (self.whose[1:] == self.whose[:-1])
            )
            odd[self.whose[equal]] = True
        return odd

    def _latest(self, last: Ints) -> Ints:
        """The latest end of any counted touch; a later touch may end earlier."""
        latest = self.ends[last]
        if self.long and self.none:
            touched = np.flatnonzero(self.counts > 0)
            latest[touched] = np.maximum.reduceat(self.ends[: self.none], (self.after - self.counts)[touched])
        return latest

    def _by_channel(self) -> Ints | None:
        """The latest end on each channel, where any limit asks."""
        if not any(road.gaps for road in self.track.roads):
            return None
        width = len(self.track.channels) + 1
        found = np.full(self.size * width, EVER, np.int64)
        where = self.whose.astype(np.int64)
        where *= width
        where += self.channel[: self.none]
        if self.long:
            np.maximum.at(found, where, self.ends[: self.none])
        else:
            found[where] = self.ends[: self.none]  # in time order, so that the latest stays
        return found.reshape(self.size, width)

    def release_of_caps(self) -> list[tuple[int, Ints]]:
        """For each rolling cap its number, and when it lets go."""
        found = []
        for cap in self.track.lane.caps:
            row = np.where(self.counts >= cap.at_most, self.after - cap.at_most, self.none)
            found.append((self.track.number[cap.id], self.at[row] + cap.width))
        return found

    def release_of(self, gap: Any, latest: Ints) -> Ints:
        """When a spacing after these touches is over."""
        if gap.elapsed >= 0:
            released: Ints = latest + gap.elapsed
            return released
        return after(gap, self.track.places, self.place, latest, self.now)

    def decide(self, found: Found, history: History, people: Bools, offered: dict[str, Bools] | None) -> None:
        """Fill in the answers of the block."""
        track, part = self.track, self.part
        ended = history.ended[part]
        deadly = None if history.deadly is None else history.deadly[part]
        self.shared = [
            *self.release_of_caps(),
            *((track.number[gap.id], self.release_of(gap, self.latest)) for gap in track.lane.gaps),
        ]
        floor = np.full(self.size, self.now, np.int64) if isinstance(self.now, int) else self.now.copy()
        for _, release in self.shared:
            np.maximum(floor, release, out=floor)
        best = np.full(self.size, _NEVER, np.int64)
        bits = track.rank_bits
        for number, road in enumerate(track.roads):
            trip = self.trip(number, road, floor)
            self.trips.append(trip)
            shut = trip.opening >= self.end
            if deadly is not None:
                shut |= (deadly >> number) & 1 == 1
            if offered is not None:
                shut |= self.unaddressed(road.channel, offered)
            if road.running:
                shut |= self.runs(number, road.running)
            key = np.minimum(trip.opening, self.end)
            key -= self.now
            key <<= bits
            key |= track.ranks[self.last, number]
            key[shut] = _NEVER
            np.minimum(best, key, out=best)
        opens = best < _NEVER
        chosen = track.by_rank[self.last, best & ((1 << bits) - 1)]
        if deadly is not None:
            ended = ended | (deadly == (1 << len(track.roads)) - 1)
        wait = best >> bits
        kind = found.kind[part]
        kind[opens] = WAIT
        kind[wait == 0] = CONTACT
        kind[self.odd] = ENGINE
        kind[ended] = STOP
        kind[~people] = ENGINE
        rest = np.flatnonzero(people & ~(opens | ended | self.odd))
        if len(rest):
            self.blocked(rest, found, deadly, offered)
        answered = (kind == CONTACT) | (kind == WAIT)
        at, until = found.at[part], found.until[part]
        np.add(wait, self.now, out=at)
        channel = found.channel[part]
        channel[answered] = chosen[answered]
        until[:] = FOREVER
        for number, trip in enumerate(self.trips):
            if trip.closing is not None:
                mine = np.flatnonzero(channel == number)
                until[mine] = trip.closing[mine]
        until[until >= self.end] = FOREVER

    def unaddressed(self, channel: str, offered: dict[str, Bools]) -> Bools:
        """Who has no address for a channel."""
        told = offered.get(channel)
        return np.ones(self.size, np.bool_) if told is None else ~told[self.part]

    def blocked(self, rows: Ints, found: Found, deadly: Ints | None, offered: dict[str, Bools] | None) -> None:
        """Answer those that no time opens: each channel is over, or wants an address or another channel before it.

        Whatever else closes a channel is left to the engine.
        """
        if self.track.more:
            return  # what a stranger's rule needs, only its blocks say
        told = self.track.covered[self.place[rows]]
        least, nearest = np.full(len(rows), len(NEEDS)), np.zeros(len(rows), np.int8)
        for number, road in enumerate(self.track.roads):
            over = (deadly[rows] >> number & 1 == 1) if deadly is not None else np.zeros(len(rows), np.bool_)
            nowhere = (
                np.zeros(len(rows), np.bool_) if offered is None else self.unaddressed(road.channel, offered)[rows]
            )
            again = self.runs(number, road.running)[rows] if road.running else np.zeros(len(rows), np.bool_)
            needs = np.where(nowhere & again, 2, np.where(again, 1, 0))
            told &= over | ((nowhere | again) & (self.trips[number].opening[rows] < self.end_of(rows)))
            nearer = ~over & (needs < least)
            least[nearer], nearest[nearer] = needs[nearer], number
        told &= least < len(NEEDS)
        found.kind[self.part][rows[told]] = BLOCKED
        self.nearest[rows] = nearest
        found.needs.update(zip((rows[told] + self.part.start).tolist(), least[told].tolist(), strict=True))

    def end_of(self, rows: Ints) -> Any:
        """Where the horizon of some rows ends."""
        return self.end if isinstance(self.end, int) else self.end[rows]

    def trip(self, number: int, road: Road, floor: Ints) -> Trip:
        """When a channel is released and when it opens."""
        release, own = floor, []
        for gap in road.gaps:
            assert self.by_channel is not None
            over = self.release_of(gap, self.by_channel[:, number])
            own.append((self.track.number[gap.id], over))
            release = np.maximum(release, over)
        for rule in self.track.more:
            told = self.track.said.get((rule.id, road.channel))
            if told is not None:
                own.append((self.track.number[rule.id], told[self.part]))
                release = np.maximum(release, told[self.part])
        if not road.hours:
            return Trip(release, None, None, own)
        table = self.track.openings(road.hours)
        begins, closing = table.find(self.place, np.minimum(release, FOREVER - 1), self.track.end)
        return Trip(np.maximum(release, begins), begins, closing, own)

    def runs(self, number: int, at_most: int) -> Bools:
        """Who has used a channel too often running."""
        on_it: Bools = self.last == number
        return on_it if at_most == 1 else on_it & (self.run_lengths >= at_most)

    @cached_property
    def run_lengths(self) -> Ints:
        """How many counted touches run on the last channel at the end."""
        turns = np.ones(self.none, np.bool_)
        turns[1:] = (self.channel[1 : self.none] != self.channel[: self.none - 1]) | (self.whose[1:] != self.whose[:-1])
        begins = np.append(np.maximum.accumulate(np.where(turns, np.arange(self.none), 0)), 0)
        last = np.where(self.counts > 0, self.after - 1, self.none)
        length: Ints = np.where(self.counts > 0, self.after - begins[last], 0)
        return length
