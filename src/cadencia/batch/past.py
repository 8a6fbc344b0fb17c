"""What a rule of a third party sees of a whole book, where it offers a column form of its own.

A limit with a method `columns(past, channel)` takes part in the numeric lane. The method says, for each prospect, from which
instant on the limit no longer forbids the channel; `check_rule` holds it to the rule's blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from .._lane.digest import Digest, Place
from .._lane.lane import Lane, lane_for
from .._time.clock import EVER, FOREVER
from ..engine import ALWAYS, Engine
from ..errors import RuleFailure
from ..rules.base import Limit, Preference, Rule, StopRule
from ..touch import DISPOSITIONS
from .coding import Bools, Ints, Some
from .events import Words

__all__ = ["HasColumns", "Past", "column_lane", "has_columns", "past_of", "read_past", "releases"]


@dataclass(frozen=True, slots=True)
class Past:
    """All that has happened to some prospects, as columns. Instants are microseconds since 1970, in UTC.

    Attributes:
        as_of: for each prospect, the instant of the question; no touch is later.
        place: for each prospect, where it is, as an index into `places`: a zone, and regions.
        offsets: the touches of prospect `i` are those from `offsets[i]` to `offsets[i + 1]`, in time order.
        at, end: for each touch, when it began and ended.
        channel, disposition: for each touch, an index into `channels` and `dispositions`.
        outbound: for each touch, whether it is ours.
    """

    as_of: Ints
    place: npt.NDArray[np.int32]
    places: Sequence[Place]
    offsets: Ints
    at: Ints
    end: Ints
    channel: Some
    channels: Sequence[str]
    outbound: Bools
    disposition: Some
    dispositions: Sequence[str]

    def __len__(self) -> int:
        return len(self.as_of)

    @property
    def prospect(self) -> Ints:
        """For each touch, the position of its prospect."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def on(self, channel: str) -> Bools:
        """Which touches are of a channel."""
        chosen: Bools = self.channel == (self.channels.index(channel) if channel in self.channels else -1)
        return chosen

    def having(self, *dispositions: str) -> Bools:
        """Which touches ended in one of these ways."""
        return np.isin(
            self.disposition, [place for place, name in enumerate(self.dispositions) if name in dispositions]
        )

    def latest(self, chosen: Bools) -> Ints:
        """For each prospect the latest end of its chosen touches; long ago (the year 1) where there is none."""
        found = np.full(len(self), EVER, np.int64)
        np.maximum.at(found, self.prospect[chosen], self.end[chosen])
        return found

    def count(self, chosen: Bools) -> Ints:
        """For each prospect how many of its touches are chosen."""
        return np.bincount(self.prospect[chosen], minlength=len(self))


class HasColumns(Protocol):
    """A limit with a column form."""

    def columns(self, past: Past, channel: str) -> Ints:
        """For each prospect the instant from which on the limit lets go of a channel.

        Until then it must forbid every instant from `past.as_of` on, and from then on none; `FOREVER` (the year 9999) where it
        never lets go. An instant before `as_of` says that it does not forbid at all.
        """


def has_columns(rule: Rule) -> bool:
    """Whether a rule may be asked in columns: it has the form, and nothing of the base class cuts its blocks."""
    if not isinstance(rule, Limit) or isinstance(rule, StopRule) or not callable(getattr(rule, "columns", None)):
        return False
    narrow = (rule.stages, rule.tags, rule.regions, rule.purposes, rule.steps)
    return rule.in_force is None and not rule.unless and all(item is None for item in narrow)


def column_lane(engine: Engine) -> tuple[Lane, tuple[Limit, ...]] | None:
    """The lane of a policy with the rules that come in columns; None where another rule does not fit."""
    if engine.channels is None or any(item.table is not DISPOSITIONS for item in engine.limits):
        return None
    limits = [item.rule for item in engine.limits]
    ours = tuple(rule for rule in limits if has_columns(rule))
    if not ours:
        return None if engine.lane is None else (engine.lane, ())
    preferences: list[Preference] = [item.rule for item in engine.preferences]
    lane = lane_for(engine.channels, [rule for rule in limits if rule not in ours], list(preferences), ALWAYS)
    return None if lane is None else (lane, ours)


def read_past(
    owner: npt.NDArray[np.int32], at: Ints, end: Ints | None, code: Some, words: Words, people: Any, now: Any,
    ordered: Any,
) -> Past:  # fmt: skip
    """The past of a book whose touches are in columns."""
    count = len(people.plain)
    rows = ordered(np.arange(len(owner)), owner, at)
    channels = [name or "" for name in dict.fromkeys(words.channels)]
    dispositions = list(dict.fromkeys(words.dispositions))
    channel = np.array([channels.index(name or "") for name in words.channels], np.int32)
    disposition = np.array([dispositions.index(name) for name in words.dispositions], np.int32)
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=count), out=offsets[1:])
    which = code[rows]
    return Past(
        np.full(count, now, np.int64) if isinstance(now, int) else now, np.maximum(people.place, 0), people.places, offsets,
        at[rows], (at if end is None else end)[rows], channel[which], channels, words.outbound[which],
        disposition[which], dispositions,
    )  # fmt: skip


def past_of(digest: Digest, now: int) -> Past:
    """The past of one plain case."""
    rows = digest.rows
    channels, dispositions = sorted({row[2] for row in rows}), sorted({row[4] for row in rows})
    return Past(
        np.array([now]), np.zeros(1, np.int32), [digest.place], np.array([0, len(rows)]),
        np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int64),
        np.array([channels.index(row[2]) for row in rows], np.int32), channels,
        np.array([row[3] == "outbound" for row in rows], np.bool_),
        np.array([dispositions.index(row[4]) for row in rows], np.int32), dispositions,
    )  # fmt: skip


def releases(rule: Limit, past: Past, channel: str) -> Ints:
    """What a rule's column form says of a channel.

    Raises:
        RuleFailure: it raised, or gave something else than one whole number for each prospect.
    """
    try:
        found = np.asarray(cast(HasColumns, rule).columns(past, channel))
        if found.shape != (len(past),) or found.dtype.kind not in "iu":
            raise TypeError(f"columns gave {found.dtype} of shape {found.shape}, not {len(past)} whole numbers")
    except Exception as error:
        raise RuleFailure(rule.id, error) from error
    return np.clip(found.astype(np.int64), EVER, FOREVER)
