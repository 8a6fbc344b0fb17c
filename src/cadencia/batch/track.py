"""A lane made ready for columns, and the answers that it fills in."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from .._lane.digest import Place
from .._lane.lane import Lane, fatal
from .._time.clock import DAY, EVER, day_date
from .._time.holidays import holiday_days, regions_named
from ..engine import Engine
from ..rules.base import Limit
from ..rules.consent import ContactPoints
from ..rules.rotation import ChannelRotation, PreferredChannel
from .calendar import Calendars, Openings
from .coding import Bools, Ints
from .events import Words
from .history import Vocabulary, vocabulary
from .past import Past, column_lane, releases

__all__ = ["BLOCKED", "CONTACT", "ENGINE", "NEEDS", "STOP", "WAIT", "Found", "Track", "track_of"]

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
#: So many days have their calendars kept, and those of so many places: some megabytes for each policy in use.
_MOST_DAYS: Final = 4
_MOST_PLACES: Final = 500
#: What so many words mean is kept, and so many times.
_MOST_WORDS: Final = 256
#: The track of each policy in use; None where the policy has none.
_tracks: WeakKeyDictionary[Engine, Track | None] = WeakKeyDictionary()
_making: Final = Lock()


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


def track_of(engine: Engine) -> Track | None:
    """The track of a policy, made once; None where a rule does not fit, or where there are too many for their bits."""
    try:
        return _tracks[engine]
    except KeyError:
        pass
    found = column_lane(engine)
    made = None if found is None or not Track.fits(*found) else Track(*found)
    with _making:
        return _tracks.setdefault(engine, made)


def rules_of(lane: Lane, more: tuple[Limit, ...] = ()) -> tuple[str, ...]:
    """The ids of the limits that a lane may name, in order."""
    return tuple(sorted((POINTS, *(rule.id for rule in (*lane.limits, *more)))))


class Track:
    """A lane made ready for columns, and kept with it; `over` makes it ready for one question.

    Attributes:
        lane: what it was made from.
        more: limits that are asked in columns; `said` holds what they say.
        channels: those of the policy, then those that preferences name; any other has the number after the last.
        rules: the ids of the limits, sorted: bits and numbers mean these.
        places: where the prospects of the question are.
        first: no touch of the question is before.
    """

    places: tuple[Place, ...] = ()
    start = end = first = 0
    _calendars: Calendars

    def __init__(self, lane: Lane, more: tuple[Limit, ...] = ()) -> None:
        self.lane = lane
        self.more = more
        self.said: dict[tuple[str, str], Ints] = {}
        self.roads = list(lane.roads.values())
        named = [
            name
            for rule in lane.preferences
            if isinstance(rule, (ChannelRotation, PreferredChannel))
            for name in rule.order
        ]
        self.channels = list(dict.fromkeys([*lane.roads, *named]))
        self.rules = list(rules_of(lane, more))
        self.number = {name: index for index, name in enumerate(self.rules)}
        self.numbered = [(rule, self.number[rule.id]) for rule in lane.limits]
        self.stopping = sum(1 << number for rule, number in self.numbered if fatal(rule))
        self.points = self.number[POINTS]
        self.ranks = self._ranked()
        self.by_rank = np.argsort(self.ranks, axis=1).astype(np.int8)
        self.rank_bits = len(self.roads).bit_length()
        # a rank beyond the last stands where no channel opens
        self.by_rank = np.pad(self.by_rank, ((0, 0), (0, (1 << self.rank_bits) - len(self.roads))))
        self._words: dict[Any, Vocabulary] = {}
        self._kept: dict[int, Calendars] = {}
        self._keeping = Lock()

    def over(self, places: Sequence[Place], start: int, end: int, first: int) -> Track:
        """The same, between the first instant asked about and the last horizon; `places` may come to be others."""
        asked = copy(self)
        asked.said = {}
        asked.start, asked.end, asked.first = start, end, first
        asked._calendars = self._calendars_of(tuple(places), start - start % DAY)
        asked.places = asked._calendars.places
        return asked

    def _calendars_of(self, places: tuple[Place, ...], day: int) -> Calendars:
        """The calendars from a day on, of these places and of some that were asked for before."""
        with self._keeping:
            known = self._kept.pop(day, None)
            if known is None or not known.number.keys() >= set(places):
                union = tuple(dict.fromkeys((*(known.places if known is not None else ()), *places)))
                known = Calendars(union if len(union) <= _MOST_PLACES else places, day)
            if len(known.places) <= _MOST_PLACES:
                self._kept[day] = known  # the last asked for is the last to go
                if len(self._kept) > _MOST_DAYS:
                    del self._kept[next(iter(self._kept))]
            return known

    def placed(self, places: Sequence[Place], place: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Indices into `places` as indices into those of the track; -1 stays."""
        if tuple(places) == self.places[: len(places)]:
            return place
        return np.array([*(self._calendars.number[item] for item in places), -1], np.int32)[place]

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

    def vocabulary(self, words: Words) -> Vocabulary:
        """What the words of some touches mean; kept, as the same ones come again."""
        if len(words.channels) > _MOST_WORDS:
            return vocabulary(words, self.lane, self.channels, self.number)
        key = tuple(words.channels), words.outbound.tobytes(), tuple(words.dispositions)
        found = self._words.get(key)
        if found is None:
            found = vocabulary(words, self.lane, self.channels, self.number)
            if len(self._words) < _MOST_WORDS:
                self._words[key] = found
        return found

    def openings(self, rules: tuple[Any, ...]) -> Openings:
        """The table of some hours rules together."""
        return self._calendars.of(rules, self.end)

    @cached_property
    def covered(self) -> Bools:
        """The places whose calendars reach as far as anybody looks, so that no rule of the lane needs one."""
        gaps = [gap for gap in self.lane.spacings.values() if gap.elapsed < 0]
        years = range(day_date(max(self.first, EVER) // DAY - 1).year, day_date(self.end // DAY + 1).year + 1)
        found = []
        for _, regions in self.places:
            named = {name for gap in gaps for name in (gap.rule.calendar or ())}
            named |= {name for road in self.roads for rule in road.hours for name in (rule.holidays or ())}
            names = regions_named(tuple(sorted(named)), regions)
            known = names is not None and all(holiday_days(name, year) is not None for name in names for year in years)
            found.append(known)
        return np.array(found, np.bool_)
