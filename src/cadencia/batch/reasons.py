"""Why, for a block: the rule that binds, the rules that ended a case, and all that forbid now, as numbers and bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .._lane.digest import Place
from .._lane.lane import Road
from .._time.clock import EVER, FOREVER
from ..rules.attempts import MaxAttempts
from ..rules.block import Block as No
from ..rules.block import chain_of
from ..rules.channels import NoRepeatedChannel
from ..rules.hours import CHUNK
from .block import Block
from .coding import Bools, Ints
from .history import History
from .track import BLOCKED, ENGINE, STOP, WAIT, Found, Track

__all__ = ["explain"]

Rows = npt.NDArray[np.intp]


def explain(block: Block, found: Found, history: History, offered: dict[str, Bools] | None) -> None:
    """Fill in the reasons of the answers of a block; a row whose reason only the engine can tell is left to it."""
    assert found.rule is not None
    assert found.stops is not None
    kind, channel, at = found.kind[block.part], found.channel[block.part], found.at[block.part]
    rule, stops = found.rule[block.part], found.stops[block.part]
    blocking = None if found.blocking is None else found.blocking[block.part]
    for number, road in enumerate(block.track.roads):
        rows = np.flatnonzero((kind == WAIT) & (channel == number))
        if len(rows):
            told = _binding(block, rows, at[rows], number, road)
            rule[rows] = told
            kind[rows[told < 0]] = ENGINE
            channel[rows[told < 0]] = -1
            if blocking is not None:
                blocking[rows[told >= 0]] = _forbidding(block, rows[told >= 0], number, road)
    over = np.flatnonzero(kind == STOP)
    for rule_ in block.track.more:
        told_ = block.track.said.get((rule_.id, block.track.lane.first))
        if told_ is not None:  # it may be final, which is then one of the reasons
            kind[over[told_[block.part][over] >= FOREVER]] = ENGINE
            over = np.flatnonzero(kind == STOP)
    if blocking is not None:  # which channel ran on, where the last touches are several at once
        kind[over[block.odd[over]]] = ENGINE
        over = np.flatnonzero(kind == STOP)
    if len(over):
        ending = _ending(block, over, history)
        stops[over] = ending
        first = np.where(ending & block.track.stopping, ending & block.track.stopping, ending)
        rule[over] = np.log2((first & -first).astype(np.float64)).astype(np.int8)
        if blocking is not None:  # what is said of a stopped case is said of its first channel
            road = block.track.roads[0]
            blocking[over] = ending | _lasting(block, over, 0, road, offered) | _forbidding(block, over, 0, road)
    blocked = np.flatnonzero(kind == BLOCKED)
    for number in np.unique(block.nearest[blocked]).tolist():
        never, road = blocked[block.nearest[blocked] == number], block.track.roads[number]
        lasting = _lasting(block, never, number, road, offered)
        rule[never] = np.log2((lasting & -lasting).astype(np.float64)).astype(np.int8)
        if blocking is not None:
            blocking[never] = lasting | _forbidding(block, never, number, road)


def _lasting(block: Block, rows: Rows, number: int, road: Road, offered: dict[str, Bools] | None) -> Ints:
    """As bits, what closes a channel until another is used, or until there is an address for it."""
    bits = np.zeros(len(rows), np.int64)
    for rule, bit in block.track.numbered:
        if isinstance(rule, NoRepeatedChannel) and (rule.channels is None or rule.channels.has(road.channel)):
            bits |= block.runs(number, rule.at_most)[rows].astype(np.int64) << bit
    if offered is not None:
        bits |= block.unaddressed(road.channel, offered)[rows].astype(np.int64) << block.track.points
    return bits


def _ending(block: Block, rows: Rows, history: History) -> Ints:
    """As bits, the stop rules of the case or of its first channel, and the counts that are full."""
    bits = np.zeros(len(rows), np.int64) if history.stops is None else history.stops[block.part][rows]
    for rule, number in block.track.numbered:
        if isinstance(rule, MaxAttempts):
            bits |= (history.made[block.part][rows] >= rule.at_most).astype(np.int64) << number
    return bits


def _binding(block: Block, rows: Rows, at: Ints, number: int, road: Road) -> npt.NDArray[np.int8]:
    """The rule at the end of the chain, for rows that wait for a channel; -1 where it cannot be told here."""
    trip = block.trips[number]
    latest = np.full(len(rows), EVER, np.int64)
    binding = np.full(len(rows), -1, np.int8)
    for limit, release in sorted((*block.shared, *trip.own), key=lambda item: item[0]):
        over = release[rows]
        longer = over > latest
        latest[longer] = over[longer]
        binding[longer] = limit
    held = latest == at
    if block.track.more:
        # the blocks of a stranger's rule may follow each other: where they matter for the chain, the engine follows it
        ties = sum((release[rows] == at).astype(np.int64) for _, release in (*block.shared, *trip.own))
        binding[ties > 1] = -1
        if len(road.hours) > 1:
            binding[~held] = -1
            return binding
    if trip.begins is None:
        return binding
    opening = trip.begins[rows] == at
    binding[held & opening] = -1  # a spacing and the hours end at the same instant
    shut = np.flatnonzero(~held)
    if len(road.hours) == 1:
        binding[shut] = block.track.number[road.hours[0].id]
    else:
        now = block.now if isinstance(block.now, int) else block.now[rows[shut]]
        binding[shut] = _chained(block.track, road, block.place[rows[shut]], at[shut], latest[shut], now)
    return binding


def _chained(
    track: Track, road: Road, place: npt.NDArray[np.int32], at: Ints, latest: Ints, now: Any
) -> npt.NDArray[np.int8]:
    """Where several hours rules close a channel: the chain is followed once for each way in which it can go.

    It depends on the place, on the instant answered, and on which blocks cover now and the latest release; not on
    where exactly between their edges these lie.
    """
    found = np.full(len(at), -1, np.int8)
    now = np.broadcast_to(np.asarray(now, np.int64), at.shape)
    latest = np.maximum(latest, now)
    for index in np.unique(place).tolist():
        rows = np.flatnonzero(place == index)
        blocks = _shut(road, track.places[index], int(now[rows].min()), int(at[rows].max()))
        edges = np.array(sorted({edge for block in blocks for edge in (block.start, block.end)}), np.int64)
        keys = np.stack(
            [at[rows], np.searchsorted(edges, latest[rows], side="right"), np.searchsorted(edges, now[rows], side="right"),
             (latest[rows] > now[rows]).astype(np.int64)]
        )  # fmt: skip
        _, first, back = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        told = []
        for row in rows[first].tolist():
            spaced = [No(EVER, int(latest[row]), "", "", (), (), (), False, "case", False)]
            chain = chain_of([*blocks, *spaced], int(now[row]), int(at[row]))
            told.append(track.number.get(chain[-1].rule, -1) if chain else -1)
        found[rows] = np.array(told, np.int8)[back.reshape(-1)]
    return found


def _shut(road: Road, place: Place, low: int, high: int) -> list[No]:
    """The blocks of the hours of a channel in a place, as the engine has them."""
    found: dict[No, None] = {}
    for rule in road.hours:
        for index in range(low // CHUNK, high // CHUNK + 1):
            found.update(dict.fromkeys(rule.kept_at(*place, index)))
    return list(found)


def _forbidding(block: Block, rows: Rows, number: int, road: Road) -> Ints:
    """As bits, the caps, spacings and hours that forbid a channel now."""
    now = block.now if isinstance(block.now, int) else block.now[rows]
    bits = np.zeros(len(rows), np.int64)
    for limit, release in (*block.shared, *block.trips[number].own):
        bits |= (release[rows] > now).astype(np.int64) << limit
    instant = np.full(len(rows), now, np.int64)
    for rule in road.hours:
        table = block.track.openings((rule,))
        begins, _ = table.find(block.place[rows], instant, block.track.end)
        bits |= (begins > now).astype(np.int64) << block.track.number[rule.id]
    return bits
