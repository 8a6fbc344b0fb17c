"""The counted touches of each prospect, in order: what the limits of a lane read of the past."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from .._lane.digest import _NOT_OUT
from .._lane.lane import Lane, fatal
from ..rules.base import StopRule
from .coding import Bools, Ints, Some
from .events import Words

__all__ = ["History", "Vocabulary", "ordered", "read_history", "vocabulary"]


class Vocabulary(NamedTuple):
    """What each code of `Words` means to a lane.

    Attributes:
        counted: whether its touches count.
        stops: as bits, the stop rules that it sets off, of the whole case or of the lane's first channel.
        ends: whether one of them ends the case.
        deadly: as bits, the channels of the lane that it ends.
        channel: its channel as the lane numbers them; the last number stands for every other channel.
    """

    counted: Bools
    stops: Ints
    ends: Bools
    deadly: Ints
    channel: Some


def vocabulary(words: Words, lane: Lane, channels: list[str], number: dict[str, int]) -> Vocabulary:
    """What the words mean; `channels` are those that the lane or its preferences name, its own first."""
    place = {name: index for index, name in enumerate(channels)}
    counted = np.array(
        [
            bool(out) and (lane.planned or name not in _NOT_OUT)
            for out, name in zip(words.outbound, words.dispositions, strict=True)
        ]
    )
    stops: list[int] = []
    for channel, name in zip(words.channels, words.dispositions, strict=True):
        mask = 0
        for rule in lane.limits:
            if name in fatal(rule):
                assert isinstance(rule, StopRule)
                here = channel == lane.first and (rule.channels is None or rule.channels.has(lane.first))
                if rule.scope == "case" or here:
                    mask |= 1 << number[rule.id]
        stops.append(mask)
    deadly = [
        sum(
            1 << index
            for index, road in enumerate(lane.roads.values())
            if road.channel == channel and name in road.deadly
        )
        for channel, name in zip(words.channels, words.dispositions, strict=True)
    ]
    return Vocabulary(
        counted,
        np.array(stops, np.int64),
        np.array([name in lane.ending for name in words.dispositions]),
        np.array(deadly, np.int64),
        np.array([place.get(name or "", len(channels)) for name in words.channels], np.uint16),
    )


class History(NamedTuple):
    """What has happened to each prospect.

    Attributes:
        made: how many touches count.
        stops: as bits, the stop rules set off, of the case or of the lane's first channel.
        ended: whether the case is over, by a stop or by the count.
        deadly: as bits, the channels that are over; None where none is.
        offsets: where the rows of each prospect begin in `rows`; those of a case that is over are left out.
        rows: the numbers of the counted touches, by prospect and in time order.
    """

    made: Ints
    stops: Ints | None
    ended: Bools
    deadly: Ints | None
    offsets: Ints
    rows: Ints


def read_history(
    owner: npt.NDArray[np.int32], at: Ints, code: Some, words: Vocabulary, *, people: Bools, at_most: int, whole: bool
) -> History:
    """The history of each prospect; of those not among `people` none, of those whose case is over only with `whole`."""
    count = len(people)
    made = np.bincount(owner, minlength=count)
    # one look at each word: whether it is left uncounted (1), sets off a stop (2), ends a channel (4)
    flags = (~words.counted + 2 * (words.stops != 0) + 4 * (words.deadly != 0)).astype(np.uint8)
    flag = flags[code] if flags.any() else None
    stops: Ints | None = None
    deadly: Ints | None = None
    ended = made >= at_most
    uncounted = None if flag is None else np.flatnonzero(flag & 1)
    if uncounted is not None and len(uncounted):
        made -= np.bincount(owner[uncounted], minlength=count)
        ended = made >= at_most
    if flag is not None and words.stops.any():
        stops = np.zeros(count, np.int64)
        setting = np.flatnonzero(flag & 2)
        np.bitwise_or.at(stops, owner[setting], words.stops[code[setting]])
        ending = setting[words.ends[code[setting]]]
        ended[owner[ending]] = True
    if flag is not None and words.deadly.any():
        killing = np.flatnonzero(flag & 4)
        if len(killing):
            deadly = np.zeros(count, np.int64)
            np.bitwise_or.at(deadly, owner[killing], words.deadly[code[killing]])
    asked = people if whole else people & ~ended
    kept = asked[owner]
    if uncounted is not None:
        kept[uncounted] = False
    rows = np.flatnonzero(kept)
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.where(asked, made, 0), out=offsets[1:])
    return History(made, stops, ended, deadly, offsets, ordered(rows, owner, at))


def ordered(rows: Ints, owner: npt.NDArray[np.int32], at: Ints) -> Ints:
    """Rows by prospect, and in time order for each."""
    if len(rows) < 2:
        return rows
    whose = owner[rows]
    if (whose[1:] >= whose[:-1]).all():
        instants = at[rows]
        if ((instants[1:] >= instants[:-1]) | (whose[1:] > whose[:-1])).all():
            return rows
        rows = rows[pl.Series(instants).arg_sort().to_numpy()]
        whose = owner[rows]
    elif not _rising(at):
        rows = rows[pl.Series(at[rows]).arg_sort().to_numpy()]
        whose = owner[rows]
    found: Ints = rows[_by_owner(whose)]
    return found


def _by_owner(whose: npt.NDArray[np.int32]) -> Ints:
    """The order of rows by prospect that keeps the order of each one's own: by sixteen bits at a time, which needs no comparison."""
    order: Ints = np.argsort((whose & 0xFFFF).astype(np.uint16), kind="stable")
    high = whose >> 16
    if high.any():
        order = order[np.argsort(high[order].astype(np.uint16), kind="stable")]
    return order


def _rising(at: Ints) -> bool:
    """Whether a log is in time order; told without a copy of it."""
    step = 1 << 18
    for low in range(0, len(at) - 1, step):
        part = at[low : low + step + 1]
        if not (part[1:] >= part[:-1]).all():
            return False
    return True
