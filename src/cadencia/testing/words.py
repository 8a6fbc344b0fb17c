"""The few names that drawn cases and rules share, so that they meet often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .._time.clock import day_date, moment, zone_of
from .clocks import ticks_near

#: Whatever can be drawn, in the spelling of data.
Data = SearchStrategy[Any]

CHANNELS: Final = ("phone", "email", "sms")
ADDRESSES: Final = {"phone": ("+34600000001", "+34600000002"), "email": ("a@example.org",), "sms": ("+34600000001",)}
PURPOSES: Final = ("marketing", "service")
STEPS: Final = ("hello", "nudge")
SUBJECTS: Final = ("debt-1", "debt-2")
STAGES: Final = ("lead", "open", "won")
TAGS: Final = ("new", "vip")
FACTS: Final = ("score", "budget")
REGIONS: Final = ("ES", "ES-CT", "US", "US-CA")
REGISTRIES: Final = ("list-1", "list-2")
BASES: Final = ("express", "implied")
OWNERS: Final = ("ana", "ben")

#: Well-known dispositions of every sort: gone out or not, delivered or not, reached or not; some often.
DISPOSITIONS: Final = (
    "no_answer", "replied", "voicemail_left", "busy", "no_answer", "sent", "refused", "no_answer", "opted_out",
    "failed", "unknown", "callback_requested",
)  # fmt: skip
#: A disposition that nobody declares.
UNDECLARED: Final = "seen_on_the_moon"


def often(times: int) -> SearchStrategy[bool]:
    """True `times` times in eight, False where everything shrinks to."""
    return st.integers(0, 7).map(lambda number: number >= 8 - times)


def maybe(strategy: SearchStrategy[Any], times: int = 1) -> SearchStrategy[Any]:
    """None, or a drawn value one time in `times + 1`."""
    return st.sampled_from((True,) * times + (False,)).flatmap(lambda absent: st.none() if absent else strategy)


def some(names: tuple[str, ...], least: int = 0, most: int = 2) -> SearchStrategy[list[str]]:
    """A few of the names, each once."""
    return st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True)


def record(required: Mapping[str, Data], /, **optional: Data) -> SearchStrategy[dict[str, Any]]:
    """A dict with every required key and at most two of the optional ones; the smallest has the required keys alone."""
    return record_of(required, optional, 2)


@st.composite
def record_of(draw: DrawFn, required: Mapping[str, Data], optional: Mapping[str, Data], most: int) -> dict[str, Any]:
    """A dict with every required key and at most so many of the optional ones."""
    found = {key: draw(strategy) for key, strategy in required.items()}
    for _ in range(draw(st.integers(0, min(most, len(optional))))):
        name = draw(st.sampled_from(tuple(optional)))
        if name not in found:
            found[name] = draw(optional[name])
    return found


def written(tick: int) -> str:
    """An instant as data spells it."""
    return moment(tick).isoformat().replace("+00:00", "Z")


@st.composite
def near(draw: DrawFn, around: int, zone: str, *, past: bool = True, future: bool = True) -> str:
    """An instant near another one, as data."""
    return written(draw(ticks_near(around, zone, past=past, future=future)))


@st.composite
def date_near(draw: DrawFn, around: int, zone: str) -> str:
    """A date near an instant, on the wall clock of a zone, as data."""
    return day_date(zone_of(zone).day(draw(ticks_near(around, zone, past=True, future=True)))).isoformat()


def when_near(around: int, zone: str) -> SearchStrategy[str]:
    """An instant, or a date, near another instant, as data."""
    return st.one_of(near(around, zone), date_near(around, zone))


def datetime_or(around: datetime | None) -> SearchStrategy[datetime]:
    """The instant given, or any."""
    from .clocks import instants

    return instants() if around is None else st.just(around)
