"""The fast lane: the answer of a plain case to a policy of common rules, without a single block.

Without a new touch, each of these limits only goes from no to yes; so the earliest instant of a channel is the first open
one after the latest release: one maximum and one look-up. Whatever does not fit takes the general path, and both agree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from .._time.clock import EVER, FOREVER, zone_of
from .._time.holidays import regions_named
from ..rules.attempts import FrequencyCap, MaxAttempts
from ..rules.base import Limit, Rule, StopRule
from ..rules.channels import NoRepeatedChannel
from ..rules.delays import Calendar, Clockwork, over
from ..rules.filters import TouchFilter
from ..rules.hours import BusinessDays, OnTheClock, QuietHours
from ..rules.rotation import ChannelRotation, PreferredChannel
from ..rules.spacing import Spacing
from ..rules.stops import OPT_OUT, StopOn, StopOnOptOut
from .digest import Digest, Place, Row
from .timeline import WIDTH, Timeline

if TYPE_CHECKING:
    from .._time.clock import Zone
    from .._time.periods import Delay

_NO_FILTER = TouchFilter()
_NO_MAXIMUM = 1 << 60
_NO_EDGES: list[int] = []
_COUNTING = (MaxAttempts, FrequencyCap, Spacing, NoRepeatedChannel, ChannelRotation)

Found = tuple[str, int, int]
#: The answers that name no channel: every option stopped for ever, or none opening in time.
STOPPED: Found = ("", FOREVER, FOREVER)
BLOCKED: Found = ("", 0, 0)


class Gap:
    """A spacing: how long after the last touch, of a channel (`each`) or of all."""

    __slots__ = ("_delay", "_known", "each", "elapsed", "id", "rule")

    def __init__(self, rule: Spacing, delay: Delay) -> None:
        self.rule = rule
        self._delay = delay
        self._known: dict[Place, tuple[Zone, dict[int, int]]] = {}
        self.id = rule.id
        self.each = bool(rule.per)
        self.elapsed = delay.amount if delay.kind == "elapsed" else -1

    def regions(self, place: Place) -> tuple[str, ...]:
        """The regions whose public holidays are no business days for a prospect in a place."""
        return regions_named(self.rule.calendar or (), place[1]) or ()

    def after(self, latest: int, place: Place) -> int:
        """When a gap in dates or business days after a touch without length is over; kept by date."""
        zone, known = self._known.get(place) or self._new(place)
        day = zone.day(latest)
        release = known.get(day)
        if release is None:
            calendar = Calendar(self.rule.business_days, regions_named(self.rule.calendar or (), place[1]))
            release = known[day] = over(self._delay, Clockwork((zone,), calendar), latest, latest).at
        return release

    def _new(self, place: Place) -> tuple[Zone, dict[int, int]]:
        """Room for what a place will have known."""
        if len(self._known) > 2_000:  # pragma: no cover - a bound on memory, far above what a test should reach
            self._known.clear()
        new = self._known[place] = zone_of(place[0]), {}
        return new


class Cap(NamedTuple):
    """A rolling cap."""

    id: str
    at_most: int
    width: int


class Hours(NamedTuple):
    """An hours rule by itself, with its timelines by place."""

    id: str
    rule: OnTheClock
    timelines: dict[Place, Timeline]

    def at(self, place: Place) -> Timeline:
        """The timeline of a place; kept."""
        known = self.timelines.get(place)
        if known is None:
            known = self.timelines[place] = Timeline((self.rule,), place)
        return known


class Road(NamedTuple):
    """What holds for one channel, beside what holds for all."""

    channel: str
    gaps: tuple[Gap, ...]
    running: int
    """How many may run on the channel; 0 when no rule says."""
    deadly: frozenset[str]
    hours: tuple[OnTheClock, ...]
    clocks: tuple[Hours, ...]
    spacings: tuple[Gap, ...]


def fits(rule: Rule) -> bool:
    """Whether a rule is of a kind and shape that the lane can read."""
    if rule.in_force is not None:
        return False
    if isinstance(rule, Limit):
        narrow = (rule.stages, rule.tags, rule.regions, rule.purposes, rule.steps, rule.subjects)
        return not rule.unless and all(item is None for item in narrow) and _limit_fits(rule)
    if type(rule) is ChannelRotation:
        plain = rule.mode == "alternate" and rule.counts == _NO_FILTER and rule.count in ("planned", "attempted")
        return rule.patience is None and plain
    if type(rule) is PreferredChannel:
        return rule.patience is None
    return False


def _limit_fits(rule: Limit) -> bool:
    if type(rule) in (QuietHours, BusinessDays):
        return True
    if type(rule) in (StopOn, StopOnOptOut):
        return _stop_fits(rule)
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


def _stop_fits(rule: Limit) -> bool:
    assert isinstance(rule, (StopOn, StopOnOptOut))
    if rule.after is not None or rule.lasts is not None or rule.until is not None or rule.lifted_by is not None:
        return False
    if isinstance(rule, StopOn) and (
        rule.dispositions is None or rule.dispositions.excluded or rule.counts != _NO_FILTER or rule.over != "prospect"
    ):
        return False
    return rule.scope == "channel" or (rule.scope == "case" and rule.channels is None)


def fatal(rule: Limit) -> frozenset[str]:
    """The dispositions by which a rule that fits stops for good; none where it is no such rule.

    An opt-out on the prospect's own record is never seen here, as such a case is not plain.
    """
    if isinstance(rule, StopOnOptOut):
        return OPT_OUT
    return rule.dispositions.names if isinstance(rule, StopOn) and rule.dispositions is not None else frozenset()


def _fatal_to(limits: list[Limit], scope: str) -> frozenset[str]:
    """The dispositions that stop a case, or a channel, for good."""
    return frozenset(
        name for rule in limits if isinstance(rule, StopRule) and rule.scope == scope for name in fatal(rule)
    )


class Lane:
    """A policy whose rules all fit, laid out by channel."""

    def __init__(self, channels: tuple[str, ...], limits: list[Limit], preferences: list[Rule]) -> None:
        self.limits = limits
        self.ending = _fatal_to(limits, "case")
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
        hours = [Hours(rule.id, rule, {}) for rule in limits if isinstance(rule, OnTheClock)]
        self.roads = {channel: _road(channel, limits, every, hours) for channel in channels}
        self.deadly = frozenset(name for road in self.roads.values() for name in road.deadly)
        self.preferences = preferences
        self.plans: dict[str, Any] = {}
        self.first = channels[0]
        self._orders: dict[tuple[str, ...], tuple[Road, ...]] = {}
        self._clocks: dict[Place, dict[str, Timeline | None]] = {}

    def order(self, last: tuple[str, ...]) -> tuple[Road, ...]:
        """The channels, the preferred one first, after touches whose last was by these channels."""
        keys = {channel: tuple(_place(rule, channel, last) for rule in self.preferences) for channel in self.roads}
        known = self._orders[last] = tuple(
            self.roads[channel] for channel in sorted(self.roads, key=lambda name: (keys[name], name))
        )
        return known

    def clocks(self, place: Place) -> dict[str, Timeline | None]:
        """When each channel is open in a place; None where no hours bind it."""
        found = self._clocks[place] = {channel: _timeline(road.clocks, place) for channel, road in self.roads.items()}
        return found

    def answer(self, digest: Digest, as_of: int, end: int) -> Found | None:
        """`(channel, at, until)`: the channel that opens first and is preferred, or `STOPPED`, or `BLOCKED`.

        None for the general path.
        """
        dispositions = digest.dispositions
        if not self.ending.isdisjoint(dispositions):
            return STOPPED
        tally = (digest.planned if self.planned else digest.attempted) or digest.tally(self.planned)
        starts = tally.starts
        if len(starts) >= self.most:
            return STOPPED
        if (self.dated and digest.long) or (self.runs and tally.ties):
            return None
        floor = as_of
        for _, at_most, width in self.caps:
            if len(starts) >= at_most:
                release = starts[-at_most] + width
                if release > floor:
                    floor = release
        place = digest.place
        latest = tally.end
        if latest > EVER:
            for gap in self.gaps:
                release = latest + gap.elapsed if gap.elapsed >= 0 else gap.after(latest, place)
                if release > floor:
                    floor = release
        deadly = self.deadly and not self.deadly.isdisjoint(dispositions)
        last = tally.last
        clocks = self._clocks.get(place) or self.clocks(place)
        best = end
        found = BLOCKED
        dead = 0
        points = digest.points
        for channel, gaps, running, kills, _, _, _ in self._orders.get(last) or self.order(last):
            if deadly and channel in digest.by(kills):
                dead += 1
                continue
            if (
                floor >= best
                or (running and channel in last and (running == 1 or _run(tally.touches, channel) >= running))
                or (points is not None and channel not in points)
            ):
                continue
            release = floor
            for gap in gaps:
                latest = tally.ends.get(channel, EVER)
                if latest > EVER:
                    after = latest + gap.elapsed if gap.elapsed >= 0 else gap.after(latest, place)
                    if after > release:
                        release = after
            if release >= best:
                continue
            timeline = clocks[channel]
            if timeline is None:
                best = release
                found = channel, release, FOREVER
            else:
                edges = timeline.edges.get(release // WIDTH, _NO_EDGES)
                at = bisect_right(edges, release)
                if at & 1:
                    until = edges[at]
                elif at < len(edges):
                    release = edges[at]
                    if release >= best:
                        continue
                    until = edges[at + 1]
                else:
                    stretch = timeline.next(release, best, end)
                    if stretch is None:
                        continue
                    release, until = stretch
                best = release
                found = channel, release, until if until % WIDTH else timeline.close(until, end)
            if best == as_of and not deadly:
                return found
        return STOPPED if dead == len(self.roads) else found

    def blocking(self, digest: Digest, channel: str, as_of: int) -> tuple[str, ...]:
        """The ids of the rules that forbid a living channel now."""
        tally = digest.tally(self.planned)
        starts = tally.starts
        road = self.roads[channel]
        found: list[str] = []
        for id_, at_most, width in self.caps:
            if len(starts) >= at_most and starts[-at_most] + width > as_of:
                found.append(id_)
        for gap in road.spacings:
            latest = tally.ends.get(channel, EVER) if gap.each else tally.end
            if (
                latest > EVER
                and (latest + gap.elapsed if gap.elapsed >= 0 else gap.after(latest, digest.place)) > as_of
            ):
                found.append(gap.id)
        for clock in road.clocks:
            if not clock.at(digest.place).open(as_of):
                found.append(clock.id)
        if len(found) > 1:
            found.sort()
        return tuple(found)


def _road(channel: str, limits: list[Limit], gaps: list[Gap], hours: list[Hours]) -> Road:
    mine = [rule for rule in limits if rule.channels is None or rule.channels.has(channel)]
    ids = {rule.id for rule in mine}
    return Road(
        channel,
        tuple(gap for gap in gaps if gap.each and gap.id in ids),
        min((rule.at_most for rule in mine if isinstance(rule, NoRepeatedChannel)), default=0),
        _fatal_to(mine, "channel"),
        tuple(item.rule for item in hours if item.id in ids),
        tuple(item for item in hours if item.id in ids),
        tuple(gap for gap in gaps if not gap.each or gap.id in ids),
    )


def _timeline(hours: tuple[Hours, ...], place: Place) -> Timeline | None:
    """The timeline of several hours rules together; that of a rule by itself is shared."""
    if len(hours) > 1:
        return Timeline(tuple(item.rule for item in hours), place)
    return hours[0].at(place) if hours else None


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


__all__ = ["BLOCKED", "STOPPED", "Lane", "fatal", "lane_for"]
