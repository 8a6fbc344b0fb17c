"""The fast lane: the answer of a plain case to a policy of common rules, without a single block.

Without a new touch, each of these limits only goes from no to yes; so the earliest instant of a channel is the first open
one after the latest release: one maximum and one look-up. Whatever does not fit takes the general path, and both agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ._clock import EVER, FOREVER
from ._digest import Digest, Place, Row
from ._timeline import Timeline
from .rules.attempts import FrequencyCap, MaxAttempts
from .rules.base import Limit, Rule
from .rules.channels import NoRepeatedChannel
from .rules.delays import Calendar, Clockwork, over
from .rules.filters import TouchFilter
from .rules.hours import BusinessDays, OnTheClock, QuietHours
from .rules.rotation import ChannelRotation, PreferredChannel
from .rules.spacing import Spacing
from .rules.stops import StopOn

if TYPE_CHECKING:
    from ._clock import Zone
    from ._periods import Delay

_NO_FILTER = TouchFilter()
_NO_MAXIMUM = 1 << 60
_COUNTING = (MaxAttempts, FrequencyCap, Spacing, NoRepeatedChannel, ChannelRotation)

Found = tuple[str, int, int]
#: The answers that name no channel: every option stopped for ever, or none opening in time.
STOPPED: Found = ("", FOREVER, FOREVER)
BLOCKED: Found = ("", 0, 0)


class Gap:
    """A spacing: how long after the last touch, of a channel (`each`) or of all."""

    __slots__ = ("_delay", "_known", "_rule", "each", "elapsed", "id")

    def __init__(self, rule: Spacing, delay: Delay) -> None:
        self._rule = rule
        self._delay = delay
        self._known: dict[tuple[Place, int], int] = {}
        self.id = rule.id
        self.each = bool(rule.per)
        self.elapsed = delay.amount if delay.kind == "elapsed" else -1

    def after(self, latest: int, zone: Zone, place: Place) -> int:
        """When a gap in dates or business days after a touch without length is over; kept by date."""
        key = place, zone.day(latest)
        known = self._known.get(key)
        if known is None:
            regions: Iterable[str] = self._rule.calendar or ()
            names = tuple(sorted({item for name in regions for item in (place[1] if name == "prospect" else (name,))}))
            unknown = "prospect" in regions and not place[1]
            calendar = Calendar(self._rule.business_days, None if unknown else names)
            if len(self._known) > 100_000:  # pragma: no cover - a bound on memory, far above what a test should reach
                self._known.clear()
            known = self._known[key] = over(self._delay, Clockwork((zone,), calendar), latest, latest).at
        return known


class Cap(NamedTuple):
    """A rolling cap."""

    id: str
    at_most: int
    width: int


class Open(NamedTuple):
    """An hours rule by itself: whether it is shut at an instant in a place, kept as a book is asked about at one instant."""

    id: str
    rule: OnTheClock
    shut: dict[tuple[Place, int], bool]


class Road(NamedTuple):
    """What holds for one channel, beside what holds for all."""

    channel: str
    gaps: tuple[Gap, ...]
    running: int
    """How many may run on the channel; 0 when no rule says."""
    hours: tuple[OnTheClock, ...]
    timelines: dict[Place, Timeline]
    deadly: frozenset[str]
    alone: tuple[Open, ...]
    spacings: tuple[Gap, ...]


def fits(rule: Rule) -> bool:
    """Whether a rule is of a kind and shape that the lane can read."""
    if rule.in_force is not None:
        return False
    if isinstance(rule, Limit):
        narrow = (rule.stages, rule.tags, rule.regions, rule.purposes, rule.steps)
        return not rule.unless and all(item is None for item in narrow) and _limit_fits(rule)
    if isinstance(rule, ChannelRotation):
        plain = rule.mode == "alternate" and rule.counts == _NO_FILTER and rule.count in ("planned", "attempted")
        return rule.patience is None and plain
    if isinstance(rule, PreferredChannel):
        return rule.patience is None
    return False


def _limit_fits(rule: Limit) -> bool:
    if type(rule) in (QuietHours, BusinessDays):
        return True
    if isinstance(rule, StopOn):
        return (
            rule.after is None and rule.lasts is None and rule.until is None and rule.lifted_by is None and rule.over == "prospect"
            and rule.dispositions is not None and not rule.dispositions.excluded and rule.counts == _NO_FILTER
            and (rule.scope == "channel" or (rule.scope == "case" and rule.channels is None))
        )  # fmt: skip
    if type(rule) not in (MaxAttempts, FrequencyCap, Spacing, NoRepeatedChannel):
        return False
    assert isinstance(rule, (MaxAttempts, FrequencyCap, Spacing, NoRepeatedChannel))
    if (
        rule.counts != _NO_FILTER
        or rule.since != "ever"
        or rule.over != "prospect"
        or rule.count not in ("planned", "attempted")
    ):
        return False
    if isinstance(rule, MaxAttempts):
        return rule.per == () and rule.channels is None
    if isinstance(rule, FrequencyCap):
        return rule.per == () and rule.within is not None and rule.at_most > 0 and rule.channels is None
    if isinstance(rule, Spacing):
        dated = rule.at_least is not None and rule.at_least.kind in ("elapsed", "dates", "business_days")
        return (
            dated
            and rule.clock == ("prospect",)
            and (rule.per == ("channel",) or (rule.per == () and rule.channels is None))
        )
    return rule.per == ()


class Lane:
    """A policy whose rules all fit, laid out by channel."""

    def __init__(self, channels: tuple[str, ...], limits: list[Limit], preferences: list[Rule]) -> None:
        stops = [rule for rule in limits if isinstance(rule, StopOn) and rule.dispositions is not None]
        self.ends = [
            (rule.id, name)
            for rule in stops
            if rule.scope == "case" and rule.dispositions
            for name in sorted(rule.dispositions.names)
        ]
        self.ending = frozenset(name for _, name in self.ends)
        self.most = min((rule.at_most for rule in limits if isinstance(rule, MaxAttempts)), default=_NO_MAXIMUM)
        self.caps = [
            Cap(rule.id, rule.at_most, rule.within.micros)
            for rule in limits
            if isinstance(rule, FrequencyCap) and rule.within is not None
        ]
        every = [Gap(rule, rule.at_least) for rule in limits if isinstance(rule, Spacing) and rule.at_least is not None]
        self.spacings = {gap.id: gap for gap in every}
        self.gaps = [gap for gap in every if not gap.each]
        counts = {rule.count for rule in (*limits, *preferences) if isinstance(rule, _COUNTING)}
        self.planned = counts == {"planned"}
        self.dated = any(gap.elapsed < 0 for gap in every)
        self.runs = any(isinstance(rule, NoRepeatedChannel) and rule.at_most > 1 for rule in limits)
        self.roads = {channel: _road(channel, limits, every) for channel in channels}
        self.deadly = frozenset(name for road in self.roads.values() for name in road.deadly)
        self.preferences = preferences
        self.plans: dict[str, Any] = {}
        self.first = channels[0]
        self._orders: dict[tuple[str, ...], tuple[Road, ...]] = {}

    def order(self, last: tuple[str, ...]) -> tuple[Road, ...]:
        """The channels, the preferred one first, after touches whose last was by these channels."""
        keys = {channel: tuple(_place(rule, channel, last) for rule in self.preferences) for channel in self.roads}
        known = self._orders[last] = tuple(
            self.roads[channel] for channel in sorted(self.roads, key=lambda name: (keys[name], name))
        )
        return known

    def answer(self, digest: Digest, as_of: int, end: int) -> Found | None:
        """`(channel, at, until)`: the channel that opens first and is preferred, or `STOPPED`, or `BLOCKED`.

        None for the general path.
        """
        dispositions = digest.dispositions
        if not self.ending.isdisjoint(dispositions):
            return STOPPED
        tally = digest.tally(self.planned)
        touches = tally.touches
        if len(touches) >= self.most:
            return STOPPED
        if (self.dated and digest.long) or (self.runs and tally.ties):
            return None
        floor = as_of
        for _, at_most, width in self.caps:
            if len(touches) >= at_most:
                release = touches[-at_most][0] + width
                if release > floor:
                    floor = release
        place = digest.place
        if touches:
            latest = tally.end
            for gap in self.gaps:
                release = latest + gap.elapsed if gap.elapsed >= 0 else gap.after(latest, digest.zone, place)
                if release > floor:
                    floor = release
        deadly = self.deadly and not self.deadly.isdisjoint(dispositions)
        last = tally.last
        best = end
        found = BLOCKED
        dead = 0
        for channel, gaps, running, hours, timelines, kills, _, _ in self._orders.get(last) or self.order(last):
            if deadly and channel in digest.by(kills):
                dead += 1
                continue
            if floor >= best or (
                running and channel in last and (running == 1 or _run(tally.touches, channel) >= running)
            ):
                continue
            release = floor
            for gap in gaps:
                latest = tally.ends.get(channel, EVER)
                if latest > EVER:
                    after = latest + gap.elapsed if gap.elapsed >= 0 else gap.after(latest, digest.zone, place)
                    if after > release:
                        release = after
            if release >= best:
                continue
            if hours:
                timeline = timelines.get(place)
                if timeline is None:
                    timeline = timelines[place] = Timeline(hours, place)
                stretch = timeline.next(release, best, end)
                if stretch is None:
                    continue
                best, until = stretch
                found = channel, best, until
            else:
                best = release
                found = channel, release, FOREVER
            if best == as_of and not deadly:
                return found
        return STOPPED if dead == len(self.roads) else found

    def blocking(self, digest: Digest, channel: str, as_of: int) -> tuple[str, ...]:
        """The ids of the rules that forbid a living channel now."""
        tally = digest.tally(self.planned)
        touches = tally.touches
        road = self.roads[channel]
        found: list[str] = []
        for id_, at_most, width in self.caps:
            if len(touches) >= at_most and touches[-at_most][0] + width > as_of:
                found.append(id_)
        for gap in road.spacings:
            latest = tally.ends.get(channel, EVER) if gap.each else tally.end
            if (
                latest > EVER
                and (latest + gap.elapsed if gap.elapsed >= 0 else gap.after(latest, digest.zone, digest.place)) > as_of
            ):
                found.append(gap.id)
        for id_, rule, shut in road.alone:
            key = digest.place, as_of
            if key not in shut:
                if len(shut) > 20_000:  # pragma: no cover - a bound on memory, far above what a test should reach
                    shut.clear()
                timeline = road.timelines.get(digest.place) if len(road.alone) == 1 else None
                if timeline is None:
                    timeline = Timeline((rule,), digest.place)
                shut[key] = timeline.next(as_of, as_of + 1, as_of) is None
            if shut[key]:
                found.append(id_)
        if len(found) > 1:
            found.sort()
        return tuple(found)


def _road(channel: str, limits: list[Limit], gaps: list[Gap]) -> Road:
    mine = [rule for rule in limits if rule.channels is None or rule.channels.has(channel)]
    ids = {rule.id for rule in mine}
    hours = tuple(rule for rule in mine if isinstance(rule, OnTheClock))
    return Road(
        channel,
        tuple(gap for gap in gaps if gap.each and gap.id in ids),
        min((rule.at_most for rule in mine if isinstance(rule, NoRepeatedChannel)), default=0),
        hours,
        {},
        frozenset(
            name
            for rule in mine
            if isinstance(rule, StopOn) and rule.scope == "channel" and rule.dispositions is not None
            for name in rule.dispositions.names
        ),
        tuple(Open(rule.id, rule, {}) for rule in hours),
        tuple(gap for gap in gaps if not gap.each or gap.id in ids),
    )


def _run(touches: list[Row], channel: str) -> int:
    """How many touches run on a channel at the end."""
    run = 0
    for row in reversed(touches):
        if row[2] != channel:
            break
        run += 1
    return run


def _place(rule: Any, channel: str, last: tuple[str, ...]) -> Any:
    """The key that a preference gives to a channel when the last touches were by these channels."""
    size = len(rule.order)
    if channel not in rule.order:
        return (size, 1)
    place = rule.order.index(channel)
    if isinstance(rule, PreferredChannel) or not last:
        return (place, 0)
    if channel in last:
        return (size - 1, 0)
    after = max((rule.order.index(item) for item in last if item in rule.order), default=-1)
    return ((place - after - 1) % size, 0)


def lane_for(
    channels: tuple[str, ...], limits: list[Limit], preferences: list[Rule], always: Iterable[Limit]
) -> Lane | None:
    """The lane of a policy; None where a rule does not fit."""
    skip = {rule.id for rule in always}
    own = [rule for rule in limits if rule.id not in skip]
    if not channels or not all(fits(rule) for rule in (*own, *preferences)):
        return None
    if len({rule.count for rule in (*own, *preferences) if isinstance(rule, _COUNTING)}) > 1:
        return None  # a lane counts in one way
    return Lane(channels, own, preferences)


__all__ = ["BLOCKED", "STOPPED", "Lane", "lane_for"]
