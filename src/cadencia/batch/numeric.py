"""The numeric lane: the answers of `Lane`, for many prospects at once.

What `Lane.answer` does for one case is done here for a block of them: each limit gives an instant of release, the latest
release is looked up in the calendar, and the channel that opens first is taken. Whatever cannot be told this way is left
to the engine.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .block import Block
from .coding import Bools, Ints, Some
from .history import History, Vocabulary
from .reasons import explain
from .track import Found, Track

__all__ = ["answer"]

_BLOCK: Final = 1 << 16
#: Blocks are worked on side by side where there are several; numpy lets go of the interpreter while it computes.
_THREADS: Final = 4


def answer(
    track: Track, history: History, people: Bools, place: npt.NDArray[np.int32], at: Ints, end: Ints | None, code: Some,
    words: Vocabulary, now: Any, horizon: int, offered: dict[str, Bools] | None, reasons: str,
) -> Found:  # fmt: skip
    """The answers of these people; block by block, so that what is worked on stays near."""
    count = len(people)
    found = Found(
        np.zeros(count, np.int8), np.full(count, -1, np.int8), np.empty(count, np.int64), np.empty(count, np.int64),
        None if reasons == "none" else np.full(count, -1, np.int8),
        None if reasons == "none" else np.zeros(count, np.int64),
        np.zeros(count, np.int64) if reasons == "all" else None, {},
    )  # fmt: skip

    def decide(low: int) -> None:
        high = min(low + _BLOCK, count)
        part = slice(low, high)
        rows = history.rows[history.offsets[low] : history.offsets[high]]
        block = Block(
            track, part, history.offsets[low : high + 1] - history.offsets[low],
            at[rows], None if end is None else end[rows], words.channel[code[rows]], place[part],
            now if isinstance(now, int) else now[part], horizon,
        )  # fmt: skip
        block.decide(found, history, people[part], offered)
        if reasons != "none":
            explain(block, found, history, offered)

    for road in track.roads:
        if road.hours:
            track.openings(road.hours)  # made before threads share them
    threads = min(os.cpu_count() or 1, _THREADS, count // (2 * _BLOCK))
    if threads < 2:
        for low in range(0, count, _BLOCK):
            decide(low)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(decide, range(0, count, _BLOCK)))
    return found
