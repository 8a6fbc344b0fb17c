"""The shipped packs against a second table of windows and caps, typed by hand; compared by what they decide, not by how they say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from cadencia import Case, Pack, Prospect, Touch
from cadencia.places import address_place

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "second_table.yaml").read_text(encoding="utf-8"))
PACKS = {name: Pack.load(name) for name in Pack.names()}
#: The pack and the provision of each id.
PROVISIONS = {provision.id: (name, provision) for name, pack in PACKS.items() for provision in pack.rules}

CHANNELS = {"voice": ("phone", "automated_call"), "automated": ("automated_call",)}
PURPOSES = {"marketing": "marketing", "debt": "debt_collection", "service": "service"}
ZONES = {
    "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto", "CL": "America/Santiago", "CO": "America/Bogota",
    "EC": "America/Guayaquil", "ES": "Europe/Madrid", "MX": "America/Mexico_City", "NZ": "Pacific/Auckland", "US": "America/New_York",
}  # fmt: skip
#: The kinds of rule that say when or how often: each provision with one of them is in the table.
WINDOWS_AND_CAPS = {
    "quiet_hours", "business_days", "holiday_eves", "frequency_cap", "max_attempts", "cool_off", "spacing", "one_channel", "recall",
}  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A part of a country in which no week below has a holiday of some part, as it may where only the country is known.
PARTS = {"BR": "BR-SP"}
#: A Monday whose week has no public holiday in any of these jurisdictions, and one for rules that ended before it.
WEEKS = (date(2026, 10, 19), date(2026, 6, 15))


def zone_of(name: str) -> ZoneInfo:
    country, _, part = name.partition("-")
    return ZoneInfo(ZONES.get(name) or address_place(country, part or None).zones[0].zone)


def channels(names: list[str]) -> list[str]:
    return [channel for name in names for channel in CHANNELS.get(name, (name,))]


def week_of(text: str) -> dict[str, list[tuple[str, int, int]]]:
    """`mon-fri 10:00-13:00 14:00-20:00, sat ...` as edges in minutes by day: whether the first is left out, from, to."""
    found: dict[str, list[tuple[str, int, int]]] = {day: [] for day in DAYS}
    for part in text.split(","):
        days, *hours = part.split()
        first, _, last = days.partition("-")
        for day in DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]:
            for item in hours:
                edges = re.fullmatch(r"(>?)(\d\d):(\d\d)-(\d\d):(\d\d)", item)
                assert edges, item
                out, *numbers = edges.groups()
                a, b, c, d = map(int, numbers)
                found[day].append((out, 60 * a + b, 60 * c + d))
    return found


def is_open(week: dict[str, list[tuple[str, int, int]]], local: datetime) -> bool:
    seconds = (local.hour * 60 + local.minute) * 60 + local.second
    return any(
        (seconds > 60 * first if out else seconds >= 60 * first) and seconds < 60 * last
        for out, first, last in week[DAYS[local.weekday()]]
    )


def forbids(
    id: str,
    local: datetime,
    channel: str,
    purpose: str,
    touches: list[Touch] | None = None,
    subjects: tuple[str, ...] = (),
) -> bool:
    """Whether a provision itself forbids a contact at a local instant, whatever the others say."""
    name, provision = PROVISIONS[id]
    person = Prospect(id="p", zones=str(local.tzinfo), regions=PARTS.get(name, name))
    case = Case(prospect=person, touches=touches or [])
    blocks = PACKS[name].policy.why_not(case, local, channel, purpose=PURPOSES[purpose], subjects=subjects)
    assert not [block for block in blocks if block.code == "rule_error"]
    return any(block.rule == provision.id or block.rule.startswith(f"{provision.id}.") for block in blocks)


def subjects_of(id: str) -> tuple[str, ...]:
    """A subject that the provision is limited to, so that it speaks at all."""
    limits = PROVISIONS[id][1].limits
    return next(
        (tuple(limit["subjects"]) for limit in limits if limit["rule"] == "quiet_hours" and "subjects" in limit), ()
    )


def in_force(row: dict[str, Any]) -> date:
    """The Monday of a week in which a row is in force."""
    return next(
        week for week in WEEKS if row.get("from", week) <= week and week + timedelta(days=40) <= row.get("to", date.max)
    )


def at(day: date, hour: float, zone: ZoneInfo) -> datetime:
    whole = datetime(day.year, day.month, day.day, tzinfo=zone)
    return whole + timedelta(hours=hour)


def test_the_table_names_what_there_is() -> None:
    """Every row is a provision of a pack; every window or cap of a pack is a row; hearsay and the inexpressible are not active."""
    rows = {*TABLE["windows"], *TABLE["caps"], *TABLE["silences"]}
    assert rows <= PROVISIONS.keys(), sorted(rows - PROVISIONS.keys())
    assert {id for id in rows if PROVISIONS[id][1].status != "active"} == set()
    for id in TABLE["not_in_force"]:
        assert PROVISIONS[id][1].status == "unverified", id
    for id in TABLE["not_expressible"]:
        assert PROVISIONS[id][1].status == "not expressible", id
    spoken = {
        id
        for id, (_, provision) in PROVISIONS.items()
        if provision.status == "active" and any(limit["rule"] in WINDOWS_AND_CAPS for limit in provision.limits)
    }
    assert spoken <= rows, sorted(spoken - rows)
    of_one_channel = {
        id for id, (_, item) in PROVISIONS.items() if any(limit["rule"] == "one_channel" for limit in item.limits)
    }
    assert of_one_channel == set(TABLE["one_channel"])
    of_eves = {
        id for id, (_, item) in PROVISIONS.items() if any(limit["rule"] == "holiday_eves" for limit in item.limits)
    }
    assert of_eves == {id for id, row in TABLE["windows"].items() if "eves" in row}


def test_whom_each_provision_protects() -> None:
    """A provision leaves out a business exactly where the table, typed from the sentences of the research, says so."""
    found = {id: item.segment for id, (_, item) in PROVISIONS.items() if item.status == "active" and item.segment}
    assert found == TABLE["whom"]


@pytest.mark.parametrize("id", TABLE["windows"])
def test_windows(id: str) -> None:
    """At every half hour of a week, and a second around every edge, the pack and the table say the same of every channel."""
    row = TABLE["windows"][id]
    name, provision = PROVISIONS[id]
    week, zone, monday = week_of(row["week"]), zone_of(name), in_force(row)
    edges = {edge for hours in week.values() for _, first, last in hours for edge in (first, last)}
    fixed = ZoneInfo("Etc/GMT+6") if row.get("clock") == "-06:00" else None  # the sign of `Etc` is turned round
    moments = sorted(
        {minute * 60 + second for minute in range(0, 1440, 30) for second in (0,)}
        | {edge * 60 + second for edge in edges for second in (-1, 0, 1)}
    )
    wrong = []
    for day in range(7):
        for seconds in moments:
            local = at(monday + timedelta(days=day), 0, zone).replace(
                hour=seconds // 3600 % 24, minute=seconds // 60 % 60, second=seconds % 60
            )
            wanted = is_open(week, local) and (fixed is None or is_open(week, local.astimezone(fixed)))
            channel, purpose = channels(row["by"])[0], row["for"][0]
            if forbids(id, local, channel, purpose, subjects=subjects_of(id)) is wanted:
                wrong.append(f"{local:%a %H:%M:%S} {'open' if wanted else 'closed'} in the table")
    assert not wrong, wrong[:5]
    night = at(monday, 3, zone)
    assert all(forbids(id, night, channel, purpose, subjects=subjects_of(id))
               for channel in channels(row["by"]) for purpose in row["for"])  # fmt: skip
    extra = set(provision.channels) - set(channels(row["by"]))
    assert extra <= {"automated_call", "chat"}, f"the pack binds {sorted(extra)} too"
    assert {PURPOSES[purpose] for purpose in row["for"]} == set(provision.purposes)


@pytest.mark.parametrize("id", TABLE["windows"])
def test_holidays(id: str) -> None:
    """Christmas, a public holiday wherever the text closes holidays, is closed where it says so and open where it does not."""
    row = TABLE["windows"][id]
    zone, week = zone_of(PROVISIONS[id][0]), week_of(row["week"])
    year = in_force(row).year - (1 if "to" in row else 0)
    christmas = date(year, 12, 25)
    if row.get("from", christmas) > christmas or row.get("holidays") == "unsaid" or not week[DAYS[christmas.weekday()]]:
        pytest.skip("not in force on a Christmas that is a weekday, or nothing is said of holidays")
    local = at(christmas, 12.25, zone)
    assert forbids(id, local, channels(row["by"])[0], row["for"][0], subjects=subjects_of(id)) is ("holidays" in row)


def test_the_day_before_a_holiday_in_italy() -> None:
    row = TABLE["windows"]["IT-CODE-HOURS"]
    zone, hours = ZoneInfo("Europe/Rome"), week_of(f"thu {row['eves']}")
    for half in range(48):
        eve = at(date(2026, 12, 24), half / 2, zone)  # a Thursday
        assert forbids("IT-CODE-HOURS", eve, "phone", "marketing") is not is_open(hours, eve), eve


@pytest.mark.parametrize("id", [*TABLE["windows"], *TABLE["caps"], *TABLE["silences"]])
def test_dates_in_force(id: str) -> None:
    row = TABLE["windows"].get(id) or TABLE["silences"].get(id) or TABLE["caps"][id][0]
    name, provision = PROVISIONS[id]
    found = provision.in_force
    assert (found and found.from_) == row.get("from")
    assert (found and found.to) == row.get("to")
    if id in TABLE["windows"]:
        zone, channel, purpose = zone_of(name), channels(row["by"])[0], row["for"][0]
        for day, wanted in edges_of(row):
            night = at(day, 3, zone)
            assert forbids(id, night, channel, purpose, subjects=subjects_of(id)) is wanted, day


def edges_of(row: dict[str, Any]) -> Iterator[tuple[date, bool]]:
    if "from" in row:
        yield row["from"] - timedelta(days=1), False
        yield row["from"], True
    if "to" in row:
        yield row["to"], True
        yield row["to"] + timedelta(days=1), False


def spell(period: str, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Of touches at noon of a day: an instant that is surely too early for the next one, and one that is surely late enough."""
    number, _, unit = period.partition(" ")
    if unit == "hours":
        noon = at(day, 12, zone)
        return noon + timedelta(hours=int(number), seconds=-1), noon + timedelta(hours=int(number))
    if unit == "dates":
        return at(day + timedelta(int(number) - 1), 23.9, zone), at(day + timedelta(int(number)), 0, zone)
    if unit == "full dates":
        return at(day + timedelta(int(number)), 23.9, zone), at(day + timedelta(int(number) + 1), 0, zone)
    if unit == "days":
        return at(day + timedelta(int(number) - 1), 11.9, zone), at(day + timedelta(int(number) + 1), 0, zone)
    return {
        "day": (at(day, 23.9, zone), at(day + timedelta(1), 12, zone)),
        "week": (at(day + timedelta(6), 11.9, zone), at(day + timedelta(7), 12, zone)),
        "month": (at(day + timedelta(27), 23.9, zone), at(day + timedelta(31), 12, zone)),
    }[period]


