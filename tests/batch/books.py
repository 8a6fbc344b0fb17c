"""Random books as rows, and the answers one by one to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from cadencia import Policy
from cadencia.batch import few
from cadencia.reading.book import Book
from cadencia.reading.cells import Context
from cadencia.reading.plain import prospects_as_named, touches_as_named
from cadencia.reading.rows import Row
from cadencia.reading.shape import ProspectShape, TouchShape
from test_lane import CHANNELS, DISPOSITIONS, ZONES, lane_rules

NEAR = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 12, 24, 12, tzinfo=UTC),
    datetime(2026, 3, 6, 12, tzinfo=UTC),
)
BACKS = (0, 1, 20 * 60 * 10**6, 48 * 3_600 * 10**6, 7 * 86_400 * 10**6, 30 * 60 * 10**6)


def rarely(draw: st.DrawFn, odds: int = 8) -> bool:
    return draw(st.integers(1, odds)) == odds


@st.composite
def prospect_rows(draw: st.DrawFn, odd: bool) -> list[dict[str, Any]]:
    """Rows of prospects, all with the same columns; `odd` ones need the engine or cannot be read."""
    extra = {
        name
        for name in ("tags", "stage", "account", "phone", "owner", "opt_outs", "wishes", "zones")
        if odd and rarely(draw, 4)
    }
    rows = []
    for number in range(draw(st.integers(0, 7))):
        zone = draw(st.sampled_from(sorted(ZONES)))
        row: dict[str, Any] = {
            "id": f"p{number}",
            "zone": zone,
            "region": draw(st.sampled_from((ZONES[zone], None, "ES"))),
        }
        if odd and rarely(draw):
            row["zone"] = draw(
                st.sampled_from(("Nowhere/At_All", None, " ", "Europe/Madrid;Asia/Tokyo", " Asia/Tokyo "))
            )
        if odd and rarely(draw):
            row["region"] = draw(st.sampled_from(("Spain", "ES;PT", "US-CA", "XX")))
        if odd and rarely(draw, 12):
            row["id"] = draw(st.sampled_from((None, "", "p0", " p1 ")))
        values: dict[str, Any] = {
            "tags": ("vip", None, "a;b"), "stage": ("new", None), "account": ("a1", "a2", None, f"own{number}"),
            "phone": ("+34600", None, " ", "+34 1;2"), "owner": ("bo", None),
            "opt_outs": (None, None, '[{"channel": "email"}]', "[oops"),
            "wishes": (None, None, '[{"rule": "max_attempts", "at_most": 1}]'), "zones": (None, "Europe/Madrid"),
        }  # fmt: skip
        row |= {name: draw(st.sampled_from(values[name])) for name in sorted(extra)}
        rows.append(row)
    return rows


@st.composite
def touch_rows(draw: st.DrawFn, as_of: datetime, people: int, odd: bool) -> list[dict[str, Any]]:
    """Rows of touches, all with the same columns."""
    named, lengths, more = draw(st.booleans()), draw(st.booleans()) and odd, odd and draw(st.booleans())
    rows = []
    for number in range(draw(st.integers(0, 4 * people))):
        back = draw(st.one_of(st.sampled_from(BACKS), st.integers(0, 40 * 24 * 60).map(lambda n: n * 60 * 10**6)))
        at = as_of - timedelta(microseconds=back)
        row: dict[str, Any] = {
            "prospect": f"p{draw(st.integers(0, max(people - 1, 0)))}",
            "at": at,
            "channel": draw(st.sampled_from((*CHANNELS, "letter"))),
            "direction": draw(st.sampled_from(("outbound", "outbound", "inbound", None))),
            "disposition": draw(st.sampled_from((*DISPOSITIONS[:3], *DISPOSITIONS, None))),
        }
        if named:
            row["id"] = f"t{number}"
        if lengths:
            row["end"] = draw(st.sampled_from((None, at, at + timedelta(minutes=40), at - timedelta(minutes=1))))
        if more:
            row["booked"] = draw(st.sampled_from((None, False, False, True)))
            row["purpose"] = draw(st.sampled_from((None, "sale")))
            row["duration"] = None
        if odd and rarely(draw):
            name, value = draw(
                st.sampled_from(
                    (
                        ("at", None), ("at", as_of + timedelta(hours=5)), ("channel", None), ("channel", " "),
                        ("channel", " phone"), ("direction", "sideways"), ("disposition", "cancelled"),
                        ("disposition", "odd_word"), ("prospect", None), ("prospect", "nobody"), ("prospect", " p0"),
                    )
                )
            )  # fmt: skip
            row[name] = value
        if named and odd and rarely(draw):
            row["id"] = draw(st.sampled_from(("t0", None, " t1", "t1")))
        rows.append(row)
    return rows


@st.composite
def as_ofs(draw: st.DrawFn) -> datetime:
    return (
        draw(st.sampled_from(NEAR))
        + timedelta(microseconds=draw(st.sampled_from((0, 1, -1))))
        + timedelta(hours=draw(st.integers(-30, 30)))
    )


@st.composite
def lane_policies(draw: st.DrawFn) -> Policy:
    """A policy whose rules all fit the lane, layered as often as not."""

    def layer(name: str) -> Policy:
        data = {"cadencia": 1, "name": name, "channels": list(CHANNELS), "rules": draw(lane_rules())}
        return Policy.from_dict(data)

    return layer("one") & layer("two") if draw(st.booleans()) else layer("lane")


def book_of(prospects: list[dict[str, Any]], touches: list[dict[str, Any]]) -> Book:
    """The book of some rows, read as the command line reads files."""
    book = Book()
    nothing = Context(None, ())
    prospect_names = list(dict.fromkeys(name for row in prospects for name in row))
    touch_names = list(dict.fromkeys(name for row in touches for name in row))
    book.add_prospects(
        [Row("prospects", number, row) for number, row in enumerate(prospects, 1)],
        ProspectShape(prospects_as_named(prospect_names), nothing, as_named=True),
    )
    book.add_touches(
        [Row("touches", number, row) for number, row in enumerate(touches, 1)],
        TouchShape(touches_as_named(touch_names), nothing),
    )
    return book


def told(decision: Any) -> dict[str, Any]:
    """A decision by the general path, as the columns say it; taken from its record."""
    record = decision.record
    opened = record.answer in ("contact", "wait")
    ending = {block.rule for verdict in record.verdicts for block in verdict.blocks if block.stops or block.final}
    return {
        "id": record.prospect,
        "answer": record.answer,
        "channel": record.channel,
        "contact_point": record.contact_point,
        "at": record.at,
        "until": record.until,
        "not_before": record.not_before,
        "step": record.step if opened else None,
        "needs": list(record.needs) if record.answer == "blocked" else None,
        "rule": {"stop": record.reason, "contact": None}.get(record.answer, record.binding or record.waits_for),
        "stops": sorted(ending) if record.answer == "stop" else None,
        "blocking": list(record.blocking),
        "touches": list(dict.fromkeys(touch for verdict in record.verdicts for touch in verdict.touches)),
    }


def general(policy: Policy, case: Any, as_of: datetime, horizon: str = "90 days") -> Any:
    """The decision by the general path alone."""
    return policy.engine.decide(case, (), as_of, None, None, (), None, horizon, None)


@contextmanager
def small(most: int = 1 << 40) -> Iterator[None]:
    """Books of so many rows are small, and answered row by row."""
    before, few.MOST = few.MOST, most
    try:
        yield
    finally:
        few.MOST = before
