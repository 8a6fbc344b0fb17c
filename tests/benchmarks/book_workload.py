"""The workload of `workload.py` as columns: the same law of chance, drawn a column at a time, so that millions take seconds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl
from workload import (
    ANSWERED_PER_TOUCH,
    BOUNCE_PRONE,
    BOUNCED_PER_TOUCH,
    CHANNELS,
    NOW,
    REACH_DAYS,
    REACH_WEIGHTS,
    SEED,
    ZONES,
    Row,
)

DISPOSITIONS = ("no_answer", "voicemail_left", "sent", "replied", "opted_out", "bounced_hard")
DIRECTIONS = ("outbound", "inbound")
COUNTRIES = tuple(dict.fromkeys(country for _, country in ZONES))
NOW_MICROS = int(NOW.timestamp()) * 1_000_000 + NOW.microsecond
DAY = 86_400_000_000


class Book(NamedTuple):
    """A book as frames: the touches are an event log in time order, the prospects interleaved."""

    prospects: pl.DataFrame
    touches: pl.DataFrame


def book(count: int, seed: int = SEED, ids: str = "int") -> Book:
    """A book of `count` prospects; ids are `int` (0 to count), `sparse` (of ten times as many numbers) or `uuid` texts."""
    rng = np.random.default_rng(seed)
    zone = rng.integers(0, len(ZONES), count)
    country = np.array([COUNTRIES.index(item) for _, item in ZONES])[zone]
    size = rng.integers(0, 13, count)
    whose = np.repeat(np.arange(count, dtype=np.int32), size)
    reach = rng.choice(np.array(REACH_DAYS) * DAY, count, p=np.array(REACH_WEIGHTS) / 100)
    at = NOW_MICROS - (reach[whose] * rng.random(len(whose))).astype(np.int64)
    order = np.lexsort((at, whose))
    at = at[order]  # for each prospect in time order; places begin anew with each
    place = np.arange(len(whose)) - np.repeat(np.cumsum(size) - size, size)
    answered = rng.random(count) < 1 - (1 - ANSWERED_PER_TOUCH) ** size
    answer_at = np.where(answered, np.maximum(size - rng.integers(1, 4, count), 0), -1)
    rate = np.where(rng.random(count) < BOUNCE_PRONE, 0.7, BOUNCED_PER_TOUCH)
    channel = np.zeros(len(whose), np.uint8)
    disposition = np.zeros(len(whose), np.uint8)
    inbound = np.zeros(len(whose), np.uint8)
    alive = np.full(count, 15, np.uint8)
    choices = _choices()
    for position in range(12):
        rows = np.flatnonzero(place == position)
        people = whose[rows]
        living = np.where(alive[people] == 0, 15, alive[people])
        drawn = choices[living, rng.integers(0, 12, len(rows))]
        answers = answer_at[people] == position
        bounces = ~answers & ((rng.random(len(rows)) < rate[people]) | (alive[people] == 0))
        plain = np.where(drawn == 0, np.where(rng.random(len(rows)) < 2 / 3, 0, 1), 2)
        replies = np.where(rng.random(len(rows)) < 0.2, 4, 3)
        channel[rows] = drawn
        disposition[rows] = np.where(answers, replies, np.where(bounces, 5, plain))
        inbound[rows] = answers
        alive[people[bounces]] &= ~(1 << drawn[bounces]).astype(np.uint8)
    log = np.argsort(at, kind="stable")
    names = _ids(count, ids, rng)
    prospects = pl.DataFrame(
        {
            "id": names,
            "zone": _words(zone, [name for name, _ in ZONES]),
            "region": _words(country, list(COUNTRIES)),
        }
    )
    touches = pl.DataFrame(
        {
            "id": np.arange(len(log)),
            "prospect": names.gather(whose[log]),
            "at": pl.Series(at[log]).cast(pl.Datetime("us", "UTC")),
            "channel": _words(channel[log], list(CHANNELS)),
            "direction": _words(inbound[log], list(DIRECTIONS)),
            "disposition": _words(disposition[log], list(DISPOSITIONS)),
        }
    )
    return Book(prospects, touches)


def sample(found: Book, count: int) -> list[Row]:
    """The first prospects as rows, for the rivals that take one at a time."""
    touches: dict[Any, list[Any]] = {}
    ids = found.prospects["id"][:count].to_list()
    chosen = found.touches.filter(pl.col("prospect").is_in(ids))
    for row in chosen.iter_rows(named=True):
        touch = (row["at"], row["channel"], row["disposition"], row["direction"] == "inbound")
        touches.setdefault(row["prospect"], []).append(touch)
    rows = found.prospects[:count].iter_rows(named=True)
    return [Row(str(row["id"]), row["zone"], row["region"], touches.get(row["id"], [])) for row in rows]


def _choices() -> np.ndarray[Any, Any]:
    """For each set of living channels twelve of them, each equally often."""
    table = np.zeros((16, 12), np.uint8)
    for living in range(1, 16):
        channels = [number for number in range(4) if living >> number & 1]
        table[living] = np.tile(channels, 12)[:12] if 12 % len(channels) == 0 else 0
    return table


def _ids(count: int, kind: str, rng: np.random.Generator) -> pl.Series:
    if kind == "uuid":
        high, low = rng.integers(0, 1 << 63, count), rng.integers(0, 1 << 63, count)
        return pl.Series([f"{one:016x}-{two:016x}" for one, two in zip(high.tolist(), low.tolist(), strict=True)])
    if kind == "sparse":
        return pl.Series(np.sort(rng.choice(10 * count, count, replace=False)))
    return pl.Series(np.arange(count, dtype=np.int32))


def _words(codes: Any, labels: list[str]) -> pl.Series:
    return pl.Series(np.asarray(codes, np.uint8)).cat.to(pl.Enum(labels))