CAPS = [(id, index) for id, rows in TABLE["caps"].items() for index in range(len(rows))]


@pytest.mark.parametrize(("id", "index"), CAPS)
def test_caps(id: str, index: int) -> None:
    """The last permitted attempt is permitted, the next is not, until the period has passed; other debts and channels are apart."""
    row = TABLE["caps"][id][index]
    name, provision = PROVISIONS[id]
    zone, day, channel, purpose = zone_of(name), in_force(row), channels(row["by"])[0], row["for"][0]
    about = (row["about"],) if "about" in row else ("d1",)
    ended = "no_answer" if row["of"] == "attempts" else "connected"
    tightest = min(item["most"] for item in TABLE["caps"][id])
    long = row["most"] > tightest  # spread so that the shorter period's own cap is not what is met

    def log(count: int, subjects: tuple[str, ...] = about, by: str = channel) -> list[Touch]:
        apart = timedelta(days=1.5) if long else timedelta(0)
        if long and row["in"] == "month":
            apart = timedelta(days=3)
        noon = at(day, 12, zone)
        return [
            Touch(
                id=f"t{n}",
                at=noon - n * apart,
                channel=by,
                disposition=ended,
                purpose=PURPOSES[purpose],
                subjects=subjects,
            )
            for n in range(count)
        ]

    early, late = spell(row["in"], day, zone)
    full = log(row["most"])
    soon = early if not long else at(day + timedelta(1), 12.1, zone)
    assert not forbids(id, soon, channel, purpose, log(row["most"] - 1), about)
    assert forbids(id, soon, channel, purpose, full, about)
    assert not forbids(id, late, channel, purpose, full, about)
    if "per" in row and row["per"] in ("debt", "subject"):
        assert not forbids(id, soon, channel, purpose, log(row["most"], ("d2",)), about)
    elif "about" not in row:
        assert forbids(id, soon, channel, purpose, log(row["most"], ("d2",)), about)
    for other in channels(row["by"]):
        counted = forbids(id, soon, other, purpose, full, about)
        assert counted is (other == channel or row.get("per") != "channel"), other
    extra = set(provision.channels) - set(channels(row["by"]))
    assert extra <= {"automated_call", "chat"}, f"the pack binds {sorted(extra)} too"
    assert {PURPOSES[purpose] for purpose in row["for"]} == set(provision.purposes)


