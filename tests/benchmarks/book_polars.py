"""The rival for a whole book: the same policy by hand in polars, as its documentation would have one write it.

One lazy `group_by` over the log, a join to the prospects, and for each channel a `join_asof` against a table of its windows;
polars plans and runs it on all cores. The table of windows is made once and not counted.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl
import rivals
from book_workload import Book
from workload import CHANNELS, NOW, ZONES

HOUR = timedelta(hours=1)
INSTANT = pl.Datetime("us", "UTC")


@cache
def windows(channel: str, zones: tuple[str, ...] = tuple(zone for zone, _ in ZONES)) -> pl.DataFrame:
    """When a channel is open in every zone, for the next sixty days."""
    rows = []
    for zone, country in ZONES:
        closed = rivals.public_holidays(country, NOW.year)
        info = ZoneInfo(zone)
        day = NOW.astimezone(info).date()
        for ahead in range(rivals.LOOK_AHEAD_DAYS):
            current = day + timedelta(days=ahead)
            if current not in closed:
                for opens, closes in rivals.WEEK[channel][current.weekday()]:
                    rows.append((zone, _at(current, opens, info), _at(current, closes, info)))
    names = pl.Enum(list(zones))
    frame = pl.DataFrame(rows, schema={"zone": names, "opens": INSTANT, "closes": INSTANT}, orient="row")
    # a window that closes at an instant is no longer open at it
    return frame.with_columns(last=pl.col("closes") - timedelta(microseconds=1)).sort("last")


@cache
def business(count: int) -> pl.DataFrame:
    """For every zone and date, when so many business days after it begin."""
    rows = []
    for zone, country in ZONES:
        closed = rivals.public_holidays(country, NOW.year)
        info = ZoneInfo(zone)
        day = NOW.date() - timedelta(days=125)
        while day <= NOW.date() + timedelta(days=1):
            after, left = day, count
            while left:
                after += timedelta(days=1)
                if after.weekday() < 5 and after not in closed:
                    left -= 1
            rows.append((zone, day, _at(after, time(0), info)))
            day += timedelta(days=1)
    names = pl.Enum([zone for zone, _ in ZONES])
    return pl.DataFrame(rows, schema={"zone": names, "date": pl.Date, "over": INSTANT}, orient="row")


def _at(day: date, clock: time, info: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, info)


def decide(name: str, book: Book, *, reasons: bool = True) -> pl.DataFrame:
    """The answers: `id`, `answer`, `channel`, `at`, `until` and the rules that block it now."""
    policy = rivals.POLICIES[name]
    now = pl.lit(NOW).cast(INSTANT)
    out = pl.col("direction") == "outbound"
    at = pl.col("at").filter(out)
    grouped = (
        book.touches.lazy()
        .group_by("prospect")
        .agg(
            pl.col("disposition").is_in(["replied", "opted_out"]).any().alias("answered"),
            out.sum().alias("made"),
            at.max().alias("latest"),
            at.tail(3).first().alias("third"),  # the log is in time order
            pl.col("channel").filter(out).last().alias("last"),
            *(
                ((pl.col("disposition") == "bounced_hard") & (pl.col("channel") == item)).any().alias(f"dead_{item}")
                for item in CHANNELS
            ),
            *(pl.col("at").filter(out & (pl.col("channel") == item)).max().alias(f"last_{item}") for item in CHANNELS),
        )
    )
    frame = book.prospects.lazy().join(grouped, left_on="id", right_on="prospect", how="left")
    frame = frame.with_columns(pl.col("made").fill_null(0), pl.col("answered").fill_null(False))
    frame = frame.with_columns(pl.col(f"dead_{item}").fill_null(False) for item in CHANNELS)
    frame = frame.with_columns(exhausted=pl.col("made") >= (policy.at_most or 1_000))
    frame = frame.with_columns(
        stop=pl.col("answered") | pl.col("exhausted") | pl.all_horizontal(f"dead_{item}" for item in CHANNELS),
        capped=pl.when(pl.col("made") >= 3).then(pl.col("third") + 168 * HOUR),
    )
    stopped = frame.filter("stop").select("id", answer=pl.lit("stop"))
    frame = frame.filter(~pl.col("stop"))
    if policy.business_days:
        frame = _business(frame)
    else:
        frame = frame.with_columns(
            pl.col("latest").add(48 * HOUR).alias("spaced"),
            *(pl.col(f"last_{item}").add(96 * HOUR).alias(f"spaced_{item}") for item in CHANNELS),
        )
    for item in CHANNELS:
        frame = frame.with_columns(pl.max_horizontal(now, "capped", "spaced", f"spaced_{item}").alias("release")).sort(
            "release"
        )
        frame = frame.join_asof(
            windows(item).lazy(),
            left_on="release",
            right_on="last",
            by="zone",
            strategy="forward",
            check_sortedness=False,
        )
        usable = ~pl.col(f"dead_{item}") & (pl.col("last").is_null() | (pl.col("last") != item))
        frame = frame.with_columns(
            pl.when(usable).then(pl.max_horizontal("release", "opens")).alias(f"at_{item}"),
            pl.col("closes").alias(f"until_{item}"),
        ).drop("release", "opens", "closes", "last_right", strict=False)
    frame = frame.with_columns(at=pl.min_horizontal(f"at_{item}" for item in CHANNELS))
    frame = frame.with_columns(channel=_chosen())
    pick = pl.col("channel")
    frame = frame.with_columns(
        answer=pl.when(pl.col("at") == now)
        .then(pl.lit("contact"))
        .when(pl.col("at").is_null())
        .then(pl.lit("blocked"))
        .otherwise(pl.lit("wait")),
        until=pl.coalesce(pl.when(pick == item).then(f"until_{item}") for item in CHANNELS),
    )
    columns = ["id", "answer", "channel", "at", "until"]
    if reasons:
        own = pl.coalesce(pl.when(pick == item).then(f"spaced_{item}") for item in CHANNELS)
        frame = frame.with_columns(
            rule=pl.when(pl.col("answer") == "wait").then(
                pl.when(own == pl.col("at")).then(pl.lit("channel-spacing"))
                .when(pl.col("spaced") == pl.col("at")).then(pl.lit("spacing"))
                .when(pl.col("capped") == pl.col("at")).then(pl.lit("weekly-cap"))
                .otherwise(pick.cast(pl.String) + "-hours")
            )
        )  # fmt: skip
        columns.append("rule")
        stopped = frame_of_stops(stopped, grouped, policy)
    found = pl.concat([frame.select(columns), stopped], how="diagonal_relaxed")
    return found.sort("id").collect()


def frame_of_stops(stopped: pl.LazyFrame, grouped: pl.LazyFrame, policy: rivals.Policy) -> pl.LazyFrame:
    """Why a case is over."""
    named = grouped.select(
        "prospect",
        rule=pl.when(pl.col("answered")).then(pl.lit("answered"))
        .when(pl.all_horizontal(f"dead_{item}" for item in CHANNELS)).then(pl.lit("bounced"))
        .otherwise(pl.lit("exhausted")),
    )  # fmt: skip
    return stopped.join(named, left_on="id", right_on="prospect", how="left")


def _chosen() -> pl.Expr:
    """The channel that opens first; ties by rotation after the last one."""
    names = pl.Enum(list(CHANNELS))
    chosen = pl.lit(None, dtype=names)
    for last, order in rivals.ROTATION.items():
        first = pl.coalesce(
            pl.when(pl.col(f"at_{item}") == pl.col("at")).then(pl.lit(item, dtype=names)) for item in order
        )
        here = pl.col("last").is_null() if last is None else pl.col("last") == last
        chosen = pl.when(here).then(first).otherwise(chosen)
    return chosen


def _business(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Spacings in business days: the local date of each last touch, joined to a table."""

    def day(name: str) -> pl.Expr:
        dated = pl.lit(None, dtype=pl.Date)
        for zone, _ in ZONES:
            local = pl.col(name).dt.convert_time_zone(zone).dt.date()
            dated = pl.when(pl.col("zone") == zone).then(local).otherwise(dated)
        return dated

    for name, alias, count in [("latest", "spaced", 2), *((f"last_{item}", f"spaced_{item}", 4) for item in CHANNELS)]:
        table = business(count).lazy().rename({"over": alias})
        frame = frame.with_columns(date=day(name)).join(table, on=["zone", "date"], how="left").drop("date")
    return frame
