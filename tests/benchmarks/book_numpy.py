"""The best numpy by hand for this one policy, as a yardstick: what is left of the time when nothing is general.

Everything that is known of the policy is written into it: four channels, three attempts a week, spacings of 48 and 96
hours, transitions on the half hour. It gives channel, instant and window, and no reasons.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import rivals
from book_polars import windows
from book_workload import NOW_MICROS, Book
from workload import CHANNELS, ZONES

HOUR = 3_600_000_000
SLOT = HOUR // 2
BASE = NOW_MICROS // SLOT * SLOT
SLOTS = 60 * 48
NEVER = np.int64(1) << 60


class Hours(NamedTuple):
    """For each zone, channel and half hour the window that is open then or opens next."""

    slots: np.ndarray[Any, Any]
    opens: np.ndarray[Any, Any]
    closes: np.ndarray[Any, Any]


@cache
def hours() -> Hours:
    """Made once."""
    opens, closes, slots = [], [], []
    for zone, _ in ZONES:
        for channel in CHANNELS:
            own = windows(channel).filter(pl.col("zone") == zone)
            first = len(opens)
            opens += own["opens"].to_physical().to_list()
            closes += own["closes"].to_physical().to_list()
            edges = BASE + SLOT * np.arange(SLOTS)
            slots.append(first + np.searchsorted(np.array(closes[first:]), edges, side="right").clip(max=len(own) - 1))
    return Hours(np.concatenate(slots).astype(np.int32), np.array(opens), np.array(closes))


def decide(name: str, book: Book) -> pl.DataFrame:
    """The answers: `id`, `answer`, `channel`, `at`, `until`."""
    policy = rivals.POLICIES[name]
    assert not policy.business_days
    count = book.prospects.height
    owner = book.touches["prospect"].to_numpy()
    at = book.touches["at"].to_physical().to_numpy()
    channel = book.touches["channel"].to_physical().to_numpy()
    disposition = book.touches["disposition"].to_physical().to_numpy()
    inbound = np.flatnonzero(book.touches["direction"].to_physical().to_numpy())
    made = np.bincount(owner, minlength=count) - np.bincount(owner[inbound], minlength=count)
    stop = made >= (policy.at_most or 1_000)
    stop[owner[np.flatnonzero((disposition == 3) | (disposition == 4))]] = True
    bounced = np.flatnonzero(disposition == 5)
    dead = np.zeros(count, np.uint8)
    np.bitwise_or.at(dead, owner[bounced], np.left_shift(1, channel[bounced]).astype(np.uint8))
    stop |= dead == 15
    kept = ~stop[owner]
    kept[inbound] = False
    rows = np.flatnonzero(kept)
    whose = owner[rows]
    order = np.argsort((whose & 0xFFFF).astype(np.uint16), kind="stable")
    order = order[np.argsort((whose[order] >> 16).astype(np.uint16), kind="stable")]
    rows = rows[order]
    open_ = np.flatnonzero(~stop)
    sizes = made[open_]
    end = np.cumsum(sizes)
    instants, used = np.append(at[rows], -NEVER), np.append(channel[rows], 4)
    last = np.where(sizes > 0, end - 1, len(rows))
    release = np.maximum(instants[last] + 48 * HOUR, NOW_MICROS)
    third = np.where(sizes >= 3, end - 3, len(rows))
    np.maximum(release, instants[third] + 168 * HOUR, out=release)
    latest = np.full(len(open_) * 4, -NEVER)
    latest[np.repeat(np.arange(len(open_)) * 4, sizes) + used[:-1]] = instants[:-1]
    latest = latest.reshape(-1, 4) + 96 * HOUR
    zone = book.prospects["zone"].to_physical().to_numpy()[open_].astype(np.int64) * 4
    before = used[last]
    table = hours()
    best = np.full(len(open_), NEVER)
    closing = np.empty((4, len(open_)), np.int64)
    for number in range(4):
        own = np.maximum(release, latest[:, number])
        slot = (own - BASE) // SLOT
        slot += (zone + number) * SLOTS
        window = table.slots[slot]
        closing[number] = table.closes[window]
        key = (np.maximum(own, table.opens[window]) - NOW_MICROS) * 4
        key += np.where(before == 4, number, (number - before - 1) % 4)
        key[(before == number) | (dead[open_] >> number & 1 == 1)] = NEVER
        np.minimum(best, key, out=best)
    rank = best & 3
    chosen = np.where(before == 4, rank, (rank + before + 1) % 4)
    opened = best < NEVER
    answer = np.full(count, 3, np.uint8)
    answer[open_] = np.where(opened, best >= 4, 2)
    numbers, when, until = np.zeros(count, np.uint8), np.zeros(count, np.int64), np.zeros(count, np.int64)
    numbers[open_], when[open_] = chosen, (best >> 2) + NOW_MICROS
    until[open_] = closing[chosen, np.arange(len(open_))]
    some = pl.Series(answer >= 2)
    instant = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        [
            book.prospects["id"],
            pl.Series("answer", answer).cat.to(pl.Enum(["contact", "wait", "blocked", "stop"])),
            pl.Series("channel", numbers).set(some, None).cat.to(pl.Enum(list(CHANNELS))),
            pl.Series("at", when).set(some, None).cast(instant),
            pl.Series("until", until).set(some, None).cast(instant),
        ]
    )