@pytest.mark.parametrize("id", TABLE["silences"])
def test_silences(id: str) -> None:
    row = TABLE["silences"][id]
    zone = zone_of(PROVISIONS[id][0])
    day = row["to"] - timedelta(days=100) if "to" in row else in_force(row)
    channel, purpose = channels(row["by"])[0], row["why"][0]
    touch = Touch(
        id="t",
        at=at(day, 12, zone),
        channel=channel,
        disposition=row["after"],
        purpose=PURPOSES[purpose],
        subjects=("d1",),
    )
    early, late = spell(row["for"], day, zone)
    assert forbids(id, early, channel, purpose, [touch], ("d1",))
    assert not forbids(id, late, channel, purpose, [touch], ("d1",))


@pytest.mark.parametrize("id", TABLE["one_channel"])
def test_one_channel(id: str) -> None:
    """The next day the channel that was used is open and every other closed, until the period has passed."""
    row = TABLE["one_channel"][id]
    zone, day = zone_of(PROVISIONS[id][0]), in_force(row)
    early, late = spell(row["in"], day, zone)
    first, *others = channels([name for name in row["by"] if name != "voice"])
    used = Touch(id="t", at=at(day, 12, zone), channel=first, disposition="sent", purpose="debt_collection")
    assert not forbids(id, early, first, row["for"][0], [used])
    for other in (*others, *CHANNELS["voice"]):
        assert forbids(id, early, other, row["for"][0], [used]), other
        assert not forbids(id, late, other, row["for"][0], [used]), other
