"""What the options of many kinds of rule have in common, as data."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from .words import (
    BASES,
    CHANNELS,
    DISPOSITIONS,
    PURPOSES,
    REGIONS,
    STAGES,
    STEPS,
    SUBJECTS,
    TAGS,
    Data,
    date_near,
    near,
    record,
    record_of,
    some,
)

__all__ = [
    "Place",
    "WINDOWS",
    "DAYS",
    "LENGTHS",
    "choice",
    "touch_filter",
    "delay",
    "clock",
    "regions",
    "week",
    "calendar",
    "history_options",
    "keeps_time",
    "many",
    "common",
    "stop_options",
    "in_force",
]


class Place(NamedTuple):
    """Where in time rules are put: around an instant, on the clock of a zone, and whether by the calendar at all."""

    around: int
    zone: str
    shiftable: bool = False


WINDOWS: Final = (
    "09:00-14:00", "17:00-20:00", "08:00-21:00", "21:00-08:00", "00:00-24:00", "22:30-02:30", ">08:00-12:00",
    "23:59-24:00", "02:15-02:45", "00:00-00:30",
)  # fmt: skip
DAYS: Final = ("daily", "mon-fri", "sat", "sun", "sat-sun", "mon,wed", "fri-mon")
LENGTHS: Final = ("1d", "7d", "48h", "90m", "30d", "10d", "1s")
_FIXED: Final = (
    "48h",
    "2 days",
    "1 day",
    "2 dates",
    "1 date",
    "3 business days",
    "60 full dates",
    "2 full business days",
    "90m",
    "1h 30m",
    "1 week",
    "0 days",
)


def choice(names: tuple[str, ...], most: int = 2) -> Data:
    """A few names, or everything but those."""
    chosen = some(tuple(dict.fromkeys(names)), least=1, most=most)
    return st.one_of(chosen, chosen.map(lambda names: {"except": names}))


def touch_filter(place: Place) -> Data:
    """The filter of a rule that reads touches."""
    keys: dict[str, Data] = {
        "channels": choice(CHANNELS),
        "directions": choice(("outbound", "inbound")),
        "dispositions": choice(DISPOSITIONS, 4),
        "purposes": choice(PURPOSES),
        "steps": choice(STEPS),
        "subjects": choice(SUBJECTS),
        "reached": st.booleans(),
        "automated": st.booleans(),
    }
    return record_of({}, keys, 1)


def delay(place: Place, hours: bool = False) -> Data:
    """A delay of every spelling; in business hours only where the rule has `hours`."""
    months = () if place.shiftable else ("1 month", "1 full month")
    return st.sampled_from((*_FIXED, *months, *(("4 business hours", "11 business hours") if hours else ())))


def clock(place: Place) -> Data:
    """The prospect's zones, a named zone, or both."""
    return st.sampled_from((["prospect"], [place.zone], ["prospect", place.zone], ["UTC"]))


def regions(place: Place) -> Data:
    """Holiday calendars, or the prospect's; one of them reaches only a few years."""
    return st.sampled_from((["prospect"], ["ES"], ["US-CA"], ["ES-CT", "US"], ["prospect_country"]))


def week(place: Place) -> Data:
    """Windows by weekday."""
    windows = st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=2, unique=True)
    by_day = st.dictionaries(st.sampled_from(DAYS), windows, min_size=1, max_size=2)
    return st.one_of(windows.map(lambda chosen: {"daily": chosen}), by_day)


def dates(place: Place) -> Data:
    """Dates whose hours differ from their weekday's."""
    special = st.one_of(st.just("closed"), st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=2, unique=True))
    return st.dictionaries(date_near(place.around, place.zone), special, min_size=1, max_size=2)


def calendar(place: Place) -> dict[str, Data]:
    """The holiday calendars of a rule with business days, where dates may matter."""
    return {} if place.shiftable else {"calendar": regions(place)}


def history_options(place: Place) -> dict[str, Data]:
    """What every limit that counts touches has."""
    return {
        "counts": touch_filter(place),
        "count": st.sampled_from(("attempted", "planned", "delivered", "reached")),
        "since": st.one_of(st.sampled_from(("case", "ever")), st.just({"reached": True}), touch_filter(place)),
        "per": st.lists(
            st.sampled_from(("channel", "step", "subject", "contact_point", "purpose")), max_size=2, unique=True
        ),
        "over": st.sampled_from(("prospect", "account", "others")),
    }


def keeps_time(place: Place) -> dict[str, Data]:
    """What every limit with delays has."""
    return {**history_options(place), "clock": clock(place), "business_days": st.sampled_from(DAYS), **calendar(place)}


def many(least: int = 0, most: int = 4) -> Data:
    """A small number."""
    return st.integers(least, most)


def common(place: Place) -> dict[str, Data]:
    """What every limit may be narrowed and lifted by."""
    unless = record(
        {},
        consent=record(
            {},
            purpose=st.sampled_from(PURPOSES),
            basis=some(BASES, least=1),
            valid_for=delay(place),
            ended_by=touch_filter(place),
        ),
        requested=record(
            {}, kinds=st.just(["callback", "visit"]), early=st.sampled_from(LENGTHS), grace=st.sampled_from(LENGTHS)
        ),
        replying=st.sampled_from((True, False, "same_channel")),
        purposes=choice(PURPOSES),
        channels=choice(CHANNELS),
        tags=choice(TAGS),
        regions=choice(REGIONS),
        stages=choice(STAGES),
        subjects=choice(SUBJECTS),
    )
    return {
        "channels": choice(CHANNELS),
        "purposes": choice(PURPOSES),
        "steps": choice(STEPS),
        "regions": choice(REGIONS),
        "tags": choice(TAGS),
        "stages": choice(STAGES),
        "subjects": choice(SUBJECTS),
        "unless": st.lists(unless, min_size=1, max_size=2),
    }


def stop_options() -> dict[str, Data]:
    """What every stop rule has besides."""
    return {"scope": st.sampled_from(("case", "channel", "contact_point"))}


@st.composite
def in_force(draw: DrawFn, place: Place) -> dict[str, str]:
    """From when and until when, in order: two dates, or two instants."""
    spell = date_near if draw(st.booleans()) else near
    read = datetime.fromisoformat  # one instant has several spellings
    pair = st.lists(spell(place.around, place.zone), min_size=2, max_size=2, unique_by=read)
    first, last = sorted(draw(pair), key=read)
    return draw(st.sampled_from(({"from": first}, {"to": last}, {"from": first, "to": last})))
