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
    """The answers: `id`, `answer`, `channel`, `at`, `until` and, with `reasons`, the rule that binds."""
    policy = rivals.POLICIES[name]
    log = book.touches.lazy()
    out = log.filter(pl.col("direction") == "outbound")
    made = out.group_by("prospect").agg(
        pl.len().alias("made"),
        pl.col("at").max().alias("latest"),
        pl.col("at").get(-3, null_on_oob=True).alias("third"),  # the log is in time order
        pl.col("channel").last().alias("last"),
        *(pl.col("at").filter(pl.col("channel") == item).max().alias(f"last_{item}") for item in CHANNELS),
    )
    # few touches end anything, so they are picked out before they are grouped
    ended = log.filter(pl.col("disposition").is_in(["replied", "opted_out", "bounced_hard"])).group_by("prospect").agg(
        (pl.col("disposition") != "bounced_hard").any().alias("answered"),
        *(
            ((pl.col("disposition") == "bounced_hard") & (pl.col("channel") == item)).any().alias(f"dead_{item}")
            for item in CHANNELS
        ),
    )  # fmt: skip
    flags = ["answered", *(f"dead_{item}" for item in CHANNELS)]
    frame = (
        book.prospects.lazy()
        .join(made, left_on="id", right_on="prospect", how="left", maintain_order="left")
        .join(ended, left_on="id", right_on="prospect", how="left", maintain_order="left")
        .with_columns(pl.col("made").fill_null(0), pl.col(flags).fill_null(False))
        .with_columns(
            exhausted=pl.col("made") >= (policy.at_most or 1_000),
            bounced=pl.all_horizontal(f"dead_{item}" for item in CHANNELS),
        )
        .with_columns(stop=pl.col("answered") | pl.col("exhausted") | pl.col("bounced"))
        .collect()
    )
    why = (
        pl.when("answered")
        .then(pl.lit("answered"))
        .when("bounced")
        .then(pl.lit("bounced"))
        .otherwise(pl.lit("exhausted"))
    )
    stopped = frame.filter("stop").select("id", answer=pl.lit("stop"), **({"rule": why} if reasons else {}))
    found = pl.concat([_opening(frame.filter(~pl.col("stop")), policy, reasons), stopped], how="diagonal_relaxed")
    return found.sort("id")


def _opening(frame: pl.DataFrame, policy: rivals.Policy, reasons: bool) -> pl.DataFrame:
    """The answers of those that are not over."""
    now = pl.lit(NOW).cast(INSTANT)
    if policy.business_days:
        frame = _business(frame.lazy()).collect()
    else:
        frame = frame.with_columns(
            pl.col("latest").add(48 * HOUR).alias("spaced"),
            *(pl.col(f"last_{item}").add(96 * HOUR).alias(f"spaced_{item}") for item in CHANNELS),
        )
    frame = frame.with_columns(capped=pl.col("third") + 168 * HOUR)
    looked = [
        # narrow frames, as a join in time order sorts them; both cores work on them
        frame.lazy()
        .select("zone", release=pl.max_horizontal(now, "capped", "spaced", f"spaced_{item}"))
        .with_row_index()
        .sort("release")
        .join_asof(windows(item).lazy(), left_on="release", right_on="last", by="zone", strategy="forward", check_sortedness=False)
        .sort("index")
        .select(pl.max_horizontal("release", "opens").alias(f"at_{item}"), pl.col("closes").alias(f"until_{item}"))
        for item in CHANNELS
    ]  # fmt: skip
    frame = pl.concat([frame, *pl.collect_all(looked)], how="horizontal")
    frame = frame.with_columns(
        pl.when(~pl.col(f"dead_{item}") & pl.col("last").ne_missing(pl.lit(item)) & pl.col(f"until_{item}").is_not_null())
        .then(f"at_{item}")
        for item in CHANNELS
    )  # fmt: skip
    frame = frame.with_columns(at=pl.min_horizontal(f"at_{item}" for item in CHANNELS))
    frame = frame.with_columns(channel=_chosen())
    pick = pl.col("channel")
    answer = pl.when(pl.col("at") == now).then(pl.lit("contact"))
    answer = answer.when(pl.col("at").is_null()).then(pl.lit("blocked")).otherwise(pl.lit("wait"))
    frame = frame.with_columns(
        answer=answer, until=pl.coalesce(pl.when(pick == item).then(f"until_{item}") for item in CHANNELS)
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
    return frame.select(columns)


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
